"""From text to text, before and after the model: normalization, sentences, markup. Knows no pieces and no models."""

from mt.text.normalization import normalize

__all__ = ["normalize"]
