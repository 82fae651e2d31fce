"""The written-out gradient of the loss, held against TensorFlow's own cross-entropy and automatic gradient."""

import numpy as np
import pytest
import tensorflow as tf

from training.run.loss import CrossEntropy

PIECES, WIDTH, VOCABULARY = 23, 8, 17
COUNT = tf.constant(float(PIECES))


def drawn(passes=1):
    """Readouts, matrix, bias and labels; some pieces are never a label, and one is often."""
    draw = np.random.default_rng(1)
    labels = draw.integers(0, VOCABULARY - 3, PIECES)
    labels[:5] = 4
    shapes = (PIECES * passes, WIDTH), (VOCABULARY, WIDTH), VOCABULARY
    readouts, matrix, bias = (tf.constant(draw.normal(size=shape), tf.float32) for shape in shapes)
    return [readouts, matrix, bias, tf.constant(np.repeat(labels, passes), tf.int32)]


@pytest.fixture
def inputs():
    return drawn()


@pytest.fixture
def pairs():
    """Two rows for each piece, as R-Drop has them."""
    return drawn(passes=2)


def plain(readouts, matrix, bias, labels, loss):
    """Loss, likelihood and gradients as TensorFlow finds them in float64; R-Drop as the paper writes it."""
    readouts, matrix, bias = (tf.cast(array, tf.float64) for array in (readouts, matrix, bias))
    with tf.GradientTape() as tape:
        tape.watch([readouts, matrix, bias])
        logits = tf.matmul(readouts, matrix, transpose_b=True) + bias
        targets = tf.one_hot(labels, VOCABULARY, dtype=tf.float64) * (1 - loss.smoothing) + loss.smoothing / VOCABULARY
        total = tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits(targets, logits))
        if loss.r_drop:
            first, second = (tf.nn.log_softmax(logits[number::2]) for number in (0, 1))
            divergence = tf.reduce_sum(tf.exp(first) * (first - second) + tf.exp(second) * (second - first))
            total += loss.r_drop * divergence / 2
        mean = total / tf.cast(COUNT, tf.float64)
    likelihood = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    return (total, tf.reduce_sum(likelihood), *tape.gradient(mean, [readouts, matrix, bias]))


def assert_close(found, expected):
    for name, one, other in zip(found._fields, found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])
def test_loss_and_gradients_are_those_of_plain_cross_entropy(inputs, smoothing):
    loss = CrossEntropy(smoothing)
    assert_close(loss.gradient(*inputs, COUNT), plain(*inputs, loss))


@pytest.mark.parametrize(("smoothing", "alpha"), [(0.0, 5.0), (0.1, 0.5)])
def test_r_drop_and_its_gradients_are_those_of_the_paper_and_of_plain_differentiation(pairs, smoothing, alpha):
    loss = CrossEntropy(smoothing, r_drop=alpha)
    assert_close(loss.gradient(*pairs, COUNT), plain(*pairs, loss))


def test_two_equal_passes_diverge_in_nothing(inputs):
    readouts, matrix, bias, labels = inputs
    twice = tf.repeat(readouts, 2, axis=0), matrix, bias, tf.repeat(labels, 2)
    found = CrossEntropy(0.1, r_drop=5.0).gradient(*twice, 2 * COUNT)
    expected = CrossEntropy(0.1).gradient(*inputs, COUNT)
    np.testing.assert_allclose(found.loss, 2 * expected.loss, rtol=1e-5)
    np.testing.assert_allclose(found.readouts[::2], expected.readouts / 2, atol=1e-6)
    np.testing.assert_allclose(found.matrix, expected.matrix, atol=1e-6)


# 23 pieces in chunks of at most 1, 5, 22 and 23 rows; with two rows a piece, of half as many pieces.
@pytest.mark.parametrize("rows", [1, 5, 22, 23])
@pytest.mark.parametrize("alpha", [0.0, 5.0])
def test_chunks_change_nothing(rows, alpha):
    inputs = drawn(passes=2 if alpha else 1)
    whole = CrossEntropy(0.1, alpha)
    chunked = CrossEntropy(0.1, alpha, logits_at_once=VOCABULARY * rows)
    assert_close(chunked.gradient(*inputs, COUNT), whole.gradient(*inputs, COUNT))
    assert float(chunked.likelihood(*inputs)) == pytest.approx(float(whole.likelihood(*inputs)), rel=1e-6)


def test_chunks_in_a_graph_fit_any_number_of_pieces():
    chunked = CrossEntropy(0.1, logits_at_once=VOCABULARY * 5)
    signature = [
        tf.TensorSpec(shape, dtype)
        for shape, dtype in [
            ((None, WIDTH), tf.float32),
            ((VOCABULARY, WIDTH), tf.float32),
            (VOCABULARY, tf.float32),
            ((None,), tf.int32),
        ]
    ]
    compiled = tf.function(lambda *inputs: chunked.gradient(*inputs, COUNT), input_signature=signature)
    readouts, matrix, bias, labels = drawn()
    for pieces in (1, 5, 6, PIECES):
        part = readouts[:pieces], matrix, bias, labels[:pieces]
        assert_close(compiled(*part), CrossEntropy(0.1).gradient(*part, COUNT))


def test_the_likelihood_is_that_of_the_gradient(inputs):
    assert CrossEntropy().likelihood(*inputs) == CrossEntropy(0.3).gradient(*inputs, COUNT).likelihood


def test_bfloat16_readouts_give_nearly_the_same(inputs):
    readouts, *others = inputs
    exact = CrossEntropy(0.1).gradient(*inputs, COUNT)
    rough = CrossEntropy(0.1).gradient(tf.cast(readouts, tf.bfloat16), *others, COUNT)
    assert [array.dtype for array in rough] == [tf.float32, tf.float32, tf.bfloat16, tf.float32, tf.float32]
    for name, found, expected in zip(exact._fields, rough, exact, strict=True):
        # bfloat16 keeps 8 bits of the mantissa: about 0.4 % of the largest values.
        scale = float(tf.reduce_max(tf.abs(expected)))
        np.testing.assert_allclose(tf.cast(found, tf.float32), expected, atol=0.03 * scale, err_msg=name)


def test_a_label_that_the_model_rules_out_has_a_finite_loss():
    readouts, matrix = tf.ones((1, 1)), tf.constant([[0.0], [300.0]])
    result = CrossEntropy().gradient(readouts, matrix, tf.zeros(2), tf.constant([0]), tf.constant(1.0))
    assert 80 < float(result.loss) <= 300
    assert np.isfinite(result.matrix).all()
