"""A text as what is searched and what stands around it; from what was found, its translation."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import NamedTuple

from mt.alignment import align
from mt.confidence import Confidence, mean_confidence
from mt.engines import Hypothesis
from mt.inside import Look
from mt.lexicon import Lexicon
from mt.linking import Dictionary
from mt.protecting import Explanation, Link, Prepared, Restored, explain, prepare, restore
from mt.text import normalize, protection, sentences
from mt.text.protection import Item
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
    # parts; "unsupported_script": most letters are none of the source language's; "copied_source": the text came back;
    # "protected_moved": what must not change is there, but where it stands is a guess; "repetition": it says the same
    # again and again; "stuck_attention": the model looked at one place for long; "too_long", "too_short": for its text
    warnings: tuple[str, ...] = ()
    alternative_scores: tuple[float, ...] = ()  # of each alternative
    # Words of the text and those of its translation that come from them, in characters of both; only if asked for.
    links: tuple[Link, ...] = ()
    explanations: tuple[Explanation, ...] = ()  # of each sentence, where there are links
    # mt.confidence: the mean of the sentences' by their lengths; None where the bundle or the search does not tell.
    confidence: float | None = None


@dataclass(frozen=True)
class PlanOptions:
    """How a text is planned."""

    protect: bool = True  # what must not change, such as addresses, comes through; capitals are read as other text
    links: bool = False  # the translation is to have them, and explanations
    splits: bool = True  # into sentences
    inside: bool = False  # explanations are to show what happened in the network


PLAIN = PlanOptions()


@dataclass(frozen=True)
class Plan:
    """A text as what is searched and what stands around it."""

    # The sources of each sentence's parts, tag and EOS included; none for a sentence that stays as it is.
    sentences: list[list[Ids]]
    separators: list[str]
    prepared: list[Prepared]  # the same sentences
    target: str
    warnings: tuple[str, ...] = ()  # that the text alone gives cause for
    links: bool = False  # whether the translation is to have them
    source: str = ""
    inside: bool = False  # whether its explanations are to show what happened in the network

    @property
    def originals(self) -> list[str]:
        """The sentences as they stand in the text."""
        return [one.original for one in self.prepared]

    @property
    def text(self) -> str:
        """The text itself."""
        return sentences.join(self.originals, self.separators)

    @property
    def sources(self) -> list[Ids]:
        """What an engine has to search for this text, in order, each once."""
        return list(dict.fromkeys(source for parts in self.sentences for source in parts))


class Ranked(NamedTuple):
    """One translation of a whole text."""

    text: str
    score: float
    warnings: tuple[str, ...]
    links: tuple[Link, ...]
    explanations: tuple[Explanation, ...] = ()
    confidence: float | None = None  # of the best translation alone
    pieces: int = 0  # of the text, that were translated


def together(source: str | None, warnings: Sequence[str], ranked: Sequence[Ranked]) -> Translation:
    """What is told of several translations of a text, best first; the source is None where nothing was searched."""
    scores: dict[str, float] = {}
    for one in ranked:
        scores.setdefault(one.text, one.score)
    (best, score), *others = scores.items()
    is_copied = best == source and any(map(str.isalpha, best))
    told = dict.fromkeys([*warnings, *ranked[0].warnings, *["copied_source"] * is_copied])
    alternatives, alternative_scores = zip(*others, strict=True) if others else ((), ())
    first = ranked[0]
    return Translation(
        best, score, alternatives, tuple(told), alternative_scores, first.links, first.explanations, first.confidence
    )


class Planner:
    """Plans texts for an engine that takes sources of a bounded length, and puts their translations together."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        max_source_pieces: int,
        confidences: Mapping[tuple[str, str], Confidence] = MappingProxyType({}),  # of the directions that have one
        lexicon: Lexicon | None = None,  # tells alignments which words are translations of each other
    ) -> None:
        self._tokenizer, self._confidences, self._lexicon = tokenizer, confidences, lexicon
        self.max_pieces = max_source_pieces - 2  # tag and EOS

    def plan(self, text: str, source: str, target: str, options: PlanOptions = PLAIN) -> Plan:
        """The text sentence by sentence, each in as many parts as its length asks for."""
        originals, separators = sentences.split(text, source) if options.splits else ([text], ["", ""])
        if options.protect:
            items = protection.find(text)
            originals, separators = _whole(originals, separators, items)
            likelihood = self._tokenizer.likelihood
            prepared = [
                prepare(original, own, likelihood)
                for original, own in zip(originals, _distributed(originals, separators, items), strict=True)
            ]
        else:
            prepared = [Prepared(original) for original in originals]
        rows = [self._in_parts(row) for row in self._tokenizer.encode([one.text for one in prepared])]
        ids = [[tuple(self._tokenizer.source_ids(part, target)) for part in parts] for parts in rows]
        warnings = ("unsupported_script",) * is_foreign(text, source)
        return Plan(ids, separators, prepared, target, warnings, options.links, source, options.inside)

    def assemble(
        self, plan: Plan, found: Mapping[Ids, Sequence[Hypothesis]], n_best: int, look: Look | None = None
    ) -> Translation:
        """The translation of a text from the hypotheses of its sources, best first.

        A sentence of nothing but punctuation and what must not change stays as it is. `look` is for a plan that is to
        show what happened in the network.
        """
        translation = together(plan.text if plan.sources else None, plan.warnings, self.ranked(plan, found, n_best))
        if not plan.inside:
            return translation
        assert look, "a plan to be looked into"
        best = {source: self._render(found[source])[0].hypothesis for source in plan.sources}
        explanations = tuple(
            replace(one, inside=tuple(look(part, best[part]) for part in parts))
            for one, parts in zip(translation.explanations, plan.sentences, strict=True)
        )
        return replace(translation, explanations=explanations)

    def ranked(self, plan: Plan, found: Mapping[Ids, Sequence[Hypothesis]], n_best: int) -> list[Ranked]:
        """The n best translations of a text, as far as there are so many, or else the last ones again."""
        rendered = {source: self._render(found[source]) for source in plan.sources}
        ranked = []
        for place in range(n_best):
            chosen = [[_at(rendered[part], place) for part in parts] for parts in plan.sentences]
            restored = [self._restored(plan, number, own) for number, own in enumerate(chosen)]
            text = sentences.join([one.text for one in restored], plan.separators)
            score = sum((one.score for own in chosen for one in own), 0.0)
            warnings = [warning for own in zip(chosen, restored, strict=True) for warning in _warnings(*own)]
            links = tuple(_whole_links(plan, restored)) if plan.links else ()
            own = [self._confidence(plan, number, parts) for number, parts in enumerate(chosen)] if not place else []
            explanations = tuple(self._explanations(plan, restored, own)) if plan.links and not place else ()
            pieces = sum(weight for _, weight in own)
            ranked.append(Ranked(text, score, tuple(warnings), links, explanations, mean_confidence(own), pieces))
        return ranked

    def _confidence(self, plan: Plan, number: int, chosen: Sequence["_Rendering"]) -> tuple[float | None, int]:
        """That in the translation of a sentence from those of its parts, and its weight in that of the text."""
        known = self._confidences.get((plan.source, plan.target))
        parts = plan.sentences[number]
        own = [
            (known.of_part(part, one.hypothesis) if known else None, len(part))
            for part, one in zip(parts, chosen, strict=True)
        ]
        return mean_confidence(own), sum(map(len, parts))

    def sentence(self, plan: Plan, number: int, found: Mapping[Ids, Sequence[Hypothesis]]) -> str:
        """The best translation of one sentence, by its number, from the hypotheses of its parts."""
        return self._restored(plan, number, [self._render(found[part])[0] for part in plan.sentences[number]]).text

    def _restored(self, plan: Plan, number: int, chosen: Sequence["_Rendering"]) -> Restored:
        """The translation of a sentence from those of its parts."""
        prepared, parts = plan.prepared[number], plan.sentences[number]
        if not parts:
            whole = (0, len(prepared.original))
            return Restored(prepared.original, [(whole, whole)], is_moved=False)
        if not prepared.is_changed and not plan.links:
            return Restored(" ".join(one.text for one in chosen), [], is_moved=False)
        hypotheses = [one.hypothesis for one in chosen]
        dictionary = Dictionary.of(self._lexicon, self._tokenizer, plan.source, plan.target)
        found = align(self._tokenizer, prepared.traced.text, list(zip(parts, hypotheses, strict=True)), dictionary)
        return restore(prepared, found, plan.target)

    def _explanations(
        self, plan: Plan, restored: Sequence[Restored], confidences: Sequence[tuple[float | None, int]]
    ) -> Iterator[Explanation]:
        """Those of all sentences, in characters of the whole text and its whole translation."""
        known = self._confidences.get((plan.source, plan.target))
        for (own, _), (prepared, one, start, target_start) in zip(confidences, _placed(plan, restored), strict=True):
            words = known.of_words(one.found) if known and one.found else None
            yield explain(prepared, one, own, words).moved(start, target_start)

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
            found.setdefault(text, _Rendering(text, one, (*warnings, *one.faults)))
        return list(found.values())


