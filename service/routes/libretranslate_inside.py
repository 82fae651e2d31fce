"""What LibreTranslate's dialect answers about what happened in the network, and what /docs says about that."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from mt import Inside

DECIMALS = 5
# What of each LSTM is told, in the order of mt.Inside's four numbers.
CURVES = ("inputGate", "forgetGate", "outputGate", "cellNorm")
DIRECTIONS = ("forward", "backward")

_STRINGS = {"type": "array", "items": {"type": "string"}}
_NUMBERS = {"type": "array", "items": {"type": "number"}}
_LSTM = {
    "type": "object",
    "properties": {"layer": {"type": "integer", "minimum": 1}, **dict.fromkeys(CURVES, _NUMBERS)},
    "description": "Means of its gates, from 0 to 1, and the norm of its cell state.",
}
_DIRECTED = {**_LSTM, "properties": {**_LSTM["properties"], "direction": {"enum": list(DIRECTIONS)}}}  # type: ignore[dict-item]
PART: dict[str, Any] = {
    "type": "object",
    "description": "A part of a sentence, as a rule all of it.",
    "properties": {
        "sourcePieces": {**_STRINGS, "description": "As the vocabulary spells them, with the tag and the end."},
        "targetPieces": {**_STRINGS, "description": "Likewise, a step each."},
        "encoder": {"type": "array", "items": _DIRECTED, "description": "A number for each source piece."},
        "decoder": {"type": "array", "items": _LSTM, "description": "A number for each target piece."},
        "attentionEntropy": {**_NUMBERS, "description": "Of each step, in nats."},
        "attentionEntropyShare": {**_NUMBERS, "description": "As a share of the logarithm of the number of pieces."},
        "probabilities": {**_NUMBERS, "description": "Of each target piece, given those before it."},
    },
}
PART["required"] = list(PART["properties"])


def inside_body(inside: "Inside") -> dict[str, Any]:
    """What happened in the network, as it is answered."""
    _, layers, directions, _ = inside.encoder.shape
    return {
        "sourcePieces": inside.source_pieces,
        "targetPieces": inside.target_pieces,
        "encoder": [
            {"layer": layer + 1, "direction": DIRECTIONS[direction], **_curves(inside.encoder[:, layer, direction])}
            for layer in range(layers)
            for direction in range(directions)
        ],
        "decoder": [
            {"layer": layer + 1, **_curves(inside.decoder[:, layer])} for layer in range(inside.decoder.shape[1])
        ],
        "attentionEntropy": _rounded(inside.entropies),
        "attentionEntropyShare": _rounded(inside.entropy_shares),
        "probabilities": _rounded(inside.probabilities),
    }


def _curves(numbers: "np.ndarray") -> dict[str, list[float]]:
    """The four numbers (positions, 4) of an LSTM, each over its positions."""
    return {name: _rounded(column) for name, column in zip(CURVES, numbers.T, strict=True)}


def _rounded(numbers: "Sequence[float] | np.ndarray") -> list[float]:
    return [round(float(number), DECIMALS) for number in numbers]
