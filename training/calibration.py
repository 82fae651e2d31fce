"""Fits what a translator's confidence is computed with (mt.confidence) to translations of sentences with references."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sacrebleu.metrics import CHRF

from mt.alignment import Alignment, align
from mt.bundle import Bundle, load_bundle, read_manifest, seal
from mt.confidence import (
    FILE,
    Confidence,
    Regression,
    adequacy_features,
    as_values,
    sentence_features,
    word_features,
)
from mt.engines import Hypothesis
from mt.planning import Plan
from mt.text import normalize
from mt.text.words import has_letters, words
from mt.translator import Translator
from training.faults import Faulty, make_faulty

Array = np.ndarray
LEAST_SENTENCES = 50  # the regressions have up to eight numbers; fewer sentences say nothing of their error
MOST_FAULTY = 1_000  # pairs a direction; each is scored three times, and back
FOLDS = 5  # of the calibration error: each is told of by the regression of the others
BINS = 10
RIDGE = 1.0  # deviations; keeps the weights of features that tell the same small
STEPS = 100  # of Newton's method, which needs about six


class Found(NamedTuple):
    """A sentence that was translated in one part."""

    ids: tuple[int, ...]
    hypothesis: Hypothesis
    alignment: Alignment
    reference: str  # normalized


@dataclass(frozen=True)
class Examples:
    """Features and what they are to foretell."""

    features: Array  # (N, F)
    outcomes: Array  # (N,) from 0 to 1


def calibrate(path: Path, sets: Mapping[str, Sequence[tuple[str, str]]], data: str) -> dict[str, Confidence]:
    """The confidence of a bundle, fitted to pairs of a source and its reference for directions such as "en-de".

    The bundle gets it as a file, instead of the one it had; `data` says what it is fitted to. A direction with fewer
    than LEAST_SENTENCES gets none.
    """
    bundle = load_bundle(path)
    translator = Translator(bundle)
    confidences = {}
    for direction, pairs in sets.items():
        found = list(translated(translator, bundle, direction, pairs))
        own = of_words(found)
        if min(len(found), len(own.outcomes)) >= LEAST_SENTENCES:
            given = of_given(translator, direction, make_faulty(pairs[:MOST_FAULTY]))
            adequacy = fitted(given) if len(given.outcomes) >= LEAST_SENTENCES else None
            confidences[direction] = Confidence(fitted(of_sentences(found)), fitted(own), adequacy)
    (path / FILE).write_text(json.dumps(as_values(confidences, data), indent=1) + "\n", encoding="utf-8")
    seal(path, read_manifest(path))
    return confidences


def described(confidences: Mapping[str, Confidence], sets: Mapping[str, Sequence[tuple[str, str]]]) -> str:
    """A line for each direction."""
    lines = []
    for direction, pairs in sets.items():
        if one := confidences.get(direction):
            lines.append(
                f"{direction}: confidence fitted to {len(pairs):,} pairs; calibration error of sentences "
                f"{one.sentence.error:.3f}, of words {one.word.error:.3f}"
            )
        else:
            lines.append(
                f"{direction}: no confidence, as the dev set has {len(pairs):,} pairs, and fewer than "
                f"{LEAST_SENTENCES} are of use. A larger one in the recipe gives it."
            )
    return "\n".join(lines)


def translated(
    translator: Translator, bundle: Bundle, direction: str, pairs: Sequence[tuple[str, str]]
) -> Iterator[Found]:
    """What the bundle's own search finds for the sources.

    Left out is a source that is no sentence of one part, and what was cut, or found without the pieces' probabilities.
    """
    source, _, target = direction.partition("-")
    plans = [translator.plan(text, source, target, protect=False) for text, _ in pairs]
    sources = sorted({ids for plan in plans for ids in plan.sources}, key=lambda ids: (len(ids), ids))
    found: dict[tuple[int, ...], Hypothesis] = {}
    for start in range(0, len(sources), 32):
        chosen = sources[start : start + 32]
        hypotheses = translator.search(chosen, translator.options())
        found.update((ids, one[0]) for ids, one in zip(chosen, hypotheses, strict=True))
    for plan, (_, reference) in zip(plans, pairs, strict=True):
        assert isinstance(plan, Plan), plan  # as it has no markup
        if [len(parts) for parts in plan.sentences] != [1] or not reference.strip():
            continue
        ids, text = plan.sources[0], plan.prepared[0].traced.text
        if found[ids].is_complete and len(found[ids].log_probabilities):
            yield Found(ids, found[ids], align(bundle.tokenizer, text, [(ids, found[ids])]), normalize(reference))


def of_sentences(found: Sequence[Found]) -> Examples:
    """Features of sentences, and their chrF2."""
    chrf = CHRF()
    features = np.array([sentence_features(len(one.ids), one.hypothesis) for one in found])
    outcomes = [chrf.sentence_score(one.alignment.target, [one.reference]).score / 100 for one in found]
    return Examples(features, np.array(outcomes))


def of_words(found: Sequence[Found]) -> Examples:
    """Features of words with letters, and whether the reference has them, as often as they come."""
    features, outcomes = [], []
    for one in found:
        left = Counter(_texts(one.reference, words(one.reference)))
        own = _texts(one.alignment.target, one.alignment.target_words)
        for word, row in zip(own, word_features(one.alignment), strict=True):
            left[word] -= 1
            if has_letters(word):
                features.append(row)
                outcomes.append(left[word] >= 0)
    return Examples(np.array(features), np.array(outcomes, float))


def of_given(translator: Translator, direction: str, faulty: Sequence[Faulty]) -> Examples:
    """Features of given translations, and whether they are as they were; each with both faults follows it."""
    source, _, target = direction.partition("-")
    given = [(one.source, text) for one in faulty for text in (one.target, one.shortened, one.exchanged)]
    found = translator.force([text for text, _ in given], [text for _, text in given], source, target)
    return Examples(np.array([adequacy_features(*both) for both in found]), np.tile([1.0, 0.0, 0.0], len(faulty)))


def fitted(examples: Examples) -> Regression:
    """The regression of the examples, with its error on those that it was not fitted to."""
    folds = np.arange(len(examples.outcomes)) % FOLDS
    foretold = np.zeros(len(folds), float)
    for fold in range(FOLDS):
        others = Examples(examples.features[folds != fold], examples.outcomes[folds != fold])
        foretold[folds == fold] = regression(others).predict(examples.features[folds == fold])
    return replace(regression(examples), error=calibration_error(foretold, examples.outcomes))


def regression(examples: Examples) -> Regression:
    """Logistic regression by Newton's method, with a small ridge; outcomes may be parts of 1."""
    means, scales = examples.features.mean(axis=0), np.maximum(examples.features.std(axis=0), 1e-6)
    start = Regression(means.tolist(), scales.tolist(), [0.0] * len(means), 0.0)
    rows = np.concatenate([start.standardized(examples.features), np.ones((len(examples.outcomes), 1))], axis=1)
    ridge = np.diag([RIDGE] * len(means) + [0.0])
    weights = np.zeros(rows.shape[1])
    for _ in range(STEPS):
        foretold = 1 / (1 + np.exp(-rows @ weights))
        slopes = rows.T @ (examples.outcomes - foretold) - ridge @ weights
        curvature = (rows * np.maximum(foretold * (1 - foretold), 1e-6)[:, None]).T @ rows + ridge
        weights = weights + (step := np.linalg.solve(curvature, slopes))
        if np.abs(step).max() < 1e-9:
            break
    return replace(start, weights=weights[:-1].tolist(), bias=float(weights[-1]))


def calibration_error(foretold: Array, outcomes: Array, bins: int = BINS) -> float:
    """The expected calibration error: how far the means of both are apart in bins of as many examples (Naeini 2015)."""
    chunks = np.array_split(np.argsort(foretold, kind="stable"), bins)
    apart = [len(chunk) * abs(foretold[chunk].mean() - outcomes[chunk].mean()) for chunk in chunks if len(chunk)]
    return float(sum(apart) / max(len(foretold), 1))


def _texts(text: str, spans: Sequence[tuple[int, int]]) -> list[str]:
    return [text[start:end] for start, end in spans]
