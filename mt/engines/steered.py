"""What turns a search from its own way: a prefix that it must begin with, repeats, loops and chance.

Each is a decoder around another, and the search of mt.engines.driven takes what it is offered.
"""

from collections.abc import Callable, Sequence

import numpy as np

from mt.engines import NO_CONDITIONS, Conditions, Hypothesis, SearchOptions
from mt.engines.driven import Continuations, Decoder, Floats, Ids, beam_search, length_limit, never
from mt.errors import InvalidOption
from mt.ranking import NEVER
from mt.repetition import longest_loop
from mt.sampling import Sampling
from mt.tokenizer import EOS

BATCH = 32  # sources searched together
NOTHING = -1  # where a piece could stand
# A sequence of at most so many pieces that comes so many times is a loop: of 8,168 translations of dev sets 43 had one,
# all of them senseless, and 32 of the 71 that reached their limit did.
LONGEST_PERIOD, SURE_TIMES = 12, 8

Pieces = Sequence[int]
Begin = Callable[[Sequence[Pieces]], Decoder]


def steered_search(
    begin: Begin, sources: Sequence[Pieces], options: SearchOptions, conditions: Conditions = NO_CONDITIONS
) -> list[list[Hypothesis]]:
    """What mt.engines.Engine.search gives, by the decoders that `begin` makes for sources.

    Sources of like length go together. Those whose turn comes when time is up get an empty hypothesis, or their prefix.
    """
    prefixes = conditions.prefixes or [()] * len(sources)
    for source, prefix in zip(sources, prefixes, strict=True):
        require_room(prefix, options.max_pieces or length_limit(len(source)))
    found: list[list[Hypothesis]] = [[] for _ in sources]
    order = sorted(range(len(sources)), key=lambda index: len(sources[index]), reverse=True)
    for start in range(0, len(order), BATCH):
        indices = order[start : start + BATCH]
        chosen, forced = ([rows[index] for index in indices] for rows in (sources, prefixes))
        results = _search_batch(begin, chosen, options, forced, conditions.is_over or never)
        for index, hypotheses in zip(indices, results, strict=True):
            found[index] = hypotheses
    return found


def require_room(prefix: Pieces, limit: int) -> None:
    """Nothing, or InvalidOption for a prefix of more pieces than a translation may have."""
    if len(prefix) > limit:
        raise InvalidOption(
            f"The prefix has {len(prefix):,} pieces, and a translation of this text at most {limit:,}. Shorten it."
        )


def _search_batch(
    begin: Begin,
    sources: Sequence[Pieces],
    options: SearchOptions,
    prefixes: Sequence[Pieces],
    is_over: Callable[[], bool],
) -> list[list[Hypothesis]]:
    lengths, forced = list(map(len, sources)), max(map(len, prefixes))
    if is_over() and not forced:
        return [[Hypothesis.none_in_time(length)] for length in lengths]
    decoder = steered(begin(sources), sources, options, prefixes)
    return beam_search(decoder, lengths, options, is_over, least_steps=forced)


def steered(decoder: Decoder, sources: Sequence[Pieces], options: SearchOptions, prefixes: Sequence[Pieces]) -> Decoder:
    """The decoder of these sources, turned as the options and prefixes say."""
    if options.no_repeat:
        decoder = UnrepeatingDecoder(decoder, options.no_repeat)
    elif options.loop_guard:
        decoder = LoopEndingDecoder(decoder, list(map(sure_times, sources, prefixes or [()] * len(sources))))
    if options.sampling:
        decoder = DrawingDecoder(decoder, options.sampling, sources)
    if any(prefixes):
        decoder = ForcedDecoder(decoder, prefixes)
    return decoder


