"""What LibreTranslate's dialect answers about why a translation is what it is, and what /docs says about that."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from service.routes.libretranslate_inside import PART, inside_body

if TYPE_CHECKING:
    from mt import Explanation

DECIMALS = 6  # with which the rows of any sentence sum to 1 within 1e-4
CONFIDENCE_DECIMALS = 4

_SPAN = {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}
_SPANS = {"type": "array", "items": _SPAN}
_NUMBERS = {"type": "array", "items": {"type": "number"}}
_CHARACTERS = "start and end, in characters (Unicode code points) of the "

CONFIDENCE: dict[str, Any] = {
    "type": ["number", "null"],
    "minimum": 0,
    "maximum": 1,
    "description": "The chrF2 that the translation is expected to have against a reference, divided by 100; null where "
    "the model's bundle has no calibration.",
}

SENTENCE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "source": {**_SPAN, "description": f"The sentence: {_CHARACTERS}text."},
        "target": {**_SPAN, "description": f"Its translation: {_CHARACTERS}translation."},
        "sourceWords": {**_SPANS, "description": "Its words and signs; none where it was not for the model."},
        "targetWords": {**_SPANS, "description": "Those of its translation."},
        "attention": {
            "type": "array",
            "items": {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1}},
            "description": "How much each target word looked at each source word: a row for each target word, which "
            "sums to 1.",
        },
        "links": {
            "type": "array",
            "items": _SPAN,
            "description": "Pairs of words that belong together, a source word and a target word, each by its place in "
            "the lists above; a word may have none or several.",
        },
        "protected": {**_SPANS, "description": f"What had to come through as it is: {_CHARACTERS}text."},
        "logProbabilities": {
            **_NUMBERS,
            "description": "The natural-log probability of each target word, the sum of its pieces'; 0 for what was "
            "put in unchanged, none with a SavedModel of an older version. With that of the end they are the score.",
        },
        "endLogProbability": {"type": "number", "description": "That of ending there."},
        "sourcePieces": {**_SPANS, "description": "What the model read, piece by piece; a piece may be empty."},
        "targetPieces": {**_SPANS, "description": "What it wrote; empty where something else stands there."},
        "pieceLogProbabilities": {**_NUMBERS, "description": "The natural-log probability of each target piece."},
        "confidence": {
            **CONFIDENCE,
            "description": f"Of the sentence: {CONFIDENCE['description']}",
        },
        "wordConfidences": {
            "type": "array",
            "items": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
            "description": "The probability of each target word that a reference has it; null for what was put in "
            "unchanged, none where the model's bundle has no calibration.",
        },
    },
}
SENTENCE["required"] = list(SENTENCE["properties"])
SENTENCE["properties"]["inside"] = {"type": "array", "items": PART}  # only with explain "inside"

EXAMPLE = {
    "source": [0, 13],
    "target": [0, 13],
    "sourceWords": [[0, 4], [5, 12], [12, 13]],
    "targetWords": [[0, 5], [6, 12], [12, 13]],
    "attention": [[0.9, 0.1, 0.0], [0.1, 0.8, 0.1], [0.0, 0.2, 0.8]],
    "links": [[0, 0], [1, 1], [2, 2]],
    "protected": [],
    "logProbabilities": [-0.05, -0.04, -0.01],
    "endLogProbability": -0.01,
    "sourcePieces": [[0, 4], [5, 12], [12, 13]],
    "targetPieces": [[0, 5], [6, 12], [12, 13]],
    "pieceLogProbabilities": [-0.05, -0.04, -0.01],
    "confidence": 0.81,
    "wordConfidences": [0.92, 0.93, 0.95],
}


def explanation_body(explanation: "Explanation") -> dict[str, Any]:
    """The explanation of a sentence, as it is answered."""
    inside = {"inside": [inside_body(part) for part in explanation.inside]} if explanation.inside else {}
    told = {
        "source": explanation.source,
        "target": explanation.target,
        "sourceWords": explanation.source_words,
        "targetWords": explanation.target_words,
        "attention": [_rounded(row) for row in explanation.attention],
        "links": explanation.links,
        "protected": explanation.protected,
        "logProbabilities": _rounded(explanation.log_probabilities),
        "endLogProbability": round(explanation.end_log_probability, DECIMALS),
        "sourcePieces": explanation.source_pieces,
        "targetPieces": explanation.target_pieces,
        "pieceLogProbabilities": _rounded(explanation.piece_log_probabilities),
        "confidence": rounded(explanation.confidence),
        "wordConfidences": [rounded(one) for one in explanation.word_confidences],
    }
    return told | inside


def rounded(confidence: float | None) -> float | None:
    """A confidence as it is answered."""
    return None if confidence is None else round(confidence, CONFIDENCE_DECIMALS)


def _rounded(numbers: Iterable[float]) -> list[float]:
    return [round(float(number), DECIMALS) for number in numbers]
