"""The lesson as a whole, in miniature: it measures every network, tells it in lines, and draws a PNG."""

import struct

import pytest

from training.learn.lesson import Plan, lines, study
from training.learn.network import KINDS, PLAIN_RNN
from training.learn.picture import draw


@pytest.fixture(scope="module")
def findings():
    return study(Plan(distances=(1, 2), updates=2))


def test_every_network_is_measured_at_every_distance(findings):
    names = [kind.name for kind in KINDS]
    assert list(findings.alone) == list(findings.reach) == names
    assert all(len(values) == 2 for values in [*findings.alone.values(), *findings.mixed.values()])
    assert list(findings.half_lives) == [name for name in names if name != PLAIN_RNN.name]


def test_the_lines_have_a_column_for_each_distance(findings):
    head, *rows = lines(findings)
    assert head.split()[-2:] == ["1", "2"]
    assert rows[0].startswith("plain RNN; each distance alone")
    assert rows[0].count("%") == 2


def test_the_picture_is_a_png_in_a_folder_that_is_made(findings, tmp_path):
    path = tmp_path / "docs" / "memory.png"
    draw(findings, path)
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    assert width > 2 * height > 600
    assert len(data) < 200_000
