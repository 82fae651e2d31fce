"""What is measured of a memory is what automatic differentiation and the gates' products give by another way."""

import numpy as np
import pytest
import tensorflow as tf

from training.learn.memory import gradient_reach, half_lives, state_gradients
from training.learn.network import KINDS, LONG_LSTM, PLAIN_RNN, SHORT_LSTM, Network
from training.learn.recall import draw_examples

DISTANCE, SEED = 5, 3


@pytest.fixture(scope="module")
def examples():
    return draw_examples(np.random.default_rng(2), DISTANCE, 3)


def states_before(network, sequences):
    """The states from which the whole layer starts at each step, from the layer's cell."""
    states = [tf.zeros((len(sequences), network.layer.units))] * (1 + network.has_cells)
    for step in range(sequences.shape[1]):
        yield states
        states = network.layer.cell(tf.constant(sequences[:, step]), states)[1]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_gradient_of_a_state_is_that_of_the_whole_layer_started_from_it(kind, examples):
    network = Network(kind, DISTANCE, SEED)
    found = state_gradients(network, examples)[::-1]  # in the order of the steps
    for step, states in enumerate(states_before(network, examples.sequences)):
        if step == 0:
            continue  # nothing stands before the first step
        with tf.GradientTape() as tape:
            tape.watch(states)
            outputs = network.layer(tf.constant(examples.sequences[:, step:]), initial_state=states)
            loss = tf.reduce_sum(network.loss(outputs[:, -1], examples.answers))
        for value, wanted in zip(found[step - 1], tape.gradient(loss, states), strict=True):
            np.testing.assert_allclose(value, wanted, atol=1e-6)


def test_a_gradient_is_the_slope_of_the_loss(examples):
    network = Network(PLAIN_RNN, DISTANCE, SEED)
    *_, last = states_before(network, examples.sequences)
    direction = np.random.default_rng(4).normal(size=last[0].shape).astype(np.float32)

    def loss_at(shift):
        outputs = network.layer(examples.sequences[:, -1:], initial_state=[last[0] + shift * direction])
        return float(tf.reduce_sum(network.loss(outputs[:, -1], examples.answers)))

    slope = (loss_at(1e-2) - loss_at(-1e-2)) / 2e-2
    assert slope == pytest.approx(np.sum(state_gradients(network, examples)[1][0] * direction), rel=1e-2)


def test_the_reach_is_a_share_of_the_gradient_at_the_end_for_each_step_back(examples):
    reach = gradient_reach(Network(SHORT_LSTM, DISTANCE, SEED), examples)
    assert reach.shape == (DISTANCE + 1,)
    assert reach[0] == 1


def test_gates_that_begin_by_keeping_let_more_of_the_gradient_through():
    examples = draw_examples(np.random.default_rng(2), 60, 3)
    short, long = (gradient_reach(Network(kind, 60, SEED), examples)[-1] for kind in (SHORT_LSTM, LONG_LSTM))
    assert long > 1000 * short


def test_a_half_life_is_that_of_the_product_of_the_gates(examples):
    network = Network(SHORT_LSTM, DISTANCE, SEED)
    network.layer.cell.recurrent_kernel.assign(tf.zeros_like(network.layer.cell.recurrent_kernel))
    network.layer.cell.kernel.assign(tf.zeros_like(network.layer.cell.kernel))
    gate = 1 / (1 + np.exp(-1.0))  # of the bias 1
    np.testing.assert_allclose(gate ** half_lives(network, examples), 0.5, rtol=1e-5)
