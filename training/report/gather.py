"""The report page of a run: gathers what the steps before it left in the run's folder."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mt.bundle import Manifest, read_manifest
from mt.errors import CorpusError, TrainingError
from mt.text import normalize
from mt.tokenizer import Tokenizer
from training.data.corpus import read_lines
from training.data.dataset import Bitext
from training.evaluation.scores import read_test_set
from training.recipe import Recipe
from training.report.advice import Advice, Findings, Outcome, advise
from training.report.analysis import (
    Sample,
    all_words,
    best_and_worst,
    brevity_penalty,
    by_frequency,
    by_length,
    count_words,
    make_samples,
)


@dataclass(frozen=True)
class Examined:
    """A test set in one direction: its scores and what lies behind them."""

    scores: Mapping[str, Any]  # as scores.json has them
    outcome: Outcome
    best: Sequence[Sample]
    worst: Sequence[Sample]


@dataclass(frozen=True)
class Story:
    """All that the page shows."""

    recipe: Recipe
    run: Mapping[str, Any]  # run.json
    filters: Mapping[str, Mapping[str, Any]]  # corpora.json
    manifest: Manifest
    bundle_bytes: int
    sets: Sequence[Examined]
    advice: Sequence[Advice]


def read_scores(folder: Path) -> list[dict[str, Any]]:
    """What `evaluate` left in a run's folder; TrainingError when that is nothing, or is without translations."""
    scores: list[dict[str, Any]] = _read(folder / "scores.json", "evaluate")
    if not scores or not all(entry.get("output_file") for entry in scores):
        raise TrainingError(f"{folder / 'scores.json'} names no translations. Run `mt-train evaluate` again.")
    return scores


def gather(
    recipe: Recipe,
    folder: Path,
    scores: Sequence[Mapping[str, Any]],
    tokenizer: Tokenizer,
    train: Sequence[Bitext],
) -> Story:
    """The story of a run that has been evaluated, without translating anything again.

    `scores` are those of `read_scores`; the words of `train`, on which it was trained, are counted. Raises
    TrainingError for what an earlier step has not left, CorpusError when a test set and its translations do not belong
    together.
    """
    run, filters = _read(folder / "run.json", "run"), _read(folder / "corpora.json", "subwords")
    sets = [_examine(entry, train, tokenizer) for entry in scores]
    bundle = folder / "bundle"
    size = sum(file.stat().st_size for file in bundle.rglob("*") if file.is_file())
    advice = advise(Findings(recipe, run, filters, [one.outcome for one in sets]))
    return Story(recipe, run, filters, read_manifest(bundle), size, sets, advice)


def _read(path: Path, step: str) -> Any:
    if not path.exists():
        raise TrainingError(f"There is no {path}. Run `mt-train {step}` first.")
    return json.loads(path.read_text(encoding="utf-8"))


def _examine(scores: Mapping[str, Any], train: Sequence[Bitext], tokenizer: Tokenizer) -> Examined:
    sources, references = read_test_set(Path(scores["source_file"]), Path(scores["reference_file"]))
    translations = read_lines(Path(scores["output_file"]))
    if len(translations) != len(sources):
        raise CorpusError(
            f"{scores['output_file']} has {len(translations):,} lines, {scores['source_file']} {len(sources):,}. "
            "The test set has changed; run `mt-train evaluate` again."
        )
    samples = make_samples(sources, references, translations)
    best, worst = best_and_worst(samples)
    return Examined(scores, _outcome(scores, samples, train, tokenizer), best, worst)


def _outcome(
    scores: Mapping[str, Any], samples: Sequence[Sample], train: Sequence[Bitext], tokenizer: Tokenizer
) -> Outcome:
    source, target = scores["source"], scores["target"]
    texts = [text for sample in samples for text in (sample.reference, sample.translation)]
    wanted = all_words(texts, target)
    seen = (text for bitext in train if bitext.target_language == target for text in bitext.targets)
    penalty, ratio = brevity_penalty(samples)
    bleu = scores["scores"]["bleu"]
    return Outcome(
        direction=f"{source}-{target}",
        is_dev=scores["is_dev"],
        sentences=scores["sentences"],
        bleu=bleu["value"],
        interval=tuple(bleu["interval"]) if bleu["interval"] else None,
        brevity_penalty=penalty,
        length_ratio=ratio,
        byte_share=_byte_share(samples, tokenizer),
        lengths=by_length(samples, source),
        frequencies=by_frequency(samples, target, count_words(seen, target, wanted)),
    )


def _byte_share(samples: Sequence[Sample], tokenizer: Tokenizer) -> float:
    """Of the pieces of sources and references, those that stand for single bytes."""
    texts = [normalize(text) for sample in samples for text in (sample.source, sample.reference)]
    pieces = [piece for ids in tokenizer.encode(texts) for piece in tokenizer.pieces(ids)]
    return sum(piece.startswith("<0x") for piece in pieces) / max(1, len(pieces))
