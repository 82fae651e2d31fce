"""The whole path for many texts at once: split, batch by length, search, join."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mt.bundle import Bundle
from mt.engines import Engine, Hypothesis
from mt.engines.savedmodel import SavedModelEngine
from mt.errors import InvalidOption, UnsupportedLanguage
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
    warnings: tuple[str, ...] = ()  # "length_limit": the search was cut; "split": a sentence was translated in parts


@dataclass(frozen=True)
class _Plan:
    """A text as what is searched and what stands around it."""

    sentences: list[list[Ids]]  # the parts of each sentence; none for a sentence without pieces
    separators: list[str]
    originals: list[str]


class Translator:
    """Translates texts of any length with one bundle; may be called from several threads."""

    def __init__(self, bundle: Bundle, threads: int | None = None, engine: Engine | None = None) -> None:
        """Loads the bundle's engine unless one is given.

        `threads` bounds those of a search, by default to the machine's cores.
        """
        self._tokenizer: Tokenizer = bundle.tokenizer
        self._engine: Engine = engine or SavedModelEngine(bundle.saved_model, threads)
        self._max_pieces = min(bundle.manifest.max_source_pieces, self._engine.max_source_pieces) - 2  # tag and EOS
        self.name = bundle.manifest.name
        self.directions = bundle.manifest.pairs
        self.max_n_best = int(bundle.manifest.search["beam"])

    def warm_up(self) -> None:
        """Makes the first real translation as fast as the others."""
        source, target = self.directions[0]
        self.translate(["Hello."], source, target)

    def require_direction(self, source: str, target: str) -> None:
        """Raises UnsupportedLanguage unless the bundle translates from the one language to the other."""
        if (source, target) not in self.directions:
            known = ", ".join(f"{one}-{other}" for one, other in self.directions)
            raise UnsupportedLanguage(f"{self.name} does not translate from '{source}' to '{target}'; it has {known}.")

    def translate(
        self,
        texts: Sequence[str],
        source: str,
        target: str,
        *,
        n_best: int = 1,
        greedy: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> list[Translation]:
        """A translation of each text, in order; white space around sentences, and line ends, stay as they are.

        A text is translated sentence by sentence, so its translation does not depend on its neighbours. `progress` is
        called with the number of sentences done since the last call. Raises UnsupportedLanguage, InvalidText for
        unpaired surrogates, and InvalidOption for an n_best outside 1 to max_n_best.
        """
        self.require_direction(source, target)
        if not 1 <= n_best <= self.max_n_best:
            raise InvalidOption(f"n_best must be from 1 to {self.max_n_best}, got {n_best}.")
        plans = [self._plan(text, source) for text in texts]
        # The same part often comes again; it is searched once.
        parts = list(dict.fromkeys(part for plan in plans for parts in plan.sentences for part in parts))
        found: dict[Ids, list[_Rendering]] = {}
        for chosen in _in_batches_of_like_length(parts):
            hypotheses = self._engine.search([self._tokenizer.source_ids(part, target) for part in chosen], greedy)
            found.update(zip(chosen, map(self._render, hypotheses), strict=True))
            if progress:
                progress(len(chosen))
        return [_assemble(plan, found, n_best) for plan in plans]

    def _plan(self, text: str, language: str) -> _Plan:
        originals, separators = sentences.split(text, language)
        ids = self._tokenizer.encode([normalize(sentence) for sentence in originals])
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
        found: dict[str, _Rendering] = {}
        for text, one in zip(texts, hypotheses, strict=True):
            found.setdefault(text, _Rendering(text, one.score, one.is_complete))
        return list(found.values())


@dataclass(frozen=True)
class _Rendering:
    """One hypothesis as text."""

    text: str
    score: float
    is_complete: bool


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
    """The translation of a text from those of its parts; a sentence without pieces stays as it is."""
    texts, score, warnings = [], 0.0, []
    for place in range(n_best):
        translated = []
        for parts, original in zip(plan.sentences, plan.originals, strict=True):
            chosen = [found[part][min(place, len(found[part]) - 1)] for part in parts]
            translated.append(" ".join(one.text for one in chosen) if parts else original)
            if place == 0:
                score += sum(one.score for one in chosen)
                warnings += ["split"] * (len(parts) > 1) + ["length_limit"] * any(not one.is_complete for one in chosen)
        texts.append(sentences.join(translated, plan.separators))
    best, *others = dict.fromkeys(texts)
    return Translation(best, score, tuple(others), tuple(dict.fromkeys(warnings)))
