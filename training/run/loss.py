"""Cross-entropy over the vocabulary with label smoothing and R-Drop, and its gradient written out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import tensorflow as tf
from keras import ops

Tensor = Any
Part = tuple[Tensor, tuple[Tensor, ...]]  # what a chunk gives: its rows, and what is summed over all chunks
SMALLEST_FLOAT32 = 1.2e-38  # the least normal float32; keeps the logarithm of an underflown probability finite
LOGITS_AT_ONCE = 2**25  # of one chunk: 128 MiB an array in float32; with 8,000 pieces a chunk has up to 4,194 rows


class LossGradient(NamedTuple):
    """The loss summed over all rows, and the derivative of that sum divided by a count."""

    loss: Tensor  # () natural-log cross-entropy with smoothing and R-Drop
    likelihood: Tensor  # () natural-log cross-entropy without them; its mean's exponential is the perplexity
    readouts: Tensor  # (N, E)
    matrix: Tensor  # (V, E) float32
    bias: Tensor  # (V,) float32


@dataclass(frozen=True)
class CrossEntropy:
    """The loss of readouts (N, E) against labels (N,), for logits = readouts · matrixᵀ + bias.

    Label smoothing spreads `smoothing` evenly over the vocabulary (Szegedy et al. 2016, §7). R-Drop (Liang et al. 2021,
    equation 4) draws two passes with different dropout together: rows 2 i and 2 i + 1 are the two of one piece, and
    r_drop is the paper's alpha. Logits are made for some rows at a time, so that memory does not grow with the batch.
    """

    smoothing: float = 0.0
    r_drop: float = 0.0
    logits_at_once: int = LOGITS_AT_ONCE

    @property
    def passes(self) -> int:
        """How many neighbouring rows belong to one piece."""
        return 2 if self.r_drop else 1

    def gradient(self, readouts: Tensor, matrix: Tensor, bias: Tensor, labels: Tensor, count: Tensor) -> LossGradient:
        """The LossGradient whose derivatives are divided by `count`, the rows of all batches of an update.

        The softmax takes a third of an update: with the gradient p - q written out, its (N, V) arrays are made once,
        and the part of the smoothing is done on (N, E) arrays.
        """
        weights, wide = ops.cast(matrix, readouts.dtype), ops.cast(readouts, "float32")
        vocabulary, smoothing = matrix.shape[0], self.smoothing

        def part(start: Tensor, end: Tensor) -> Part:
            return self._softmax_part(readouts[start:end], weights, bias, labels[start:end])

        rows, (loss, likelihood, to_matrix, to_bias) = self._in_chunks(part, ops.shape(labels)[0], vocabulary)
        # d loss / d logits = p - (1 - smoothing) onehot - smoothing / V; the last two terms as (N, E) and (V, E) sums.
        label_rows = ops.take(weights, labels, axis=0)
        mean_row = ops.mean(ops.cast(matrix, "float32"), axis=0)
        to_readouts = ops.cast(rows - label_rows * (1 - smoothing), "float32") - smoothing * mean_row
        to_matrix = to_matrix - (1 - smoothing) * ops.segment_sum(wide, labels, num_segments=vocabulary)
        to_matrix = to_matrix - (smoothing / vocabulary) * ops.sum(wide, axis=0)
        ones = ops.ones_like(labels, dtype="float32")
        to_bias = to_bias - (1 - smoothing) * ops.segment_sum(ones, labels, num_segments=vocabulary)
        to_bias = to_bias - smoothing * ops.cast(ops.shape(labels)[0], "float32") / vocabulary
        to_readouts = ops.cast(to_readouts / count, readouts.dtype)
        return LossGradient(loss, likelihood, to_readouts, to_matrix / count, to_bias / count)

    def likelihood(self, readouts: Tensor, matrix: Tensor, bias: Tensor, labels: Tensor) -> Tensor:
        """The natural-log cross-entropy () summed over all rows, without smoothing and R-Drop, and no gradient."""
        weights = ops.cast(matrix, readouts.dtype)

        def part(start: Tensor, end: Tensor) -> Part:
            logits = _logits(readouts[start:end], weights, bias)
            normalizers, label_logits = _normalizers(logits, ops.softmax(logits, axis=-1), labels[start:end])
            return normalizers - label_logits, ()

        return ops.sum(self._in_chunks(part, ops.shape(labels)[0], matrix.shape[0])[0])

    def _softmax_part(self, readouts: Tensor, weights: Tensor, bias: Tensor, labels: Tensor) -> Part:
        """What needs (N, V) arrays: rows (N, E) of the gradient; sums of loss and likelihood, (V, E), and (V,)."""
        logits = _logits(readouts, weights, bias)
        slopes = ops.softmax(logits, axis=-1)
        normalizers, label_logits = _normalizers(logits, slopes, labels)
        likelihood = ops.sum(normalizers - label_logits)
        smoothing = self.smoothing
        loss = ops.sum(normalizers - (1 - smoothing) * label_logits - smoothing * ops.mean(logits, axis=-1))
        if self.r_drop:
            divergence, divergence_slopes = symmetric_divergence(logits, slopes)
            loss = loss + self.r_drop / 2 * divergence
            slopes = slopes + self.r_drop / 2 * divergence_slopes
        share = ops.cast(slopes, readouts.dtype)
        to_matrix = ops.cast(ops.matmul(ops.transpose(share), readouts), "float32")
        return ops.matmul(share, weights), (loss, likelihood, to_matrix, ops.sum(slopes, axis=0))

    def _in_chunks(self, part: Callable[[Tensor, Tensor], Part], rows: Tensor, vocabulary: int) -> Part:
        """The rows of part(start, end) one after the other and its sums added up, over chunks of about equal size."""
        pieces = rows // self.passes
        most = max(1, self.logits_at_once // (vocabulary * self.passes))
        chunks = ops.maximum(1, (pieces + most - 1) // most)

        def run(number: Tensor) -> Part:
            start, end = number * pieces // chunks, (number + 1) * pieces // chunks
            return part(start * self.passes, end * self.passes)

        def step(number: Tensor, array: Any, sums: tuple[Tensor, ...]) -> tuple[Tensor, Any, tuple[Tensor, ...]]:
            found, more = run(number)
            return number + 1, array.write(number, found), tuple(map(ops.add, sums, more))

        # The first chunk stands before the loop: mostly it is the only one, and needs no zeros to be added to.
        first, sums = run(tf.constant(0))
        array = tf.TensorArray(first.dtype, chunks, element_shape=(None, *first.shape[1:]), infer_shape=False)
        start = (tf.constant(1), array.write(0, first), sums)
        # One at a time: side by side they would need the memory that chunks are there to save.
        _, array, sums = tf.while_loop(lambda number, *_: number < chunks, step, start, parallel_iterations=1)
        return array.concat(), sums


def symmetric_divergence(logits: Tensor, probabilities: Tensor) -> tuple[Tensor, Tensor]:
    """KL(p‖q) + KL(q‖p) summed over neighbouring rows p, q of (2 N, V), and its derivative by their logits (2 N, V).

    The normalizers cancel: it is Σ (p - q) d for d = the difference of the logits, whose derivative by the logits of p
    is p - q + p (d - Σ p d); the same with p and q exchanged.
    """
    pairs = ops.reshape(probabilities, (-1, 2, probabilities.shape[-1]))
    apart = pairs - ops.flip(pairs, axis=1)
    scores = ops.reshape(logits, ops.shape(pairs))
    spread = scores - ops.flip(scores, axis=1)
    slopes = apart + pairs * (spread - ops.sum(pairs * spread, axis=-1, keepdims=True))
    return ops.sum(apart * spread) / 2, ops.reshape(slopes, ops.shape(probabilities))


def _logits(readouts: Tensor, weights: Tensor, bias: Tensor) -> Tensor:
    return ops.cast(ops.matmul(readouts, ops.transpose(weights)), "float32") + bias


def _normalizers(logits: Tensor, probabilities: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Logarithms (N,) of the sums of the exponential logits, and the logits (N,) of the labels."""
    columns = labels[:, None]
    label_logits = ops.take_along_axis(logits, columns, axis=1)[:, 0]
    label_probabilities = ops.take_along_axis(probabilities, columns, axis=1)[:, 0]
    return label_logits - ops.log(ops.maximum(label_probabilities, SMALLEST_FLOAT32)), label_logits
