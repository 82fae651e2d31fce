"""From text to text, before and after the model: normalization and sentences. Knows nothing of pieces or models."""

from mt.text.normalization import normalize

__all__ = ["normalize"]
