"""The page of an explained translation: whole, with nothing from elsewhere, whatever the text is."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.picture import Picture
from mt.picture.html import page
from mt.picture.svg import curves
from mt.picture.words import shown
from mt.translator import Translator
from tests import tiny
from tests.inventing import InventingEngine
from tests.unit.mt.test_explanation import TEXTS

ALONE = ("meta",)  # which HTML closes by itself


class Reader(HTMLParser):
    """Which tags are open, and what is said."""

    def __init__(self, text):
        super().__init__()
        self.open, self.said, self.attributes = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.attributes += attrs
        if tag not in ALONE:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.said.append(data)


def explained(text, inside=True):
    (found,) = tiny.translator().translate([text], "en", "de", links=True, inside=inside)
    return Picture(text, found, "en → de, tiny")


@given(TEXTS.map("".join), st.integers(0, 1000))
def test_any_text_makes_a_whole_page_that_says_its_words(text, seed):
    (found,) = Translator(tiny.bundle(), engine=InventingEngine(seed)).translate([text], "en", "de", links=True)
    read = Reader(page(Picture(text, found, "en → de")))
    assert read.open == []
    said = "".join(read.said)
    assert shown(found.text) in said
    for one in found.explanations:
        assert all(shown(found.text[start:end])[:19] in said for start, end in one.target_words)


def test_nothing_comes_from_elsewhere():
    text = page(explained("twenty <script src='//x.org'>alert(1)</script> one"))
    assert "<script" not in text
    assert not {name for name, _ in Reader(text).attributes} & {"href", "src"}
    assert not re.search(r"url\(|@import", text)
    assert "default-src 'none'" in text


def test_the_inside_is_drawn_for_each_layer_and_direction_when_it_is_there():
    text = page(explained("one"))
    for name in (
        "Decoder, layer 2: gates",
        "Decoder, layer 2: cell norm",
        "Encoder, layer 2, backward: gates",
        "Steps",
    ):
        assert f'aria-label="{name}"' in text
    assert "Hochreiter &amp; Schmidhuber 1997" in text
    assert "Inside the network" not in page(explained("one", inside=False))


def test_a_text_without_words_says_so():
    assert "No word of it was translated" in page(explained("…"))


def test_a_curve_goes_through_its_values():
    drawing = curves("Steps", ["a", "b", "c"], {"probability": np.array([0, 0.5, 1])})
    (points,) = re.findall(r'points="([^"]+)"', drawing)
    heights = [float(point.split(",")[1]) for point in points.split()]
    assert heights[0] > heights[1] > heights[2]
    assert heights[1] == pytest.approx((heights[0] + heights[2]) / 2)
