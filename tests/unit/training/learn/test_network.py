"""The networks compared: the same but for their layer, trained the same way, and the same again from the same seed."""

import numpy as np
import pytest

from training.learn.network import KINDS, LONG_LSTM, PLAIN_RNN, SHORT_LSTM, UNITS, Network


def forget_biases(network):
    return network.layer.cell.bias.numpy()[UNITS : 2 * UNITS]


def values(network):
    return [weight.numpy() for weight in network.weights]


def test_an_lstm_begins_with_forget_biases_of_one():
    assert (forget_biases(Network(SHORT_LSTM, 200, 1)) == 1).all()


def test_gates_that_begin_by_keeping_have_time_scales_up_to_the_longest_distance():
    steps = 1 / (1 - 1 / (1 + np.exp(-forget_biases(Network(LONG_LSTM, 200, 1)))))
    assert steps.min() >= 2
    assert 150 < steps.max() <= 200


def test_both_lstms_begin_with_the_same_weights_but_for_biases():
    for short, long in zip(*(values(Network(kind, 200, 1)) for kind in (SHORT_LSTM, LONG_LSTM)), strict=True):
        assert short.shape == long.shape
        assert short.shape == (4 * UNITS,) or (short == long).all()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_training_again_gives_the_same_weights(kind):
    network = Network(kind, 5, 1)
    before = values(network)
    found = []
    for _ in range(2):
        network.restart()
        network.train([3, 5, 1], np.random.default_rng(1))
        found.append(values(network))
    for first, second in zip(*found, strict=True):
        assert (first == second).all()
    assert any((first != weight).any() for first, weight in zip(found[0], before, strict=True))


def test_a_plain_rnn_learns_to_recall_from_next_to_it():
    network = Network(PLAIN_RNN, 1, 1)
    network.train([1] * 60, np.random.default_rng(1))
    assert network.accuracy(1, np.random.default_rng(2), count=64) > 0.9
