"""Greedy and beam search over a step function; knows no model.

A step takes the last piece of each hypothesis and a state, `step(ids (B, K), state)`, and returns natural-log
probabilities (B, K, V) of the next piece, attention (B, K, S) and the next state. A state is a NamedTuple of tensors
(B, K, …); search starts it at (B, 1, …) and reorders it along the second axis. Everything is keras.ops, so the same
functions run eagerly and inside a graph.

All searches stop a source at its own limit of pieces, which depends on its length (`length_limits`); a hypothesis cut
there is marked `is_complete = False`. What happens to one source never depends on the others of its batch.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from keras import ops

from mt.errors import InvalidOption
from mt.ranking import BEHIND, LEAST_COVERAGE, MORE_PIECES, NEVER, PIECES_A_PIECE
from mt.tokenizer import BOS, EOS, PAD

Tensor = Any
State = Any
Step = Callable[[Tensor, State], tuple[Tensor, Tensor, State]]


class SearchResult(NamedTuple):
    """The best hypotheses of each source, best first; unused places have length 0 and score NEVER."""

    ids: Tensor  # (B, K, T) without EOS, padded with PAD
    lengths: Tensor  # (B, K) pieces without EOS
    scores: Tensor  # (B, K) sum of the natural-log probabilities, EOS included where there is one
    is_complete: Tensor  # (B, K) False = the length limit cut it
    attention: Tensor  # (B, K, T, S) float32; row t is what the decoder looked at when it chose piece t
    log_probabilities: Tensor  # (B, K, T) natural-log, of each piece; that of EOS is what `scores` has besides


class Ranking(NamedTuple):
    """What a beam search ranks hypotheses by, beside their scores (Wu et al. 2016, §7)."""

    alpha: float = 1.0  # of length_penalty
    beta: float = 0.0  # of coverage_penalty
    counted: Tensor = None  # (B, S) bool: the pieces of the sources that count for it


BY_LENGTH = Ranking()


class _Trace(NamedTuple):
    """Where each live hypothesis came from, step by step; a hypothesis is read back from its last piece."""

    ids: Tensor  # (T, B, K) chosen piece
    parents: Tensor  # (T, B, K) place of its predecessor in the beam
    attention: Tensor  # (T, B, K, S)
    scores: Tensor  # (T, B, K) so far


class _Finished(NamedTuple):
    """The best finished hypotheses so far, kept apart from the live ones, best first."""

    ranks: Tensor  # (B, K) score / length penalty, or NEVER
    scores: Tensor  # (B, K)
    lengths: Tensor  # (B, K) pieces without EOS: the number of steps to read back
    places: Tensor  # (B, K) place in the beam of the last piece
    is_complete: Tensor  # (B, K)


def length_limits(source_lengths: Tensor, factor: float = PIECES_A_PIECE, extra: int = MORE_PIECES) -> Tensor:
    """The most pieces (B,) a translation may have: factor · source pieces + extra."""
    return ops.cast(ops.cast(source_lengths, "float32") * factor, "int32") + extra


def length_penalty(lengths: Tensor, alpha: float) -> Tensor:
    """((5 + length) / 6) ** alpha, the divisor of a hypothesis score (Wu et al. 2016, §7).

    Lengths count pieces including EOS. alpha 0 gives 1 everywhere, so scores stay plain sums.
    """
    return ((5.0 + ops.cast(lengths, "float32")) / 6.0) ** alpha


def text_pieces(source_ids: Tensor) -> Tensor:
    """Which pieces of sources (B, S) are those of a text, as (B, S) bool: neither the tag, their first, nor EOS."""
    is_text = ops.logical_and(ops.not_equal(source_ids, EOS), ops.not_equal(source_ids, PAD))
    return ops.logical_and(is_text, ops.arange(ops.shape(source_ids)[1])[None, :] > 0)


def coverage_penalty(attended: Tensor, counted: Tensor, beta: float) -> Tensor:
    """beta · Σ log min(attended, 1) over the counted pieces (Wu et al. 2016, eq. 14): (B, K), at most 0.

    attended (B, K, S) sums the attention of all steps, that of EOS included; less than LEAST_COVERAGE counts as that.
    """
    missed = ops.log(ops.clip(attended, LEAST_COVERAGE, 1.0))
    return beta * ops.sum(ops.where(counted[:, None, :], missed, 0.0), axis=-1)


class _Single(NamedTuple):
    """The one hypothesis of each source while it grows."""

    done: Tensor  # (B,)
    last: Tensor  # (B,) its last piece
    ids: Tensor  # (B, T)
    scores: Tensor  # (B,)
    lengths: Tensor  # (B,)
    attention: Tensor  # (B, T, S)
    log_probabilities: Tensor  # (B, T)


def greedy_search(step: Step, state: State, limits: Tensor, source_width: Tensor) -> SearchResult:
    """The likeliest piece at every step; K = 1."""
    batch, most = ops.shape(limits)[0], ops.max(limits)
    columns = ops.arange(most, dtype="int32")[None, :]

    def is_live(time: Tensor, single: _Single, _: State) -> Tensor:
        return ops.logical_and(time < most, ops.logical_not(ops.all(single.done)))

    def advance(time: Tensor, single: _Single, state: State) -> tuple[Tensor, _Single, State]:
        log_probabilities, weights, state = step(single.last[:, None], state)
        piece = ops.cast(ops.argmax(log_probabilities[:, 0], axis=-1), "int32")
        gained = ops.take_along_axis(log_probabilities[:, 0], piece[:, None], axis=1)[:, 0]
        ends = ops.equal(piece, EOS)
        writes = ops.logical_not(ops.logical_or(single.done, ends))
        here = ops.logical_and(columns == time, writes[:, None])
        lengths = single.lengths + ops.cast(writes, "int32")
        single = _Single(
            done=ops.logical_or(single.done, ops.logical_or(ends, lengths >= limits)),
            last=piece,
            ids=ops.where(here, piece[:, None], single.ids),
            scores=ops.where(single.done, single.scores, single.scores + gained),
            lengths=lengths,
            attention=ops.where(here[:, :, None], weights, single.attention),
            log_probabilities=ops.where(here, gained[:, None], single.log_probabilities),
        )
        return time + 1, single, state

    start = _Single(
        done=ops.zeros((batch,), dtype="bool"),
        last=ops.full((batch,), BOS, dtype="int32"),
        ids=ops.full((batch, most), PAD, dtype="int32"),
        scores=ops.zeros((batch,), dtype="float32"),
        lengths=ops.zeros((batch,), dtype="int32"),
        attention=ops.zeros((batch, most, source_width), dtype="float32"),
        log_probabilities=ops.zeros((batch, most), dtype="float32"),
    )
    time = ops.convert_to_tensor(0, dtype="int32")
    _, single, _ = ops.while_loop(is_live, advance, (time, start, state))
    is_complete = single.lengths < limits
    found = SearchResult(
        single.ids, single.lengths, single.scores, is_complete, single.attention, single.log_probabilities
    )
    return SearchResult(*(field[:, None] for field in found))


class _Live(NamedTuple):
    """The hypotheses that may grow."""

    scores: Tensor  # (B, K), NEVER where there is none
    last: Tensor  # (B, K) their last pieces
    attended: Tensor  # (B, K, S) their sums of attention; S is 0 where nobody asks for them


def beam_search(
    step: Step, state: State, limits: Tensor, source_width: Tensor, beam: int, ranking: Ranking = BY_LENGTH
) -> SearchResult:
    """The best hypotheses of each source by score / length_penalty + coverage_penalty (Wu et al. 2016, §7), best first.

    Every step keeps the `beam` best continuations; those that end leave the beam for the finished ones, and their
    places stay empty, so a source is done after `beam` hypotheses, and beam 1 is greedy search. `scores` are sums,
    without penalties. A hypothesis that the limit cut stands behind every one that ended by itself.
    """
    if beam < 1:
        raise InvalidOption(f"beam must be at least 1, got {beam}.")
    batch, most = ops.shape(limits)[0], ops.max(limits)

    def is_live(time: Tensor, live: _Live, *_: Any) -> Tensor:
        return ops.logical_and(time < most, ops.any(live.scores > NEVER / 2))

    def rank(scores: Tensor, length: Tensor, attended: Tensor) -> Tensor:
        ranks = scores / length_penalty(length, ranking.alpha)
        return ranks + coverage_penalty(attended, ranking.counted, ranking.beta) if ranking.beta else ranks

    def advance(time, live, state, trace, finished):  # type: ignore[no-untyped-def]
        log_probabilities, weights, state = step(live.last, state)
        scores, parents, ids = _best_continuations(live.scores[:, :, None] + log_probabilities, finished)
        weights = _reorder(weights, parents)
        attended = _reorder(live.attended, parents) + weights if ranking.beta else live.attended
        ends, ranks = ops.equal(ids, EOS), rank(scores, time + 1, attended)
        finished = _merge(finished, _leave(scores, ends, ranks, time, parents, is_complete=True))
        state = type(state)(*(_reorder(field, parents) for field in state))
        trace = _Trace(
            _write(trace.ids, time, ids),
            _write(trace.parents, time, parents),
            _write(trace.attention, time, weights),
            _write(trace.scores, time, scores),
        )
        scores = ops.where(ends, NEVER, scores)
        is_cut = ops.broadcast_to((time + 1 >= limits)[:, None], ops.shape(scores))
        places = ops.broadcast_to(ops.arange(beam, dtype="int32")[None, :], ops.shape(scores))
        finished = _merge(finished, _leave(scores, is_cut, ranks + BEHIND, time + 1, places, is_complete=False))
        return time + 1, _Live(ops.where(is_cut, NEVER, scores), ids, attended), state, trace, finished

    start = (
        ops.convert_to_tensor(0, dtype="int32"),
        _first_live(batch, beam, source_width if ranking.beta else 0),
        type(state)(*(ops.repeat(field, beam, axis=1) for field in state)),
        _Trace(
            ops.zeros((most, batch, beam), dtype="int32"),
            ops.zeros((most, batch, beam), dtype="int32"),
            ops.zeros((most, batch, beam, source_width), dtype="float32"),
            ops.zeros((most, batch, beam), dtype="float32"),
        ),
        _none_finished(batch, beam),
    )
    *_, trace, finished = ops.while_loop(is_live, advance, start)
    return _read_back(trace, finished)


def _first_live(batch: Tensor, beam: int, attended_width: Tensor) -> _Live:
    return _Live(
        # At first all places hold the same hypothesis: only the first may win.
        ops.tile(ops.convert_to_tensor([[0.0] + [NEVER] * (beam - 1)], dtype="float32"), (batch, 1)),
        ops.full((batch, beam), BOS, dtype="int32"),
        ops.zeros((batch, beam, attended_width), dtype="float32"),
    )


def _none_finished(batch: Tensor, beam: int) -> _Finished:
    return _Finished(
        ops.full((batch, beam), NEVER, dtype="float32"),
        ops.full((batch, beam), NEVER, dtype="float32"),
        ops.zeros((batch, beam), dtype="int32"),
        ops.zeros((batch, beam), dtype="int32"),
        ops.zeros((batch, beam), dtype="bool"),
    )


def _best_continuations(totals: Tensor, finished: _Finished) -> tuple[Tensor, Tensor, Tensor]:
    """Scores, predecessors' places and pieces, each (B, K), of the best continuations for the places still open."""
    beam, vocabulary = totals.shape[1], totals.shape[2]
    scores, flat = ops.top_k(ops.reshape(totals, (-1, beam * vocabulary)), beam)
    flat = ops.cast(flat, "int32")
    left = ops.sum(ops.cast(finished.ranks <= NEVER / 2, "int32"), axis=1, keepdims=True)
    is_open = ops.arange(beam, dtype="int32")[None, :] < left
    return ops.where(is_open, scores, NEVER), flat // vocabulary, flat % vocabulary


