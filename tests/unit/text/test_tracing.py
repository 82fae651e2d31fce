"""Where each character of a text that was edited and normalized comes from."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.errors import InvalidText
from mt.text import normalize
from mt.text.tracing import Edit, Traced

FRAGMENTS = [
    "e\u0301",
    "\u0301",
    "a\u0323\u0301\u0307",
    "\u1100\u1161\u11a8",
    "\u09c7\u09be",
    "\u0f71\u0f72",
    " ",
    "\u00a0\t",
]
FRAGMENTS += [
    "\u200b",
    "\x00",
    "👩\u200d👩",
    "\ufb01",
    "\u212b",
    "\u0344",
    "か\u3099",
    "x",
    "\r\n",
    "\u0301" * 40,
    "\ufeff",
    "Å\u0327",
]
ANY_TEXT = st.one_of(
    st.text(max_size=30), st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.characters()), max_size=15).map("".join)
)


@given(ANY_TEXT)
def test_a_traced_text_normalizes_as_any_other(text):
    traced = Traced.original(text).normalized()
    assert traced.text == normalize(text)
    assert len(traced.spans) == len(traced.text)


@given(ANY_TEXT)
def test_what_a_character_was_made_of_lies_in_the_original_in_order(text):
    spans = Traced.original(text).normalized().spans
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(one == other or one[1] <= other[0] for one, other in itertools.pairwise(spans)), (ascii(text), spans)


@given(ANY_TEXT)
def test_what_a_word_was_made_of_normalizes_to_it(text):
    traced = Traced.original(text).normalized()
    start = 0
    for word in traced.text.split(" "):
        if word:
            origin_start, origin_end = traced.origin(start, start + len(word))
            assert normalize(text[origin_start:origin_end]) == word
        start += len(word) + 1


def test_a_text_that_is_normal_is_made_of_itself():
    text = "Schöne Grüße 👍🏽!"
    assert Traced.original(text).normalized() == Traced.original(text)


@pytest.mark.parametrize(
    ("edit", "text", "spans"),
    [
        (Edit(1, 3, "x"), "axd", [(0, 1), (1, 3), (3, 4)]),
        (Edit(1, 3, "XY"), "aXYd", [(0, 1), (1, 2), (2, 3), (3, 4)]),
        (Edit(1, 3, ""), "ad", [(0, 1), (3, 4)]),
        (Edit(4, 4, "!"), "abcd!", [(0, 1), (1, 2), (2, 3), (3, 4), (4, 4)]),
        (Edit(0, 0, "!"), "!abcd", [(0, 0), (0, 1), (1, 2), (2, 3), (3, 4)]),
    ],
)
def test_an_edit_says_what_its_characters_stand_for(edit, text, spans):
    assert Traced.original("abcd").edited([edit]) == Traced(text, spans)


def test_several_edits_are_made_at_once():
    traced = Traced.original("one two three").edited([Edit(0, 3, "1"), Edit(4, 7, "2"), Edit(13, 13, "!")])
    assert traced.text == "1 2 three!"
    assert traced.origin(0, 3) == (0, 7)


def test_an_unpaired_surrogate_is_refused():
    with pytest.raises(InvalidText, match=r"unpaired surrogate U\+D800"):
        Traced.original("a\ud800").normalized()
