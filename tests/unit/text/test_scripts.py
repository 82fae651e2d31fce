"""Scripts: of letters, of languages; words with and without spaces."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.text.scripts import count_scripts, count_words, is_foreign, script, usual_scripts


@pytest.mark.parametrize(
    ("character", "name"),
    [
        ("a", "Latin"),
        ("ß", "Latin"),
        ("\uff21", "Latin"),
        ("я", "Cyrillic"),
        ("λ", "Greek"),
        ("中", "Han"),
        ("々", "Han"),
        ("の", "Hiragana"),
        ("ー", "Katakana"),
        ("ｶ", "Katakana"),
        ("한", "Hangul"),
        ("ع", "Arabic"),
        ("ก", "Thai"),
        ("7", None),
        ("!", None),
        ("ª", None),
        ("µ", None),
        ("\U0001d431", None),
        ("\ue000", None),
    ],
)
def test_a_letter_has_a_script_and_all_else_has_none(character, name):
    assert script(character) == name


@given(st.characters())
def test_every_character_is_answered(character):
    assert script(character) is None or character.isalpha()


def test_scripts_are_counted_by_letters_the_commonest_first():
    assert list(count_scripts(Counter("2 ямы, но a")).items()) == [("Cyrillic", 5), ("Latin", 1)]


def test_languages_have_their_usual_scripts_and_regions_do_not_matter():
    assert usual_scripts("de") == usual_scripts("pt_br") == usual_scripts("pt-br") == {"Latin"}
    assert usual_scripts("sr") == {"Latin", "Cyrillic"}
    assert usual_scripts("ja") == {"Han", "Hiragana", "Katakana"}
    assert usual_scripts("nds") == set()


@pytest.mark.parametrize(
    ("text", "words"), [("", 0), ("one", 1), ("two words", 2), ("zwölf Uhr", 2), ("今天天气很好", 4), ("Я тут", 2)]
)
def test_words_are_counted_by_spaces_and_by_letters_where_there_are_none(text, words):
    assert count_words(text) == words


@pytest.mark.parametrize(
    ("text", "language", "is_so"),
    [
        ("Guten Tag", "de", False),
        ("Guten Tag", "ru", True),
        ("Добрый день", "de", True),
        ("Добрый день, 123 😀", "ru", False),
        ("Der Name \u201e東京\u201c ist russisch.", "de", False),
        ("今日は", "ja", False),
        ("今日は", "nds", False),
        ("123 😀!", "de", False),
        ("", "de", False),
    ],
)
def test_a_text_is_foreign_when_most_letters_are_none_of_its_languages(text, language, is_so):
    assert is_foreign(text, language) == is_so
