"""Where the words of a text are."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.text.words import has_letters, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't go, well-known Tom!", "Don't|go|,|well-known|Tom|!"),
        ("„Ja“ \u2013 'so' --", "„|Ja|“|\u2013|'|so|'|-|-"),
        ("12,500.00 €", "12|,|500|.|00|€"),
        ("naïve x\u0323y cafe\u0301s", "naïve|x\u0323y|cafe\u0301s"),
        ("👩\u200d👩\u200d👧👍🏽 ❤\ufe0f!", "👩\u200d👩\u200d👧|👍🏽|❤\ufe0f|!"),
        ("你好 world世界", "你|好|world|世|界"),
        ("हिन्दी", "हिन्दी"),
        ("snake_case", "snake_case"),
        ("", ""),
    ],
)
def test_words_and_signs_are_found(text, expected):
    assert "|".join(text[start:end] for start, end in words(text)) == expected


@given(st.text())
def test_words_lie_apart_in_order_and_hold_all_but_white_space(text):
    spans = words(text)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))
    assert "".join(text[start:end] for start, end in spans) == "".join(text.split())


def test_letters_and_digits_make_a_word():
    assert has_letters("…5")
    assert not has_letters("?! 😀")
