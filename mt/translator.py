"""The whole path for many texts at once: split, batch by length, search, join."""

import copy
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from mt.bundle import Bundle
from mt.engines import MOST_BEAM, Engine, Hypothesis, SearchOptions
from mt.engines.driven import never
from mt.engines.stream import SteppingEngine
from mt.errors import InvalidOption, UnsupportedLanguage
from mt.open_engine import AUTO, choose_engine, open_engine
from mt.planning import Ids, Plan, Planner, Translation
from mt.stream import StreamState, TranslationStream
from mt.text import normalize


class Translator:
    """Translates texts of any length with one bundle; may be called from several threads."""

    max_n_best = MOST_BEAM

    def __init__(
        self,
        bundle: Bundle,
        threads: int | None = None,
        engine: Engine | str = AUTO,
        search: SearchOptions | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Loads an engine for the bundle, by its name in mt.open_engine or the fastest, unless one is given.

        `threads` bounds those of TensorFlow, by default to the machine's cores. `search` is how it searches unless a
        call says otherwise, by default in the bundle's own way. `clock` gives seconds.
        """
        self._tokenizer = bundle.tokenizer
        self._engine = open_engine(bundle, engine, threads) if isinstance(engine, str) else engine
        longest = min(bundle.manifest.max_source_pieces, self._engine.max_source_pieces)
        self._planner = Planner(bundle.tokenizer, longest)
        self.engine_name = choose_engine(bundle, engine).name if isinstance(engine, str) else type(engine).__name__
        self.manifest, self.name = bundle.manifest, bundle.manifest.name
        self.fingerprint = bundle.fingerprint
        self.best_batch, self.calls_at_once = self._engine.best_batch, self._engine.calls_at_once
        self.directions = bundle.manifest.pairs
        self._search, self._clock = search or bundle.manifest.search_options, clock

    def warm_up(self) -> None:
        """Makes the first real translation as fast as the others."""
        source, target = self.directions[0]
        self.translate(["Hello."], source, target)

    def require_direction(self, source: str, target: str) -> None:
        """Raises UnsupportedLanguage unless the bundle translates from the one language to the other."""
        if (source, target) not in self.directions:
            known = ", ".join(f"{one}-{other}" for one, other in self.directions)
            raise UnsupportedLanguage(f"{self.name} does not translate from '{source}' to '{target}'; it has {known}.")

    def translate(  # noqa: PLR0913 - whatever may be asked of a translation has its name here
        self,
        texts: Sequence[str],
        source: str,
        target: str,
        *,
        n_best: int = 1,
        greedy: bool = False,
        search: SearchOptions | None = None,
        prefix: str = "",
        deadline: float | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> list[Translation]:
        """A translation of each text, in order; white space around sentences, and line ends, stay as they are.

        A text is translated sentence by sentence, so its translation does not depend on its neighbours. The beam is at
        least n_best, or 1 for greedy search. A text of one sentence may have a `prefix` that all its translations begin
        with, normalized. `deadline` seconds from now the best so far is taken, for sentences not begun nothing.
        `progress` is called with the number of sentences done since the last call.

        Raises UnsupportedLanguage, InvalidText for unpaired surrogates, and InvalidOption for a value outside its range
        or a prefix that does not fit.
        """
        options = self.options(search, n_best, greedy)
        is_over = self._until(deadline)
        plans = [self.plan(text, source, target) for text in texts]
        prefix_ids = self.prefix_ids(prefix, plans)
        # The same part often comes again; it is searched once.
        sources = list(dict.fromkeys(source for plan in plans for source in plan.sources))
        found: dict[Ids, list[Hypothesis]] = {}
        for chosen in _in_batches_of_like_length(sources):
            found.update(zip(chosen, self.search(chosen, options, prefix_ids, is_over), strict=True))
            if progress:
                progress(len(chosen))
        return [self.assemble(plan, found, n_best) for plan in plans]

    def stream(
        self,
        text: str,
        source: str,
        target: str,
        *,
        search: SearchOptions | None = None,
        prefix: str = "",
        deadline: float | None = None,
    ) -> TranslationStream:
        """What `translate` gives for one text by greedy search, or drawn where `search` says so, piece by piece.

        Raises what `translate` does; for a prefix that is longer than the translation may be with the first piece.
        """
        options = self.options(search, greedy=not (search or self._search).sampling)
        is_over = self._until(deadline)
        plan = self.plan(text, source, target)
        return self._stream(StreamState(plan, options, self.prefix_ids(prefix, [plan])), is_over)

    def resume(self, state: StreamState, deadline: float | None = None) -> TranslationStream:
        """Goes on with a stream of a translator with the same bundle and engine, from a state that was kept."""
        return self._stream(copy.deepcopy(state), self._until(deadline))

    def _stream(self, state: StreamState, is_over: Callable[[], bool] | None) -> TranslationStream:
        assert isinstance(self._engine, SteppingEngine), self._engine
        return TranslationStream(self._engine, self._tokenizer, self._planner, state, is_over or never)

    def plan(self, text: str, source: str, target: str) -> Plan:
        """What to search for this text. Raises UnsupportedLanguage, and InvalidText for unpaired surrogates."""
        self.require_direction(source, target)
        return self._planner.plan(text, source, target)

    def search(
        self,
        sources: Sequence[Ids],
        options: SearchOptions,
        prefix: Sequence[int] = (),
        is_over: Callable[[], bool] | None = None,
    ) -> list[list[Hypothesis]]:
        """The hypotheses of each source of a plan, best first, found as one batch; see mt.engines.Engine.search."""
        return self._engine.search(sources, options, [prefix] * len(sources) if prefix else [], is_over)

    def assemble(self, plan: Plan, found: Mapping[Ids, Sequence[Hypothesis]], n_best: int = 1) -> Translation:
        """The translation of the planned text from the hypotheses of all its sources."""
        return self._planner.assemble(plan, found, n_best)

    def options(self, search: SearchOptions | None = None, n_best: int = 1, greedy: bool = False) -> SearchOptions:
        """How a call searches: as `search` or else the bundle says, with a beam that finds n_best, or greedily.

        Raises InvalidOption for an n_best outside its range.
        """
        search = search or self._search
        if not 1 <= n_best <= self.max_n_best:
            raise InvalidOption(f"n_best must be from 1 to {self.max_n_best}, got {n_best}.")
        if greedy:
            return replace(search, beam=1, sampling=None)
        if search.sampling and n_best > 1:
            raise InvalidOption(f"One translation is drawn at a time, so n_best must be 1, got {n_best}.")
        return replace(search, beam=max(search.beam, n_best))

    def _until(self, deadline: float | None) -> Callable[[], bool] | None:
        """What says whether the deadline, in seconds from now, is over."""
        if deadline is None:
            return None
        if not deadline > 0:
            raise InvalidOption(f"deadline must be more than 0 seconds from now, got {deadline}.")
        end = self._clock() + deadline
        return lambda: self._clock() >= end

    def prefix_ids(self, prefix: str, plans: Sequence[Plan]) -> list[int]:
        """The pieces that the one sentence of these plans must begin with; InvalidOption for more than one sentence."""
        (ids,) = self._tokenizer.encode([normalize(prefix)])
        parts = [len(parts) for plan in plans for parts in plan.sentences]
        if ids and (len(plans), parts) != (1, [1]):
            raise InvalidOption(
                f"A prefix goes with one text of one sentence of at most {self._planner.max_pieces:,} pieces; "
                f"texts given: {len(plans):,}, their sentences: {len(parts):,}, in parts: {sum(parts):,}. "
                "Translate one at a time."
            )
        return ids


def _in_batches_of_like_length(parts: Sequence[Ids], size: int = 32) -> Iterator[list[Ids]]:
    ordered = sorted(parts, key=len, reverse=True)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]
