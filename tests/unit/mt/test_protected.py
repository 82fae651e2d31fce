"""Texts with what must not change, in capitals and titles: around engines that repeat, invent or lose."""

import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.engines import Hypothesis
from mt.text import protection
from mt.text.words import has_letters
from mt.translator import Translator
from tests import tiny
from tests.inventing import InventingEngine
from tests.repeating import RepeatingEngine, repeater

ITEMS = [
    "https://a.b/c?d=1",
    "a@b.de",
    "/etc/passwd",
    "`x y`",
    "%s",
    "%1$d",
    "{name}",
    "{{ x }}",
    "$VAR",
    "${x}",
    "[X12X]",
]
ITEMS += [
    '<x id="12"></x>',
    "<g1>",
    "</g1>",
    "<f0/>",
    "&nbsp;",
    "😀",
    "👩\u200d👧",
    "#tag",
    "@me",
    "12,500.00",
    "7",
    "2013",
    "10:30",
]
ITEMS += ["deadbeef0123", "MP3", "5\u00a0kg", "1"]
WORDS = ["twenty", "one", "Hundred", "TWO", "and", "It's", "Tom", "150", ".", "!", ",", "(", "-", " ", " ", " ", "\n"]
MIXED = st.lists(st.one_of(st.sampled_from(ITEMS), st.sampled_from(WORDS)), max_size=14).map(" ".join) | st.lists(
    st.one_of(st.sampled_from(ITEMS), st.sampled_from(WORDS)), max_size=14
).map("".join)


def items_of(text):
    return [text[item.start : item.end] for item in protection.find(text)]


def count_of(one, text):
    return len(re.findall(rf"(?={re.escape(one)})", text))


@given(MIXED, st.integers(0, 1000))
def test_whatever_a_model_finds_everything_that_must_not_change_is_there(text, seed):
    for one in Translator(tiny.bundle(), engine=InventingEngine(seed)).translate([text], "en", "de", n_best=2):
        for item, count in Counter(items_of(text)).items():
            assert all(count_of(item, found) >= count for found in (one.text, *one.alternatives))


@given(MIXED, st.integers(0, 1000))
def test_links_lie_inside_both_texts_and_those_of_items_are_exact(text, seed):
    (one,) = Translator(tiny.bundle(), engine=InventingEngine(seed)).translate([text], "en", "de", links=True)
    linked = dict(one.links)
    for (start, end), (first, last) in one.links:
        assert 0 <= start < end <= len(text)
        assert 0 <= first < last <= len(one.text)
    for item in protection.find(text):
        span = next(span for span in linked if span[0] <= item.start and item.end <= span[1])
        first, last = linked[span]
        assert text[item.start : item.end] in one.text[first:last]


@given(MIXED, st.integers(0, 1000))
def test_white_space_and_lines_stay_whatever_a_model_finds(text, seed):
    (one,) = Translator(tiny.bundle(), engine=InventingEngine(seed)).translate([text], "en", "de")
    lines = text.split("\n")
    assert len(one.text.split("\n")) == len(lines)
    for line, found in zip(lines, one.text.split("\n"), strict=True):
        assert (
            line[: len(line) - len(line.lstrip())] == found[: len(found) - len(found.lstrip())] or found.strip() == ""
        )


@given(MIXED)
def test_text_of_nothing_else_stays_as_it_is_and_searches_nothing(text):
    kept = "".join(one for one in re.split(r"(\s)", text) if not has_letters(one) or items_of(one) == [one])
    translator = repeater()
    if all(items_of(line) == [line] or not has_letters(line) for line in kept.split("\n")):
        assert translator.translate([kept], "en", "de")[0].text == kept
        assert translator._engine.searched == []


@given(st.lists(st.sampled_from(tiny.number_names("en")), max_size=6).map(" ".join), st.booleans())
def test_ordinary_text_is_translated_as_without_protection(text, links):
    translator = tiny.translator()
    one, other = (translator.translate([text], "en", "de", protect=protect)[0] for protect in (True, False))
    assert (one.text, one.score) == (other.text, other.score)
    if links:
        assert translator.translate([text], "en", "de", links=True)[0].text == one.text


@pytest.mark.parametrize(
    "item", [one for one in ITEMS if one not in ("<g1>", "</g1>", "<f0/>", "&nbsp;", "😀", "👩\u200d👧")]
)
def test_an_item_takes_the_place_of_what_stands_for_it(item):
    translator = repeater()
    (one,) = translator.translate([f"twenty {item} hundred"], "en", "de")
    assert (one.text, one.warnings) == (f"twenty {item} hundred", ("copied_source",))


def test_the_model_does_not_see_what_must_not_change():
    plan = repeater().plan("twenty {name} hundred", "en", "de")
    ((part,),) = plan.sentences
    assert tiny.tokenizer().decode([part[1:-1]]) == ["twenty Tom hundred"]


def test_a_name_that_is_in_the_text_stands_for_nothing_else():
    plan = repeater().plan("Tom met {name}.", "en", "de")
    assert plan.prepared[0].text == "Tom met Boston."


