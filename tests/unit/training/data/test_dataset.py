"""Batches: what stands where, and that an epoch is a function of seed and number."""

import math
from collections import Counter
from contextlib import closing
from itertools import islice, takewhile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.errors import TrainingError
from mt.tokenizer import BOS, EOS, PAD
from tests import tiny
from training.alignment.vocabulary import word_ends
from training.data.dataset import (
    Batching,
    Bitext,
    Dataset,
    Example,
    Place,
    encode,
    group_by_length,
    make_batch,
    make_examples,
    pad,
)
from training.data.links import NO_LINKS, Links
from training.data.rows import make_rows, text_rows
from training.data.store import Texts, kept_store
from training.recipe import SubwordConfig
from training.subwords import train_tokenizer

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
        st.just(NO_LINKS),
    ),
    max_size=40,
)


def dataset(number=0, sampling=0.0, bitexts=BITEXTS, **options):
    """The batches of one epoch, in order."""
    batching = Batching(**{"batch_pieces": 100, "max_pieces": 200, "seed": 1, "sampling": sampling, **options})
    with closing(Dataset(bitexts, tiny.tokenizer(), batching).batches(Place(number))) as batches:
        return [batch for _, batch in takewhile(lambda item: item[0].epoch == number, batches)]


def pairs(batch):
    """The examples of a batch as they were before padding."""
    rows = zip(batch.source.tolist(), batch.target.tolist(), strict=True)
    return [(tuple(n for n in source if n != PAD), tuple(n for n in target[1:] if n != PAD)) for source, target in rows]


def occurrences(batches):
    """How often each example is in the batches."""
    return Counter(pair for batch in batches for pair in pairs(batch))


def stored(folder, bitexts=BITEXTS):
    """The same bitexts as texts on disk."""
    found = []
    for number, bitext in enumerate(bitexts):
        sides = {"one": text_rows(bitext.sources), "other": text_rows(bitext.targets)}
        columns = kept_store(folder / str(number), number, lambda sides=sides: [sides], dict).columns.values()
        found.append(bitext._replace(**dict(zip(("sources", "targets"), map(Texts, columns), strict=True))))
    return found


def same(one, other):
    return len(one) == len(other) and all(
        np.array_equal(a, b) for left, right in zip(one, other, strict=True) for a, b in zip(left, right, strict=True)
    )


@pytest.mark.parametrize("sampling", [0.0, 0.3])
def test_an_epoch_is_the_same_for_the_same_seed_and_number(sampling):
    assert same(dataset(3, sampling), dataset(3, sampling))


@pytest.mark.parametrize("sampling", [0.0, 0.3])
def test_epochs_and_seeds_differ(sampling):
    epoch = dataset(3, sampling)
    assert not same(epoch, dataset(4, sampling))
    assert not same(epoch, dataset(3, sampling, seed=2))


@pytest.mark.parametrize("number", [0, 1])
def test_an_epoch_holds_every_example_once(number):
    expected = Counter(
        (tuple(source), tuple(target))
        for bitext in BITEXTS
        for source, target, _ in make_examples(bitext, tiny.tokenizer())
    )
    assert occurrences(dataset(number)) == occurrences(dataset(number, window=25)) == expected


def test_sampling_changes_the_pieces_and_not_the_texts():
    tokenizer = tiny.tokenizer()
    found = [pair for batch in dataset(0, sampling=0.3) for pair in pairs(batch)]
    texts = Counter(tuple(tokenizer.decode([source, target])) for source, target in found)
    assert texts == Counter(pair for bitext in BITEXTS for pair in zip(bitext.sources, bitext.targets, strict=True))
    assert {source for source, _ in found} - {source for batch in dataset() for source, _ in pairs(batch)}


def test_each_epoch_samples_other_pieces():
    first, second = ({pair for batch in dataset(n, 0.3) for pair in pairs(batch)} for n in (0, 1))
    assert first != second


@pytest.mark.parametrize("sampling", [0.0, 0.3])
def test_stored_texts_give_the_batches_of_texts_in_memory(tmp_path, sampling):
    assert same(dataset(1, sampling, stored(tmp_path), window=30), dataset(1, sampling, window=30))


