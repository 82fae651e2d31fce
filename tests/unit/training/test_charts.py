"""Charts: a learning curve is a PNG of a readable size, whatever the history."""

import math
import struct

import pytest

from training.charts import learning_curve


def row(update, **values):
    return {"update": update, "epoch": 1, "train_loss": 4.0, "dev_loss": 4.2, "dev_bleu": 1.0, "seconds": 9.0} | values


def picture_size(path):
    """Width and height of a PNG, from its header."""
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", data[16:24])


@pytest.mark.parametrize(
    "history",
    [
        [row(100)],
        [row(100), row(200, train_loss=3.0, dev_loss=3.3, dev_bleu=12.5), row(300, dev_bleu=11.0)],
        [row(100, dev_bleu=0.0), row(200, train_loss=math.nan, dev_loss=math.inf, dev_bleu=0.0)],
    ],
    ids=["one row", "some rows", "not finite"],
)
def test_a_learning_curve_is_a_png(tmp_path, history):
    learning_curve(history, tmp_path / "curve.png")
    width, height = picture_size(tmp_path / "curve.png")
    assert width > height > 400


def test_a_learning_curve_replaces_the_one_before(tmp_path):
    path = tmp_path / "curve.png"
    learning_curve([row(100)], path)
    first = path.read_bytes()
    learning_curve([row(100), row(200, dev_bleu=5.0)], path)
    assert path.read_bytes() != first
