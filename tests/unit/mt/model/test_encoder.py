"""The encoder: padding never reaches a real position, and the backward part reads each source from its own end."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from mt.model import ModelConfig
from mt.model.encoder import BidirectionalLSTM, Encoder
from tests import numpy_lstm
from tests.layer_norm import layer_normalized

WIDTH, HIDDEN = 5, 4
LENGTHS = (6, 1, 4)


def randomized(layer, seed=1):
    draw = np.random.default_rng(seed)
    layer.set_weights([draw.normal(0, 0.7, weight.shape) for weight in layer.get_weights()])
    return layer


def draw_sources(lengths, width=WIDTH):
    """Inputs (B, S, width) with noise at padding, and their mask (B, S)."""
    mask = np.arange(max(lengths)) < np.array(lengths)[:, None]
    return np.random.default_rng(2).normal(size=(*mask.shape, width)).astype(np.float32), mask


def test_each_half_is_an_lstm_in_numpy_over_the_unpadded_source():
    layer = randomized(BidirectionalLSTM(HIDDEN, WIDTH))
    inputs, mask = draw_sources(LENGTHS)
    outputs = np.asarray(layer(inputs, mask))
    for row, length in enumerate(LENGTHS):
        real = inputs[row : row + 1, :length]
        forward = numpy_lstm.run(layer.forward_lstm.cell, real)
        backward = numpy_lstm.run(layer.backward_lstm.cell, real[:, ::-1])[:, ::-1]
        np.testing.assert_allclose(outputs[row, :length], np.concatenate([forward, backward], -1)[0], atol=1e-5)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("row", range(len(LENGTHS)))
def test_a_single_source_gives_what_it_gives_among_others_with_and_without_padding(row, compiled):
    layer = randomized(BidirectionalLSTM(HIDDEN, WIDTH))
    inputs, mask = draw_sources(LENGTHS)
    specs = [tf.TensorSpec((1, None, WIDTH)), tf.TensorSpec((1, None), tf.bool)]
    alone = tf.function(layer, input_signature=specs, autograph=False) if compiled else layer
    for length in {LENGTHS[row], max(LENGTHS)}:
        found = np.asarray(alone(inputs[row : row + 1, :length], mask[row : row + 1, :length]))[0, : LENGTHS[row]]
        np.testing.assert_allclose(found, layer(inputs, mask)[row, : LENGTHS[row]], atol=2e-6)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_padding_does_not_change_outputs_at_real_positions(layers):
    config = ModelConfig(embedding=WIDTH, encoder_hidden=HIDDEN, encoder_layers=layers)
    encoder = randomized(Encoder(config))
    inputs, mask = draw_sources(LENGTHS)
    together = np.asarray(encoder(inputs, mask))
    for row, length in enumerate(LENGTHS):
        alone = np.asarray(encoder(inputs[row : row + 1, :length], mask[row : row + 1, :length]))
        np.testing.assert_allclose(together[row, :length], alone[0], atol=1e-5)


def test_layers_from_the_second_on_add_to_what_they_normalize():
    config = ModelConfig(embedding=WIDTH, encoder_hidden=HIDDEN, encoder_layers=3)
    encoder = randomized(Encoder(config))
    inputs, mask = draw_sources(LENGTHS)
    expected = np.asarray(encoder.layers[0](inputs, mask))
    for layer, norm in zip(encoder.layers[1:], encoder.norms, strict=True):
        expected = expected + np.asarray(layer(layer_normalized(expected, norm), mask))
    np.testing.assert_allclose(np.asarray(encoder(inputs, mask)), expected, atol=1e-5)


@pytest.mark.parametrize("layers", [1, 2])
def test_normalized_outputs_are_the_others_normalized(layers):
    config = ModelConfig(embedding=WIDTH, encoder_hidden=HIDDEN, encoder_layers=layers)
    plain, normalizing = Encoder(config), randomized(Encoder(replace(config, layer_normalization=True)))
    *shared, _, _ = normalizing.get_weights()
    plain.set_weights(shared)
    inputs, mask = draw_sources(LENGTHS)
    expected = layer_normalized(np.asarray(plain(inputs, mask)), normalizing.output_norm)
    np.testing.assert_allclose(np.asarray(normalizing(inputs, mask)), expected, atol=1e-5)


def test_dropout_works_in_training_only():
    encoder = randomized(Encoder(ModelConfig(embedding=WIDTH, encoder_hidden=HIDDEN, dropout=0.5)))
    inputs, mask = draw_sources(LENGTHS)
    still = np.asarray(encoder(inputs, mask))
    assert np.asarray(encoder(inputs, mask)).tolist() == still.tolist()
    dropped = np.asarray(encoder(inputs, mask, training=True))
    np.testing.assert_allclose(dropped[dropped != 0], 2 * still[dropped != 0], atol=1e-5)
    assert (dropped == 0).any()


def test_variational_dropout_hides_the_same_outputs_at_all_positions():
    config = ModelConfig(embedding=WIDTH, encoder_hidden=HIDDEN, dropout=0.5, variational_dropout=True)
    encoder = randomized(Encoder(config))
    inputs, mask = draw_sources(LENGTHS)
    is_hidden = np.asarray(encoder(inputs, mask, training=True)) == 0
    assert is_hidden.any()
    assert (is_hidden == is_hidden[:, :1])[mask].all()
