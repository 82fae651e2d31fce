"""A text as what is searched and what stands around it; from what was found, its translation."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mt.engines import Hypothesis
from mt.text import normalize, sentences
from mt.text.scripts import is_foreign
from mt.tokenizer import Tokenizer

Ids = tuple[int, ...]
_IN_A_CHARACTER = re.compile("<0x[89AB].>")  # the second and later bytes of a character in UTF-8


@dataclass(frozen=True)
class Translation:
    """The translation of one text."""

    text: str
    score: float  # sum of the natural-log probabilities of all its pieces
    alternatives: tuple[str, ...] = ()  # other translations of the whole text, best first, without repetitions
    # "length_limit": the search was cut; "deadline": it had no time to end; "split": a sentence was translated in
    # parts; "unsupported_script": most letters are none of the source language's; "copied_source": the text came back
    warnings: tuple[str, ...] = ()
    alternative_scores: tuple[float, ...] = ()  # of each alternative


@dataclass(frozen=True)
class Plan:
    """A text as what is searched and what stands around it."""

    # The sources of each sentence's parts, tag and EOS included; none for a sentence without a letter or digit.
    sentences: list[list[Ids]]
    separators: list[str]
    originals: list[str]
    warnings: tuple[str, ...] = ()  # that the text alone gives cause for

    @property
    def text(self) -> str:
        """The text itself."""
        return sentences.join(self.originals, self.separators)

    @property
    def sources(self) -> list[Ids]:
        """What an engine has to search for this text, in order, each once."""
        return list(dict.fromkeys(source for parts in self.sentences for source in parts))


class Planner:
    """Plans texts for an engine that takes sources of a bounded length, and puts their translations together."""

    def __init__(self, tokenizer: Tokenizer, max_source_pieces: int) -> None:
        self._tokenizer = tokenizer
        self.max_pieces = max_source_pieces - 2  # tag and EOS

    def plan(self, text: str, source: str, target: str) -> Plan:
        """The text sentence by sentence, each in as many parts as its length asks for."""
        originals, separators = sentences.split(text, source)
        # Punctuation and emoji alone mean the same in every language, and a model makes words up for them.
        texts = [one if any(map(str.isalnum, one)) else "" for one in map(normalize, originals)]
        rows = [self._in_parts(row) for row in self._tokenizer.encode(texts)]
        ids = [[tuple(self._tokenizer.source_ids(part, target)) for part in parts] for parts in rows]
        return Plan(ids, separators, originals, ("unsupported_script",) * is_foreign(text, source))

    def assemble(self, plan: Plan, found: Mapping[Ids, Sequence[Hypothesis]], n_best: int) -> Translation:
        """The translation of a text from the hypotheses of its sources, best first.

        A sentence without a letter or digit stays as it is.
        """
        rendered = {source: self._render(found[source]) for source in plan.sources}
        scores: dict[str, float] = {}
        warnings = list(plan.warnings)
        for place in range(n_best):
            translated, score = [], 0.0
            for parts, original in zip(plan.sentences, plan.originals, strict=True):
                chosen = [rendered[part][min(place, len(rendered[part]) - 1)] for part in parts]
                translated.append(" ".join(one.text for one in chosen) if parts else original)
                score += sum(one.score for one in chosen)
                if place == 0:
                    warnings += ["split"] * (len(parts) > 1) + [warning for one in chosen for warning in one.warnings]
            scores.setdefault(sentences.join(translated, plan.separators), score)
        (best, score), *others = scores.items()
        warnings += ["copied_source"] * (best == plan.text and any(map(str.isalpha, best)))
        alternatives, alternative_scores = zip(*others, strict=True) if others else ((), ())
        return Translation(best, score, alternatives, tuple(dict.fromkeys(warnings)), alternative_scores)

    def _in_parts(self, ids: list[int]) -> list[Ids]:
        """The ids in as many parts of like length as the engine's longest source asks for, cut before a word."""
        parts, start = [], 0
        pieces = self._tokenizer.pieces(ids) if len(ids) > self.max_pieces else []
        while (left := len(ids) - start) > self.max_pieces:
            even = -(-left // -(-left // self.max_pieces))
            cut = _last_cut(pieces, start + even // 2 + 1, start + even)
            parts.append(tuple(ids[start:cut]))
            start = cut
        return [*parts, tuple(ids[start:])] if ids else parts

    def _render(self, hypotheses: Sequence[Hypothesis]) -> list["_Rendering"]:
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