@dataclass(frozen=True)
class _Rendering:
    """One hypothesis as text."""

    text: str
    hypothesis: Hypothesis
    warnings: tuple[str, ...]  # "deadline": the search that found it, and maybe others, had no time to end

    @property
    def score(self) -> float:
        """Of the hypothesis."""
        return self.hypothesis.score


def _whole(originals: list[str], separators: list[str], items: Sequence[Item]) -> tuple[list[str], list[str]]:
    """The sentences and what stands between them, with sentences that an item reaches over as one."""
    whole: list[str] = []
    between, place = separators[:1], len(separators[0])
    for original, separator in zip(originals, separators[1:], strict=True):
        if whole and protection.spans_over(items, place):
            whole[-1] += between.pop() + original
        else:
            whole.append(original)
        between.append(separator)
        place += len(original) + len(separator)
    return whole, between


def _distributed(originals: list[str], separators: list[str], items: Sequence[Item]) -> Iterator[list[Item]]:
    """The items of each sentence, in characters of the sentence."""
    start, number = len(separators[0]), 0
    for original, separator in zip(originals, separators[1:], strict=True):
        own = []
        while number < len(items) and items[number].start < start + len(original):
            first, last, kind = items[number]
            own.append(Item(first - start, last - start, kind))
            number += 1
        yield own
        start += len(original) + len(separator)