@pytest.mark.parametrize("sampling", [0.0, 0.3])
@pytest.mark.parametrize("window", [13, 1_000])
def test_from_every_place_the_batches_are_those_that_an_uninterrupted_pass_has_there(sampling, window):
    batching = Batching(100, 200, 1, sampling, window)

    def begin(place, count):
        with closing(Dataset(BITEXTS, tiny.tokenizer(), batching).batches(place)) as batches:
            return list(islice(batches, count))

    whole = begin(Place(), 50)
    for number in (1, 4, 9, 18, 30):
        place = whole[number - 1][0]
        rest = begin(place, 5)
        assert [place for place, _ in rest] == [place for place, _ in whole[number : number + 5]]
        assert same([batch for _, batch in rest], [batch for _, batch in whole[number : number + 5]])
    assert len({place for place, _ in whole}) == 50
    assert {place.epoch for place, _ in whole} >= {0, 1}


def test_windows_divide_an_epoch_evenly():
    with closing(Dataset(BITEXTS, tiny.tokenizer(), Batching(100, 200, 1, window=30)).batches()) as batches:
        counts = Counter()
        for place, batch in takewhile(lambda item: item[0].epoch == 0, batches):
            counts[place.window] += len(batch.source)
    assert counts == {0: 27, 1: 27, 2: 26}


def test_the_ids_of_stored_texts_are_stored_once_and_made_anew_for_another_vocabulary(tmp_path):
    (bitext, _), tokenizer = stored(tmp_path), tiny.tokenizer()
    column = encode(bitext.sources, tokenizer)
    everything = column.take(np.arange(column.count))
    assert [everything.row(number).tolist() for number in range(column.count)] == tokenizer.encode(bitext.sources)
    assert everything.values.dtype == np.uint16
    made = column.values_path.stat().st_mtime_ns
    assert encode(bitext.sources, tokenizer).values_path.stat().st_mtime_ns == made
    other = encode(bitext.sources, tiny.tokenizer("bpe"))
    assert other.take(np.arange(3)).row(2).tolist() == tiny.tokenizer("bpe").encode(bitext.sources[2:3])[0]


@pytest.mark.parametrize("weight", [0.3, 1.0, 1.5, 3.0])
def test_a_weight_says_how_often_a_pair_is_drawn(weight):
    tokenizer = tiny.tokenizer()
    bitext = BITEXTS[0]._replace(weight=weight)
    drawn = [occurrences(dataset(number, bitexts=[bitext, BITEXTS[1]])) for number in range(2)]
    alone = {pair for batch in dataset(bitexts=[bitext._replace(weight=1.0)]) for pair in pairs(batch)}
    for counts in drawn:
        assert sum(counts[pair] for pair in alone) == round(60 * weight)
        assert {counts[pair] for pair in alone} <= {math.floor(weight), math.ceil(weight)}
        assert sum(counts.values()) == round(60 * weight) + 20
    assert (drawn[0] == drawn[1]) == weight.is_integer()
    assert len({tag for (tag, *_), _ in drawn[0]}) == len(tokenizer.languages)


def test_a_weight_of_one_changes_nothing():
    assert same(dataset(), dataset(bitexts=[bitext._replace(weight=1.0) for bitext in BITEXTS]))


def test_an_epoch_without_a_short_enough_example_is_refused():
    with pytest.raises(TrainingError, match=r"No example is shorter than training\.max_pieces = 2\."):
        dataset(max_pieces=2)
    with pytest.raises(TrainingError, match="No example is shorter"):
        dataset(bitexts=[BITEXTS[0]._replace(weight=0.001)])


def test_a_window_without_a_short_enough_example_is_passed_over():
    bitext = Bitext("en", "de", ["one"] + ["one " * 20] * 9, ["eins"] * 10)
    counts = [occurrences(dataset(number, bitexts=[bitext], max_pieces=10, window=2)).total() for number in range(3)]
    assert counts == [1, 1, 1]


@pytest.fixture(scope="module")
def tagged():
    """A vocabulary with a corpus tag, and a corpus that has it."""
    texts = tiny.number_names("en") + tiny.number_names("de")
    tokenizer = train_tokenizer(texts, ["de", "en"], SubwordConfig(vocabulary=330), ["<bt>"])
    return tokenizer, BITEXTS[0]._replace(tag="<bt>")


def tagged_batches(tagged, **options):
    tokenizer, bitext = tagged
    batching = Batching(**{"batch_pieces": 100, "max_pieces": 200, "seed": 1, **options})
    with closing(Dataset([bitext, BITEXTS[1]], tokenizer, batching).batches()) as batches:
        return [batch for _, batch in takewhile(lambda item: item[0].epoch == 0, batches)]


def tagged_sources(tagged, **options):
    return [source for batch in tagged_batches(tagged, **options) for source, _ in pairs(batch)]


