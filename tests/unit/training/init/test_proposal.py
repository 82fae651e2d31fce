"""Proposed settings: more text never gets stronger regularization, fewer pieces or a smaller model."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.errors import CorpusError
from tests import tiny
from training.init.proposal import SIZE_CLASSES, Amount, choose_class, fit_vocabulary, propose
from training.recipe import SubwordConfig
from training.subwords import train_tokenizer

WORDS = st.integers(100, 10**9)
LATIN = Counter(dict.fromkeys("abcdefghijklmnopqrstuvwxyz.,!", 1_000))


def amount(words, directions=1):
    return Amount(words // 10, (words,) * directions)


@given(WORDS, WORDS)
def test_more_words_never_make_a_smaller_model_or_more_regularization(one, other):
    less, more = (choose_class(words) for words in sorted((one, other)))
    for name in ("vocabulary", "embedding", "encoder_hidden", "decoder_hidden", "layers", "batch_pieces", "peak_rate"):
        assert getattr(less, name) <= getattr(more, name)
    for name in ("dropout", "word_dropout", "passes"):
        assert getattr(less, name) >= getattr(more, name)


@pytest.mark.parametrize("directions", [1, 2])
def test_more_words_mean_more_updates_and_more_work(directions):
    plans = [propose(amount(10**power // 3, directions), []) for power in range(3, 9)]
    for less, more in pairwise(plans):
        assert less.max_updates * less.size.batch_pieces <= more.max_updates * more.size.batch_pieces
        assert less.warmup_updates <= more.warmup_updates


def test_every_number_of_words_has_its_class():
    assert [choose_class(size.words) for size in SIZE_CLASSES] == list(SIZE_CLASSES)
    assert choose_class(SIZE_CLASSES[0].words + 1) == SIZE_CLASSES[1]


@given(WORDS)
def test_a_run_warms_up_and_is_validated_some_twenty_times(words):
    plan = propose(amount(words), [LATIN])
    assert plan.warmup_updates * 8 <= plan.max_updates
    assert 18 <= plan.max_updates / plan.validate_every <= 22


def test_two_directions_choose_the_class_of_one_and_take_twice_as_long():
    one, both = propose(amount(100_000), []), propose(amount(100_000, 2), [])
    assert one.size == both.size
    assert both.max_updates == pytest.approx(2 * one.max_updates, abs=100)


def test_many_characters_make_the_vocabulary_larger_and_the_coverage_lower():
    han = Counter({chr(0x4E00 + number): 100_000 // (number + 1) for number in range(4_000)})
    plain, chinese = propose(amount(50_000), [LATIN, LATIN]), propose(amount(50_000), [han, LATIN])
    assert plain.vocabulary == plain.size.vocabulary
    assert plain.character_coverage > chinese.character_coverage
    assert plain.vocabulary + 2_000 < chinese.vocabulary < plain.vocabulary + 4_000


def test_a_vocabulary_that_the_texts_do_not_give_becomes_the_largest_they_give():
    texts = tiny.number_names("en") + tiny.number_names("de")
    fitting = fit_vocabulary(2_000, 0.9999, texts, ["en", "de"])
    assert 300 < fitting < 1_000
    for tags in (["en", "de"], ["de"]):
        assert train_tokenizer(texts, tags, SubwordConfig(vocabulary=fitting)).size == fitting
    assert fit_vocabulary(320, 0.9999, texts, ["en", "de"]) == 320


def test_texts_with_words_enough_give_any_vocabulary_up_to_half_their_words():
    texts = [f"w{number} w{number}" for number in range(600)]
    assert fit_vocabulary(300, 0.9999, texts, ["en", "de"]) == 300


def test_texts_that_give_nearly_no_piece_are_refused():
    with pytest.raises(CorpusError, match=r"The 2 different sentences do not even give 300 pieces.*Add more"):
        fit_vocabulary(2_000, 0.9999, ["a a", "b b"], ["en", "de"])
