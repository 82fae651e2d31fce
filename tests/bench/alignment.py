"""Alignment error rates of a bundle's attention, of its lexicon, and of statistics learned from its training corpora.

python -m tests.bench.alignment --data FOLDER [--gold FOLDER/align-gold/de-en] [--bundle BUNDLE]

The gold pairs are translated by force, each side into the other, so that attention is that of the reference. The
statistics (IBM model 1, then Dyer et al. 2013) see the corpora that the bundle's recipe names, and no gold pair.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mt.alignment import best_links, link_weights, word_attention
from mt.bundle import Bundle, load_bundle, shipped_bundle
from mt.lexicon import Lexicon
from mt.linking import Dictionary, Side
from mt.model import Seq2Seq
from mt.text import normalize
from mt.tokenizer import BOS, Tokenizer
from tests.bench.gold import Gold, Link, read_gold, written
from training.alignment.aligner import learn_aligner
from training.alignment.symmetry import grow_diag_final_and
from training.data.corpus import stream_pairs
from training.data.dataset import pad
from training.data.rows import ROWS_AT_ONCE
from training.restore import restore_model

Sets = list[set[Link]]
Symmetry = Callable[[set[Link], set[Link]], set[Link]]
# What becomes of the links that the first language's words have as sources, and of those that they have as targets.
SYMMETRIES: dict[str, Symmetry] = {
    "there": lambda there, back: there,
    "back": lambda there, back: back,
    "intersection": lambda there, back: there & back,
    "union": lambda there, back: there | back,
    "grow-diag-final-and": grow_diag_final_and,
}
ALONE = ("there", "back")
TENSIONS, LEAST_ATTENTIONS = (2.0, 4.0, 6.0, 8.0), (0.005, 0.01, 0.02, 0.05, 0.1)  # of which the best ones are chosen
SHIFTS = {"attention": 0, "attention, a step earlier": -1, "attention, a step later": 1}


def main() -> None:
    """Prints the table of a bundle and a gold set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the bundle's training corpora")
    parser.add_argument("--gold", type=Path, help="default: align-gold/de-en in the folder of the corpora")
    parser.add_argument("--bundle", type=Path, default=shipped_bundle())
    arguments = parser.parse_args()
    gold = read_gold(arguments.gold or arguments.data / "align-gold" / "de-en")
    bundle = load_bundle(arguments.bundle)
    model = restore_model(bundle)
    both = [list(force(model, bundle.tokenizer, one)) for one in (gold, turned(gold))]
    found = by_attention(both)
    if bundle.lexicon:
        found |= by_lexicon(both, bundle.lexicon, bundle.tokenizer, gold)
    else:
        print(f"{bundle.path} has no lexicon, so attention stands alone; `mt-train lexicon --bundle` puts one in.\n")
    found["IBM model 1, Dyer et al. 2013"] = by_statistics(bundle, arguments.data, gold)
    print(table(gold, found))


def turned(gold: Gold) -> Gold:
    """The same pairs, the second language first; without links."""
    return Gold(gold.languages[::-1], gold.second, gold.first, [], [])


class Forced(NamedTuple):
    """A pair whose target was forced on a model."""

    attention: np.ndarray  # (T + 1, S) of the source's pieces; the last row is that of EOS
    source: Side
    target: Side

    def links(self, shift: int = 0, dictionary: Dictionary | None = None) -> set[Link]:
        """The links that the service would show; with a shift, by the attention of the step so much later."""
        count, sides = len(self.target.ids), (self.source, self.target)
        rows = np.clip(np.arange(count) + shift, 0, count)
        return set(best_links(link_weights(word_attention(self.attention[rows], *sides), *sides, dictionary)))


Both = Sequence[Sequence[Forced]]  # of a gold set, and of the same one turned


def force(model: Seq2Seq, tokenizer: Tokenizer, gold: Gold) -> Iterator[Forced]:
    """Each pair of a gold set, the first side translated into the second."""
    texts, spans = zip(*(zip(*map(written, side), strict=True) for side in (gold.first, gold.second)), strict=True)
    sources, targets = map(tokenizer.encode, texts)
    given = pad([tokenizer.source_ids(ids, gold.languages[1]) for ids in sources])
    _, attention = model.read(given, pad([[BOS, *ids] for ids in targets]))
    for number, (source, target) in enumerate(zip(sources, targets, strict=True)):
        sides = (
            Side(text[number], own[number], ids, tokenizer.cut(text[number], ids))
            for text, own, ids in zip(texts, spans, (source, target), strict=True)
        )
        yield Forced(np.asarray(attention[number, : len(target) + 1, 1 : 1 + len(source)]), *sides)


