"""Sentences: splitting loses nothing, whatever the text, and takes linear time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.errors import InvalidText
from mt.text import sentences
from tests.clock import cpu_seconds

_PIECES = [
    "Hello there. ",
    "Dr. No is here! ",
    "z.B. so? ",
    "你好。",
    "A",
    ". ",
    "“",
    "”",
    "(",
    ")",
    "😀",
    "e\u0301",
    "\x00",
]
_SPACES = [" ", "\t", "\u00a0", "\u3000", "\ufeff", "\u200d"]
_LINE_ENDS = ["\r\n", "\n", "\r", "\n\n", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1e"]
FRAGMENTS = st.sampled_from(_PIECES + _SPACES + _LINE_ENDS)
ANY_TEXT = st.one_of(st.text(), st.lists(FRAGMENTS).map("".join))
LANGUAGES = st.sampled_from(["en", "de", "EN", "zh", "hi", "pt-BR", "xx", ""])


@given(ANY_TEXT, LANGUAGES)
def test_splitting_into_sentences_loses_nothing(text, language):
    assert sentences.join(*sentences.split(text, language)) == text


@given(st.lists(FRAGMENTS, min_size=2, max_size=30).map("".join), st.integers(1, 100), LANGUAGES)
def test_splitting_a_line_longer_than_a_window_loses_nothing(fragment, count, language):
    text = fragment * count
    assert sentences.join(*sentences.split(text, language)) == text


@given(ANY_TEXT, LANGUAGES)
def test_sentences_are_never_empty_and_have_no_white_space_at_their_ends(text, language):
    found, separators = sentences.split(text, language)
    assert len(separators) == len(found) + 1
    assert all(sentence and sentence == sentence.strip() for sentence in found)


@given(ANY_TEXT, LANGUAGES)
def test_no_sentence_goes_over_a_line_end(text, language):
    found, _ = sentences.split(text, language)
    assert all(len(sentence.splitlines()) == 1 for sentence in found)


@given(ANY_TEXT)
def test_everything_that_is_not_white_space_is_in_a_sentence(text):
    _, separators = sentences.split(text)
    assert "".join(separators).strip() == ""


@pytest.mark.parametrize("text", ["", " ", "\n", "\r\n\r\n", "\u2028 \u00a0\t"])
def test_text_of_white_space_has_no_sentence_and_one_separator(text):
    assert sentences.split(text) == ([], [text])


def test_sentences_of_one_line_are_found_and_abbreviations_do_not_end_them():
    found, separators = sentences.split("Dr. Smith came.  He left! Why?", "en")
    assert found == ["Dr. Smith came.", "He left!", "Why?"]
    assert separators == ["", "  ", " ", ""]


def test_the_language_decides_which_abbreviations_there_are():
    text = "Ich mag Obst, z.B. Birnen. Du auch?"
    assert sentences.split(text, "de")[0] == ["Ich mag Obst, z.B. Birnen.", "Du auch?"]


@pytest.mark.parametrize(
    "line_end", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\n\n \n"]
)
def test_every_line_end_ends_a_sentence(line_end):
    assert sentences.split(f"{line_end}one{line_end}two{line_end}") == (["one", "two"], [line_end] * 3)


@pytest.mark.parametrize("space", ["\u00a0", "\u2003", "\u3000"])
def test_wide_white_space_is_cut_like_plain_spaces(space):
    # sentencex itself panics at white space of more than one byte before a full stop.
    text = "A . B. It is  . Yes ! No."
    assert sentences.split(text.replace(" ", space), "en")[0] == [
        sentence.replace(" ", space) for sentence in sentences.split(text, "en")[0]
    ]


def test_a_panic_of_the_splitter_leaves_the_line_whole():
    assert sentences._window_segment_lengths("A\u00a0. B", "en") == [5]


def test_a_sentence_that_crosses_a_window_stays_whole():
    text = "Short one. " * 150 + "Then " + "long " * 300 + "end. And the last."
    found, _ = sentences.split(text, "en")
    assert len(found) == 152
    assert found[-2:] == ["Then " + "long " * 300 + "end.", "And the last."]


def test_an_unpaired_surrogate_is_refused():
    with pytest.raises(InvalidText, match=r"unpaired surrogate U\+DC00 at character 2,"):
        sentences.split("a\udc00")


def test_separators_that_do_not_fit_the_sentences_are_our_own_mistake():
    with pytest.raises(AssertionError):
        sentences.join(["one"], [""])


@pytest.mark.parametrize(
    "unit",
    ["x", "word ", "Hello. ", "你好。", "«a. ", "“Hello. ", "😀", "\u00a0", "\n", "a\n", " \n", "Dr. ", "!?", "(a. "],
)
def test_a_long_text_is_split_in_linear_time(unit):
    text = unit * (100_000 // len(unit))
    quarter, whole = (cpu_seconds(sentences.split, text[:count], "en") for count in (25_000, 100_000))
    assert whole < 8 * quarter + 0.3  # sentencex alone is quadratic: 4 s for this «a.
    assert sentences.join(*sentences.split(text, "en")) == text
