"""Our LSTM is Keras's: the same weights, outputs and gradients, in eager mode, compiled, and in half precision."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from mt.model.lstm import LSTM
from tests import numpy_lstm

BATCH, WIDTH, HIDDEN = 3, 5, 4
SPECS = [tf.TensorSpec((None, None, WIDTH)), tf.TensorSpec((None, HIDDEN)), tf.TensorSpec((None, HIDDEN))]


def make_pair():
    """Keras's layer and ours with the same weights, none of them 0."""
    layers = [keras.layers.LSTM(HIDDEN, return_sequences=True), LSTM(HIDDEN)]
    for layer in layers:
        layer.build((None, None, WIDTH))
    draw = np.random.default_rng(1)
    weights = [draw.normal(0, 0.7, weight.shape) for weight in layers[0].get_weights()]
    for layer in layers:
        layer.set_weights(weights)
    return layers


def draw_inputs(positions):
    draw = np.random.default_rng(2)
    shapes = ((BATCH, positions, WIDTH), (BATCH, HIDDEN), (BATCH, HIDDEN))
    return [tf.constant(draw.normal(size=shape), tf.float32) for shape in shapes]


def outputs_and_gradients(layer, sequences, hidden, cell):
    """Outputs, then the gradients by inputs, first states and weights of a sum in which each output counts its own."""
    with tf.GradientTape() as tape:
        tape.watch([sequences, hidden, cell])
        outputs = layer(sequences, initial_state=[hidden, cell])
        total = tf.reduce_sum(outputs * tf.sin(tf.cumsum(tf.ones_like(outputs), axis=1)))
    variables = [weight.value for weight in layer.trainable_weights]
    return [outputs, *tape.gradient(total, [sequences, hidden, cell, *variables])]


@pytest.mark.parametrize("positions", [1, 2, 7])
@pytest.mark.parametrize("compiled", [False, True])
def test_outputs_and_gradients_are_those_of_keras(positions, compiled):
    found = []
    for layer in make_pair():

        def run(sequences, hidden, cell, layer=layer):
            return outputs_and_gradients(layer, sequences, hidden, cell)

        run = tf.function(run, input_signature=SPECS) if compiled else run
        found.append(run(*draw_inputs(positions)))
    for keras_value, value in zip(*found, strict=True):
        np.testing.assert_allclose(value, keras_value, atol=2e-6)


@pytest.mark.parametrize("positions", [1, 7])
@pytest.mark.parametrize("compiled", [False, True])
def test_a_single_sequence_gives_what_it_gives_among_others(positions, compiled):
    layer, inputs = make_pair()[1], draw_inputs(positions)

    def run(sequences, hidden, cell):
        return layer(sequences, initial_state=[hidden, cell])

    specs = [tf.TensorSpec((1, *spec.shape[1:])) for spec in SPECS]
    alone = tf.function(run, input_signature=specs) if compiled else run
    np.testing.assert_allclose(alone(*(value[:1] for value in inputs)), run(*inputs)[:1], atol=2e-6)


def test_without_a_state_it_starts_from_zeros():
    layer = make_pair()[1]
    sequences = draw_inputs(6)[0]
    np.testing.assert_allclose(layer(sequences), numpy_lstm.run(layer.cell, np.asarray(sequences)), atol=1e-5)


def test_in_half_precision_outputs_and_gradients_stay_close():
    layer = make_pair()[1]
    policy = keras.DTypePolicy("mixed_bfloat16")
    rounded = LSTM(HIDDEN, dtype=policy)
    rounded.build((None, None, WIDTH))
    rounded.set_weights(layer.get_weights())
    inputs = draw_inputs(5)
    wanted = outputs_and_gradients(layer, *inputs)
    found = outputs_and_gradients(rounded, *(tf.cast(value, tf.bfloat16) for value in inputs))
    assert found[0].dtype == tf.bfloat16
    for value, exact in zip(found, wanted, strict=True):
        np.testing.assert_allclose(tf.cast(value, tf.float32), exact, atol=0.05 * np.abs(exact).max() + 0.02)
