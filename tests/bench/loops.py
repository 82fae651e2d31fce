"""How often a translator loops, with the loop guard and without, and what the guard costs; the tables of docs/guard.md.

python -m tests.bench.loops                                                     # tests/hard_inputs.py, all directions
python -m tests.bench.loops --direction en-de --source FILE [--reference FILE]  # one sentence a line
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mt import Hypothesis, SearchOptions, Translator, load_bundle, shipped_bundle
from mt.guard import faults
from tests.hard_inputs import hard_inputs
from training.data.corpus import stream_lines

BATCH = 32
Ids = tuple[int, ...]


@dataclass(frozen=True)
class Findings:
    """What came of a text's sentences without the guard, and with it."""

    sentences: int
    without: Counter[str]  # faults of the translations
    with_guard: Counter[str]
    faulty: int  # sentences with any fault, without the guard
    left: int  # the same with it
    seconds: tuple[float, float]  # of the processor
    outputs: tuple[list[str], list[str]]

    def lines(self) -> Iterator[str]:
        """A table for a person."""
        for name, count, reasons in (
            ("without", self.faulty, self.without),
            ("with the guard", self.left, self.with_guard),
        ):
            told = ", ".join(f"{reason} {number}" for reason, number in sorted(reasons.items()))
            yield f"{name:15} {count:5,} of {self.sentences:,} ({count / max(1, self.sentences):.2%}) {told}"
        without, with_guard = self.seconds
        yield f"{'time':15} {without:.1f} s, with the guard {with_guard:.1f} s ({with_guard / without - 1:+.1%})"


def study(translator: Translator, texts: Sequence[str], source: str, target: str, greedy: bool = False) -> Findings:
    """The findings in these texts."""
    plans = [translator.plan(text, source, target) for text in texts]
    sources = sorted(dict.fromkeys(one for plan in plans for one in plan.sources), key=len)
    guarded = translator.options(greedy=greedy)
    ways = replace(guarded, loop_guard=False), replace(guarded, loop_guard=True)
    found: tuple[dict[Ids, list[Hypothesis]], ...] = ({}, {})
    seconds = [0.0, 0.0]
    for start in range(0, len(sources), BATCH):
        batch = sources[start : start + BATCH]
        for way, options in enumerate(ways):
            began = time.process_time()
            found[way].update(zip(batch, translator.search(batch, options), strict=True))
            seconds[way] += time.process_time() - began
    reasons = [judge(one, ways[1]) for one in found]
    outputs = [[translator.assemble(plan, one).text for plan in plans] for one in found]
    counted = [Counter(reason for own in one for reason in own) for one in reasons]
    faulty, left = (sum(map(bool, one)) for one in reasons)
    return Findings(len(sources), *counted, faulty, left, (seconds[0], seconds[1]), (outputs[0], outputs[1]))


def judge(found: dict[Ids, list[Hypothesis]], options: SearchOptions) -> list[tuple[str, ...]]:
    """The faults of the best translation of each source."""
    return [faults(source, best, options) for source, (best, *_) in found.items()]


def main() -> None:
    """Prints the findings, and with a reference BLEU."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, default=shipped_bundle())
    parser.add_argument("--direction", default="")
    parser.add_argument("--source", type=Path)
    parser.add_argument("--reference", type=Path)
    parser.add_argument("--lines", type=int, help="the first so many of FILE")
    parser.add_argument("--greedy", action="store_true")
    given = parser.parse_args()
    translator = Translator(load_bundle(given.bundle))
    directions = [tuple(given.direction.split("-"))] if given.direction else translator.directions
    for source, target in directions:
        texts = list(stream_lines(given.source))[: given.lines] if given.source else hard_inputs(source)
        findings = study(translator, texts, source, target, given.greedy)
        print(f"{source}-{target}, {'greedy' if given.greedy else 'beam'}", *findings.lines(), sep="\n", flush=True)
        if given.reference:
            print(*_bleu(findings, list(stream_lines(given.reference))[: given.lines]), sep="\n", flush=True)


def _bleu(findings: Findings, references: list[str]) -> Iterator[str]:
    import sacrebleu

    scores = [sacrebleu.corpus_bleu(output, [references]).score for output in findings.outputs]
    changed = sum(one != other for one, other in zip(*findings.outputs, strict=True))
    yield f"{'BLEU':15} {scores[0]:.2f}, with the guard {scores[1]:.2f}; {changed:,} lines differ"


if __name__ == "__main__":
    main()
