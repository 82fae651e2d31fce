"""HTML and XML in, HTML and XML out: around an engine that repeats, one that invents, and the tiny model."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.errors import InvalidOption, InvalidText
from mt.text.markup import Form
from mt.translator import Translator
from tests import tiny
from tests.inventing import InventingEngine
from tests.repeating import repeater

HTML, XML = Form("html"), Form("xml")
PARTS = [
    "one ",
    "twenty",
    " hundred.",
    "<b>",
    "</b>",
    "<br>",
    "<p>",
    "</p>",
    " ",
    "\n",
    "&amp;",
    "&lt;b&gt;",
    "{name} ",
]
PARTS += ["12,500.00 ", "https://a.b/c ", "😀", "<!-- no -->", "<code>x</code>", '<i title="y">', "</i>"]
MARKED = st.lists(st.sampled_from(PARTS), max_size=12).map("".join)


UNPROTECTED = [part for part in PARTS if part not in ("{name} ", "12,500.00 ", "https://a.b/c ", "😀", "&lt;b&gt;")]


@given(st.lists(st.sampled_from(UNPROTECTED), max_size=12).map("".join))
def test_html_that_an_engine_repeats_comes_back_to_the_byte(text):
    assert repeater().translate([text], "en", "de", form=HTML)[0].text == text


@given(MARKED, st.integers(0, 1000))
def test_tags_are_there_as_often_whatever_a_model_finds(text, seed):
    for one in Translator(tiny.bundle(), engine=InventingEngine(seed)).translate(
        [text], "en", "de", form=HTML, n_best=2
    ):
        for found in (one.text, *one.alternatives):
            assert Counter(re.findall("<[^<>]*>", found)) == Counter(re.findall("<[^<>]*>", text))


def test_the_texts_of_a_document_are_searched_without_markup():
    plan = repeater().plan("<p>one <b>two</b><p>twenty", "en", "de", form=HTML)
    assert tiny.tokenizer().decode([source[1:-1] for source in plan.sources]) == ["one two", "twenty"]


def test_alternatives_of_a_document_are_whole_documents():
    (one,) = repeater().translate(["<p>twenty-two</p><p>one</p>"], "en", "de", form=HTML, n_best=3)
    assert one.alternatives
    assert all(text.startswith("<p>") and text.endswith("</p>") for text in one.alternatives)


def test_what_must_not_change_is_protected_inside_markup():
    (one,) = tiny.translator().translate(["<x>two {name} <g>12,500.00</g></x>"], "en", "de", form=XML)
    assert "{name}" in one.text
    assert "12,500.00" in one.text


def test_a_document_without_words_searches_nothing():
    translator = repeater()
    (one,) = translator.translate(["<p> <br> 😀 </p>"], "en", "de", form=HTML)
    assert (one.text, one.score, one.warnings) == ("<p> <br> 😀 </p>", 0.0, ())
    assert translator._engine.searched == []


@pytest.mark.parametrize(("split", "count"), [("1", 3), ("nonewlines", 2), ("0", 1)])
def test_sentences_are_split_as_the_form_says(split, count):
    plan = repeater().plan("twenty. Two\none", "en", "de", form=Form(split_sentences=split))
    assert len(plan.sentences) == count


def test_xml_that_is_not_well_formed_is_refused():
    with pytest.raises(InvalidText, match="well-formed"):
        repeater().translate(["<a>one"], "en", "de", form=XML)


def test_a_prefix_goes_with_a_document_of_one_sentence():
    (one,) = tiny.translator().translate(["<b>two</b>"], "en", "de", form=HTML, prefix="seven")
    assert re.sub("<[^>]*>", "", one.text).startswith("seven")
    with pytest.raises(InvalidOption, match="their sentences: 2"):
        tiny.translator().translate(["<p>two<p>one"], "en", "de", form=HTML, prefix="seven")
