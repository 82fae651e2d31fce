"""Charts: a learning curve is a PNG of a readable size, and a chart of the page is SVG, whatever the history."""

import math
import re
import struct
from xml.etree import ElementTree

import pytest

from training.report.charts import HEIGHT, WIDTH, learning_curve, line_chart


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


def chart(**series):
    """The figure as a tree."""
    return ElementTree.fromstring(line_chart("Loss", "nats", series))


def dots(figure):
    """The places of the dots of each line."""
    found = {}
    for dot in figure.iter("circle"):
        found.setdefault(dot.get("class"), []).append((float(dot.get("cx")), float(dot.get("cy"))))
    return found


def test_every_point_of_a_chart_lies_inside_and_higher_values_lie_higher():
    places = dots(chart(training=[(10, 3.0), (20, 1.0), (30, 2.0)], dev=[(10, 7.5), (30, 0.25)]))
    assert [len(places[name]) for name in ("dot s0", "dot s1")] == [3, 2]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for line in places.values() for x, y in line)
    (x1, y1), (x2, y2), (x3, y3) = places["dot s0"]
    assert x1 < x2 < x3
    assert y1 < y3 < y2


def test_a_value_that_is_not_finite_leaves_a_gap_in_its_line():
    figure = chart(dev=[(1, 2.0), (2, 3.0), (3, math.nan), (4, 1.0), (5, 2.0)])
    (line,) = [path.get("d") for path in figure.iter("path")]
    assert re.sub(r"[0-9. ]+", "", line) == "MLML"
    assert len(dots(figure)["dot s0"]) == 4


@pytest.mark.parametrize(
    "points", [[], [(100, math.inf)], [(100, 0.0)], [(100, 5.0), (200, 5.0)], [(6, 1e-5), (9, 2e-3)]]
)
def test_any_points_give_a_chart_with_a_description(points):
    figure = chart(dev=points)
    picture = figure.findall("svg")[0]
    assert picture.get("role") == "img"
    assert picture.get("aria-label").startswith("Chart of Loss (nats): ")


@pytest.mark.parametrize(
    ("values", "expected"),
    [((0.0, 1.0), ["0", "0.2", "0.4", "0.6", "0.8", "1"]), ((18.4, 31.0), ["15", "20", "25", "30", "35"])],
)
def test_an_axis_has_round_values_that_enclose_the_points(values, expected):
    figure = chart(dev=list(enumerate(values, start=1)))
    assert [text.text for text in figure.iter("text") if float(text.get("x")) < 46] == expected


def test_lines_differ_in_more_than_their_colour():
    figure = chart(a=[(1, 1.0), (2, 2.0)], b=[(1, 2.0), (2, 1.0)], c=[(1, 1.0), (2, 1.0)])
    assert len({path.get("stroke-dasharray") for path in figure.iter("path")}) == 3
