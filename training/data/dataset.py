"""Sentence pairs to batches of ids: a shuffled pass over the corpora an epoch, without end.

On the way nothing is held of a corpus but the order of its examples, 4 bytes each, and the windows at hand; a thread
reads (and samples) the examples of the next window, another one makes the next batches.
"""

import hashlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from mt.errors import TrainingError
from mt.tokenizer import BOS, EOS, PAD, Tokenizer
from training.data.ahead import ahead
from training.data.links import NO_LINKS, Links, PieceLinks
from training.data.rows import ROWS_AT_ONCE, Rows, join_rows, make_rows, text_rows
from training.data.store import Column, Texts, kept_store

Ids = np.ndarray
BATCHES_AHEAD = 16
STORE_FORMAT = 1  # of the ids; raised whenever other ids come of the same texts and vocabulary


class Example(NamedTuple):
    """One source, with its target-language tag and EOS, and one target, without BOS and EOS."""

    source: list[int]
    target: list[int]
    links: Ids = NO_LINKS  # (L, 2) a piece of the target, and a place in the source that it comes from


class Batch(NamedTuple):
    """Arrays of one update; what lies behind an end is PAD."""

    source: Ids  # (B, S)
    target: Ids  # (B, T) begins with BOS: what the decoder reads
    positions: Ids  # (N,) places of the real target pieces in (B · T)
    labels: Ids  # (N,) the piece that follows each of them, EOS last
    links: Ids = NO_LINKS  # (L, 2) a row of labels, and a place in its source that it comes from


class Bitext(NamedTuple):
    """The sentence pairs of one direction, as text."""

    source_language: str
    target_language: str
    sources: Sequence[str]
    targets: Sequence[str]
    weight: float = 1.0  # how often a pair is drawn in an epoch; of 2.5, two times and half of the pairs once more
    tag: str = ""  # a control piece behind the target-language tag
    links: Links | None = None  # between words; all bitexts of a dataset have them, or none


class Place(NamedTuple):
    """A place in the data of a training: how many batches of which window of which epoch have been seen."""

    epoch: int = 0
    window: int = 0
    batch: int = 0


BEGINNING = Place()


@dataclass(frozen=True)
class Batching:
    """How examples become batches."""

    batch_pieces: int  # target pieces of a batch, padding not counted
    max_pieces: int  # longer examples are left out
    seed: int
    sampling: float = 0.0  # alpha of Tokenizer.sample; 0 = always the likeliest pieces
    window: int = 250_000  # examples that are sorted by length together; a smaller corpus is one window


class _Chunk(NamedTuple):
    """Some examples of one window, compact: sources have no tag and no EOS yet."""

    place: Place  # where their window begins
    ends_window: bool
    ends_epoch: bool
    tags: Ids  # (N, 2) the target language's, and the corpus's or PAD
    sources: Rows
    targets: Rows
    links: Rows  # of target and source pieces, in turn

    def example(self, number: int) -> Example:
        """One of the examples, whole."""
        tags = [tag for tag in self.tags[number].tolist() if tag != PAD]
        source = [*tags, *self.sources.row(number).tolist(), EOS]
        links = self.links.row(number).reshape(-1, 2) + np.array([0, len(tags)], np.int32)
        return Example(source, self.targets.row(number).tolist(), links)


