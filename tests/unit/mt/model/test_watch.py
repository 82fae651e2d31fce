"""What is seen inside the network is what its layers do: held to Keras's cells and to their equations in NumPy."""

import numpy as np
import pytest
from keras import ops

from mt.model import ModelConfig
from mt.model.lstm import LSTM
from mt.tokenizer import BOS, EOS
from tests import numpy_lstm, tiny

SOURCE, TARGET = [5, 301, 302, 303, EOS], [BOS, 310, 311, 312]


def seen_by_hand(cell, inputs, hidden, state):
    """Hidden states and the four numbers (T, 4), from the weights of a Keras cell, one position after the other."""
    kernel, recurrent, bias = cell.get_weights()
    rows, outputs = [], []
    for row in inputs:
        gates = numpy_lstm.sigmoid(row @ kernel + hidden @ recurrent + bias)
        in_gate, forget, _, out_gate = np.split(gates, 4)
        hidden, state = (one[0] for one in numpy_lstm.step(cell, row[None], hidden[None], state[None]))
        rows.append([in_gate.mean(), forget.mean(), out_gate.mean(), np.linalg.norm(state)])
        outputs.append(hidden)
    return np.array(outputs), np.array(rows)


@pytest.mark.parametrize("hidden", [1, 7])
def test_a_layer_tells_the_gates_and_the_cell_that_its_keras_cell_has(hidden):
    draw = np.random.default_rng(0)
    layer = LSTM(hidden)
    layer.build((None, None, 5))
    layer.set_weights([draw.normal(0, 1, weight.shape) for weight in layer.get_weights()])
    inputs = draw.normal(0, 1, (1, 6, 5)).astype(np.float32)
    start = draw.normal(0, 1, (2, 1, hidden)).astype(np.float32)
    outputs, inside = layer.watch(ops.convert_to_tensor(inputs), [ops.convert_to_tensor(one) for one in start])
    wanted, seen = seen_by_hand(layer.cell, inputs[0], start[0, 0], start[1, 0])
    np.testing.assert_allclose(outputs[0], wanted, atol=1e-5)
    np.testing.assert_allclose(inside[0], seen, atol=1e-5)
    np.testing.assert_allclose(outputs, layer(ops.convert_to_tensor(inputs), initial_state=list(start)), atol=1e-6)


@pytest.mark.parametrize("config", [tiny.CONFIG, ModelConfig(embedding=8, encoder_hidden=6, decoder_hidden=10)])
def test_the_network_tells_what_its_layers_do(config):
    model = tiny.model(config)
    found = {name: np.asarray(one)[0] for name, one in model.watch(np.array([SOURCE]), np.array([TARGET])).items()}
    layers = config.encoder_layers, config.decoder_layers
    assert found["encoder"].shape == (len(SOURCE), layers[0], 2, 4)
    assert found["decoder"].shape == (len(TARGET), layers[1], 4)
    first, zeros = model.encoder.layers[0], np.zeros(config.encoder_hidden)
    embedded = np.asarray(model.embedding(np.array(SOURCE))) * config.embedding**0.5
    _, forward = seen_by_hand(first.forward_lstm.cell, embedded, zeros, zeros)
    _, backward = seen_by_hand(first.backward_lstm.cell, embedded[::-1], zeros, zeros)
    np.testing.assert_allclose(found["encoder"][:, 0], np.stack([forward, backward[::-1]], axis=1), atol=1e-5)


def test_the_decoder_tells_what_its_steps_do():
    model = tiny.model()
    found = {name: np.asarray(one)[0] for name, one in model.watch(np.array([SOURCE]), np.array([TARGET])).items()}
    memory = model.encode(np.array([SOURCE]))
    state = model.initial_state(memory)
    for step, piece in enumerate(TARGET):
        _, attention, state = model.step(np.array([[piece]]), state, memory)
        np.testing.assert_allclose(found["attention"][step], np.asarray(attention)[0, 0], atol=1e-5)
        norms = np.linalg.norm(np.asarray(state.cell)[0, 0].reshape(tiny.CONFIG.decoder_layers, -1), axis=1)
        np.testing.assert_allclose(found["decoder"][step, :, 3], norms, atol=1e-5)


def test_padding_changes_nothing():
    model = tiny.model()
    alone = model.watch(np.array([SOURCE]), np.array([TARGET]))
    padded = model.watch(np.array([[*SOURCE, 0, 0]]), np.array([[*TARGET, 0]]))
    np.testing.assert_allclose(np.asarray(padded["encoder"])[:, :5], np.asarray(alone["encoder"]), atol=1e-5)
    np.testing.assert_allclose(np.asarray(padded["decoder"])[:, :4], np.asarray(alone["decoder"]), atol=1e-5)
    np.testing.assert_allclose(np.asarray(padded["attention"])[:, :4, :5], np.asarray(alone["attention"]), atol=1e-5)
