"""The translation of one text as it grows: what can no longer change is given out at once, all else can be kept."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from mt.engines import Hypothesis, SearchOptions
from mt.engines.stream import PieceStream, SteppingEngine
from mt.guard import faults
from mt.planning import Ids, Plan, Planner, Translation
from mt.text import normalize
from mt.text.growing import GrowingText
from mt.tokenizer import Tokenizer

Clock = Callable[[], bool]  # whether time is over


class GrowingPart:
    """The translation of one source as it grows."""

    def __init__(self, pieces: PieceStream, keeps_attention: bool = False) -> None:
        self._pieces, self._ids, self._text = pieces, list[int](), GrowingText()
        self._attention: list[np.ndarray] | None = [] if keeps_attention else None
        self._half: list[int] = []  # bytes of a character that lacks some

    @property
    def has_ended(self) -> bool:
        """Whether all of its text is given out."""
        return self._pieces.has_ended

    def step(self, engine: SteppingEngine, tokenizer: Tokenizer, is_over: Clock) -> str:
        """The text that the next piece settles; with the last piece all that is left."""
        ids = self._pieces.step(engine, is_over)
        if ids and self._attention is not None:
            self._attention.append(self._pieces.seen)
        self._ids += ids
        self._half += ids
        if tokenizer.ends_halfway(self._half) and not self.has_ended:
            return ""
        settled = self._text.add(tokenizer.decode_behind(self._half))
        self._half = []
        return settled + self._text.end() if self.has_ended else settled

    def hypothesis(self) -> Hypothesis:
        """What was found in the end; without attention that was not to be kept."""
        found = self._pieces.hypothesis(self._ids)
        return found._replace(attention=np.array(self._attention)) if self._attention else found


@dataclass
class StreamState:
    """All that the rest of a stream depends on, as data that may be copied and pickled.

    What the next piece needs has a fixed size, but for `no_repeat`; besides, there is what has been found.
    """

    plan: Plan
    options: SearchOptions  # with a beam of 1
    prefix: Sequence[int] = ()
    place: int = 0  # the number of the plan's items that are given out
    part: GrowingPart | None = None  # the next item, when its translation has begun
    found: dict[Ids, list[Hypothesis]] = field(default_factory=dict)


class TranslationStream:
    """Gives out the translation of a text as it grows, an item a piece; what is given out does not change any more.

    A piece is given out when the next one has begun, which may put an accent on its last letter, so some items are "".
    Together the items are the text of `translation`. Between two of them nothing is computed and no engine is held, so
    whoever wants no more just stops. For one thread at a time.
    """

    def __init__(
        self, engine: SteppingEngine, tokenizer: Tokenizer, planner: Planner, state: StreamState, is_over: Clock
    ) -> None:
        self._engine, self._tokenizer, self._planner, self._is_over = engine, tokenizer, planner, is_over
        self._state, self._items = state, _items(state.plan)
        self._parts_of_held = {part for item in self._items if isinstance(item, _Held) for part in item.parts}

    @property
    def state(self) -> StreamState:
        """A copy of all that the rest depends on, for Translator.resume."""
        return copy.deepcopy(self._state)

    @property
    def translation(self) -> Translation:
        """The whole translation, when all of it is given out."""
        assert self._state.place == len(self._items), "the stream has not ended"
        return self._planner.assemble(self._state.plan, self._state.found, n_best=1)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        state = self._state
        if state.place == len(self._items):
            raise StopIteration
        item = self._items[state.place]
        if isinstance(item, _Held):
            return self._hold(item)
        if isinstance(item, tuple) and item not in state.found:
            return self._translate(item)
        state.place += 1
        return item if isinstance(item, str) else self._text(item)

    def _hold(self, item: "_Held") -> str:
        """Nothing as long as the sentence lacks a part, then all of it."""
        missing = (part for part in item.parts if part not in self._state.found)
        part = next(missing, None)
        if part:
            self._translate(part)
            return ""
        self._state.place += 1
        return self._planner.sentence(self._state.plan, item.number, self._state.found)

    def _translate(self, source: Ids) -> str:
        """What the next piece of its translation settles; nothing where there is no time to begin it."""
        state = self._state
        if not state.part and not state.prefix and self._is_over():
            self._end(source, Hypothesis.none_in_time(len(source)))
            return ""
        if not state.part:
            pieces = PieceStream(self._engine, source, state.options, state.prefix)
            state.part = GrowingPart(pieces, keeps_attention=source in self._parts_of_held)
        settled = state.part.step(self._engine, self._tokenizer, self._is_over)
        if state.part.has_ended:
            found = state.part.hypothesis()
            own = faults(source, found, state.options) if state.options.loop_guard else ()
            self._end(source, found._replace(faults=own))
        return settled

    def _end(self, source: Ids, found: Hypothesis) -> None:
        self._state.found[source] = [found]
        self._state.part = None
        self._state.place += not isinstance(self._items[self._state.place], _Held)

    def _text(self, source: Ids) -> str:
        """The text of a source that came before."""
        (text,) = self._tokenizer.decode([self._state.found[source][0].ids])
        return normalize(text)


@dataclass(frozen=True)
class _Held:
    """A sentence that is given out as a whole, as something is put into its translation."""

    number: int
    parts: list[Ids]


def _items(plan: Plan) -> list[str | Ids | _Held]:
    """What a translation is made of, in order: sources to be translated, and what stays as it is."""
    items: list[str | Ids | _Held] = [plan.separators[0]]
    for number, (prepared, parts) in enumerate(zip(plan.prepared, plan.sentences, strict=True)):
        if not parts:
            items.append(prepared.original)
        elif prepared.is_changed:
            items.append(_Held(number, parts))
        else:
            items += parts[:1]
            for part in parts[1:]:
                items += [" ", part]
        items.append(plan.separators[number + 1])
    return [item for item in items if item]
