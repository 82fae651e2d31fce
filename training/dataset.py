"""Sentence pairs to batches of ids: one shuffled, bucketed pass over the corpus an epoch."""

import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from mt.tokenizer import BOS, EOS, PAD, Tokenizer

Ids = np.ndarray


class Example(NamedTuple):
    """One source, with its target-language tag and EOS, and one target, without BOS and EOS."""

    source: list[int]
    target: list[int]


class Batch(NamedTuple):
    """Arrays of one update; what lies behind an end is PAD."""

    source: Ids  # (B, S)
    target: Ids  # (B, T) begins with BOS: what the decoder reads
    positions: Ids  # (N,) places of the real target pieces in (B · T)
    labels: Ids  # (N,) the piece that follows each of them, EOS last


class Bitext(NamedTuple):
    """The sentence pairs of one direction, as text."""

    source_language: str
    target_language: str
    sources: Sequence[str]
    targets: Sequence[str]


class Dataset:
    """The training batches of each epoch, a function of the seed and the epoch alone, so that a run can resume."""

    def __init__(self, bitexts: Sequence[Bitext], tokenizer: Tokenizer, batch_pieces: int, max_pieces: int, seed: int):
        self._bitexts, self._tokenizer = bitexts, tokenizer
        self._batch_pieces, self._max_pieces, self._seed = batch_pieces, max_pieces, seed

    def epoch(self, number: int, sampling: float = 0.0) -> list[Batch]:
        """All batches of an epoch in random order; with sampling, texts are cut into pieces anew."""
        examples = [
            example
            for index, bitext in enumerate(self._bitexts)
            for example in make_examples(bitext, self._tokenizer, sampling, self._seed + 1_000_003 * number + index)
            if len(example.source) <= self._max_pieces and len(example.target) < self._max_pieces
        ]
        shuffle = random.Random(f"{self._seed} {number}")
        shuffle.shuffle(examples)
        batches = [make_batch(group) for group in group_by_length(examples, self._batch_pieces)]
        shuffle.shuffle(batches)
        return batches


def make_examples(bitext: Bitext, tokenizer: Tokenizer, sampling: float = 0.0, seed: int = 0) -> list[Example]:
    """The examples of one direction, in order; sampling > 0 draws their pieces (Tokenizer.sample)."""
    if sampling:
        sources = tokenizer.sample(bitext.sources, sampling, 2 * seed)
        targets = tokenizer.sample(bitext.targets, sampling, 2 * seed + 1)
    else:
        sources, targets = tokenizer.encode(bitext.sources), tokenizer.encode(bitext.targets)
    tag = bitext.target_language
    return [Example(tokenizer.source_ids(source, tag), target) for source, target in zip(sources, targets, strict=True)]


def group_by_length(examples: Sequence[Example], batch_pieces: int) -> Iterator[list[Example]]:
    """Groups of like length whose targets, with EOS, hold at most batch_pieces; at least one example a group.

    The padded source may take up to twice as much, so that short targets of long sources stay small batches as well.
    """
    group: list[Example] = []
    target_pieces = widest = 0
    for example in sorted(examples, key=lambda example: (len(example.target), len(example.source))):
        pieces, width = len(example.target) + 1, max(widest, len(example.source))
        if group and (target_pieces + pieces > batch_pieces or (len(group) + 1) * width > 2 * batch_pieces):
            yield group
            group, target_pieces, width = [], 0, len(example.source)
        group.append(example)
        target_pieces, widest = target_pieces + pieces, width
    if group:
        yield group


def make_batch(examples: Sequence[Example]) -> Batch:
    """The padded arrays of some examples, in their order."""
    target = pad([[BOS, *example.target] for example in examples])
    labels = pad([[*example.target, EOS] for example in examples])
    positions = np.flatnonzero(target != PAD).astype(np.int32)
    return Batch(pad([example.source for example in examples]), target, positions, labels.reshape(-1)[positions])


def pad(rows: Sequence[Sequence[int]], width: int = 0) -> Ids:
    """Rows of ids as one int32 array, PAD behind their ends, as wide as the longest row or `width`."""
    array = np.full((len(rows), max([width, *map(len, rows)])), PAD, np.int32)
    for number, row in enumerate(rows):
        array[number, : len(row)] = row
    return array