class _SteeredDecoder:
    """A decoder around another, which knows as much as that one but offers other pieces."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder

    def log_probabilities(self) -> Floats:
        """Those of all pieces (B, K, V), as the last step saw them."""
        return self._decoder.log_probabilities()

    def keep(self, rows: Ids, places: Ids) -> None:
        """Goes on with these of the sources (B',), and of each with the hypotheses in these places (B', K')."""
        self._decoder.keep(rows, places)

    def _forced(self, found: Continuations, pieces: Ids) -> Continuations:
        """These pieces (B, K) alone, or what was found where there is NOTHING."""
        is_forced, is_first = (pieces != NOTHING)[:, :, None], np.arange(found.ids.shape[2]) == 0
        wanted = np.maximum(pieces, 0)[:, :, None]
        forced = np.where(is_first, np.take_along_axis(self.log_probabilities(), wanted, axis=2), np.float32(NEVER))
        log_probabilities = np.where(is_forced, forced, found.log_probabilities)
        return Continuations(log_probabilities, np.where(is_forced, pieces[:, :, None], found.ids), found.attention)


class ForcedDecoder(_SteeredDecoder):
    """Offers the pieces of its source's prefix one by one, then what the decoder offers."""

    def __init__(self, decoder: Decoder, prefixes: Sequence[Pieces]) -> None:
        super().__init__(decoder)
        self._coming = np.full((len(prefixes), max(map(len, prefixes))), NOTHING)  # (B, T) pieces still to be forced
        for row, prefix in zip(self._coming, prefixes, strict=True):
            row[: len(prefix)] = prefix

    def step(self, ids: Ids, count: int) -> Continuations:
        """The prefix's next piece alone, where there is one."""
        found = self._decoder.step(ids, count)
        if not self._coming.shape[1]:
            return found
        pieces, self._coming = self._coming[:, :1, None], self._coming[:, 1:]
        return self._forced(found, np.broadcast_to(pieces[:, :, 0], ids.shape))

    def keep(self, rows: Ids, places: Ids) -> None:
        """Goes on with these, and the rest of their prefixes."""
        self._coming = self._coming[rows]
        super().keep(rows, places)


class UnrepeatingDecoder(_SteeredDecoder):
    """Offers no piece that would end an n-gram of a size that the hypothesis has already (Paulus et al. 2018, §2.5)."""

    def __init__(self, decoder: Decoder, size: int) -> None:
        super().__init__(decoder)
        self._size = size
        self._pieces: Ids | None = None  # (B, K, T) of the hypotheses so far, BOS first

    def step(self, ids: Ids, count: int) -> Continuations:
        """The likeliest of the pieces that are left."""
        last = ids[:, :, None]
        self._pieces = last if self._pieces is None else np.concatenate([self._pieces, last], axis=2)
        if self._pieces.shape[2] < self._size:
            return self._decoder.step(ids, count)
        barred = self._ends_of_repeats(self._pieces)
        found = self._decoder.step(ids, count + int((barred != NOTHING).sum(axis=2).max()))
        is_barred = (found.ids[:, :, :, None] == barred[:, :, None, :]).any(axis=3)
        log_probabilities = np.where(is_barred, np.float32(NEVER), found.log_probabilities)
        order = np.argsort(-log_probabilities, axis=2, kind="stable")[:, :, :count]
        left, ids = (np.take_along_axis(field, order, axis=2) for field in (log_probabilities, found.ids))
        return Continuations(left, ids, found.attention)

    def _ends_of_repeats(self, pieces: Ids) -> Ids:
        """The pieces (B, K, R) that followed wherever the last size - 1 pieces stood before; NOTHING elsewhere."""
        length, context = pieces.shape[2], self._size - 1
        starts = np.arange(length - context)
        windows = pieces[:, :, starts[:, None] + np.arange(context)]  # (B, K, R, size - 1)
        is_repeat = (windows == pieces[:, :, None, length - context :]).all(axis=3)
        return np.where(is_repeat, pieces[:, :, starts + context], NOTHING)

    def keep(self, rows: Ids, places: Ids) -> None:
        """Goes on with these, and what they have so far."""
        assert self._pieces is not None, "kept before a step"
        self._pieces = self._pieces[rows[:, None], places]
        super().keep(rows, places)


def sure_times(source: Pieces, prefix: Pieces = ()) -> int:
    """How many times a sequence comes in a translation that surely loops; more where the source or prefix has loops."""
    own = max(longest_loop(source).times, longest_loop(prefix).times)
    return SURE_TIMES + (2 * own if own > 1 else 0)


class LoopEndingDecoder(_SteeredDecoder):
    """Offers nothing but EOS to a hypothesis whose last pieces are a loop, to others what the decoder does."""

    def __init__(self, decoder: Decoder, sure: Sequence[int]) -> None:
        """`sure` says for each source how many times make a loop."""
        super().__init__(decoder)
        self._sure = np.array(sure)
        self._last = np.full((len(sure), 1, LONGEST_PERIOD), NOTHING)  # (B, K, P) pieces, the newest first
        self._runs = np.zeros_like(self._last)  # how many pieces in a row were those of 1, 2, … before

    def step(self, ids: Ids, count: int) -> Continuations:
        """What the decoder offers, or EOS."""
        self._runs = np.where(self._last == ids[:, :, None], self._runs + 1, 0)
        self._last = np.concatenate([ids[:, :, None], self._last[:, :, :-1]], axis=2)
        found = self._decoder.step(ids, count)
        if self._runs.max() < self._sure.min() - 1:  # by far the most common, and quickly seen
            return found
        times = self._runs // np.arange(1, LONGEST_PERIOD + 1) + 1
        is_loop = (times >= self._sure[:, None, None]).any(axis=2)
        return self._forced(found, np.where(is_loop, EOS, NOTHING)) if is_loop.any() else found

    def keep(self, rows: Ids, places: Ids) -> None:
        """Goes on with these, and what they repeat."""
        self._sure = self._sure[rows]
        self._last, self._runs = (field[rows[:, None], places] for field in (self._last, self._runs))
        super().keep(rows, places)


class DrawingDecoder(_SteeredDecoder):
    """Offers one of the likeliest pieces, drawn at random, with the probability that the decoder gives it.

    For one hypothesis a source, so that greedy search over it is sampling.
    """

    def __init__(self, decoder: Decoder, sampling: Sampling, sources: Sequence[Pieces]) -> None:
        super().__init__(decoder)
        self._sampling = sampling
        self._generators = [sampling.generator(source) for source in sources]

    def step(self, ids: Ids, count: int) -> Continuations:
        """The piece drawn for each source."""
        assert (ids.shape[1], count) == (1, 1), (ids.shape, count)
        found = self._decoder.step(ids, self._sampling.top_k)
        tempered = found.log_probabilities / np.float32(self._sampling.temperature)
        cumulated = np.cumsum(np.exp(tempered - tempered.max(axis=2, keepdims=True)), axis=2)
        drawn = np.array([generator.random() for generator in self._generators])[:, None, None]
        place = (cumulated / cumulated[:, :, -1:] <= drawn).sum(axis=2, keepdims=True)
        chosen, ids = (np.take_along_axis(field, place, axis=2) for field in (found.log_probabilities, found.ids))
        return Continuations(chosen, ids, found.attention)

    def keep(self, rows: Ids, places: Ids) -> None:
        """Goes on with these, and the random numbers of their sources."""
        self._generators = [self._generators[row] for row in rows]
        super().keep(rows, places)