def _leave(
    scores: Tensor, leaves: Tensor, ranks: Tensor, length: Tensor, places: Tensor, is_complete: bool
) -> _Finished:
    """The hypotheses (B, K) that leave the beam after `length` pieces, the last of them in `places`."""
    leaves = ops.logical_and(leaves, scores > NEVER / 2)
    return _Finished(
        ops.where(leaves, ranks, NEVER),
        ops.where(leaves, scores, NEVER),
        ops.where(leaves, length, 0),
        places,
        ops.logical_and(leaves, is_complete),
    )


def _merge(old: _Finished, new: _Finished) -> _Finished:
    """The best of both, as many as fit, best first; the old stay before the new where ranks are equal."""
    joined = _Finished(*(ops.concatenate(fields, axis=1) for fields in zip(old, new, strict=True)))
    _, order = ops.top_k(joined.ranks, old.ranks.shape[1])
    return _Finished(*(ops.take_along_axis(field, order, axis=1) for field in joined))


def _reorder(field: Tensor, places: Tensor) -> Tensor:
    """The rows of (B, K, …) that places (B, K) name."""
    for _ in range(len(field.shape) - 2):
        places = places[..., None]
    return ops.take_along_axis(field, places, axis=1)


def _write(trace: Tensor, time: Tensor, row: Tensor) -> Tensor:
    """The trace (T, …) with `row` at step `time`."""
    return ops.scatter_update(trace, ops.reshape(time, (1, 1)), row[None])


