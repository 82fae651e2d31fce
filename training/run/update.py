"""One optimizer update with TensorFlow: forward and backward over one batch or several, Adam, moving average."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mt.cores import processor_flags
from mt.model import Seq2Seq
from training.data.dataset import Batch
from training.recipe import TrainingConfig
from training.run.guidance import attention_loss
from training.run.loss import CrossEntropy
from training.run.moving_average import MovingAverage
from training.run.workers import ALONE, Workers

IDS = tf.TensorSpec((None, None), tf.int32)
LIST = tf.TensorSpec((None,), tf.int32)
NUMBER = tf.TensorSpec((), tf.float32)
BATCH: Any = Batch(IDS, IDS, LIST, LIST, tf.TensorSpec((None, 2), tf.int32))


def choose_precision(precision: str) -> str:
    """The Keras policy of a recipe's precision; `auto` is bfloat16 where a GPU or the processor computes in it."""
    if precision == "auto":
        is_fast = tf.config.list_physical_devices("GPU") or processor_flags() & {"avx512_bf16", "amx_bf16"}
        precision = "bfloat16" if is_fast else "float32"
    return "mixed_bfloat16" if precision == "bfloat16" else "float32"


class Updater:
    """A model's optimizer and its compiled update; all of their state is in `variables`."""

    def __init__(self, model: Seq2Seq, config: TrainingConfig, workers: Workers = ALONE) -> None:
        self.model, self._workers = model, workers
        self._loss = CrossEntropy(config.label_smoothing, config.r_drop)
        self._guidance = config.guided_attention
        self.optimizer = keras.optimizers.Adam(1.0, global_clipnorm=config.clip_norm)
        self.optimizer.build(model.trainable_variables)
        self._average = MovingAverage(model.trainable_variables, config.ema_decay) if config.average == "ema" else None
        self.differentiate = tf.function(
            self._differentiate, input_signature=(BATCH, (NUMBER, NUMBER)), autograph=False
        )
        self.apply = tf.function(self._apply, autograph=False)
        self.evaluate = tf.function(self._evaluate, input_signature=(BATCH,), autograph=False)

    @property
    def variables(self) -> list[Any]:
        """Weights, the dropout's random state, the optimizer's moments, and averages if any, in a fixed order."""
        averages = self._average.variables if self._average else []
        return [*self.model.variables, *self.optimizer.variables, *averages]

    def __call__(self, batches: Sequence[Batch], rate: float) -> float:
        """The mean natural-log cross-entropy a piece, without smoothing, of batches before the one update they make.

        Each piece counts the same, so that the update is that of all batches as one. With several workers, each is
        given the batches of all, at least one for each.
        """
        count = self._loss.passes * sum(len(batch.labels) for batch in batches)
        linked = self._loss.passes * sum(len(np.unique(batch.links[:, 0])) for batch in batches)
        divisors = tf.constant(count, tf.float32), tf.constant(max(linked, 1), tf.float32)
        first, *others = self._workers.share(batches)
        likelihood, gradients = self.differentiate(first, divisors)
        for batch in others:
            more, added = self.differentiate(batch, divisors)
            likelihood += more
            gradients = [gradient + other for gradient, other in zip(gradients, added, strict=True)]
        likelihood, *gradients = self._workers.sum([likelihood, *gradients])
        self.apply(gradients, tf.constant(rate, tf.float32))
        if self._average:
            self._average.update(int(self.optimizer.iterations))
        return float(likelihood) / count

    def likelihood(self, batch: Batch) -> float:
        """The natural-log cross-entropy summed over a batch's pieces, without dropout or smoothing."""
        return float(self.evaluate(batch))

    def averaged(self) -> AbstractContextManager[None]:
        """A context in which the model has the weights to score and to keep: their moving average, if there is one."""
        return self._average.in_place() if self._average else nullcontext()

    def _differentiate(self, batch: Any, divisors: tuple[Any, Any]) -> tuple[Any, Any]:
        """The summed cross-entropy of a batch, and the gradient of its loss over the divisors for each weight.

        Those are the pieces of an update, and its pieces that have links.
        """
        (count, linked), weights = divisors, self.model.trainable_variables
        matrix, bias = self.model.output_matrix, self.model.output_bias
        if self._loss.passes == 2:
            batch = _twice(batch)
        with tf.GradientTape() as tape:
            readouts, attention = self._packed(batch, training=True)
            guided = attention_loss(attention, batch.links) if self._guidance else tf.constant(0.0)
        result = self._loss.gradient(readouts, matrix, bias, batch.labels, count)
        slopes = [result.readouts, self._guidance / linked]
        gradients = tape.gradient([readouts, guided], weights, output_gradients=slopes)
        direct = {id(matrix): result.matrix, id(bias): result.bias}
        for index, weight in enumerate(weights):
            # That of the embedding comes as IndexedSlices, which cannot be added.
            through = 0.0 if gradients[index] is None else tf.convert_to_tensor(gradients[index])
            gradients[index] = direct[id(weight)] + through if id(weight) in direct else through
        return result.likelihood, gradients

    def _apply(self, gradients: Any, rate: Any) -> None:
        self.optimizer.learning_rate.assign(rate)
        self.optimizer.apply(gradients, self.model.trainable_variables)

    def _evaluate(self, batch: Any) -> Any:
        readouts, _ = self._packed(batch, training=False)
        return self._loss.likelihood(readouts, self.model.output_matrix, self.model.output_bias, batch.labels)

    def _packed(self, batch: Any, training: bool) -> tuple[Any, Any]:
        """Readouts (N, E) and attention (N, S) of the real target positions alone."""
        readouts, attention = self.model.read(batch.source, batch.target, training=training)
        return _pack(readouts, batch.positions), _pack(attention, batch.positions)


def _pack(array: Any, positions: Any) -> Any:
    return tf.gather(tf.reshape(array, (-1, tf.shape(array)[-1])), positions)


def _twice(batch: Any) -> Any:
    """A batch with each example twice, for two drawings of dropout; the two rows of a piece are neighbours."""
    return Batch(
        tf.tile(batch.source, (2, 1)),
        tf.tile(batch.target, (2, 1)),
        tf.reshape(tf.stack([batch.positions, batch.positions + tf.size(batch.target)], axis=1), (-1,)),
        tf.repeat(batch.labels, 2),
        tf.concat([batch.links * [2, 1], batch.links * [2, 1] + [1, 0]], axis=0),
    )
