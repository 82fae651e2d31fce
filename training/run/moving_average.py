"""The exponential moving average of a model's weights."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

Weights = Sequence[Any]


class MovingAverage:
    """Weights averaged over the last 1 / (1 - decay) updates or so; its state is in `variables`.

    An optimizer of Keras can keep one as well (use_ema), but gives the first weights their full share (of 0.999, 61 %
    after 500 updates), and knows no way back from the average to the weights.
    """

    def __init__(self, weights: Weights, decay: float) -> None:
        self._weights, self._decay = weights, decay
        self.variables = [keras.Variable(weight, trainable=False, name="average") for weight in weights]
        self._compiled = tf.function(self._update, input_signature=(tf.TensorSpec((), tf.float32),), autograph=False)

    def update(self, updates: int) -> None:
        """Takes in the weights after so many updates, counted from 1."""
        self._compiled(tf.constant(self.share(updates), tf.float32))

    def share(self, updates: int) -> float:
        """What the newest weights count: much at first, as in TensorFlow's ExponentialMovingAverage(num_updates)."""
        return max(1 - self._decay, 9 / (10 + updates))

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The weights are the averages within, and what they were before behind."""
        before = [tf.identity(weight) for weight in self._weights]
        try:
            for weight, average in zip(self._weights, self.variables, strict=True):
                weight.assign(average)
            yield
        finally:
            for weight, value in zip(self._weights, before, strict=True):
                weight.assign(value)

    def _update(self, share: Any) -> None:
        for average, weight in zip(self.variables, self._weights, strict=True):
            average.assign_add(share * (weight - average))