def _warnings(chosen: Sequence[_Rendering], restored: Restored) -> Iterator[str]:
    if len(chosen) > 1:
        yield "split"
    for one in chosen:
        yield from one.warnings
    if restored.is_moved:
        yield "protected_moved"


def _whole_links(plan: Plan, restored: Sequence[Restored]) -> Iterator[Link]:
    """The links of all sentences, in characters of the whole text and its whole translation."""
    for _, one, start, target_start in _placed(plan, restored):
        for (first, last), (target_first, target_last) in one.links:
            yield (start + first, start + last), (target_start + target_first, target_start + target_last)


def _placed(plan: Plan, restored: Sequence[Restored]) -> Iterator[tuple[Prepared, Restored, int, int]]:
    """The sentences and their translations, and where both begin in the whole text and its whole translation."""
    start = target_start = len(plan.separators[0])
    for prepared, one, separator in zip(plan.prepared, restored, plan.separators[1:], strict=True):
        yield prepared, one, start, target_start
        start += len(prepared.original) + len(separator)
        target_start += len(one.text) + len(separator)


def _at(renderings: Sequence[_Rendering], place: int) -> _Rendering:
    """The rendering of this rank, or the last one."""
    return renderings[min(place, len(renderings) - 1)]


def _last_cut(pieces: list[str], first: int, last: int) -> int:
    """The last of these places at which a word begins, or else a character, which may be spelled in several bytes."""
    places = range(last, first - 1, -1)
    words = (place for place in places if pieces[place].startswith("▁"))
    characters = (place for place in places if not _IN_A_CHARACTER.fullmatch(pieces[place]))
    return next(words, next(characters, last))