def by_attention(both: Both) -> dict[str, dict[str, Sets]]:
    """The links of both directions by attention alone, by the shift between it and the pieces."""
    return {name: _linked(both, (None, None), shift) for name, shift in SHIFTS.items()}


def by_lexicon(both: Both, lexicon: Lexicon, tokenizer: Tokenizer, gold: Gold) -> dict[str, dict[str, Sets]]:
    """The links of both directions by a bundle's lexicon, without and with attention.

    The third ones have constants that were chosen on the half of the pairs which they are not in.
    """
    first, second = gold.languages
    known = [Dictionary.of(lexicon, tokenizer, *way) for way in ((first, second), (second, first))]
    blind = [[forced._replace(attention=np.zeros_like(forced.attention)) for forced in own] for own in both]
    others = [
        [replace(own, tension=tension, least_attention=least) for own in known if own]
        for tension, least in product(TENSIONS, LEAST_ATTENTIONS)
    ]
    return {
        "lexicon": _linked(blind, known),
        "attention and lexicon": _linked(both, known),
        "the same, constants of the other half": crossed(gold, [_linked(both, one) for one in others]),
    }


def crossed(gold: Gold, ways: Sequence[dict[str, Sets]]) -> dict[str, Sets]:
    """For each half of the pairs the links of that way which is the best one, in both directions, on the other half."""
    halves = range(0, len(gold.sure), 2), range(1, len(gold.sure), 2)
    found: dict[str, Sets] = {name: [set() for _ in gold.sure] for name in SYMMETRIES}
    for own, other in (halves, halves[::-1]):
        best = min(ways, key=lambda way: sum(_part(gold, other).error_rate(_pick(way[one], other)) for one in ALONE))
        for name, number in product(SYMMETRIES, own):
            found[name][number] = best[name][number]
    return found


def _part(gold: Gold, numbers: Sequence[int]) -> Gold:
    return Gold(gold.languages, *(_pick(own, numbers) for own in gold[1:]))


def _pick(values: Sequence[Any], numbers: Sequence[int]) -> list[Any]:
    return [values[number] for number in numbers]


def _linked(both: Both, known: Sequence[Dictionary | None], shift: int = 0) -> dict[str, Sets]:
    there, back = ([one.links(shift, own) for one in forced] for forced, own in zip(both, known, strict=True))
    return symmetrized(there, [{(first, second) for second, first in links} for links in back])


def by_statistics(bundle: Bundle, data: Path, gold: Gold) -> dict[str, Sets]:
    """The links of each pair by an aligner that learned from the bundle's corpora."""
    aligner = learn_aligner(_chunks(bundle, data, gold.languages))
    return {
        name: list(map(set, aligner.links(gold.first, gold.second, symmetry))) for name, symmetry in SYMMETRIES.items()
    }


def _chunks(bundle: Bundle, data: Path, languages: tuple[str, str]) -> Iterator[tuple[list[str], list[str]]]:
    """The training pairs of two languages, the first one's first."""
    for corpus in bundle.manifest.recipe["corpora"]:
        if set(corpus["languages"]) == set(languages):
            step = 1 if tuple(corpus["languages"]) == languages else -1
            pairs = list(stream_pairs(*(data / name for name in corpus["train"])))
            for start in range(0, len(pairs), ROWS_AT_ONCE):
                first, second = zip(*(pair[::step] for pair in pairs[start : start + ROWS_AT_ONCE]), strict=True)
                yield list(map(normalize, first)), list(map(normalize, second))


def symmetrized(there: Sets, back: Sets) -> dict[str, Sets]:
    """Both directions' links alone and as one."""
    return {
        name: [symmetry(one, other) for one, other in zip(there, back, strict=True)]
        for name, symmetry in SYMMETRIES.items()
    }


def table(gold: Gold, found: dict[str, dict[str, Sets]]) -> str:
    """Error rates as Markdown, a line for each origin of links."""
    first, second = gold.languages
    titles = [f"{first} → {second}", f"{second} → {first}", *list(SYMMETRIES)[2:]]
    lines = [f"| {len(gold.first)} pairs, AER | {' | '.join(titles)} |", "|---|" + "--:|" * len(titles)]
    for name, sets in found.items():
        lines.append(f"| {name} | {' | '.join(f'{gold.error_rate(sets[one]):.3f}' for one in SYMMETRIES)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
