"""Batches: what stands where, and that an epoch is a function of seed and number."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.tokenizer import BOS, EOS, PAD
from tests import tiny
from training.dataset import Bitext, Dataset, Example, group_by_length, make_batch, make_examples, pad

NAMES = {language: tiny.number_names(language, 60) for language in ("en", "de")}
BITEXTS = [
    Bitext("en", "de", NAMES["en"], NAMES["de"]),
    Bitext("de", "en", NAMES["de"][:20], NAMES["en"][:20]),
]
EXAMPLES = st.lists(
    st.builds(
        Example,
        st.lists(st.integers(4, 99), min_size=1, max_size=30),
        st.lists(st.integers(4, 99), max_size=30),
    ),
    max_size=40,
)


def dataset(seed=1, batch_pieces=100, max_pieces=200):
    return Dataset(BITEXTS, tiny.tokenizer(), batch_pieces, max_pieces, seed)


def pairs(batch):
    """The examples of a batch as they were before padding."""
    rows = zip(batch.source.tolist(), batch.target.tolist(), strict=True)
    return [(tuple(n for n in source if n != PAD), tuple(n for n in target[1:] if n != PAD)) for source, target in rows]


def same(one, other):
    return len(one) == len(other) and all(
        np.array_equal(a, b) for left, right in zip(one, other, strict=True) for a, b in zip(left, right, strict=True)
    )


@pytest.mark.parametrize("sampling", [0.0, 0.3])
def test_an_epoch_is_the_same_for_the_same_seed_and_number(sampling):
    assert same(dataset().epoch(3, sampling), dataset().epoch(3, sampling))


@pytest.mark.parametrize("sampling", [0.0, 0.3])
def test_epochs_and_seeds_differ(sampling):
    epoch = dataset().epoch(3, sampling)
    assert not same(epoch, dataset().epoch(4, sampling))
    assert not same(epoch, dataset(seed=2).epoch(3, sampling))


@pytest.mark.parametrize("number", [0, 1])
def test_an_epoch_holds_every_example_once(number):
    expected = Counter(
        (tuple(source), tuple(target))
        for bitext in BITEXTS
        for source, target in make_examples(bitext, tiny.tokenizer())
    )
    assert Counter(pair for batch in dataset().epoch(number) for pair in pairs(batch)) == expected


def test_sampling_changes_the_pieces_and_not_the_texts():
    tokenizer = tiny.tokenizer()
    found = [pair for batch in dataset().epoch(0, sampling=0.3) for pair in pairs(batch)]
    texts = Counter(tuple(tokenizer.decode([source, target])) for source, target in found)
    assert texts == Counter(pair for bitext in BITEXTS for pair in zip(bitext.sources, bitext.targets, strict=True))
    assert {source for source, _ in found} - {source for batch in dataset().epoch(0) for source, _ in pairs(batch)}


def test_each_epoch_samples_other_pieces():
    first, second = ({pair for batch in dataset().epoch(n, 0.3) for pair in pairs(batch)} for n in (0, 1))
    assert first != second


def test_examples_longer_than_max_pieces_are_left_out():
    tokenizer, most = tiny.tokenizer(), 9
    found = [pair for batch in dataset(max_pieces=most).epoch(0) for pair in pairs(batch)]
    kept = [
        example
        for bitext in BITEXTS
        for example in make_examples(bitext, tokenizer)
        if len(example.source) <= most and len(example.target) + 1 <= most  # with BOS or EOS
    ]
    assert 0 < len(kept) == len(found) < 80


def test_a_source_begins_with_the_tag_of_its_target_language_and_ends_with_eos():
    tokenizer = tiny.tokenizer()
    for bitext in BITEXTS:
        for source, _ in make_examples(bitext, tokenizer):
            assert (source[0], source[-1]) == (tokenizer.tag(bitext.target_language), EOS)


@given(EXAMPLES, st.integers(1, 120))
def test_groups_keep_the_budget_and_every_example_once(examples, batch_pieces):
    groups = list(group_by_length(examples, batch_pieces))
    assert Counter(map(str, examples)) == Counter(str(example) for group in groups for example in group)
    for group in groups:
        pieces = sum(len(example.target) + 1 for example in group)
        source = len(group) * max(len(example.source) for example in group)
        assert len(group) == 1 or (pieces <= batch_pieces and source <= 2 * batch_pieces)


@given(EXAMPLES)
def test_groups_are_of_like_length(examples):
    lengths = [len(example.target) for group in group_by_length(examples, 60) for example in group]
    assert lengths == sorted(lengths)


def test_each_label_is_the_piece_after_its_position_and_eos_is_last():
    batch = make_batch([Example([5, EOS], [7, 8, 9]), Example([6, 6, EOS], [])])
    assert batch.source.tolist() == [[5, EOS, PAD], [6, 6, EOS]]
    assert batch.target.tolist() == [[BOS, 7, 8, 9], [BOS, PAD, PAD, PAD]]
    assert batch.positions.tolist() == [0, 1, 2, 3, 4]
    assert batch.labels.tolist() == [7, 8, 9, EOS, EOS]
    assert {array.dtype for array in batch} == {np.dtype(np.int32)}


@given(EXAMPLES.filter(bool))
def test_a_batch_gives_back_its_examples(examples):
    batch = make_batch(examples)
    assert pairs(batch) == [(tuple(source), tuple(target)) for source, target in examples]
    labels = iter(batch.labels.tolist())
    for example in examples:
        assert [next(labels) for _ in range(len(example.target) + 1)] == [*example.target, EOS]


def test_rows_are_padded_to_the_longest_or_to_a_width():
    assert pad([[1], [2, 3]]).tolist() == [[1, PAD], [2, 3]]
    assert pad([[1], [2, 3]], width=3).tolist() == [[1, PAD, PAD], [2, 3, PAD]]
