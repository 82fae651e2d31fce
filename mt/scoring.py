"""How likely a given translation is: the search is forced to it, piece by piece."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mt.confidence import Confidence, adequacy_features
from mt.engines import Conditions, Engine, Hypothesis, SearchOptions
from mt.errors import InvalidOption, InvalidText
from mt.text import normalize
from mt.tokenizer import EOS, Tokenizer

Ids = Sequence[int]
BATCH = 32  # pairs at once


@dataclass(frozen=True)
class Score:
    """How likely a given translation of a sentence is."""

    score: float  # sum of the natural-log probabilities of its pieces and its end
    pieces: int  # that it has, without its end
    adequacy: float | None  # see mt.confidence; None where the bundle has none for the direction


def scored(there: Hypothesis, back: Hypothesis | None, known: Confidence | None) -> Score:
    """The score of a translation, from the search that was forced to it and the one forced back to its source."""
    adequacy = None
    if known and known.adequacy:
        adequacy = float(known.adequacy.predict(adequacy_features(there, back))[0])
    return Score(there.score, len(there.ids), adequacy)


def encode_pairs(
    tokenizer: Tokenizer, sources: Sequence[str], targets: Sequence[str], most_pieces: int
) -> tuple[list[list[int]], list[list[int]]]:
    """The pieces of both sides; InvalidOption unless they have as many texts, InvalidText for one that is too long."""
    if len(sources) != len(targets):
        raise InvalidOption(
            f"Each source needs one target to be scored, got {len(sources):,} sources and {len(targets):,} targets."
        )
    sides = [tokenizer.encode([normalize(text) for text in side]) for side in (sources, targets)]
    for name, side in zip(("source", "target"), sides, strict=True):
        for number, ids in enumerate(side, start=1):
            if len(ids) > most_pieces:
                raise InvalidText(
                    f"A {name} to be scored is one sentence of at most {most_pieces:,} pieces; number {number:,} has "
                    f"{len(ids):,}. Score it in parts."
                )
    return sides[0], sides[1]


def forced(engine: Engine, sources: Sequence[Ids], targets: Sequence[Ids]) -> list[Hypothesis]:
    """For each source, tag and end included, the hypothesis that has the pieces of its target, and the end."""
    found: dict[int, Hypothesis] = {}
    for numbers in _of_like_length(targets):
        prefixes = [[*targets[number], EOS] for number in numbers]
        options = SearchOptions(beam=1, max_pieces=max(map(len, prefixes)), loop_guard=False, shortlist=False)
        results = engine.search([sources[number] for number in numbers], options, Conditions(prefixes))
        found.update((number, best) for number, (best, *_) in zip(numbers, results, strict=True))
    return [found[number] for number in range(len(targets))]


def _of_like_length(targets: Sequence[Ids]) -> Iterator[list[int]]:
    """The numbers of the targets, in batches."""
    order = sorted(range(len(targets)), key=lambda number: len(targets[number]))
    for start in range(0, len(order), BATCH):
        yield order[start : start + BATCH]
