"""Texts in, texts out: around an engine that repeats what it is given, and around the tiny model."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.engines import MOST_BEAM
from mt.errors import InvalidText, UnsupportedLanguage
from mt.planning import Planner, Translation
from mt.text import normalize, sentences
from mt.translator import Translator
from tests import tiny
from tests.repeating import OWN, RepeatingEngine, repeater

MAX_PIECES = tiny.MANIFEST["max_source_pieces"] - 2
FRAGMENTS = st.sampled_from(
    [
        "Hello there. ",
        "Two! ",
        "one",
        " ",
        "\t",
        "\n",
        "\r\n",
        "\u2028",
        "\n\n",
        "\u00a0",
        "😀",
        "\x00",
        "\x07",
        "e\u0301",
    ]
)
ANY_TEXT = st.one_of(st.text(max_size=20), st.lists(FRAGMENTS, max_size=12).map("".join))


def repeat(texts, **options):
    return [one.text for one in repeater().translate(texts, "en", "de", **options)]


def normalized_by_sentence(text):
    """What a translator gives back whose engine repeats; a sentence without a letter or digit stays as it is."""
    found, separators = sentences.split(text, "en")
    return sentences.join([normalize(one) if any(map(str.isalnum, one)) else one for one in found], separators)


SIGN_FOR_SPACE = "\u2581"  # SentencePiece writes spaces so, and reads it as one


@given(st.lists(ANY_TEXT.map(lambda text: text.replace(SIGN_FOR_SPACE, "")), max_size=5))
def test_texts_come_back_in_order_with_everything_around_their_sentences(texts):
    translations = repeater().translate(texts, "en", "de", protect=False)
    for text, one in zip(texts, translations, strict=True):
        found, expected = one.text, normalized_by_sentence(text)
        if "split" in one.warnings:  # parts are joined by a space, which a word that is cut did not have
            found, expected = found.replace(" ", ""), expected.replace(" ", "")
        assert found == expected


@given(st.lists(ANY_TEXT, min_size=1, max_size=6))
def test_a_text_is_translated_alone_as_among_others(texts):
    together = repeater().translate(texts, "en", "de", n_best=3)
    assert [repeater().translate([text], "en", "de", n_best=3)[0] for text in texts] == together


@settings(max_examples=8)
@given(st.lists(st.sampled_from(tiny.number_names("en")), min_size=2, max_size=40), st.randoms())
def test_the_model_translates_a_text_alone_as_among_others(texts, random):
    translator = tiny.translator()
    together = translator.translate(texts, "en", "de", n_best=2)
    place = random.randrange(len(texts))
    assert_same(translator.translate([texts[place]], "en", "de", n_best=2)[0], together[place])
    order = random.sample(range(len(texts)), len(texts))
    shuffled = translator.translate([texts[place] for place in order], "en", "de", n_best=2)
    for place, one in zip(order, shuffled, strict=True):
        assert_same(one, together[place])


def assert_same(one, other):
    assert (one.text, one.alternatives, one.warnings) == (other.text, other.alternatives, other.warnings)
    assert (one.score, *one.alternative_scores) == pytest.approx((other.score, *other.alternative_scores), abs=1e-3)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n",
        "\r\n\r\n",
        "\u2028",
        " one\r\ntwo \n\n\tthree\u2028four\n",
        "one.  two!\u00a0 three?",
        "\u3000one",
    ],
)
def test_white_space_line_ends_and_empty_lines_stay_as_they_are(text):
    assert repeat([text]) == [text]


@pytest.mark.parametrize("text", ["😀", "😀😀 👍🏽", "👩\u200d👩\u200d👧", "🇩🇪", "…", "?! \u2014 *** \x00"])
def test_text_without_a_letter_or_digit_stays_and_searches_nothing(text):
    translator = repeater()
    assert translator.translate([text], "en", "de") == [Translation(text, 0.0)]
    assert translator._engine.searched == []


@pytest.mark.parametrize(
    ("text", "expected"), [("a\x00b", "ab"), ("\x07one\x1b", "one"), ("one\x00\ntwo", "one\ntwo"), ("\ufeffone", "one")]
)
def test_control_characters_do_not_reach_the_model(text, expected):
    assert repeat([text]) == [expected]


@pytest.mark.parametrize("text", ["\x00", "\x00\x01 \x02", "\u200b"])
def test_text_of_nothing_but_control_characters_stays_and_searches_nothing(text):
    translator = repeater()
    assert translator.translate([text], "en", "de") == [Translation(text, 0.0)]
    assert translator._engine.searched == []


def test_no_texts_have_no_translations():
    assert repeater().translate([], "en", "de") == []


@pytest.mark.parametrize("text", ["x" * 500, "你好" * 100, "one " * 200, "Donaudampfschiff" * 30])
def test_a_sentence_too_long_is_translated_in_parts_and_says_so(text):
    translator = repeater()
    (one,) = translator.translate([text], "en", "de", protect=False)
    assert "split" in one.warnings
    assert one.text.replace(" ", "") == text.replace(" ", "")
    assert all(size <= 32 for size, _ in translator._engine.searched)


def test_parts_of_a_long_sentence_begin_with_whole_words():
    words = "twenty-one " * 40
    assert repeat([words.strip()]) == [words.strip()]


@given(st.integers(1, 200), st.integers(0, 1000))
def test_parts_hold_every_piece_in_order_and_none_is_too_long(count, seed):
    draw = np.random.default_rng(seed)
    ids = draw.integers(260, tiny.VOCABULARY, count).tolist()
    parts = Planner(tiny.tokenizer(), MAX_PIECES + 2)._in_parts(ids)
    assert [number for part in parts for number in part] == ids
    assert all(1 <= len(part) <= MAX_PIECES for part in parts)


def test_a_search_that_was_cut_is_reported():
    (one,) = repeater(is_complete=False).translate(["one. two."], "en", "de")
    assert one.warnings == ("length_limit", "copied_source")


def test_all_warnings_come_once_each():
    (one,) = repeater(is_complete=False).translate(["one " * 200 + "\n" + "two " * 200], "en", "de")
    assert sorted(one.warnings) == ["copied_source", "length_limit", "split"]


@pytest.mark.parametrize(
    ("text", "source", "warnings"),
    [
        ("one", "en", ("copied_source",)),
        (" one\ntwo. ", "en", ("copied_source",)),
        ("22", "en", ()),
        ("e\u0301", "en", ()),  # comes back composed
        ("\x07今日は", "en", ("unsupported_script",)),
        ("one 今日は今日は", "en", ("unsupported_script", "copied_source")),
        ("words 今日は今", "en", ("copied_source",)),  # not most of them
    ],
)
def test_a_text_that_comes_back_and_one_of_foreign_letters_are_told(text, source, warnings):
    (one,) = repeater().translate([text], source, "de")
    assert one.warnings == warnings


def test_alternatives_have_scores_of_their_own_for_the_whole_text():
    (one,) = tiny.translator().translate(["one\ntwo"], "en", "de", n_best=3)
    parts = tiny.translator().translate(["one", "two"], "en", "de", n_best=3)
    places = range(len(one.alternatives))
    assert len(one.alternative_scores) == len(one.alternatives) > 0
    for place in places:
        sums = sum(part.alternative_scores[place] for part in parts)
        assert one.alternative_scores[place] == pytest.approx(sums, abs=1e-3)


def test_the_score_is_the_sum_over_sentences():
    pieces = sum(map(len, tiny.tokenizer().encode(["one", "twenty-two"])))
    assert repeater().translate(["one\ntwenty-two"], "en", "de")[0].score == -pieces


def test_alternatives_are_distinct_whole_texts_best_first():
    first, second = tiny.tokenizer().encode(["seventy", "twenty-two"])
    decode = tiny.tokenizer().decode
    (one,) = repeater().translate(["seventy\ntwenty-two"], "en", "de", n_best=3)
    assert one.text == "seventy\ntwenty-two"
    shorter = (decode([ids[1:], ids[:-1]]) for ids in (first, second))
    expected = ["\n".join(pair) for pair in zip(*shorter, strict=True)]
    assert list(one.alternatives) == list(dict.fromkeys(expected))


def test_a_sentence_with_fewer_hypotheses_keeps_its_best_in_the_alternatives():
    translator = repeater(most_hypotheses=1)
    assert translator.translate(["twenty-two"], "en", "de", n_best=3)[0].alternatives == ()


def test_what_comes_twice_is_searched_once_and_batches_have_at_most_32():
    translator = repeater()
    names = list(tiny.number_names("en")[:70])
    translator.translate(names * 3, "en", "de")
    assert [size for size, _ in translator._engine.searched] == [32, 32, 6]


def test_progress_counts_every_part_that_is_searched():
    done = []
    repeater().translate(list(tiny.number_names("en")[:70]), "en", "de", progress=done.append)
    assert done == [32, 32, 6]


def test_a_translation_has_no_line_end_or_control_character_of_its_own():
    newline = next(number for number in range(tiny.VOCABULARY) if tiny.tokenizer().pieces([number]) == ["<0x0A>"])

    class Breaking(RepeatingEngine):
        def _hypotheses(self, ids):
            return super()._hypotheses([*ids, newline, newline - 10, *ids])

    translator = Translator(tiny.bundle(), engine=Breaking())
    assert translator.translate(["one"], "en", "de")[0].text == "one one"


@pytest.mark.parametrize("pair", [("en", "fr"), ("fr", "de"), ("en", "en"), ("EN", "de"), ("", "")])
def test_a_direction_that_the_model_lacks_is_refused_with_those_it_has(pair):
    source, target = pair
    complaint = rf"^tiny does not translate from '{source}' to '{target}'; it has en-de, de-en\.$"
    with pytest.raises(UnsupportedLanguage, match=complaint):
        repeater().translate(["one"], source, target)


@pytest.mark.parametrize("text", ["a\ud800b", "\udfff", "one.\n\udc00"])
def test_an_unpaired_surrogate_is_refused(text):
    with pytest.raises(InvalidText, match=r"unpaired surrogate U\+D"):
        repeater().translate(["fine", text], "en", "de")


def test_a_megabyte_of_text_comes_back():
    text = "Twenty-one is a number. So is two hundred!\n" * (2**20 // 43)
    translator = repeater()
    (one,) = translator.translate([text], "en", "de")
    assert one.text == text
    assert translator._engine.searched == [(2, OWN)]


def test_a_megabyte_without_a_space_comes_back():
    text = "x" * 2**20
    (one,) = repeater().translate([text], "en", "de")
    assert one.text.replace(" ", "") == text


def test_several_threads_may_translate_at_once():
    translator, barrier = tiny.translator(), threading.Barrier(3)
    names = tiny.number_names("en")
    expected = [translator.translate(names[start : start + 10], "en", "de") for start in (0, 10, 20)]

    def work(start):
        barrier.wait(10)
        return translator.translate(names[start : start + 10], "en", "de")

    with ThreadPoolExecutor(3) as threads:
        for found, wanted in zip(threads.map(work, (0, 10, 20)), expected, strict=True):
            for one, other in zip(found, wanted, strict=True):
                assert_same(one, other)


def test_a_translator_says_what_it_is_and_warms_up():
    translator = tiny.translator()
    translator.warm_up()
    assert (translator.name, translator.directions) == ("tiny", (("en", "de"), ("de", "en")))
    assert (translator.manifest, translator.engine_name) == (tiny.bundle().manifest, "litert")
    assert Translator(tiny.bundle(), engine=RepeatingEngine()).engine_name == "RepeatingEngine"
    assert translator.max_n_best == MOST_BEAM


def test_the_target_language_decides_the_translation():
    translator = tiny.translator()
    texts = list(tiny.number_names("en")[:20])
    assert translator.translate(texts, "en", "de") != translator.translate(texts, "de", "en")
