"""Markup, whatever the text and the translation: nothing is lost, nothing comes to life, and all stays nested."""

import re
from collections import Counter
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.text.markup import Form, Rendering, parse
from mt.text.markup.form import KINDS
from mt.text.markup.html_tokens import html_tokens
from mt.text.markup.tokens import Kind
from mt.text.markup.xml_tokens import ILLEGAL, xml_tokens

_TAGS = ["<p>", "</p>", "<b>", "</b>", "<I>", "</I>", "<li>", "<br>", "<br/>", "<a href='x>y'>", "</a>", "<x id=1></x>"]
_ODD_TAGS = [
    "<img alt='a b'>",
    '<p title="&lt;x">',
    "<i title=x />",
    "<b/>",
    "</ b>",
    "<a href=\"'",
    "='",
    '="',
    "'>",
    "<",
    "</",
    "<a b",
    ">",
]
_OPAQUE = [
    "<!-- a -->",
    "<!--",
    "-->",
    "<!doctype html>",
    "<![CDATA[x]]>",
    "<![CDATA[",
    "<?php ?>",
    "<?",
    "<!",
    "<code>x</code>",
    "<script>a<b</script>",
    "<script>",
    "</script>",
    "<pre>",
    "</pre>",
    "<span translate=no>",
    "</span>",
    "<textarea>",
    "<i class='a notranslate'>",
    "<ruby>",
]
_TEXTS = [
    "One",
    "two three",
    ".",
    " ",
    "\n",
    "\r\n\t",
    "\u00a0",
    "é",
    "e\u0301",
    "你好",
    "&amp;",
    "&lt;",
    "&lt",
    "&nbsp;",
    "&",
]
_ENTITIES = ["&notit;", "&#65;", "&#0;", "&#x1;", "&#10;", "&foo;", "&quot;", '"', "&NotEqualTilde;", "&#99999999999;"]
BROKEN = st.lists(st.sampled_from(_TAGS + _ODD_TAGS + _OPAQUE + _TEXTS + _ENTITIES)).map("".join)
OPTIONS = st.fixed_dictionaries(
    {
        "split_sentences": st.sampled_from([None, "0", "1", "nonewlines"]),
        "translate_attributes": st.booleans(),
        "ignore_tags": st.sampled_from([(), ("x",), ("b", "i")]),
        "splitting_tags": st.sampled_from([(), ("a", "x")]),
        "non_splitting_tags": st.sampled_from([(), ("p",)]),
        "outline_detection": st.booleans(),
    }
)
SPANS = st.tuples(st.integers(-2, 30), st.integers(-2, 30))
RENDERINGS = st.builds(
    Rendering,
    st.one_of(
        st.text(), st.lists(st.sampled_from(["Eins", "<b>", "&", " ", "zwei.", "é", "\n", '"', "</p>"])).map("".join)
    ),
    st.lists(st.tuples(SPANS, SPANS), max_size=12).map(tuple),
)
_OTHERS = str.maketrans({letter: chr(ord(letter) + 0x1D41A - 97) for letter in "abcdefghijklmnopqrstuvwxyz"})
WORDS = st.sampled_from(["One", "two", "(three", "four)", "five.", "sixth-and-7", "你好"])


@st.composite
def elements(draw, depth=0):
    """XML in which every element has an id of its own, by its pieces: (piece, whether it is text)."""
    pieces = []
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(["word", "word", "space", "pair", "item"]))
        if kind == "word":
            pieces.append((draw(WORDS), True))
        elif kind == "space":
            pieces.append(
                (draw(st.sampled_from([" ", "  ", "\n  ", "&#160;", "<!-- c -->", "<?a b?>", "<![CDATA[<&]]>"])), False)
            )
        elif kind == "item":
            pieces.append((draw(st.sampled_from(['<x id="{}"/>', '<x id="{}"></x>', '<code id="{}">7</code>'])), False))
        elif depth < 4:
            name = draw(st.sampled_from(["b", "i", "p"]))
            pieces += [(f'<{name} id="{{}}">', False), *draw(elements(depth=depth + 1)), (f"</{name}>", False)]
    return pieces


