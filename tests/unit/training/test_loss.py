"""The written-out gradient of the loss, held against TensorFlow's own cross-entropy and automatic gradient."""

import numpy as np
import pytest
import tensorflow as tf

from training.loss import smoothed_cross_entropy

PIECES, WIDTH, VOCABULARY = 23, 8, 17


@pytest.fixture
def inputs():
    """Readouts, matrix, bias and labels; some pieces are never a label, and one is often."""
    draw = np.random.default_rng(1)
    labels = draw.integers(0, VOCABULARY - 3, PIECES)
    labels[:5] = 4
    readouts, matrix, bias = (draw.normal(size=shape) for shape in ((PIECES, WIDTH), (VOCABULARY, WIDTH), VOCABULARY))
    return [tf.constant(array, tf.float32) for array in (readouts, matrix, bias)] + [tf.constant(labels, tf.int32)]


def plain(readouts, matrix, bias, labels, smoothing):
    """Loss, likelihood and gradients as TensorFlow finds them."""
    with tf.GradientTape() as tape:
        tape.watch([readouts, matrix, bias])
        logits = tf.matmul(readouts, matrix, transpose_b=True) + bias
        targets = tf.one_hot(labels, VOCABULARY) * (1 - smoothing) + smoothing / VOCABULARY
        losses = tf.nn.softmax_cross_entropy_with_logits(targets, logits)
        mean = tf.reduce_mean(losses)
    likelihood = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    return (tf.reduce_sum(losses), tf.reduce_sum(likelihood), *tape.gradient(mean, [readouts, matrix, bias]))


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])
def test_loss_and_gradients_are_those_of_plain_cross_entropy(inputs, smoothing):
    for found, expected in zip(smoothed_cross_entropy(*inputs, smoothing), plain(*inputs, smoothing), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_bfloat16_readouts_give_nearly_the_same(inputs):
    readouts, *others = inputs
    exact = smoothed_cross_entropy(*inputs, 0.1)
    rough = smoothed_cross_entropy(tf.cast(readouts, tf.bfloat16), *others, 0.1)
    assert [array.dtype for array in rough] == [tf.float32, tf.float32, tf.bfloat16, tf.float32, tf.float32]
    for name, found, expected in zip(exact._fields, rough, exact, strict=True):
        # bfloat16 keeps 8 bits of the mantissa: about 0.4 % of the largest values.
        scale = float(tf.reduce_max(tf.abs(expected)))
        np.testing.assert_allclose(tf.cast(found, tf.float32), expected, atol=0.03 * scale, err_msg=name)


def test_a_label_that_the_model_rules_out_has_a_finite_loss():
    readouts, matrix = tf.ones((1, 1)), tf.constant([[0.0], [300.0]])
    result = smoothed_cross_entropy(readouts, matrix, tf.zeros(2), tf.constant([0]), 0.0)
    assert 80 < float(result.loss) <= 300
    assert np.isfinite(result.matrix).all()
