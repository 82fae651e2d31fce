"""Word probabilities by expectation maximization, on languages that were made up."""

from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings

from tests.unit.training.alignment.test_block import SENTENCES, pairs_of
from training.alignment.cells import NULL_PROBABILITY
from training.alignment.word_model import ROUNDS, learn

WORDS = 40


def dictionary_corpus(seed=0, count=400, is_turned=False):
    """Sentences whose word n is always translated with one and the same other word; turned ones end first."""
    draw = np.random.default_rng(seed)
    translation = draw.permutation(np.arange(1, WORDS))
    sources = [draw.integers(1, WORDS, draw.integers(2, 9)).tolist() for _ in range(count)]
    targets = [translation[np.array(source) - 1].tolist() for source in sources]
    return translation, [
        (source, target[::-1] if is_turned else target) for source, target in zip(sources, targets, strict=True)
    ]


@given(SENTENCES)
@settings(max_examples=25)
def test_the_likelihood_of_the_pairs_never_falls(sentences):
    likelihoods = learn(pairs_of(sentences), 10).likelihoods
    assert len(likelihoods) == sum(ROUNDS)
    assert all(later >= earlier - 1e-6 for earlier, later in pairwise(likelihoods))


@given(SENTENCES)
@settings(max_examples=25)
def test_the_probabilities_of_each_source_word_sum_to_one(sentences):
    model = learn(pairs_of(sentences), 10)
    sources = model.keys // model.target_words
    sums = np.bincount(sources, model.probabilities)
    np.testing.assert_allclose(sums[np.unique(sources)], 1)


def slow_model_1(sentences, rounds, words):
    """Brown et al. 1993, §4.1, with a fixed probability of the null word, in loops."""
    table = defaultdict(lambda: 1 / words)
    for _ in range(rounds):
        counts, totals = defaultdict(float), defaultdict(float)
        for source, target in sentences:
            prior = [NULL_PROBABILITY, *[(1 - NULL_PROBABILITY) / len(source)] * len(source)]
            for other in target:
                weights = [share * table[one, other] for share, one in zip(prior, [0, *source], strict=True)]
                for one, weight in zip([0, *source], weights, strict=True):
                    counts[one, other] += weight / sum(weights)
                    totals[one] += weight / sum(weights)
        table = {(one, other): count / totals[one] for (one, other), count in counts.items()}
    return table


@given(SENTENCES)
@settings(max_examples=25)
def test_model_1_is_that_of_plain_loops(sentences):
    model = learn(pairs_of(sentences), 10, (4, 0))
    expected = slow_model_1(sentences, 4, 10)
    found = {divmod(key, 10): value for key, value in zip(model.keys.tolist(), model.probabilities, strict=True)}
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("is_turned", [False, True])
def test_a_dictionary_is_found_again_whatever_the_order_of_the_words(is_turned):
    translation, sentences = dictionary_corpus(is_turned=is_turned)
    model = learn(pairs_of(sentences), WORDS)
    best = {}
    for key, value in zip(model.keys.tolist(), model.probabilities.tolist(), strict=True):
        best[key // WORDS] = max(best.get(key // WORDS, (0, 0)), (value, key % WORDS))
    assert all(best[word] == (pytest.approx(1, abs=0.1), translation[word - 1]) for word in range(1, WORDS))


def test_words_are_linked_with_their_translations():
    _, sentences = dictionary_corpus()
    pairs = pairs_of(sentences)
    best = learn(pairs, WORDS).best_sources(pairs)
    starts = np.repeat(pairs.sources.offsets[:-1], pairs.sources.lengths())
    # A word that is there twice may come from either.
    assert pairs.sources.values[starts + best].tolist() == pairs.sources.values.tolist()


def test_words_never_seen_together_are_linked_by_their_places():
    _, sentences = dictionary_corpus()
    model = learn(pairs_of(sentences), WORDS + 1)
    assert model.best_sources(pairs_of([([WORDS] * 4, [WORDS] * 4)])).tolist() == [0, 1, 2, 3]


def test_no_pairs_have_no_links():
    _, sentences = dictionary_corpus(count=20)
    model = learn(pairs_of(sentences), WORDS)
    assert model.best_sources(pairs_of(sentences).take(np.array([], int))).tolist() == []
