"""Texts that grow: nothing that was given out changes, and together it is the normal form."""

import copy
import pickle
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.text import normalize
from mt.text.growing import GrowingText, _begins_anew

# With Korean letters and the halves of Indian vowels, which become one character though none of them is an accent.
BITS = st.lists(
    st.text(
        st.one_of(
            st.characters(exclude_categories=["Cs"]),
            st.sampled_from(
                "\t\n\u00a0\u00ad\u0301\u0327\u0344\u0f73\u200b\u200d\u1100\u1161\u11a8\uac00\u09c7\u09be ae"
            ),
        ),
        max_size=4,
    ),
    max_size=12,
)


def given_out(bits):
    growing = GrowingText()
    return [*(growing.add(bit) for bit in bits), growing.end()]


@given(BITS)
def test_what_is_given_out_is_in_the_end_the_normal_form_of_the_whole_text(bits):
    assert "".join(given_out(bits)) == normalize("".join(bits))


@given(st.integers(20, 40), st.integers(1, 5))
def test_so_it_is_among_more_marks_than_a_letter_may_have(count, size):
    marks = "\u0301" * count
    bits = ["a", *(marks[start : start + size] for start in range(0, count, size)), "b"]
    assert "".join(given_out(bits)) == normalize("".join(bits))


@given(BITS, BITS)
def test_a_copy_goes_on_as_the_original_does(before, after):
    growing = GrowingText()
    for bit in before:
        growing.add(bit)
    others = [copy.copy(growing), pickle.loads(pickle.dumps(growing))]
    for one in others:
        assert [one.add(bit) for bit in after] + [one.end()] == given_out(before + after)[len(before) :]


def test_a_bit_waits_for_the_next_one_which_may_put_an_accent_on_it():
    assert given_out(["Wo", " ist", " Rene", "\u0301", "?"]) == ["", "Wo", " ist", "", " René", "?"]


@pytest.mark.parametrize("space", [" ", " \n", "\u3000"])
def test_white_space_comes_with_what_follows_it(space):
    assert given_out([space, "a", space, space, "b", space]) == ["", "", "a", "", "", " b", ""]


def test_a_character_that_begins_anew_is_never_the_second_of_a_pair_that_becomes_one():
    characters = map(chr, range(sys.maxunicode + 1))
    pairs = (unicodedata.decomposition(one).split() for one in characters)
    seconds = {chr(int(pair[1], 16)) for pair in pairs if len(pair) == 2 and not pair[0].startswith("<")}
    assert len(seconds) > 50
    assert not any(map(_begins_anew, seconds))