class Dataset:
    """The training batches, a function of seed and place alone, so that a run can resume at the place it has reached.

    Each epoch draws all pairs, as often as their weights say, shuffles them and cuts them into windows of equal size;
    the examples of a window are grouped by length into batches, and the batches are shuffled.
    """

    def __init__(self, bitexts: Sequence[Bitext], tokenizer: Tokenizer, batching: Batching) -> None:
        """Without sampling, the ids of a stored corpus are kept beside its texts, and found there the next time."""
        self._tokenizer, self._batching = tokenizer, batching
        self._weights = [bitext.weight for bitext in bitexts]
        self._tags = np.array([find_tags(bitext, tokenizer) for bitext in bitexts], np.int32).reshape(-1, 2)
        # The examples of all bitexts are numbered through; those of a bitext begin at its start.
        self._starts = np.cumsum([0, *(len(bitext.sources) for bitext in bitexts)])
        self._sources = [self._read_side(bitext.sources) for bitext in bitexts]
        self._targets = [self._read_side(bitext.targets) for bitext in bitexts]
        self._links = [bitext.links for bitext in bitexts if bitext.links]
        self._piece_links = PieceLinks(tokenizer)

    def batches(self, place: Place = BEGINNING) -> Generator[tuple[Place, Batch]]:
        """All batches behind a place, epoch after epoch without end, each with the place that it leads to.

        Raises TrainingError when no example is short enough.
        """
        examples = np.dot(np.diff(self._starts), self._weights)  # of an epoch
        # As many chunks ahead as a window has, so that the next window is ready when this one is used up.
        chunks = ahead(self._chunks(place), int(min(examples, self._batching.window)) // ROWS_AT_ONCE + 1)
        return ahead(self._make_batches(chunks, place), BATCHES_AHEAD)

    def draw(self, epoch: int) -> Ids:
        """The numbers of an epoch's examples in random order, each as often as its weight says."""
        generator = self._generator(epoch)
        parts = [np.empty(0, np.uint32)]
        for weight, (start, end) in zip(self._weights, pairwise(self._starts.tolist()), strict=True):
            parts += [np.arange(start, end, dtype=np.uint32)] * int(weight)
            once_more = round(weight % 1 * (end - start))
            if once_more:
                parts.append((start + generator.choice(end - start, once_more, replace=False)).astype(np.uint32))
        numbers = np.concatenate(parts)
        generator.shuffle(numbers)
        return numbers

    def _generator(self, epoch: int, window: int = 0, chunk: int = 0) -> np.random.Generator:
        """Random numbers of their own for an epoch, for each window (from 1 on) and for each chunk (from 1 on)."""
        return np.random.default_rng([self._batching.seed, epoch, window, chunk])

    def _read_side(self, texts: Sequence[str]) -> Rows | Column:
        """What is read again and again: texts to draw pieces of, or ids."""
        if not self._batching.sampling:
            return encode(texts, self._tokenizer)
        return texts.column if isinstance(texts, Texts) else text_rows(texts)

    def _chunks(self, place: Place) -> Iterator[_Chunk]:
        """The examples from the window of a place on, some thousands at a time."""
        for epoch in count(place.epoch):
            windows = _split(self.draw(epoch), self._batching.window)
            for window in range(place.window if epoch == place.epoch else 0, len(windows)):
                chunks = _split(windows[window], ROWS_AT_ONCE)
                for number, chunk in enumerate(chunks, start=1):
                    ends_window = number == len(chunks)
                    ends_epoch = ends_window and window + 1 == len(windows)
                    examples = self._examples(chunk, self._generator(epoch, window + 1, number))
                    yield _Chunk(Place(epoch, window), ends_window, ends_epoch, *examples)

    def _examples(self, numbers: Ids, generator: np.random.Generator) -> tuple[Ids, Rows, Rows, Rows]:
        """Tags, sources, targets and links of the examples of these numbers; with sampling, their pieces are drawn."""
        bitexts = np.searchsorted(self._starts, numbers, "right") - 1
        # From bitext by bitext back to the order of the numbers.
        back = np.argsort(np.argsort(bitexts, kind="stable"))
        chosen = [numbers[bitexts == bitext] - start for bitext, start in enumerate(self._starts[:-1].tolist())]
        sides = []
        for columns in (self._sources, self._targets):
            rows = join_rows([column.take(part) for column, part in zip(columns, chosen, strict=True)]).take(back)
            if self._batching.sampling:
                seed = int(generator.integers(2**63))
                rows = make_rows(self._tokenizer.sample(rows.texts(), self._batching.sampling, seed), np.int32)
            sides.append(rows)
        return self._tags[bitexts], sides[0], sides[1], self._draw_links(sides, chosen, back)

    def _draw_links(self, sides: Sequence[Rows], chosen: Sequence[Ids], back: Ids) -> Rows:
        """The links of some examples, chosen from each bitext and put into the order of their sides."""
        if not self._links:
            return Rows(NO_LINKS.reshape(-1), np.zeros(len(back) + 1, np.int64))
        parts = zip(*(links.take(part) for links, part in zip(self._links, chosen, strict=True)), strict=True)
        source_ends, target_ends, words = (join_rows(part).take(back) for part in parts)
        return self._piece_links((source_ends, target_ends, words), *sides)

    def _make_batches(self, chunks: Iterator[_Chunk], start: Place) -> Iterator[tuple[Place, Batch]]:
        """The batches behind a place, made of the chunks from its window on."""
        window: list[_Chunk] = []
        found = start.window  # batches of the epoch; windows before the start are taken to have had some
        for chunk in chunks:
            window.append(chunk)
            if chunk.ends_window:
                done = start.batch if chunk.place[:2] == start[:2] else 0
                examples, window = _join(window), []
                groups = self._group(examples)
                found += len(groups)
                for number, group in enumerate(groups[done:], start=done + 1):
                    yield chunk.place._replace(batch=number), make_batch([examples.example(one) for one in group])
            if chunk.ends_epoch:
                if not found:
                    raise TrainingError(
                        f"No example is shorter than training.max_pieces = {self._batching.max_pieces}."
                    )
                found = 0

    def _group(self, window: _Chunk) -> list[Ids]:
        """The numbers of the examples of each batch, in the order of the batches."""
        most = self._batching.max_pieces
        sources = window.sources.lengths() + 1 + np.count_nonzero(window.tags != PAD, axis=1)
        targets = window.targets.lengths()
        short = np.flatnonzero((sources <= most) & (targets < most))
        groups = [short[group] for group in group_lengths(sources[short], targets[short], self._batching.batch_pieces)]
        self._generator(window.place.epoch, window.place.window + 1).shuffle(groups)
        return groups


def find_tags(bitext: Bitext, tokenizer: Tokenizer) -> tuple[int, int]:
    """The ids of the target language's tag and of the corpus's own, PAD without one.

    Raises TrainingError when the vocabulary lacks the corpus's.
    """
    if bitext.tag and bitext.tag not in tokenizer.controls:
        raise TrainingError(
            f"The vocabulary has no piece for corpora.tag = '{bitext.tag}'. Learn a new one with `mt-train subwords`; "
            "where the recipe has `from`, the bundle's vocabulary is kept, so remove the tag."
        )
    return tokenizer.tag(bitext.target_language), tokenizer.controls.get(bitext.tag, PAD)


def _split(numbers: Ids, most: int) -> list[Ids]:
    """Parts of about the same size, at most `most`, at least one."""
    return np.array_split(numbers, max(1, -(-len(numbers) // most)))


def _join(chunks: Sequence[_Chunk]) -> _Chunk:
    return chunks[-1]._replace(
        tags=np.concatenate([chunk.tags for chunk in chunks]),
        sources=join_rows([chunk.sources for chunk in chunks]),
        targets=join_rows([chunk.targets for chunk in chunks]),
        links=join_rows([chunk.links for chunk in chunks]),
    )


def encode(texts: Sequence[str], tokenizer: Tokenizer) -> Rows | Column:
    """The ids of the likeliest pieces of each text; those of stored texts are stored beside them."""
    dtype = np.uint16 if tokenizer.size <= 2**16 else np.int32
    starts = range(0, len(texts), ROWS_AT_ONCE)
    if not isinstance(texts, Texts):
        parts = [make_rows(tokenizer.encode(texts[start : start + ROWS_AT_ONCE]), dtype) for start in starts]
        return join_rows([make_rows([], dtype), *parts])
    made_of = {"format": STORE_FORMAT, "tokenizer": hashlib.sha256(tokenizer.model).hexdigest()}

    def chunks() -> Iterator[dict[str, Rows]]:
        for start in tqdm(starts, f"encoding, {ROWS_AT_ONCE:,} at once", disable=None, leave=False):
            yield {"ids": make_rows(tokenizer.encode(texts[start : start + ROWS_AT_ONCE]), dtype)}

    folder = texts.column.folder / f"{texts.column.name}-ids"
    return kept_store(folder, made_of, chunks, dict).columns["ids"]


def make_examples(bitext: Bitext, tokenizer: Tokenizer) -> list[Example]:
    """The examples of one direction, in order, with the likeliest pieces."""
    sources, targets = tokenizer.encode(bitext.sources), tokenizer.encode(bitext.targets)
    tag = bitext.target_language
    return [Example(tokenizer.source_ids(source, tag), target) for source, target in zip(sources, targets, strict=True)]


def group_by_length(examples: Sequence[Example], batch_pieces: int) -> Iterator[list[Example]]:
    """The groups that group_lengths makes of some examples."""
    sources, targets = ([len(example[side]) for example in examples] for side in (0, 1))
    for group in group_lengths(sources, targets, batch_pieces):
        yield [examples[number] for number in group]


def group_lengths(sources: Sequence[int] | Ids, targets: Sequence[int] | Ids, batch_pieces: int) -> Iterator[list[int]]:
    """The numbers of examples of like length whose targets, with EOS, hold at most batch_pieces; at least one a group.

    The padded source may take up to twice as much, so that short targets of long sources stay small batches as well.
    """
    order = np.lexsort((np.asarray(sources), np.asarray(targets)))
    group: list[int] = []
    target_pieces = widest = 0
    lengths = np.array(sources)[order].tolist(), np.array(targets)[order].tolist()
    for number, source, target in zip(order.tolist(), *lengths, strict=True):
        pieces, width = target + 1, max(widest, source)
        if group and (target_pieces + pieces > batch_pieces or (len(group) + 1) * width > 2 * batch_pieces):
            yield group
            group, target_pieces, width = [], 0, source
        group.append(number)
        target_pieces, widest = target_pieces + pieces, width
    if group:
        yield group


def make_batch(examples: Sequence[Example]) -> Batch:
    """The padded arrays of some examples, in their order."""
    target = pad([[BOS, *example.target] for example in examples])
    labels = pad([[*example.target, EOS] for example in examples])
    positions = np.flatnonzero(target != PAD).astype(np.int32)
    source, following = pad([example.source for example in examples]), labels.reshape(-1)[positions]
    return Batch(source, target, positions, following, _links(examples))


def _links(examples: Sequence[Example]) -> Ids:
    """The links of all examples, by the rows of their batch's labels."""
    starts = np.cumsum([0, *(len(example.target) + 1 for example in examples)], dtype=np.int32)
    parts = [one.links + np.array([start, 0], np.int32) for one, start in zip(examples, starts, strict=False)]
    return np.concatenate([NO_LINKS, *parts])


def pad(rows: Sequence[Sequence[int]], width: int = 0) -> Ids:
    """Rows of ids as one int32 array, PAD behind their ends, as wide as the longest row or `width`."""
    array = np.full((len(rows), max([width, *map(len, rows)])), PAD, np.int32)
    for number, row in enumerate(rows):
        array[number, : len(row)] = row
    return array
