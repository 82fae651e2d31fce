"""The whole path for many texts at once: split, batch by length, search, join."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from mt.bundle import Bundle
from mt.engines import MOST_BEAM, Engine, Hypothesis, SearchOptions
from mt.errors import InvalidOption, UnsupportedLanguage
from mt.open_engine import AUTO, open_engine
from mt.text import normalize, sentences
from mt.tokenizer import Tokenizer

Ids = tuple[int, ...]
_IN_A_CHARACTER = re.compile("<0x[89AB].>")  # the second and later bytes of a character in UTF-8


@dataclass(frozen=True)
class Translation:
    """The translation of one text."""

    text: str
    score: float  # sum of the natural-log probabilities of all its pieces
    alternatives: tuple[str, ...] = ()  # other translations of the whole text, best first, without repetitions
    # "length_limit": the search was cut; "deadline": it had no time to end; "split": a sentence was translated in parts
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Plan:
    """A text as what is searched and what stands around it."""

    sentences: list[list[Ids]]  # the parts of each sentence; none for a sentence without a letter or digit
    separators: list[str]
    originals: list[str]


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
        self._tokenizer: Tokenizer = bundle.tokenizer
        self._engine = open_engine(bundle, engine, threads) if isinstance(engine, str) else engine
        self._max_pieces = min(bundle.manifest.max_source_pieces, self._engine.max_source_pieces) - 2  # tag and EOS
        self.name = bundle.manifest.name
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
        self.require_direction(source, target)
        options = self._options(search or self._search, n_best, greedy)
        is_over = self._until(deadline)
        plans = [self._plan(text, source) for text in texts]
        prefix_ids = self._prefix_ids(prefix, plans)
        # The same part often comes again; it is searched once.
        parts = list(dict.fromkeys(part for plan in plans for parts in plan.sentences for part in parts))
        found: dict[Ids, list[_Rendering]] = {}
        for chosen in _in_batches_of_like_length(parts):
            ids = [self._tokenizer.source_ids(part, target) for part in chosen]
            hypotheses = self._engine.search(ids, options, [prefix_ids] if prefix_ids else [], is_over)
            found.update(zip(chosen, map(self._render, hypotheses), strict=True))
            if progress:
                progress(len(chosen))
        return [_assemble(plan, found, n_best) for plan in plans]

    def _options(self, search: SearchOptions, n_best: int, greedy: bool) -> SearchOptions:
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

    def _prefix_ids(self, prefix: str, plans: Sequence[_Plan]) -> list[int]:
        (ids,) = self._tokenizer.encode([normalize(prefix)])
        parts = [len(parts) for plan in plans for parts in plan.sentences]
        if ids and (len(plans), parts) != (1, [1]):
            raise InvalidOption(
                f"A prefix goes with one text of one sentence of at most {self._max_pieces:,} pieces; texts given: "
                f"{len(plans):,}, their sentences: {len(parts):,}, in parts: {sum(parts):,}. Translate one at a time."
            )
        return ids

    def _plan(self, text: str, language: str) -> _Plan:
        originals, separators = sentences.split(text, language)
        # Punctuation and emoji alone mean the same in every language, and a model makes words up for them.
        texts = [text if any(map(str.isalnum, text)) else "" for text in map(normalize, originals)]
        ids = self._tokenizer.encode(texts)
        return _Plan([self._in_parts(row) for row in ids], separators, originals)

    def _in_parts(self, ids: list[int]) -> list[Ids]:
        """The ids in as many parts of like length as the engine's longest source asks for, cut before a word."""
        parts, start = [], 0
        pieces = self._tokenizer.pieces(ids) if len(ids) > self._max_pieces else []
        while (left := len(ids) - start) > self._max_pieces:
            even = -(-left // -(-left // self._max_pieces))
            cut = _last_cut(pieces, start + even // 2 + 1, start + even)
            parts.append(tuple(ids[start:cut]))
            start = cut
        return [*parts, tuple(ids[start:])] if ids else parts

    def _render(self, hypotheses: list[Hypothesis]) -> list["_Rendering"]:
        """The hypotheses as texts, best first; of several ways to cut one text into pieces the best stands for all."""
        # Pieces that stand for bytes can spell control characters and line ends, which no sentence has.
        texts = map(normalize, self._tokenizer.decode([hypothesis.ids for hypothesis in hypotheses]))
        was_late = any(one.is_late for one in hypotheses)
        found: dict[str, _Rendering] = {}
        for text, one in zip(texts, hypotheses, strict=True):
            is_cut = not one.is_complete and not one.is_late
            warnings = ["deadline"] * was_late + ["length_limit"] * is_cut
            found.setdefault(text, _Rendering(text, one.score, tuple(warnings)))
        return list(found.values())


@dataclass(frozen=True)
class _Rendering:
    """One hypothesis as text."""

    text: str
    score: float
    warnings: tuple[str, ...]  # "deadline": the search that found it, and maybe others, had no time to end


def _last_cut(pieces: list[str], first: int, last: int) -> int:
    """The last of these places at which a word begins, or else a character, which may be spelled in several bytes."""
    places = range(last, first - 1, -1)
    words = (place for place in places if pieces[place].startswith("▁"))
    characters = (place for place in places if not _IN_A_CHARACTER.fullmatch(pieces[place]))
    return next(words, next(characters, last))


def _in_batches_of_like_length(parts: Sequence[Ids], size: int = 32) -> Iterator[list[Ids]]:
    ordered = sorted(parts, key=len, reverse=True)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def _assemble(plan: _Plan, found: dict[Ids, list[_Rendering]], n_best: int) -> Translation:
    """The translation of a text from those of its parts; a sentence without a letter or digit stays as it is."""
    texts, score, warnings = [], 0.0, []
    for place in range(n_best):
        translated = []
        for parts, original in zip(plan.sentences, plan.originals, strict=True):
            chosen = [found[part][min(place, len(found[part]) - 1)] for part in parts]
            translated.append(" ".join(one.text for one in chosen) if parts else original)
            if place == 0:
                score += sum(one.score for one in chosen)
                warnings += ["split"] * (len(parts) > 1) + [warning for one in chosen for warning in one.warnings]
        texts.append(sentences.join(translated, plan.separators))
    best, *others = dict.fromkeys(texts)
    return Translation(best, score, tuple(others), tuple(dict.fromkeys(warnings)))
