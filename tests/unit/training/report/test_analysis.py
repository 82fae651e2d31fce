"""Translations by length, by the rarity of words, and ranked."""

from collections import Counter

import pytest
from sacrebleu import corpus_bleu, corpus_chrf, sentence_chrf

from training.report.analysis import (
    Sample,
    all_words,
    best_and_worst,
    brevity_penalty,
    by_frequency,
    by_length,
    count_words,
    make_samples,
    split_words,
)


def sample(source="a", reference="x", translation="x", chrf=50.0):
    return Sample(source, reference, translation, chrf)


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("Don't «panic», he said…", "en", ["Don't", "panic", "he", "said"]),
        ("- 3.5 -", "en", ["3.5"]),
        ("हिन्दी की।", "hi", ["हिन्दी", "की"]),
        ("你好、 世界。", "zh", ["你", "好", "世", "界"]),
        ("你好", "zh-Hant", ["你", "好"]),
        ("", "en", []),
    ],
)
def test_words_are_without_the_signs_around_them(text, language, words):
    assert split_words(text, language) == words


def test_only_wanted_words_are_counted():
    counts = count_words(["one two two", "two three"], "en", all_words(["two, one", "four"], "en"))
    assert counts == {"one": 1, "two": 3}


def test_words_are_normalized_as_for_training():
    assert all_words(["cafe\u0301\u00a0noir"], "fr") == {"caf\u00e9", "noir"}


def test_each_sample_has_its_own_chrf():
    samples = make_samples(["a", "b", "c"], ["good text", " ", "bad text"], ["good text", "b", "nothing"])
    assert [one.source for one in samples] == ["a", "c"]  # without a reference there is nothing to compare with
    assert samples[0].chrf == pytest.approx(100)
    assert samples[1].chrf == sentence_chrf("nothing", ["bad text"]).score


def test_lengths_have_groups_with_scores_of_their_own():
    short = [
        sample("two words", "zwei ganz kurze Worte", "zwei ganz kurze Worte"),
        sample("five of them are here", "fünf", "fünf"),
    ]
    long = [sample("word " * 6, "ein Satz mit vielen Worten", "ein Satz mit manchen Worten")]
    groups = by_length([*long, *short], "en")
    assert [(group.words, group.sentences) for group in groups] == [("up to 5", 2), ("6 to 10", 1)]
    texts = [one.translation for one in long], [[one.reference for one in long]]
    assert (groups[1].bleu, groups[1].chrf) == (corpus_bleu(*texts).score, corpus_chrf(*texts).score)


def test_the_longest_sentences_are_one_group():
    groups = by_length([sample("word " * 61), sample("word " * 500)], "en")
    assert [(group.words, group.sentences) for group in groups] == [("61 or more", 2)]


def test_words_are_matched_within_their_sentence_and_as_often_as_they_are_wanted():
    samples = [
        sample(reference="rare the the", translation="the rare rare"),
        sample(reference="new", translation="the"),
    ]
    groups = by_frequency(samples, "en", Counter({"rare": 1, "the": 5_000}))
    assert [(one.frequency, one.wanted, one.produced, one.matched) for one in groups] == [
        ("0", 1, 0, 0),
        ("1", 1, 2, 1),
        ("1,000 or more", 2, 2, 1),
    ]
    assert (groups[0].recall, groups[0].precision, groups[0].f1) == (0, 0, 0)
    assert (groups[1].recall, groups[1].precision) == (100, 50)
    assert groups[1].f1 == pytest.approx(2 * 100 * 50 / 150)


def test_frequencies_have_groups_up_to_their_ends():
    words = {"two": 2, "four": 4, "five": 5, "many": 999, "most": 1_000}
    groups = by_frequency([sample(reference=" ".join(words), translation="")], "en", Counter(words))
    assert [(one.frequency, one.wanted) for one in groups] == [
        ("2 to 4", 2),
        ("5 to 9", 1),
        ("100 to 999", 1),
        ("1,000 or more", 1),
    ]


def test_the_best_and_the_worst_are_ranked_and_the_longer_of_equals_comes_first():
    samples = [sample("b" * number, chrf=chrf) for number, chrf in enumerate((100.0, 3.0, 100.0, 0.0, 0.0, 60.0))]
    best, worst = best_and_worst(samples, 2)
    assert [(len(one.source), one.chrf) for one in best] == [(2, 100.0), (0, 100.0)]
    assert [(len(one.source), one.chrf) for one in worst] == [(4, 0.0), (3, 0.0)]


@pytest.mark.parametrize(("count", "expected"), [(0, 0), (1, 0), (5, 2), (19, 9), (20, 10), (50, 10)])
def test_no_sample_is_among_both(count, expected):
    samples = [sample(str(number), chrf=float(number)) for number in range(count)]
    best, worst = best_and_worst(samples)
    assert len(best) == len(worst) == expected
    assert not set(best) & set(worst)


def test_a_sentence_that_comes_again_is_shown_once():
    best, worst = best_and_worst([sample("a")] * 5 + [sample("b", chrf=1.0)])
    assert ([one.source for one in best], [one.source for one in worst]) == (["a"], ["b"])


def test_translations_that_are_too_short_have_a_brevity_penalty():
    penalty, ratio = brevity_penalty([sample(reference="a b c d e f g h", translation="a b c d")])
    assert ratio == 0.5
    assert penalty == pytest.approx(corpus_bleu(["a b c d"], [["a b c d e f g h"]]).bp)
    assert brevity_penalty([sample(reference="a b", translation="a b")]) == (1.0, 1.0)
