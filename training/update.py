"""One optimizer update with TensorFlow: forward, backward, Adam."""

import os
from typing import Any

import keras
import tensorflow as tf

from mt.model import Seq2Seq
from training.dataset import Batch
from training.loss import smoothed_cross_entropy
from training.recipe import TrainingConfig

IDS = tf.TensorSpec((None, None), tf.int32)
LIST = tf.TensorSpec((None,), tf.int32)


def choose_precision(precision: str) -> str:
    """The Keras policy of a recipe's precision; `auto` is bfloat16 where a GPU or the processor computes in it."""
    if precision == "auto":
        precision = "bfloat16" if tf.config.list_physical_devices("GPU") or _has_bfloat16() else "float32"
    return "mixed_bfloat16" if precision == "bfloat16" else "float32"


def _has_bfloat16() -> bool:
    """Whether Linux lists the processor's bfloat16 instructions; elsewhere float32 is the safe choice."""
    if not os.path.exists("/proc/cpuinfo"):
        return False
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        flags = file.read()
    return "avx512_bf16" in flags or "amx_bf16" in flags


class Updater:
    """A model's optimizer and its compiled update; all of their state is in `variables`."""

    def __init__(self, model: Seq2Seq, config: TrainingConfig) -> None:
        self.model = model
        self._smoothing = config.label_smoothing
        self.optimizer = keras.optimizers.Adam(1.0, global_clipnorm=config.clip_norm)
        self.optimizer.build(model.trainable_variables)
        self.update = tf.function(self._update, input_signature=(IDS, IDS, LIST, LIST, tf.TensorSpec((), tf.float32)))
        self.evaluate = tf.function(self._evaluate, input_signature=(IDS, IDS, LIST, LIST))

    @property
    def variables(self) -> list[Any]:
        """Weights, the dropout's random state, and the optimizer's moments, in a fixed order."""
        return [*self.model.variables, *self.optimizer.variables]

    def __call__(self, batch: Batch, rate: float) -> float:
        """The mean natural-log cross-entropy a piece, without smoothing, of a batch before its update."""
        return float(self.update(*batch, tf.constant(rate, tf.float32))) / len(batch.labels)

    def likelihood(self, batch: Batch) -> float:
        """The natural-log cross-entropy summed over a batch's pieces, without dropout or smoothing."""
        return float(self.evaluate(*batch))

    def _update(self, source: Any, target: Any, positions: Any, labels: Any, rate: Any) -> Any:
        self.optimizer.learning_rate.assign(rate)
        embedding = self.model.embedding.embeddings
        weights = self.model.trainable_variables
        with tf.GradientTape() as tape:
            readouts = self._packed_readouts(source, target, positions, training=True)
        result = smoothed_cross_entropy(readouts, embedding, self.model.output_bias, labels, self._smoothing)
        gradients = tape.gradient(readouts, weights, output_gradients=result.readouts)
        direct = {id(embedding): result.matrix, id(self.model.output_bias): result.bias}
        for index, weight in enumerate(weights):
            if id(weight) in direct:
                through = gradients[index]
                gradients[index] = direct[id(weight)] + (0.0 if through is None else tf.convert_to_tensor(through))
        self.optimizer.apply(gradients, weights)
        return result.likelihood

    def _evaluate(self, source: Any, target: Any, positions: Any, labels: Any) -> Any:
        readouts = self._packed_readouts(source, target, positions, training=False)
        embedding, bias = self.model.embedding.embeddings, self.model.output_bias
        return smoothed_cross_entropy(readouts, embedding, bias, labels, 0.0).likelihood

    def _packed_readouts(self, source: Any, target: Any, positions: Any, training: bool) -> Any:
        """Readouts (N, E) of the real target positions alone."""
        readouts = self.model(source, target, training=training)
        return tf.gather(tf.reshape(readouts, (-1, readouts.shape[-1])), positions)
