"""How sure a translator may be of what it found: numbers from 0 to 1, calibrated on sentences with references.

They are computed from what the search tells anyway: how likely each piece was, and what was looked at for it. What the
numbers mean is in MEANINGS. A bundle has the regressions in its file confidence.json, for each of its directions;
training.calibration makes them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mt.alignment import Alignment
from mt.bundle import Bundle
from mt.engines import Hypothesis
from mt.errors import BundleError
from mt.linking import membership

FILE = "confidence.json"
FORMAT = 1
MEANINGS = {
    "sentence": "the chrF2 that the translation is expected to have against a reference, divided by 100",
    "word": "the probability that a reference has this word of the translation",
    "adequacy": "the probability that a given translation is whole and its source's own, where a third of all lacks a "
    "third of the words, and another third belongs to other sources",
}
_OF_ONE_WAY = (
    "mean log-probability",
    "lowest log-probability",
    "mean probability",
    "log-probability of the end",
    "log-probability a source piece",
    "attention entropy",
    "source pieces attended to",
    "lowest attention to a source piece",
)
FEATURES = {
    "sentence": (
        "mean log-probability",
        "lowest log-probability",
        "mean probability",
        "attention entropy",
        "source pieces attended to",
        "log length ratio",
        "log source pieces",
    ),
    "word": (
        "log-probability",
        "lowest log-probability",
        "probability",
        "attention entropy",
        "mean log-probability of the sentence",
    ),
    # The second half only where the bundle translates back.
    "adequacy": ("log length ratio", "log source pieces", *_OF_ONE_WAY, *(f"back: {name}" for name in _OF_ONE_WAY)),
}
MOST_DEVIATIONS = 4.0  # what lies further from the mean counts as this: nothing like it was there to learn from
LEAST = 1e-9

Array = np.ndarray


@dataclass(frozen=True)
class Regression:
    """A logistic regression: the expected value, from 0 to 1, for features (N, F)."""

    means: Sequence[float]  # F
    scales: Sequence[float]  # F
    weights: Sequence[float]  # F
    bias: float
    error: float = 0.0  # the expected calibration error on sentences it was not fitted to

    def __post_init__(self) -> None:
        values = np.array([*self.means, *self.scales, *self.weights, self.bias, self.error], float)
        if not np.isfinite(values).all() or not len(self.means) == len(self.scales) == len(self.weights):
            raise ValueError(f"means, scales and weights must be as many finite numbers, got {self}")

    def predict(self, features: Array) -> Array:
        """The expected values (N,)."""
        return 1 / (1 + np.exp(-(self.standardized(features) @ np.array(self.weights) + self.bias)))

    def standardized(self, features: Array) -> Array:
        """The features (N, F) in deviations from their means, bounded."""
        deviations = (np.reshape(features, (-1, len(self.means))) - self.means) / self.scales
        return np.clip(deviations, -MOST_DEVIATIONS, MOST_DEVIATIONS)


@dataclass(frozen=True)
class Confidence:
    """The regressions of one direction."""

    sentence: Regression
    word: Regression
    adequacy: Regression | None = None

    def of_part(self, source: Sequence[int], found: Hypothesis) -> float | None:
        """That in the translation of one source; 0 for one that was cut, None where the pieces' own are not known."""
        if not found.is_complete:
            return 0.0
        if not len(found.log_probabilities):
            return None
        return float(self.sentence.predict(sentence_features(len(source), found))[0])

    def of_words(self, found: Alignment) -> list[float] | None:
        """That in each target word; None where the pieces' own are not known."""
        if len(found.log_probabilities) != len(found.target_pieces):
            return None
        return [float(one) for one in self.word.predict(word_features(found))]


def sentence_features(source_pieces: int, found: Hypothesis) -> Array:
    """FEATURES of the sentence (F,); the source's pieces count tag and end."""
    gained, attention = np.asarray(found.log_probabilities, float), np.asarray(found.attention, float)
    seen = attention[:, 1:-1].sum(axis=0)
    return np.array(
        [
            gained.mean(),
            gained.min(),
            np.exp(gained).mean(),
            _entropy(attention).mean() if len(attention) else 0.0,
            np.minimum(seen, 1).mean() if len(seen) else 1.0,
            np.log((len(found.ids) + 1) / max(source_pieces - 1, 1)),
            np.log(source_pieces),
        ]
    )


