"""How a decoder looks back at the source: for each query a weighted mean of the encoder's outputs."""

from typing import Any

import keras
from keras import ops

Tensor = Any


class Attention(keras.layers.Layer):
    """Weights over the source and the context they give, for any number of queries of one source.

    The queries of a call are all target positions at once in training and the hypotheses of a beam in search; the
    mathematics is the same, so one layer serves both.
    """

    def __init__(self, width: int, memory_width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width = width
        self.key_projection = keras.layers.Dense(width, use_bias=False, name="keys")
        self.key_projection.build((None, None, memory_width))

    def keys(self, outputs: Tensor) -> Tensor:
        """(B, S, A) from the encoder's outputs (B, S, M), computed once a source."""
        # On (B, S, M) itself, the layer would make a LiteRT graph whose shapes are known only when it runs.
        rows = self.key_projection(ops.reshape(outputs, (-1, outputs.shape[-1])))
        return ops.reshape(rows, (ops.shape(outputs)[0], -1, self.width))

    def call(self, queries: Tensor, keys: Tensor, outputs: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Context (B, Q, M) and float32 weights (B, Q, S) for queries (B, Q, A); weights of padding are exactly 0."""
        scores = ops.cast(self.scores(queries, keys), "float32")
        scores = ops.where(ops.expand_dims(mask, 1), scores, -1e9)
        weights = ops.softmax(scores, axis=-1)
        return ops.matmul(ops.cast(weights, outputs.dtype), outputs), weights

    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Unnormalized scores (B, Q, S)."""
        raise NotImplementedError


class MultiplicativeAttention(Attention):
    """Scores q · W m / √A (Luong et al. 2015, §3.1, "general"; scaled as in Vaswani et al. 2017, §3.2.1)."""

    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Unnormalized scores (B, Q, S)."""
        return ops.matmul(queries, ops.transpose(keys, (0, 2, 1))) * self.width**-0.5


class AdditiveAttention(Attention):
    """Scores v · tanh(W q + U m) (Bahdanau et al. 2015, appendix A.1.2)."""

    def __init__(self, width: int, memory_width: int, **kwargs: Any) -> None:
        super().__init__(width, memory_width, **kwargs)
        self.query_projection = keras.layers.Dense(width, name="queries")
        self.query_projection.build((None, None, width))
        self.energy = keras.layers.Dense(1, use_bias=False, name="energy")
        self.energy.build((None, None, None, width))

    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Unnormalized scores (B, Q, S); needs memory for (B, Q, S, A)."""
        sums = self.query_projection(queries)[:, :, None, :] + keys[:, None, :, :]
        return self.energy(ops.tanh(sums))[..., 0]