def numbered(pieces):
    """The pieces with ids, within one element."""
    whole = [("<doc>", False), *pieces, ("</doc>", False)]
    return [(piece.replace("{}", str(number)), is_text) for number, (piece, is_text) in enumerate(whole)]


XML = elements().map(numbered)


def joined(pieces):
    return "".join(piece for piece, _ in pieces)


def renderings_of(document, draw_from):
    return [draw_from[number % len(draw_from)] for number in range(len(document.texts))]


def same(document):
    return [Rendering(text) for text in document.texts]


def tags(text, tokens):
    return Counter(text[token.start : token.stop] for token in tokens(text) if token.kind is not Kind.TEXT)


def names(text):
    return Counter(token[::3] for token in html_tokens(text) if token.kind is not Kind.TEXT)


def parents(text):
    """Of every element with an id the id of the element around it."""
    root = ElementTree.fromstring(text)
    return {child.get("id"): parent.get("id") for parent in root.iter() for child in parent}


def other_words(text):
    return text.translate(_OTHERS)


def word_for_word(text):
    spans = [found.span() for found in re.finditer(r"\S+", text)]
    return Rendering(other_words(text), tuple((span, span) for span in spans))


@given(st.one_of(st.text(), BROKEN), st.sampled_from(["text", "html"]), OPTIONS)
def test_a_text_translated_to_itself_is_the_same_to_the_byte(text, kind, options):
    document = parse(text, Form(kind, **options))
    assert document.restore(same(document)) == (text, ())


@given(XML.map(joined), st.sampled_from(KINDS), OPTIONS)
def test_well_formed_markup_translated_to_itself_is_the_same_to_the_byte(text, kind, options):
    document = parse(text, Form(kind, **options))
    assert document.restore(same(document)) == (text, ())


@given(BROKEN, OPTIONS, st.lists(RENDERINGS, min_size=1))
def test_broken_html_keeps_its_tags_and_gets_no_others_in_any_translation(text, options, translations):
    document = parse(text, Form("html", **options))
    restored, _ = document.restore(renderings_of(document, translations))
    assert names(restored) == names(text)
    assert options["translate_attributes"] or tags(restored, html_tokens) == tags(text, html_tokens)


@given(XML.map(joined), OPTIONS, st.lists(RENDERINGS, min_size=1), st.sampled_from(["xml", "html"]))
def test_elements_keep_their_parents_in_any_translation(text, options, translations, kind):
    document = parse(text, Form(kind, **options))
    restored, _ = document.restore(renderings_of(document, translations))
    restored = ILLEGAL.sub("", restored)  # HTML allows more characters
    assert parents(restored) == parents(text)
    assert tags(restored, xml_tokens) == tags(text, xml_tokens)


@given(XML, OPTIONS, st.sampled_from(["xml", "html"]))
def test_a_translation_word_for_word_changes_nothing_but_the_words(pieces, options, kind):
    document = parse(joined(pieces), Form(kind, **options | {"ignore_tags": ()}))
    restored, _ = document.restore([word_for_word(text) for text in document.texts])
    assert restored == "".join(other_words(piece) if is_text else piece for piece, is_text in pieces)


@pytest.mark.parametrize(
    "start", ["<", "<a ", '<a ="', "\"=\"<a '='<a ", "<!", "<![CDATA[", "<?php ", "</script ", "&", "&#"]
)
def test_200_000_characters_of_beginnings_without_an_end_are_one_text(start):
    """Quadratic time would take minutes here."""
    text = start * (200_000 // len(start)) + "x"
    document = parse(text, Form("html"))
    assert document.texts == [text]
    assert document.restore(same(document)) == (text, ())


@pytest.mark.parametrize("kind", ["html", "xml"])
@pytest.mark.parametrize("start", ["<b>", "<b>x ", "<b>x<i>y</i> "])
def test_tags_nested_2_000_deep_are_restored(kind, start):
    text = start * 2_000 + "z" + "</b>" * 2_000
    document = parse(text, Form(kind))
    assert document.restore(same(document)) == (text, ())
    restored, _ = document.restore([Rendering(f"New {text}") for text in document.texts])
    assert restored.replace("New ", "") == text