@pytest.mark.parametrize("sampling", [0.0, 0.3])
def test_the_tag_of_a_corpus_stands_behind_that_of_the_target_language(tagged, sampling):
    tokenizer, bitext = tagged
    found = tagged_sources(tagged, sampling=sampling)
    begin = (tokenizer.tag("de"), tokenizer.controls["<bt>"])
    with_tag = [source for source in found if source[:2] == begin]
    assert len(with_tag) == len(bitext.sources) == len(found) - len(BITEXTS[1].sources)
    assert Counter(tokenizer.decode(with_tag)) == Counter(bitext.sources)


def test_the_tag_of_a_corpus_counts_as_a_piece(tagged):
    found = [pair for batch in tagged_batches(tagged) for pair in pairs(batch)]
    most = sorted(len(source) for source, _ in found)[len(found) // 2]
    kept = [source for source, target in found if len(source) <= most and len(target) < most]
    assert 0 < len(kept) < len(found)
    assert sorted(tagged_sources(tagged, max_pieces=most)) == sorted(kept)


def test_a_tag_that_the_vocabulary_lacks_is_refused():
    with pytest.raises(TrainingError, match=r"The vocabulary has no piece for corpora\.tag = '<bt>'\. Learn a new one"):
        dataset(bitexts=[BITEXTS[0]._replace(tag="<bt>")])


def linked_bitexts():
    """The bitexts with links between the words of the same number in each pair."""
    found = []
    for bitext in BITEXTS:
        ends = [word_ends(side) for side in (bitext.sources, bitext.targets)]
        both = np.minimum(*(rows.lengths() for rows in ends)).tolist()
        words = make_rows(([word for place in range(count) for word in (place, place)] for count in both), np.uint16)
        found.append(bitext._replace(links=Links(*ends, words)))
    return found


@pytest.mark.parametrize("sampling", [0.0, 0.3])
def test_the_links_of_a_batch_lie_between_pieces_of_linked_words(sampling):
    tokenizer, count = tiny.tokenizer(), 0
    for batch in dataset(0, sampling, linked_bitexts()):
        rows = batch.positions // batch.target.shape[1]
        for row, column in batch.links.tolist():
            source = [number for number in batch.source[rows[row]].tolist() if number != PAD]
            target = batch.labels[rows == rows[row]].tolist()
            sides = (source[1:-1], column - 1), (target[:-1], row - np.flatnonzero(rows == rows[row])[0])
            words = [tokenizer.decode([ids[: place + 1]])[0].split(" ") for ids, place in sides]
            assert len(words[0]) == len(words[1])
            count += 1
    assert count > 300


@pytest.mark.parametrize("sampling", [0.0, 0.3])
def test_links_change_nothing_else_of_a_batch(sampling):
    assert same(
        [batch[:-1] for batch in dataset(1, sampling, linked_bitexts())], [batch[:-1] for batch in dataset(1, sampling)]
    )


def test_links_know_the_tags_before_the_source(tagged):
    _, bitext = tagged
    plain, other = linked_bitexts(), linked_bitexts()
    other[0] = other[0]._replace(tag=bitext.tag)

    def places(bitexts):
        with closing(Dataset(bitexts, tagged[0], Batching(10_000, 200, 1)).batches()) as batches:
            _, batch = next(iter(batches))
        with_tag = (batch.source[:, 0] == tagged[0].tag("de"))[batch.positions // batch.target.shape[1]]
        linked = batch.links[np.isin(batch.links[:, 0], np.flatnonzero(with_tag))]
        return np.bincount(linked[:, 1])

    without, with_tag = places(plain), places(other)
    assert with_tag[1:].tolist() == without.tolist()


def test_examples_longer_than_max_pieces_are_left_out():
    tokenizer, most = tiny.tokenizer(), 9
    found = [pair for batch in dataset(max_pieces=most) for pair in pairs(batch)]
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
        for source, *_ in make_examples(bitext, tokenizer):
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
    assert pairs(batch) == [(tuple(source), tuple(target)) for source, target, _ in examples]
    labels = iter(batch.labels.tolist())
    for example in examples:
        assert [next(labels) for _ in range(len(example.target) + 1)] == [*example.target, EOS]


def test_rows_are_padded_to_the_longest_or_to_a_width():
    assert pad([[1], [2, 3]]).tolist() == [[1, PAD], [2, 3]]
    assert pad([[1], [2, 3]], width=3).tolist() == [[1, PAD, PAD], [2, 3, PAD]]