def _read_back(trace: _Trace, finished: _Finished) -> SearchResult:
    """The pieces and attention of finished hypotheses, from their last piece back to their first."""
    most = ops.shape(trace.ids)[0]

    def is_unread(time: Tensor, *_: Any) -> Tensor:
        return time >= 0

    def read(time, places, ids, order):  # type: ignore[no-untyped-def]
        inside = time < finished.lengths
        piece = ops.take_along_axis(ops.take(trace.ids, time, axis=0), places, axis=1)
        ids = _write(ids, time, ops.where(inside, piece, PAD))
        order = _write(order, time, places)
        parent = ops.take_along_axis(ops.take(trace.parents, time, axis=0), places, axis=1)
        return time - 1, ops.where(inside, parent, places), ids, order

    empty = ops.zeros_like(trace.ids)
    _, _, ids, order = ops.while_loop(is_unread, read, (most - 1, finished.places, empty, empty))
    attention = ops.take_along_axis(trace.attention, order[..., None], axis=2)
    scores = ops.transpose(ops.take_along_axis(trace.scores, order, axis=2), (1, 2, 0))
    gained = scores - ops.concatenate([ops.zeros_like(scores[:, :, :1]), scores[:, :, :-1]], axis=2)
    inside = ops.arange(most, dtype="int32")[None, None, :] < finished.lengths[:, :, None]
    attention = ops.transpose(attention, (1, 2, 0, 3))
    return SearchResult(
        ops.transpose(ids, (1, 2, 0)),
        finished.lengths,
        finished.scores,
        finished.is_complete,
        ops.where(inside[..., None], attention, 0.0),
        ops.where(inside, gained, 0.0),
    )
