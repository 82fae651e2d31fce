"""The whole network: one embedding matrix, weights that go from model to model, and steps that are teacher-forced."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from mt.errors import BundleError
from mt.model import ModelConfig, Seq2Seq
from mt.tokenizer import BOS
from tests import tiny

VOCABULARY = 30
CONFIG = ModelConfig(embedding=16, encoder_hidden=6, decoder_hidden=10)
SOURCE = np.array([[4, 9, 17, 8, 3], [5, 21, 3, 0, 0]], np.int32)
TARGET = np.array([[BOS, 7, 7, 29], [BOS, 11, 0, 0]], np.int32)
OPTIONS = {"word_dropout": 0.2, "variational_dropout": True, "layer_normalization": True, "tied_embeddings": False}
# Bundles and checkpoints hold weights in this order, checkpoints also under these names.
LSTM = ("lstm_cell/kernel", "lstm_cell/recurrent_kernel", "lstm_cell/bias")
NAMES = (
    "seq2_seq/output_bias",
    "embedding/embeddings",
    *(f"{direction}/{name}" for _ in range(2) for direction in ("forward", "backward") for name in LSTM),
    *("norm2/gamma", "norm2/beta", "keys/kernel", "initial/kernel", "initial/bias"),
    *(f"{layer}/{name}" for layer in ("layer1", "layer2") for name in LSTM),
    *("norm2/gamma", "norm2/beta", "readout/kernel", "readout/bias"),
)


def make(**changes):
    return tiny.model(replace(CONFIG, **changes), VOCABULARY)


@pytest.fixture
def bfloat16():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy(before)


@pytest.mark.parametrize("attention", ["multiplicative", "additive"])
@pytest.mark.parametrize(("layers", "options"), [(1, {}), (2, {}), (1, OPTIONS), (2, OPTIONS)])
def test_steps_give_the_log_probabilities_of_the_teacher_forced_pass(attention, layers, options):
    model = make(attention=attention, encoder_layers=layers, decoder_layers=layers, **options)
    at_once = keras.ops.log_softmax(model.logits(model(SOURCE, TARGET)))
    memory = model.encode(SOURCE)
    state = model.initial_state(memory)
    for time in range(TARGET.shape[1]):
        log_probabilities, attention, state = model.step(TARGET[:, time : time + 1], state, memory)
        np.testing.assert_allclose(log_probabilities[:, 0], at_once[:, time], atol=1e-5)
        np.testing.assert_allclose(np.exp(log_probabilities).sum(axis=-1), 1, atol=1e-5)
        assert (np.asarray(attention)[1, :, 3:] == 0).all()


@pytest.mark.parametrize("options", [{}, OPTIONS])
def test_a_step_among_some_pieces_gives_their_shares_of_the_whole_step(options):
    model, some = make(**options), np.array([2, 7, 21])
    memory = model.encode(SOURCE)
    state = model.initial_state(memory)
    biases = np.tile(np.asarray(model.output_bias)[some], (len(SOURCE), 1))  # the same for each source
    weights = np.asarray(model.output_matrix)[some], biases
    found, attention, after = model.short_step(TARGET[:, :1], state, memory, *weights)
    known, *wanted = model.step(TARGET[:, :1], state, memory)
    np.testing.assert_allclose(found, keras.ops.log_softmax(np.asarray(known)[:, :, some]), atol=1e-5)
    for one, other in zip([attention, *after], [wanted[0], *wanted[1]], strict=True):
        np.testing.assert_array_equal(one, other)


def test_one_matrix_embeds_source_and_target_and_makes_the_logits():
    model = make()
    matrices = [name for name, weight in model.named_weights().items() if VOCABULARY in weight.shape]
    assert len(matrices) == 2  # the matrix and the bias of the output
    matrix, bias = np.asarray(model.embedding.embeddings), np.asarray(model.output_bias)
    readouts = np.random.default_rng(1).normal(size=(2, 3, CONFIG.embedding)).astype(np.float32)
    np.testing.assert_allclose(model.logits(readouts), readouts @ matrix.T + bias, atol=1e-5)
    expected = model.encoder(matrix[SOURCE] * 4.0, SOURCE != 0)  # 4 = √16
    np.testing.assert_allclose(model.encode(SOURCE).outputs, expected, atol=1e-5)


def test_without_tied_embeddings_the_logits_have_a_matrix_of_their_own():
    model = make(tied_embeddings=False)
    readouts = np.random.default_rng(1).normal(size=(2, 3, CONFIG.embedding)).astype(np.float32)
    own, bias = np.asarray(model.output_matrix), np.asarray(model.output_bias)
    np.testing.assert_allclose(model.logits(readouts), readouts @ own.T + bias, atol=1e-5)
    matrices = [weight for weight in model.named_weights().values() if weight.shape == (VOCABULARY, CONFIG.embedding)]
    assert len(matrices) == 2
    expected = model.encoder(np.asarray(model.embedding.embeddings)[SOURCE] * 4.0, SOURCE != 0)  # 4 = √16
    np.testing.assert_allclose(model.encode(SOURCE).outputs, expected, atol=1e-5)


def test_a_matrix_of_its_own_begins_with_other_numbers_than_the_embedding():
    model = Seq2Seq(replace(CONFIG, tied_embeddings=False), VOCABULARY)
    embedding, own = np.asarray(model.embedding.embeddings), np.asarray(model.output_matrix)
    assert abs(np.corrcoef(embedding.ravel(), own.ravel())[0, 1]) < 0.3  # of 480 numbers each; by chance 0.05
    assert own.std() == pytest.approx(CONFIG.embedding**-0.5, rel=0.2)


def test_the_defaults_have_the_weights_of_older_bundles_in_their_order():
    weights = make(encoder_layers=2, decoder_layers=2).named_weights()
    assert list(weights) == [f"{number:02d}-{name}" for number, name in enumerate(NAMES)]


def test_padding_behind_a_source_changes_nothing():
    model = make(encoder_layers=2)
    padded = np.pad(SOURCE, ((0, 0), (0, 6)))
    np.testing.assert_allclose(model(padded, TARGET), model(SOURCE, TARGET), atol=1e-5)


def test_a_row_of_a_batch_is_what_it_is_alone():
    model = make(encoder_layers=2)
    together = np.asarray(model(SOURCE, TARGET))
    np.testing.assert_allclose(model(SOURCE[1:, :3], TARGET[1:, :2])[0], together[1, :2], atol=1e-5)


def test_the_future_of_a_target_does_not_change_its_past():
    model = make(decoder_layers=2)
    other = TARGET.copy()
    other[:, 2:] = 5
    np.testing.assert_array_equal(model(SOURCE, other)[:, :2], model(SOURCE, TARGET)[:, :2])


def test_dropout_works_in_training_only():
    model = make(dropout=0.5)
    assert np.array_equal(model(SOURCE, TARGET), model(SOURCE, TARGET))
    assert not np.allclose(model(SOURCE, TARGET, training=True), model(SOURCE, TARGET))


def test_a_dropped_piece_keeps_its_place_and_the_first_of_each_side_stays():
    keras.utils.set_random_seed(1)
    model = Seq2Seq(replace(CONFIG, dropout=0.0, word_dropout=1 - 1e-6), VOCABULARY)  # of a million pieces one stays
    model.assign_weights(tiny.weights(model))

    def train(source, target=TARGET):
        return np.asarray(model(source, target, training=True))

    other = np.where(SOURCE != 0, SOURCE + 1, 0)
    other[:, 0] = SOURCE[:, 0]
    np.testing.assert_array_equal(train(other), train(SOURCE))
    np.testing.assert_array_equal(train(SOURCE, np.where(TARGET == BOS, BOS, 9)), train(SOURCE))
    assert not np.allclose(train(SOURCE + (SOURCE == 4)), train(SOURCE))  # another tag
    assert not np.allclose(train(SOURCE[:, :3])[0], train(SOURCE)[0])  # fewer pieces
    np.testing.assert_allclose(train(np.pad(SOURCE, ((0, 0), (0, 3)))), train(SOURCE), atol=1e-6)


def test_two_models_with_the_same_variables_drop_the_same():
    config = replace(CONFIG, encoder_layers=2, decoder_layers=2, **OPTIONS)
    first, second = (Seq2Seq(config, VOCABULARY) for _ in range(2))
    drawn = np.asarray(first(SOURCE, TARGET, training=True))
    for here, there in zip(second.variables, first.variables, strict=True):
        here.assign(there)
    again = [np.asarray(model(SOURCE, TARGET, training=True)) for model in (first, second)]
    np.testing.assert_array_equal(*again)
    assert not np.allclose(again[0], drawn)


def test_a_graph_computes_what_eager_calls_compute():
    model = make()
    np.testing.assert_allclose(tf.function(model)(SOURCE, TARGET), model(SOURCE, TARGET), atol=1e-6)


def test_weights_go_from_one_model_to_another_of_the_same_process():
    first, second = make(), Seq2Seq(CONFIG, VOCABULARY)
    assert list(second.named_weights()) == list(first.named_weights())
    second.assign_weights(first.named_weights())
    np.testing.assert_array_equal(second(SOURCE, TARGET), first(SOURCE, TARGET))


@pytest.mark.parametrize("options", [{}, OPTIONS])
def test_every_weight_is_named_once_and_all_are_counted(options):
    model = make(encoder_layers=3, decoder_layers=3, attention="additive", **options)
    weights = model.named_weights()
    assert len(weights) == len(model.trainable_variables)
    assert sum(weight.size for weight in weights.values()) == model.count_params()


def test_weights_of_another_size_are_refused_with_name_and_shapes():
    with pytest.raises(BundleError, match=r"of another model: 00-.*output_bias is \(30,\), got \(31,\)\."):
        make().assign_weights(tiny.model(CONFIG, VOCABULARY + 1).named_weights())


def test_weights_that_are_missing_are_refused():
    with pytest.raises(BundleError, match=r"of another model: 00-.*output_bias is \(30,\), got nothing\."):
        make().assign_weights({})


@pytest.mark.parametrize("options", [{}, OPTIONS])
def test_a_model_in_bfloat16_gives_scores_and_attention_in_float32(bfloat16, options):
    model = Seq2Seq(replace(CONFIG, **options), VOCABULARY)
    model.assign_weights(tiny.weights(model))
    memory = model.encode(SOURCE)
    assert memory.outputs.dtype == "bfloat16"
    log_probabilities, attention, _ = model.step(TARGET[:, :1], model.initial_state(memory), memory)
    assert log_probabilities.dtype == attention.dtype == "float32"
    np.testing.assert_allclose(np.exp(log_probabilities).sum(axis=-1), 1, atol=1e-5)
    np.testing.assert_allclose(attention.numpy().sum(axis=-1), 1, atol=1e-5)
