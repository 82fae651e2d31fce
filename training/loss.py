"""Cross-entropy over the vocabulary with label smoothing, and its gradient written out."""

from typing import Any, NamedTuple

from keras import ops

Tensor = Any
SMALLEST_FLOAT32 = 1.2e-38  # the least normal float32; keeps the logarithm of an underflown probability finite


class LossGradient(NamedTuple):
    """The loss summed over N pieces, and the derivative of that sum divided by N."""

    loss: Tensor  # () natural-log cross-entropy with smoothing
    likelihood: Tensor  # () natural-log cross-entropy without smoothing; its mean's exponential is the perplexity
    readouts: Tensor  # (N, E)
    matrix: Tensor  # (V, E) float32
    bias: Tensor  # (V,) float32


def smoothed_cross_entropy(readouts: Tensor, matrix: Tensor, bias: Tensor, labels: Tensor, smoothing: float) -> Any:
    """The LossGradient of readouts (N, E) against labels (N,), for logits = readouts · matrixᵀ + bias.

    Label smoothing spreads `smoothing` evenly over the vocabulary (Szegedy et al. 2016, §7). The softmax takes a third
    of an update: with the gradient p - q written out, its (N, V) arrays are made once, and the part of the smoothing is
    done on (N, E) arrays.
    """
    weights = ops.cast(matrix, readouts.dtype)
    logits = ops.cast(ops.matmul(readouts, ops.transpose(weights)), "float32") + bias
    probabilities = ops.softmax(logits, axis=-1)
    columns = labels[:, None]
    label_logits = ops.take_along_axis(logits, columns, axis=1)[:, 0]
    label_probabilities = ops.take_along_axis(probabilities, columns, axis=1)[:, 0]
    normalizers = label_logits - ops.log(ops.maximum(label_probabilities, SMALLEST_FLOAT32))
    likelihood = ops.sum(normalizers - label_logits)
    loss = ops.sum(normalizers - (1 - smoothing) * label_logits - smoothing * ops.mean(logits, axis=-1))

    count = ops.cast(ops.shape(labels)[0], "float32")
    vocabulary = matrix.shape[0]
    share = ops.cast(probabilities, readouts.dtype)
    # d loss / d logits = p - (1 - smoothing) onehot - smoothing / V; the last two terms as (N, E) and (V, E) sums.
    label_rows = ops.take(weights, labels, axis=0)
    mean_row = ops.mean(ops.cast(matrix, "float32"), axis=0)
    to_readouts = ops.cast(ops.matmul(share, weights) - label_rows * (1 - smoothing), "float32") - smoothing * mean_row
    to_matrix = ops.cast(ops.matmul(ops.transpose(share), readouts), "float32")
    wide = ops.cast(readouts, "float32")
    to_matrix = to_matrix - (1 - smoothing) * ops.segment_sum(wide, labels, num_segments=vocabulary)
    to_matrix = to_matrix - (smoothing / vocabulary) * ops.sum(wide, axis=0)
    ones = ops.ones_like(label_logits)
    to_bias = ops.sum(probabilities, axis=0) - (1 - smoothing) * ops.segment_sum(ones, labels, num_segments=vocabulary)
    to_bias = to_bias - smoothing * count / vocabulary
    to_readouts = ops.cast(to_readouts / count, readouts.dtype)
    return LossGradient(loss, likelihood, to_readouts, to_matrix / count, to_bias / count)
