"""One translation that grows by a piece at a time, and that rests in between as data of a fixed size."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, runtime_checkable

import numpy as np

from mt.engines import Hypothesis, SearchOptions
from mt.engines.driven import Decoder, length_limit, never
from mt.engines.steered import require_room, steered
from mt.ranking import NEVER
from mt.tokenizer import BOS, EOS


@runtime_checkable
class SteppingEngine(Protocol):
    """An engine that lets others take the steps."""

    def begin(self, sources: Sequence[Sequence[int]]) -> Decoder:
        """The decoding of some sources, asleep: data that may be copied and pickled."""

    def awake(self, decoder: Any) -> AbstractContextManager[None]:
        """In the context the decoder, of this or an equal engine, can take steps; no other thread may use it then."""


class PieceStream:
    """What mt.engines.driven.beam_search finds for one source with a beam of 1, piece by piece.

    Between two pieces it is data, which may be copied and pickled, and go on with any engine of the same bundle. Its
    size is fixed but for `no_repeat`, which has to know all pieces.
    """

    def __init__(
        self, engine: SteppingEngine, source: Sequence[int], options: SearchOptions, prefix: Sequence[int] = ()
    ) -> None:
        """Encodes the source; InvalidOption when the prefix is longer than a translation may be."""
        assert options.beam == 1, options
        self._limit = options.max_pieces or length_limit(len(source))
        require_room(prefix, self._limit)
        self._held = engine.begin([source])
        self._decoder = steered(self._held, [source], options, [prefix])
        self._least_steps, self._source_pieces = len(prefix), len(source)
        self._last, self._score, self._steps = BOS, np.float32(0), 0
        self._is_late = False
        self.seen = np.zeros(len(source), np.float32)  # what the last piece attended to

    @property
    def has_ended(self) -> bool:
        """Whether there are no more pieces: the translation is complete, or the limit or the deadline cut it."""
        return self._last == EOS or self._is_late or self._steps >= self._limit

    def step(self, engine: SteppingEngine, is_over: Callable[[], bool] = never) -> list[int]:
        """The next piece, or nothing when there is none.

        With the first one for which time `is_over` the translation has ended, but never inside its prefix.
        """
        assert not self.has_ended, self._steps
        with engine.awake(self._held):
            found = self._decoder.step(np.array([[self._last]], np.int32), 1)
        self.seen = found.attention[0, 0]
        self._last, gained = int(found.ids[0, 0, 0]), found.log_probabilities[0, 0, 0]
        assert gained > NEVER / 2, "no piece may follow"
        self._score, self._steps = self._score + gained, self._steps + 1
        self._is_late = not self.has_ended and self._steps >= self._least_steps and is_over()
        return [] if self._last == EOS else [self._last]

    def hypothesis(self, ids: Sequence[int]) -> Hypothesis:
        """The translation that has ended, of the pieces that the steps gave; its attention is not kept."""
        assert self.has_ended, self._steps
        attention = np.zeros((0, self._source_pieces), np.float32)
        return Hypothesis(list(ids), float(self._score), self._last == EOS, attention, self._is_late)