def word_features(found: Alignment) -> Array:
    """FEATURES of each target word (N, F)."""
    gained = np.asarray(found.log_probabilities, float)
    of_word = membership(found.target_pieces, found.target_words)
    total, count = of_word @ gained, np.maximum(of_word.sum(axis=1), 1)
    lowest = np.where(of_word > 0, gained, 0).min(axis=1, initial=0)
    entropy = of_word @ _entropy(np.asarray(found.attention, float)) / count
    mean = np.full(len(total), gained.mean() if len(gained) else 0.0)
    return np.stack([total, lowest, np.exp(total), entropy, mean], axis=1)


def adequacy_features(there: Hypothesis, back: Hypothesis | None) -> Array:
    """FEATURES of a given translation (F,): of the search forced to it, and of the one back from it to the source."""
    source_pieces = there.attention.shape[1] - len(["tag", "end"])
    ratio = np.log((len(there.ids) + 1) / (source_pieces + 1))
    return np.array([ratio, np.log(source_pieces + 1), *_of_one_way(there), *(_of_one_way(back) if back else ())])


def _of_one_way(found: Hypothesis) -> list[float]:
    gained, attention = np.asarray(found.log_probabilities, float), np.asarray(found.attention, float)
    seen = attention[:, 1:-1].sum(axis=0)
    return [
        gained.mean(),
        gained.min(),
        np.exp(gained).mean(),
        gained[-1],
        gained.sum() / (len(seen) + 1),
        _entropy(attention).mean() if len(attention) else 0.0,
        np.minimum(seen, 1).mean() if len(seen) else 1.0,
        seen.min(initial=1.0),
    ]


def mean_confidence(parts: Sequence[tuple[float | None, int]]) -> float | None:
    """The mean of what parts have, by their weights; None where one with a weight has none, or none has a weight."""
    counted = [(one, weight) for one, weight in parts if weight]
    known = [(one * weight, weight) for one, weight in counted if one is not None]
    total = sum(weight for _, weight in known)
    return sum(one for one, _ in known) / total if known and len(known) == len(counted) else None


def read_confidence(bundle: Bundle) -> dict[tuple[str, str], Confidence]:
    """That of each direction; none for a bundle that has none, or only of another version.

    Raises BundleError for a file that is damaged.
    """
    if FILE not in bundle.manifest.files:
        return {}
    file = bundle.path / FILE
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        if values["format"] != FORMAT or values["features"] != {name: list(own) for name, own in FEATURES.items()}:
            return {}
        pairs = {"-".join(pair): pair for pair in bundle.manifest.pairs}
        return {pairs[name]: _confidence(own) for name, own in values["directions"].items()}
    except (ValueError, TypeError, KeyError) as error:
        raise BundleError(f"{file} is damaged: {error!r}. Run `mt-train calibrate` on the bundle again.") from error


def as_values(confidences: Mapping[str, Confidence], data: str) -> dict[str, Any]:
    """What a bundle's file holds: the regressions of directions such as "en-de", fitted to this data."""
    directions = {
        name: {own: vars(one) for own in FEATURES if (one := getattr(confidence, own))}
        for name, confidence in confidences.items()
    }
    return {"format": FORMAT, "meanings": MEANINGS, "features": FEATURES, "data": data, "directions": directions}


def _confidence(values: Mapping[str, Any]) -> Confidence:
    found = {name: Regression(**own) for name, own in values.items()}
    for name, one in found.items():
        expected = len(FEATURES[name]), *([len(FEATURES[name]) - len(_OF_ONE_WAY)] if name == "adequacy" else [])
        if len(one.means) not in expected:
            raise ValueError(f"{name} must have {expected[0]} features, got {len(one.means)}")
    return Confidence(**found)


def _entropy(attention: Array) -> Array:
    """That of each row, in nats."""
    return -(attention * np.log(np.maximum(attention, LEAST))).sum(axis=1)
