"""The decoder: one step at a time gives what all positions at once give, by the LSTM's own equations."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from mt.model import DecoderState, ModelConfig
from mt.model.decoder import Decoder
from tests import numpy_lstm
from tests.layer_norm import layer_normalized

SIZES = ModelConfig(embedding=5, encoder_hidden=4, decoder_hidden=6, dropout=0.4)
SOURCE_LENGTHS, TARGET_LENGTH = (5, 2), 6
ARCHITECTURES = [(attention, layers) for attention in ("multiplicative", "additive") for layers in (1, 2, 3)]


def make(attention="multiplicative", layers=1, **changes):
    decoder = Decoder(replace(SIZES, attention=attention, decoder_layers=layers, **changes))
    draw = np.random.default_rng(1)
    decoder.set_weights([draw.normal(0, 0.7, weight.shape) for weight in decoder.get_weights()])
    return decoder


def draw_memory(decoder):
    mask = np.arange(max(SOURCE_LENGTHS)) < np.array(SOURCE_LENGTHS)[:, None]
    outputs = np.random.default_rng(2).normal(size=(*mask.shape, 2 * SIZES.encoder_hidden))
    return decoder.remember(outputs.astype(np.float32), mask)


def draw_target(positions=TARGET_LENGTH):
    shape = (len(SOURCE_LENGTHS), positions, SIZES.embedding)
    return np.random.default_rng(3).normal(size=shape).astype(np.float32)


def step_through(decoder, target, memory):
    """Readouts and attention of the whole target, one position after the other."""
    state, readouts, weights = decoder.initial_state(memory), [], []
    for time in range(target.shape[1]):
        readout, weight, state = decoder.step(target[:, time : time + 1], state, memory)
        readouts.append(readout[:, 0])
        weights.append(weight[:, 0])
    return np.stack(readouts, axis=1), np.stack(weights, axis=1)


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize(("attention", "layers"), ARCHITECTURES)
def test_stepwise_is_teacher_forced(attention, layers, normalize):
    decoder = make(attention, layers, layer_normalization=normalize)
    target, memory = draw_target(), draw_memory(decoder)
    stepwise, stepwise_attention = step_through(decoder, target, memory)
    at_once, attention_at_once = decoder(target, memory)
    np.testing.assert_allclose(stepwise, at_once, atol=1e-5)
    np.testing.assert_allclose(stepwise_attention, attention_at_once, atol=1e-5)


def test_one_step_is_the_gate_equations_written_in_numpy():
    decoder = make()
    target, memory = draw_target(1), draw_memory(decoder)
    start = decoder.initial_state(memory)
    _, _, state = decoder.step(target, start, memory)
    hidden, cell = numpy_lstm.step(
        decoder.lstms[0].cell, target[:, 0], np.asarray(start.hidden)[:, 0], np.asarray(start.cell)[:, 0]
    )
    np.testing.assert_allclose(np.asarray(state.hidden)[:, 0], hidden, atol=1e-5)
    np.testing.assert_allclose(np.asarray(state.cell)[:, 0], cell, atol=1e-5)


@pytest.mark.parametrize("normalize", [False, True])
def test_the_readout_reads_output_and_context_which_may_be_normalized(normalize):
    decoder = make(layer_normalization=normalize)
    target, memory = draw_target(), draw_memory(decoder)
    start = decoder.initial_state(memory)
    outputs = numpy_lstm.run(
        decoder.lstms[0].cell, target, np.asarray(start.hidden)[:, 0], np.asarray(start.cell)[:, 0]
    ).astype(np.float32)
    context, _ = decoder.attention(outputs, memory.keys, memory.outputs, memory.mask)
    features = np.concatenate([outputs, context], axis=-1)
    if normalize:
        features = layer_normalized(features, decoder.feature_norm)
    kernel, bias = decoder.readout.get_weights()
    np.testing.assert_allclose(decoder(target, memory)[0], np.tanh(features @ kernel + bias), atol=1e-5)


def test_the_kernel_holds_the_gates_in_the_order_input_forget_candidate_output():
    cell = make().lstms[0].cell
    hidden, state, inputs = np.zeros((1, 6)), np.full((1, 6), 0.7), np.zeros((1, 5))
    kernel, recurrent, _ = cell.get_weights()
    kept = np.repeat([-100, 100, 0, 100], 6)  # no input, forget nothing, show all
    cell.set_weights([kernel, recurrent, kept])
    output, (_, after) = cell(inputs, [hidden, state])
    np.testing.assert_allclose(after, state, atol=1e-6)
    np.testing.assert_allclose(output, np.tanh(state), atol=1e-6)


def test_the_initial_state_comes_from_the_mean_of_the_real_positions():
    decoder = make(layers=2)
    memory = draw_memory(decoder)
    kernel, bias = decoder.initial.get_weights()
    state = decoder.initial_state(memory)
    assert state.hidden.shape == state.cell.shape == (2, 1, 12)
    for row, length in enumerate(SOURCE_LENGTHS):
        mean = np.asarray(memory.outputs)[row, :length].mean(axis=0)
        expected = np.tanh(mean @ kernel + bias).reshape(2, 12)
        np.testing.assert_allclose(np.asarray(state.hidden)[row, 0], expected[0], atol=1e-5)
        np.testing.assert_allclose(np.asarray(state.cell)[row, 0], expected[1], atol=1e-5)


@pytest.mark.parametrize(("attention", "layers"), [("additive", 2), ("multiplicative", 2)])
def test_hypotheses_of_a_beam_are_stepped_as_if_each_were_alone(attention, layers):
    decoder, beam = make(attention, layers), 3
    memory, inputs = draw_memory(decoder), draw_target(beam)
    draw = np.random.default_rng(4)
    shape = (len(SOURCE_LENGTHS), beam, layers * SIZES.decoder_hidden)
    state = DecoderState(*(draw.normal(size=shape).astype(np.float32) for _ in range(2)))
    readouts, weights, after = decoder.step(inputs, state, memory)
    for place in range(beam):
        here = slice(place, place + 1)
        alone = decoder.step(inputs[:, here], DecoderState(*(field[:, here] for field in state)), memory)
        np.testing.assert_allclose(readouts[:, here], alone[0], atol=1e-6)
        np.testing.assert_allclose(weights[:, here], alone[1], atol=1e-6)
        np.testing.assert_allclose(after.hidden[:, here], alone[2].hidden, atol=1e-6)
        np.testing.assert_allclose(after.cell[:, here], alone[2].cell, atol=1e-6)


def test_the_state_has_a_fixed_size():
    decoder = make(layers=2)
    memory = draw_memory(decoder)
    state = decoder.initial_state(memory)
    _, _, after = decoder.step(draw_target(1), state, memory)
    assert [field.shape for field in after] == [field.shape for field in state] == [(2, 1, 12)] * 2


def test_the_context_reaches_the_layers_above_and_the_output_but_not_the_first_layer():
    decoder = make(layers=2)
    target, memory = draw_target(1), draw_memory(decoder)
    state = decoder.initial_state(memory)
    readouts, _, after = decoder.step(target, state, memory)
    other_readouts, _, other = decoder.step(target, state, memory._replace(outputs=-memory.outputs))
    assert np.array_equal(other.hidden[:, :, :6], after.hidden[:, :, :6])
    assert not np.allclose(other.hidden[:, :, 6:], after.hidden[:, :, 6:], atol=1e-3)
    assert not np.allclose(other_readouts, readouts, atol=1e-3)


def test_a_step_in_a_graph_is_a_step_outside():
    decoder = make("additive", 2)
    target, memory = draw_target(1), draw_memory(decoder)
    state = decoder.initial_state(memory)
    inside = tf.nest.flatten(tf.function(decoder.step)(target, state, memory))
    for found, expected in zip(inside, tf.nest.flatten(decoder.step(target, state, memory)), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)
