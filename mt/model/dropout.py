"""What training hides from the network, drawn anew in every call: units, and whole pieces."""

from typing import Any

import keras
from keras import ops

from mt.model.config import ModelConfig

Tensor = Any


def unit_dropout(config: ModelConfig) -> keras.layers.Dropout:
    """Dropout of single numbers of (B, positions, any).

    It is drawn at each position, or, with variational_dropout, once for all positions of a sequence (Gal & Ghahramani
    2016, §4.1; from layer to layer only, for the LSTM's own recurrence is never dropped).
    """
    return keras.layers.Dropout(config.dropout, noise_shape=(None, 1, None) if config.variational_dropout else None)


class PieceDropout(keras.layers.Layer):
    """Sets whole embedded pieces (B, positions, E) to 0 and scales the others up by 1 / (1 - rate): word dropout.

    Each position is drawn on its own, as by Sennrich & Zhang 2019 (their Nematus does so; Gal & Ghahramani 2016, §4.2,
    drop all of a word's positions together). The first, the target-language tag or BOS, always stays: nothing else says
    which language is asked for. Masks come from the ids, so a dropped piece keeps its place, and is attended to.
    """

    def __init__(self, rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate
        self.dropout = keras.layers.Dropout(rate, noise_shape=(None, None, 1))

    def call(self, embedded: Tensor, training: bool = False) -> Tensor:
        """(B, positions, E), changed in training only."""
        if not (training and self.rate):
            return embedded
        return ops.concatenate([embedded[:, :1], self.dropout(embedded[:, 1:], training=True)], axis=1)
