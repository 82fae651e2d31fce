"""Beam search in NumPy that drives a decoder piece by piece; needs neither TensorFlow nor Keras.

It finds what mt.search.beam_search finds. Here each step is a call, so that the first one, before which all places of a
beam are the same, is made for one of them, and a batch shrinks as its hypotheses end.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from mt.engines import Hypothesis, SearchOptions
from mt.ranking import BEHIND, LEAST_COVERAGE, MORE_PIECES, NEVER, PIECES_A_PIECE
from mt.tokenizer import BOS, EOS

WORTH_SHRINKING = 0.75  # of the places at work, or fewer, still needed: decoders take longer for a step of a new shape

Floats = np.ndarray
Ids = np.ndarray


class Continuations(NamedTuple):
    """The likeliest next pieces of each hypothesis, best first, and what the decoder looked at before them."""

    log_probabilities: Floats  # (B, K, C) natural-log
    ids: Ids  # (B, K, C)
    attention: Floats  # (B, K, S) float32


class Decoder(Protocol):
    """The decoding of some sources under way: it holds their memory and the states of their hypotheses."""

    def step(self, ids: Ids, count: int) -> Continuations:
        """The `count` likeliest pieces behind the last ones (B, K), fewer where there are no more; states move on."""

    def log_probabilities(self) -> Floats:
        """Those of all pieces (B, K, V), as the last step saw them; not to be written to."""

    def keep(self, rows: Ids, places: Ids) -> None:
        """Goes on with these of the sources (B',), and of each with the hypotheses in these places (B', K')."""


class _Step(NamedTuple):
    """What one step chose; a hypothesis is read back from its last piece."""

    ids: Ids  # (B, K)
    scores: Floats  # (B, K) of the hypotheses so far
    attention: Floats  # (B, K, S)
    rows: Ids  # (B,) where each source stands in the step before
    parents: Ids  # (B, K) where each hypothesis's predecessor does


class _Leaf(NamedTuple):
    """A hypothesis that has left the beam."""

    rank: float  # score / length penalty + coverage penalty, and BEHIND for one that was cut
    score: float
    is_complete: bool  # its last step chose EOS
    is_late: bool  # time was up
    steps: int
    row: int  # where it stands in the last of them
    place: int


def length_limit(source_pieces: int) -> int:
    """The most pieces that a translation may have; one of mt.search.length_limits."""
    return PIECES_A_PIECE * source_pieces + MORE_PIECES


def never() -> bool:
    """That time is up, where it never is."""
    return False


def beam_search(
    decoder: Decoder,
    lengths: Sequence[int],
    options: SearchOptions,
    is_over: Callable[[], bool] = never,
    least_steps: int = 0,
) -> list[list[Hypothesis]]:
    """The hypotheses of sources of these lengths, best first by score / length + coverage penalty (Wu et al. 2016, §7).

    Every step keeps the best continuations, as many as the beam less the hypotheses that have ended; beam 1 is greedy
    search. Those that the limit of pieces cut stand behind all others, and so do those that are still live when time
    `is_over`, which is asked from `least_steps` steps on. The decoder begins with one hypothesis a source.
    """
    limits = np.array([options.max_pieces or length_limit(pieces) for pieces in lengths])
    leaves: list[list[_Leaf]] = [[] for _ in lengths]
    steps: list[_Step] = []
    live = rows = np.arange(len(lengths))  # the numbers of the sources at hand, and their rows in the step before
    places = np.zeros((len(lengths), 1), np.intp)  # and the hypotheses' places there
    scores: Floats = np.zeros(places.shape, np.float32)
    last: Ids = np.full(places.shape, BOS, np.int32)
    coverage = _Coverage(options.coverage_penalty, lengths)
    while scores.size:
        found = decoder.step(last, options.beam)
        room = options.beam - np.array([len(leaves[source]) for source in live])
        scores, parents, last = _best_continuations(scores, found, room)
        attention = _taken(found.attention, parents)
        coverage.add(attention, parents)
        steps.append(_Step(last, scores.copy(), attention, rows, _taken(places, parents)))
        is_late = len(steps) >= least_steps and is_over()
        if is_late or len(steps) >= limits[live].min() or (last == EOS).any():  # else none leaves
            ranks = scores / np.float32((5 + len(steps)) / 6) ** np.float32(options.length_penalty) + coverage.ranks()
            for leaf in _leaving(scores, ranks, last, len(steps), limits[live], is_late):
                leaves[live[leaf.row]].append(leaf)
                scores[leaf.row, leaf.place] = NEVER
        rows, places = _still_needed(scores)
        decoder.keep(rows, _taken(parents[rows], places))
        coverage.keep(rows, places)
        live = live[rows]
        scores, last = (_taken(field[rows], places) for field in (scores, last))
    return [
        [_read_back(steps, leaf, pieces) for leaf in sorted(found, key=lambda leaf: -leaf.rank)]
        for pieces, found in zip(lengths, leaves, strict=True)
    ]


class _Coverage:
    """How much live hypotheses have attended to each piece of their sources; nothing of it without a penalty."""

    def __init__(self, penalty: float, lengths: Sequence[int]) -> None:
        self._penalty = np.float32(penalty)
        places = np.arange(max(lengths, default=0))
        self._counted = (places > 0) & (places < np.array(lengths)[:, None] - 1)  # (B, S) neither tag nor EOS
        self._attended = np.zeros((len(lengths), 1, len(places)), np.float32)  # (B, K, S)

    def add(self, attention: Floats, parents: Ids) -> None:
        """Nothing; a step of hypotheses, of which these were the predecessors' places, has attended so (B, K, S)."""
        if self._penalty:
            own = attention[:, :, : self._attended.shape[2]]  # without what a decoder fills its shapes up with
            self._attended = _taken(self._attended, parents) + own

    def keep(self, rows: Ids, places: Ids) -> None:
        """Nothing; the search goes on with these, as a decoder does."""
        if self._penalty:
            self._counted, self._attended = self._counted[rows], self._attended[rows[:, None], places]

    def ranks(self) -> Floats:
        """What it adds to the rank of each hypothesis: (B, K), at most 0; eq. 14, as mt.search.coverage_penalty."""
        if not self._penalty:
            return np.zeros((), np.float32)
        missed = np.log(np.clip(self._attended, np.float32(LEAST_COVERAGE), 1))
        return self._penalty * (missed * self._counted[:, None, :]).sum(axis=2)


def _taken(field: Floats, places: Ids) -> Floats:
    """What stands in these places (B, K') of each row of a field (B, K, …); sooner than np.take_along_axis."""
    taken: Floats = field[np.arange(len(field))[:, None], places]
    return taken


def _best_continuations(scores: Floats, found: Continuations, room: Ids) -> tuple[Floats, Ids, Ids]:
    """Scores, predecessors' places and pieces, each (B, K'), of the best continuations for the room of each source."""
    batch, beam, count = found.ids.shape
    if beam == count == 1:  # greedy search has no choice
        return scores + found.log_probabilities[:, :, 0], np.zeros((batch, 1), np.intp), found.ids[:, :, 0]
    totals = (scores[:, :, None] + found.log_probabilities).reshape(batch, beam * count)
    order = np.argsort(-totals, axis=1, kind="stable")[:, : room.max()]
    scores, ids = (_taken(field.reshape(batch, -1), order) for field in (totals, found.ids))
    if room.min() == order.shape[1]:
        return scores, order // count, ids
    is_open = np.arange(order.shape[1]) < room[:, None]
    return np.where(is_open, scores, np.float32(NEVER)), order // count, ids


def _leaving(scores: Floats, ranks: Floats, ids: Ids, steps: int, limits: Ids, is_late: bool) -> Iterator[_Leaf]:
    """The hypotheses (B, K) that end with a step: by EOS, at the limit of their source, or all since it is late."""
    is_live, is_complete = scores > NEVER / 2, ids == EOS
    is_long = ~is_complete & (steps >= limits)[:, None]
    for row, place in np.argwhere(is_live & (is_complete | is_long | is_late)).tolist():
        complete = bool(is_complete[row, place])
        rank = float(ranks[row, place] + np.float32(0 if complete else BEHIND))
        late = not complete and not is_long[row, place]
        yield _Leaf(rank, float(scores[row, place]), complete, late, steps, row, place)


def _still_needed(scores: Floats) -> tuple[Ids, Ids]:
    """The rows (B',) and in each the places (B', K') to go on with: all, unless some less are worth it; maybe none."""
    is_live = scores > NEVER / 2
    if is_live.all():  # by far the most common, and quickly seen
        return np.arange(len(scores)), np.broadcast_to(np.arange(scores.shape[1]), scores.shape)
    rows, width = np.flatnonzero(is_live.any(axis=1)), int(is_live.sum(axis=1).max())
    if width and len(rows) * width > WORTH_SHRINKING * scores.size:
        rows, width = np.arange(len(scores)), scores.shape[1]
    return rows, np.argsort(~is_live[rows], axis=1, kind="stable")[:, :width]


def _read_back(steps: Sequence[_Step], leaf: _Leaf, pieces: int) -> Hypothesis:
    """A hypothesis, from its last piece back to its first, with its attention to the `pieces` of its source."""
    ids, scores, attention = [], [], []
    row, place = leaf.row, leaf.place
    for step in reversed(steps[: leaf.steps]):
        ids.append(int(step.ids[row, place]))
        scores.append(step.scores[row, place])
        attention.append(step.attention[row, place, :pieces])
        row, place = step.rows[row], step.parents[row, place]
    end = int(leaf.is_complete)  # the EOS of a complete one is left out
    looked = np.array(attention[end:][::-1], np.float32).reshape(-1, pieces)
    gained = np.diff(np.array(scores[::-1], np.float32), prepend=np.float32(0))
    return Hypothesis(ids[end:][::-1], leaf.score, leaf.is_complete, looked, leaf.is_late, gained)