class Attending(RepeatingEngine):
    """Finds what it is told, word by word from the source words that it is told."""

    def __init__(self, text, order):
        super().__init__()
        (self._ids,) = tiny.tokenizer().encode([text])
        self._order = order

    def search(self, sources, options, conditions):
        return [[self._found(source)] for source in sources]

    def _found(self, source):
        words, targets = self._words(source[1:-1]), self._words(self._ids)
        attention = np.zeros((len(self._ids), len(source)), np.float32)
        for row, word in enumerate(targets):
            columns = [place + 1 for place, one in enumerate(words) if one == self._order[word]]
            attention[row, columns] = 1 / max(len(columns), 1)
        return Hypothesis(self._ids, -1.0, True, attention)

    def _words(self, ids):
        numbers, word = [], -1
        for piece in tiny.tokenizer().pieces(ids):
            word += piece.startswith("▁")
            numbers.append(max(word, 0))
        return numbers


def attended(text, found, order):
    (one,) = Translator(tiny.bundle(), engine=Attending(found, order)).translate([text], "en", "de", links=True)
    return one


@pytest.mark.parametrize(
    ("text", "found", "order", "expected"),
    [
        ("one <b>two</b> three", "drei zwei eins", [2, 1, 0], "drei <b>zwei</b> eins"),
        ("one <b>two three</b>", "drei zwei eins", [2, 1, 0], "<b>drei zwei</b> eins"),
        ("<b>one two</b>", "zwei eins", [1, 0], "<b>zwei eins</b>"),
        ("<b>one <i>two</i></b> three", "drei zwei eins", [2, 1, 0], "drei <b><i>zwei</i> eins</b>"),
        ("one 😀 two three", "drei zwei eins", [2, 1, 0], "drei zwei eins 😀"),
        ("one two 😀", "zwei eins", [1, 0], "zwei eins 😀"),
        ("😀 one two", "zwei eins", [1, 0], "😀 zwei eins"),
        ("one two 😀!", "zwei eins!", [1, 0, 2], "zwei eins 😀!"),
        ("one<f0/>two three", "drei zwei eins", [2, 1, 0], "drei zwei eins<f0/>"),
    ],
)
def test_what_is_left_out_moves_with_the_words_beside_it(text, found, order, expected):
    one = attended(text, found, order)
    assert (one.text, one.warnings) == (expected, ())


def test_a_stand_in_that_the_model_says_twice_is_there_once():
    assert attended("one {x} two", "zwei Tom Tom", [2, 1, 0]).text == "zwei {x}"


def test_a_lost_stand_in_takes_the_place_of_what_came_of_it():
    one = attended("one {x} two", "zwei Thomas eins", [2, 1, 0])
    assert (one.text, one.warnings) == ("zwei {x} eins", ())
    assert attended("one 12,500.00 two", "zwei 15 eins", [2, 0, 0]).text == "zwei 12,500.00 eins"


def test_an_item_whose_place_is_a_guess_says_so():
    one = attended("one {x} two", "zwei eins", [2, 0])
    assert sorted(one.text.split()) == ["eins", "zwei", "{x}"]
    assert one.warnings == ("protected_moved",)


def test_links_are_in_characters_of_the_whole_texts():
    text = " one\u00a0 {x} two\n\none two"
    one = attended(text, "zwei Tom eins", [2, 1, 0])
    assert [(text[slice(*source)], one.text[slice(*target)]) for source, target in one.links][:3] == [
        ("one", "eins"),
        ("{x}", "{x}"),
        ("two", "zwei"),
    ]


def test_a_sentence_that_stays_is_linked_to_itself():
    (one,) = repeater().translate(["\n 😀!\n"], "en", "de", links=True)
    assert one.links == (((2, 4), (2, 4)),)


def test_links_are_there_only_if_asked_for():
    assert repeater().translate(["one {x}"], "en", "de")[0].links == ()


def test_a_sentence_that_must_not_change_is_not_cut():
    text = "twenty `one. Two` hundred"
    assert repeater().translate([text], "en", "de")[0].text == text


def test_text_in_capitals_is_searched_in_ordinary_letters_and_comes_back_in_capitals():
    translator = repeater()
    assert translator.plan("TWENTY-ONE HUNDRED", "en", "de").prepared[0].text.casefold() == "twenty-one hundred"
    assert translator.plan("TWENTY-ONE HUNDRED", "en", "de").prepared[0].text != "TWENTY-ONE HUNDRED"
    assert translator.translate(["TWENTY-ONE {x} HUNDRED"], "en", "de")[0].text == "TWENTY-ONE {x} HUNDRED"


def test_a_prefix_is_what_the_model_writes_itself():
    translator = repeater()
    translator.translate(["one 12,500.00"], "en", "de", prefix="one")
    assert translator.plan("one 12,500.00", "en", "de", protect=False).prepared[0].text == "one 12,500.00"
