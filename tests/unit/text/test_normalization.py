"""Normalization: one form for every text, the same in training and serving."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.errors import InvalidText
from mt.text.normalization import MAX_COMBINING_MARKS, normalize
from tests.clock import cpu_seconds

ANY_TEXT = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from(
            "\t\n\r\x00\x1f\x85\u00a0\u00ad\u0301\u0327\u0344\u0958\u0f73\u200b\u200d\u2028\u3000\ufeff\uac00\u11a8 a"
        ),
    )
)


@given(ANY_TEXT)
def test_normalizing_twice_changes_nothing_more(text):
    assert normalize(normalize(text)) == normalize(text)


@given(ANY_TEXT, st.sampled_from("\u0301\u0327\u0344\u0f73"), st.integers(25, 40), ANY_TEXT)
def test_normalizing_twice_changes_nothing_more_among_long_runs_of_marks(before, mark, count, after):
    text = before + mark * count + after
    assert normalize(normalize(text)) == normalize(text)


@given(ANY_TEXT)
def test_the_result_is_nfc_on_one_line_without_controls_or_white_space_at_its_ends(text):
    result = normalize(text)
    assert unicodedata.is_normalized("NFC", result)
    assert result == result.strip()
    assert "  " not in result
    assert not any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in result)


@given(st.text("abcäöüßéж你 .,!?😀", max_size=40))
def test_ordinary_text_only_changes_in_its_white_space(text):
    assert normalize(text) == " ".join(text.split())


def test_a_letter_and_its_accent_become_one_character():
    assert normalize("Cafe\u0301") == "Café"


@pytest.mark.parametrize(
    "space", ["\t", "\n", "\r\n", "\x0b", "\x0c", "\x1f", "\x85", "\u00a0", "\u2028", "\u2029", "\u3000", " \t "]
)
def test_white_space_of_every_kind_becomes_one_space(space):
    assert normalize(f"{space}a{space}b{space}") == "a b"


@pytest.mark.parametrize(
    "shapeless",
    ["\x00", "\x1b", "\x7f", "\x80", "\x9f", "\u00ad", "\u200b", "\u202e", "\u2060", "\ufeff", "\ufffe", "\U0010ffff"],
)
def test_controls_and_characters_without_a_shape_are_removed(shapeless):
    assert normalize(f"{shapeless}a{shapeless}b") == "ab"


@pytest.mark.parametrize(
    "text", ["👩\u200d🚀", "\u0645\u06cc\u200c\u062e", "❤\ufe0f", "🏴\U000e0067\U000e0062\U000e007f", "\ue000", "�"]
)
def test_what_changes_the_shape_of_its_neighbours_is_kept(text):
    assert normalize(text) == text


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\x00", "\ufeff", "\u200b \x00"])
def test_text_without_visible_characters_becomes_empty(text):
    assert normalize(text) == ""


@pytest.mark.parametrize(
    ("text", "code_point", "place"), [("\ud800", "U\\+D800", "1,"), ("ab\udfff", "U\\+DFFF", "3,")]
)
def test_an_unpaired_surrogate_is_refused_by_name_and_place(text, code_point, place):
    with pytest.raises(InvalidText, match=f"unpaired surrogate {code_point} at character {place}"):
        normalize(text)


def test_a_letter_keeps_thirty_combining_marks():
    assert normalize("q" + "\u0301" * 100 + "r") == "q" + "\u0301" * MAX_COMBINING_MARKS + "r"


@pytest.mark.parametrize("marks", ["\u0301" * 20_000 + "\u0327" * 20_000, "\u0f73" * 40_000, "\u0301\u0f73" * 20_000])
def test_very_many_combining_marks_take_linear_time(marks):
    quarter, whole = (cpu_seconds(normalize, "a" + marks[:count]) for count in (len(marks) // 4, len(marks)))
    assert whole < 8 * quarter + 0.3  # quadratic: sixteen times 0.15 s
