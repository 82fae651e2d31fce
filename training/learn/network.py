"""One recurrent layer and a softmax over tokens, and how such a network is trained; nothing differs but the layer."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mt.model.lstm import LSTM
from training.learn.recall import TOKENS, WIDTH, draw_examples

UNITS = 64
BATCH = 32  # sequences an update
RATE, CLIP_NORM = 5e-3, 1.0  # Adam's learning rate; the norm that gradients are clipped to (Pascanu et al. 2013, §3.2)
SPECS = (tf.TensorSpec((None, None, WIDTH)), tf.TensorSpec((None,), tf.int32))


@dataclass(frozen=True)
class Kind:
    """What the networks compared differ in."""

    name: str
    make: Callable[[np.random.Generator, int], Any]  # a built layer for recalling across so many steps at most


def plain_rnn(_random: np.random.Generator, _longest: int) -> Any:
    """h = tanh(W x + U h + b), Keras's SimpleRNN with its orthogonal U."""
    layer = keras.layers.SimpleRNN(UNITS, return_sequences=True)
    layer.build((None, None, WIDTH))
    return layer


def lstm(_random: np.random.Generator, _longest: int) -> LSTM:
    """The translator's LSTM as the translator begins with it: forget-gate biases 1 (Gers et al. 2000)."""
    layer = LSTM(UNITS)
    layer.build((None, None, WIDTH))
    return layer


def long_lstm(random: np.random.Generator, longest: int) -> LSTM:
    """The same whose gates begin by keeping: forget biases ln U(1, longest - 1), input biases the negative of that.

    So the cells begin with time scales from 1 step to the longest distance (Tallec & Ollivier 2018, §3).
    """
    layer = lstm(random, longest)
    biases = np.log(random.uniform(1, max(2, longest - 1), UNITS))
    layer.cell.bias.assign(np.concatenate([-biases, biases, np.zeros(2 * UNITS)]))
    return layer


PLAIN_RNN = Kind("plain RNN", plain_rnn)
SHORT_LSTM = Kind("LSTM, forget bias 1", lstm)
LONG_LSTM = Kind("LSTM, gates begin by keeping", long_lstm)
KINDS = (PLAIN_RNN, SHORT_LSTM, LONG_LSTM)


class Network:
    """A recurrent layer, its read-out at the last step, and their optimizer."""

    def __init__(self, kind: Kind, longest: int, seed: int) -> None:
        keras.utils.set_random_seed(seed)
        self.layer = kind.make(np.random.default_rng(seed), longest)
        self.readout = keras.layers.Dense(TOKENS)
        self.readout.build((None, UNITS))
        self.weights = [*self.layer.trainable_weights, *self.readout.trainable_weights]
        self._optimizer = keras.optimizers.Adam(RATE, global_clipnorm=CLIP_NORM)
        self._optimizer.build(self.weights)
        self._variables = [*self.weights, *self._optimizer.variables]
        self._start = [variable.numpy() for variable in self._variables]
        self._update = tf.function(self._update_once, input_signature=SPECS, autograph=False)
        self._recall = tf.function(self._most_likely, input_signature=SPECS[:1], autograph=False)

    @property
    def has_cells(self) -> bool:
        """Whether the layer has a cell state beside its hidden state."""
        return isinstance(self.layer, LSTM)

    def restart(self) -> None:
        """Forgets all training; cheaper than a new network, which TensorFlow would trace anew."""
        for variable, value in zip(self._variables, self._start, strict=True):
            variable.assign(value)

    def train(self, distances: Iterable[int], random: np.random.Generator) -> None:
        """One update for each distance, with a batch of sequences that are all so long."""
        for distance in distances:
            self._update(*draw_examples(random, distance, BATCH))

    def accuracy(self, distance: int, random: np.random.Generator, count: int = 512) -> float:
        """The share of `count` fresh sequences whose token is recalled across the distance."""
        sequences, answers = draw_examples(random, distance, count)
        return float(np.mean(self._recall(sequences).numpy() == answers))

    def loss(self, outputs: Any, answers: Any) -> Any:
        """Natural-log cross-entropy (B,) of the answers (B,) after a last output (B, H)."""
        return tf.nn.sparse_softmax_cross_entropy_with_logits(answers, self.readout(outputs))

    def _update_once(self, sequences: Any, answers: Any) -> None:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(self.loss(self.layer(sequences)[:, -1], answers))
        gradients = tape.gradient(loss, [weight.value for weight in self.weights])
        self._optimizer.apply_gradients(zip(gradients, self.weights, strict=True))

    def _most_likely(self, sequences: Any) -> Any:
        return tf.argmax(self.readout(self.layer(sequences)[:, -1]), axis=1)
