"""The whole path for many texts at once: split, batch by length, search, join."""

import copy
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from mt.bundle import Bundle
from mt.confidence import read_confidence
from mt.documents import DocumentPlan, assemble_document, has_markup, plan_document
from mt.engines import MOST_BEAM, NO_CONDITIONS, Conditions, Engine, Hypothesis, SearchOptions
from mt.engines.driven import never
from mt.engines.inside import TOO_OLD, TransparentEngine
from mt.engines.stream import SteppingEngine
from mt.errors import InvalidOption, UnsupportedLanguage
from mt.guard import guarded_search
from mt.inside import Inside, look_inside
from mt.open_engine import AUTO, choose_engine, open_engine
from mt.planning import Ids, Plan, Planner, PlanOptions, Translation
from mt.scoring import Score, encode_pairs, forced, scored
from mt.stream import StreamState, TranslationStream
from mt.text import normalize
from mt.text.markup import Form

TEXT = Form()


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
        self._confidences = read_confidence(bundle)
        self._planner = Planner(bundle.tokenizer, longest, self._confidences, bundle.lexicon)
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
        form: Form = TEXT,
        protect: bool = True,
        links: bool = False,
        inside: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> list[Translation]:
        """A translation of each text, in order; white space around sentences, and line ends, stay as they are.

        A text is translated sentence by sentence, so its translation does not depend on its neighbours. The beam is at
        least n_best, or 1 for greedy search. A text of one sentence may have a `prefix` that all its translations begin
        with, normalized. `deadline` seconds from now the best so far is taken, for sentences not begun nothing.
        `progress` is called with the number of sentences done since the last call.

        With `protect`, addresses, code, numbers and the like (mt.text.protection) come through exactly as they are,
        with the warning "protected_moved" where their place is a guess, and text in CAPITALS or Title Case is
        translated as any other; not with a prefix, which goes by what the model itself reads and writes. `links` fills
        those of the translations, and their explanations; `inside` also what happened in the network.

        Of HTML or XML, which `form` says that a text is, tags move with their words, and nothing but words changes;
        the warning "tag_moved" says that a tag stands at a guessed place. Such translations have no links.

        Raises UnsupportedLanguage, InvalidText for unpaired surrogates and for XML that is not well-formed, and
        InvalidOption for a value outside its range, a prefix that does not fit, and a look inside that the bundle is
        too old for.
        """
        options = self.options(search, n_best, greedy)
        is_over = self._until(deadline)
        wishes: dict[str, Any] = {"form": form, "protect": protect and not prefix, "links": links, "inside": inside}
        plans = [self.plan(text, source, target, **wishes) for text in texts]
        prefix_ids = self.prefix_ids(prefix, plans)
        # The same part often comes again; it is searched once.
        sources = list(dict.fromkeys(source for plan in plans for source in plan.sources))
        found: dict[Ids, list[Hypothesis]] = {}
        for chosen in _in_batches_of_like_length(sources):
            conditions = Conditions([prefix_ids] * len(chosen), is_over)
            found.update(zip(chosen, self.search(chosen, options, conditions), strict=True))
            if progress:
                progress(len(chosen))
        return [self.assemble(plan, found, n_best) for plan in plans]

    def score(self, sources: Sequence[str], targets: Sequence[str], source: str, target: str) -> list[Score]:
        """How likely each target is as the translation of its source, both one sentence; nothing is protected in them.

        Raises UnsupportedLanguage, InvalidOption unless there are as many sources as targets, and InvalidText for
        unpaired surrogates and for a text of more pieces than the bundle translates at once.
        """
        known = self._confidences.get((source, target))
        return [scored(*both, known) for both in self.force(sources, targets, source, target)]

    def force(
        self, sources: Sequence[str], targets: Sequence[str], source: str, target: str
    ) -> list[tuple[Hypothesis, Hypothesis | None]]:
        """Each target as the hypothesis of its source, and the reverse where the bundle translates back; as `score`."""
        self.require_direction(source, target)
        ids, target_ids = encode_pairs(self._tokenizer, sources, targets, self._planner.max_pieces)
        there = self._forced(ids, target_ids, target)
        is_both_ways = (target, source) in self.directions
        back = self._forced(target_ids, ids, source) if is_both_ways else [None] * len(there)
        return list(zip(there, back, strict=True))

    def can_score(self, text: str) -> bool:
        """Whether a text is short enough for `score`."""
        (ids,) = self._tokenizer.encode([normalize(text)])
        return len(ids) <= self._planner.max_pieces

    def _forced(self, sources: Sequence[list[int]], targets: Sequence[list[int]], target: str) -> list[Hypothesis]:
        return forced(self._engine, [self._tokenizer.source_ids(ids, target) for ids in sources], targets)

    def stream(  # noqa: PLR0913 - as translate
        self,
        text: str,
        source: str,
        target: str,
        *,
        search: SearchOptions | None = None,
        prefix: str = "",
        deadline: float | None = None,
        protect: bool = True,
    ) -> TranslationStream:
        """What `translate` gives for one text by greedy search, or drawn where `search` says so, piece by piece.

        A sentence with something to protect comes as a whole, for its translation may stand anywhere in it. Where the
        loop guard finds faults the two differ: a stream ends at a loop, and only tells of it.
        Raises what `translate` does; for a prefix that is longer than the translation may be with the first piece.
        """
        options = self.options(search, greedy=not (search or self._search).sampling)
        is_over = self._until(deadline)
        self.require_direction(source, target)
        plan = self._planner.plan(text, source, target, PlanOptions(protect=protect and not prefix))
        return self._stream(StreamState(plan, options, self.prefix_ids(prefix, [plan])), is_over)

    def resume(self, state: StreamState, deadline: float | None = None) -> TranslationStream:
        """Goes on with a stream of a translator with the same bundle and engine, from a state that was kept."""
        return self._stream(copy.deepcopy(state), self._until(deadline))

    def _stream(self, state: StreamState, is_over: Callable[[], bool] | None) -> TranslationStream:
        assert isinstance(self._engine, SteppingEngine), self._engine
        return TranslationStream(self._engine, self._tokenizer, self._planner, state, is_over or never)

    def plan(  # noqa: PLR0913 - as translate
        self,
        text: str,
        source: str,
        target: str,
        *,
        form: Form = TEXT,
        protect: bool = True,
        links: bool = False,
        inside: bool = False,
    ) -> Plan | DocumentPlan:
        """What to search for this text; all as in `translate`, `protect` not with a prefix.

        Raises UnsupportedLanguage, InvalidText for unpaired surrogates and for XML that is not well-formed, and
        InvalidOption for a look inside that the bundle is too old for.
        """
        self.require_direction(source, target)
        if inside and not self.is_transparent:
            raise InvalidOption(f"{self.name}: {TOO_OLD}")
        options = PlanOptions(protect, links or inside, inside=inside)
        if has_markup(form):
            return plan_document(self._planner, text, source, target, form, options)
        return self._planner.plan(text, source, target, options)

    def search(
        self, sources: Sequence[Ids], options: SearchOptions, conditions: Conditions = NO_CONDITIONS
    ) -> list[list[Hypothesis]]:
        """The hypotheses of each source of a plan, best first, found as one batch; see mt.engines.Engine.search.

        With the options' loop_guard, a source whose best one has faults (see mt.guard) is searched again, if it can be.
        """

        def search(numbers: Sequence[int], options: SearchOptions) -> list[list[Hypothesis]]:
            chosen = [prefixes[number] for number in numbers] if prefixes else []
            return self._engine.search(
                [sources[number] for number in numbers], options, conditions._replace(prefixes=chosen)
            )

        prefixes = conditions.prefixes
        if not options.loop_guard:
            return self._engine.search(sources, options, conditions)
        least = max(map(len, prefixes), default=0)
        return guarded_search(search, sources, options, self._engine.is_steerable, max(1, least))

    def assemble(
        self, plan: Plan | DocumentPlan, found: Mapping[Ids, Sequence[Hypothesis]], n_best: int = 1
    ) -> Translation:
        """The translation of the planned text from the hypotheses of all its sources."""
        if isinstance(plan, DocumentPlan):
            return assemble_document(self._planner, plan, found, n_best)
        return self._planner.assemble(plan, found, n_best, self._look if plan.inside else None)

    @property
    def is_transparent(self) -> bool:
        """Whether the bundle is new enough that one can look into its network."""
        return bool(getattr(self._engine, "is_transparent", False))

    def _look(self, source: Sequence[int], found: Hypothesis) -> Inside:
        return look_inside(cast(TransparentEngine, self._engine), self._tokenizer, source, found)

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

    def prefix_ids(self, prefix: str, plans: Sequence[Plan | DocumentPlan]) -> list[int]:
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
