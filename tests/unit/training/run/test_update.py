"""One optimizer update: the same as plain Keras and automatic differentiation, however it is put together."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from mt.model import ModelConfig, Seq2Seq
from mt.tokenizer import EOS
from tests import tiny
from tests.together import together
from training.data.dataset import Example, make_batch
from training.recipe import TrainingConfig
from training.run.update import Updater, choose_precision

CONFIG = ModelConfig(embedding=8, encoder_hidden=6, decoder_hidden=10, dropout=0.0)
VOCABULARY, RATE = 30, 0.01


@pytest.fixture
def examples():
    draw = np.random.default_rng(1)

    def ids(least, most):
        return draw.integers(4, VOCABULARY, draw.integers(least, most)).tolist()

    return [Example([*ids(1, 7), EOS], ids(0, 6)) for _ in range(5)]


@pytest.fixture
def batch(examples):
    return make_batch(examples)


def new_model(**changes):
    """A model of its own with the same weights and the same dropout every time."""
    keras.utils.set_random_seed(1)
    made = Seq2Seq(dataclasses.replace(CONFIG, **changes), VOCABULARY)
    made.assign_weights(tiny.weights(made))
    return made


def dense(batch):
    """Labels (B, T) and a mask of the real ones, for a loss that knows no packing."""
    labels = np.zeros(batch.target.size, np.int32)
    labels[batch.positions] = batch.labels
    mask = np.zeros(batch.target.size, bool)
    mask[batch.positions] = True
    return labels.reshape(batch.target.shape), mask.reshape(batch.target.shape)


def plain_update(model, batch, config):
    """The mean loss without smoothing, after one step of Adam on all (B, T, V) logits."""
    labels, mask = dense(batch)
    optimizer = keras.optimizers.Adam(RATE, global_clipnorm=config.clip_norm)
    with tf.GradientTape() as tape:
        logits = tf.boolean_mask(model.logits(model(batch.source, batch.target, training=True)), mask)
        kept = labels[mask]
        targets = tf.one_hot(kept, VOCABULARY) * (1 - config.label_smoothing) + config.label_smoothing / VOCABULARY
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(targets, logits))
    gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, model.trainable_variables)]
    optimizer.apply(gradients, model.trainable_variables)
    return float(tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(kept, logits)))


@pytest.mark.parametrize("is_tied", [True, False])
def test_an_update_is_that_of_plain_keras_without_packing(batch, is_tied):
    config = TrainingConfig(clip_norm=0.05, label_smoothing=0.1)
    model, twin = (new_model(tied_embeddings=is_tied) for _ in range(2))
    updater = Updater(model, config)
    losses = updater([batch], RATE), plain_update(twin, batch, config)
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    for (name, found), expected in zip(model.named_weights().items(), twin.named_weights().values(), strict=True):
        # Adam's first step is the rate times the sign of a gradient; where that is almost 0 the two may differ.
        np.testing.assert_allclose(found, expected, atol=2e-5, err_msg=name)


def test_the_likelihood_has_neither_dropout_nor_smoothing(batch):
    model = new_model()
    updater = Updater(model, TrainingConfig(label_smoothing=0.5))
    labels, mask = dense(batch)
    logits = model.logits(model(batch.source, batch.target))
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits).numpy()
    assert updater.likelihood(batch) == pytest.approx(losses[mask].sum(), rel=1e-5)


def r_drop_gradients(model, batch, config):
    """Gradients of half the loss of Liang et al. 2021, equation 4, and the likelihood, by one pass of two copies."""
    labels, mask = dense(batch)
    copies = [np.tile(ids, (2, 1)) for ids in (batch.source, batch.target)]
    smoothing, kept = config.label_smoothing, labels[mask]
    with tf.GradientTape() as tape:
        logits = model.logits(model(*copies, training=True))
        first, second = (tf.nn.log_softmax(tf.boolean_mask(half, mask)) for half in tf.split(logits, 2))
        targets = tf.one_hot(kept, VOCABULARY) * (1 - smoothing) + smoothing / VOCABULARY
        likelihoods = tf.reduce_sum(targets * (first + second), axis=-1)
        divergences = tf.reduce_sum((tf.exp(first) - tf.exp(second)) * (first - second), axis=-1)
        loss = tf.reduce_mean(config.r_drop * divergences / 2 - likelihoods) / 2
    likelihood = tf.reduce_mean(tf.gather(first + second, kept, axis=1, batch_dims=1)) / 2
    gradients = tape.gradient(loss, model.trainable_variables)
    return [tf.convert_to_tensor(gradient).numpy() for gradient in gradients], -float(likelihood)


def test_r_drop_is_that_of_the_paper_over_two_drawings_of_dropout(batch):
    config = TrainingConfig(r_drop=5.0, label_smoothing=0.1, clip_norm=1e9)
    updater = Updater(new_model(dropout=0.3), config)
    expected, likelihood = r_drop_gradients(new_model(dropout=0.3), batch, config)
    assert updater([batch], RATE) == pytest.approx(likelihood, rel=1e-5)
    for found, gradient in zip(gradients_of(updater), expected, strict=True):
        np.testing.assert_allclose(found, gradient, rtol=1e-3, atol=1e-6)


def gradients_of(updater):
    """The gradients of an updater's first update, from the first moments of its Adam, which are a tenth of them."""
    moments = [variable for variable in updater.optimizer.variables if "momentum" in variable.path]
    return [np.asarray(moment) * 10 for moment in moments]


@pytest.mark.parametrize("is_tied", [True, False])
def test_batches_of_one_update_count_as_one_batch_by_their_pieces(examples, is_tied):
    config = TrainingConfig(clip_norm=1e9)
    halves = [make_batch(examples[:1]), make_batch(examples[1:])]
    assert len(halves[0].labels) != len(halves[1].labels)
    parts, whole = (Updater(new_model(tied_embeddings=is_tied), config) for _ in range(2))
    assert parts(halves, RATE) == pytest.approx(whole([make_batch(examples)], RATE), rel=1e-5)
    for found, expected in zip(gradients_of(parts), gradients_of(whole), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)
    assert int(parts.optimizer.iterations) == 1
    for found, expected in zip(parts.variables, whole.variables, strict=True):
        np.testing.assert_allclose(np.asarray(found), np.asarray(expected), atol=2e-5)


def test_an_update_of_several_workers_is_that_of_one_with_the_batches_of_all(examples):
    batches = [make_batch(examples[chosen]) for chosen in (slice(2), slice(2, 3), slice(3, 5))]
    config = TrainingConfig(clip_norm=0.05, label_smoothing=0.1)
    alone, *models = (new_model() for _ in range(3))
    expected = Updater(alone, config)(batches, RATE)

    def work(workers):
        return Updater(models[workers.index], config, workers)(batches, RATE)

    assert [result.result() for result in together(2, work)] == pytest.approx([expected] * 2, abs=1e-6)
    first, second = (model.trainable_variables for model in models)
    assert_same(second, first)
    for found, one in zip(first, alone.trainable_variables, strict=True):
        np.testing.assert_allclose(np.asarray(found), np.asarray(one), atol=1e-5)


def test_clipping_looks_at_the_gradient_of_all_batches_of_an_update(examples):
    halves = [make_batch(examples[:1]), make_batch(examples[1:])]
    updater = Updater(new_model(), TrainingConfig(clip_norm=0.01))
    updater(halves, RATE)
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients_of(updater)))
    assert norm == pytest.approx(0.01, rel=1e-3)


def test_the_moving_average_is_scored_and_kept_and_the_weights_are_trained(batch):
    model, twin = (new_model() for _ in range(2))
    updater, plain = Updater(model, TrainingConfig(average="ema", ema_decay=0.5)), Updater(twin, TrainingConfig())
    expected = list(model.named_weights().values())
    for update in range(1, 4):
        assert updater([batch], RATE) == plain([batch], RATE)
        share = max(0.5, 9 / (10 + update))
        new = twin.named_weights().values()
        expected = [share * one + (1 - share) * old for one, old in zip(new, expected, strict=True)]
    with updater.averaged():
        averaged, scored = model.named_weights(), updater.likelihood(batch)
    for found, one in zip(averaged.values(), expected, strict=True):
        np.testing.assert_allclose(found, one, atol=1e-6)
    assert_same(model.trainable_variables, twin.trainable_variables)
    twin.assign_weights(averaged)
    assert plain.likelihood(batch) == scored


def test_without_a_moving_average_the_weights_themselves_are_scored_and_kept(batch):
    updater = Updater(new_model(), TrainingConfig())
    before = updater.model.named_weights()
    with updater.averaged():
        assert_same(updater.model.named_weights().values(), before.values())


def assert_same(found, expected):
    for here, there in zip(found, expected, strict=True):
        np.testing.assert_array_equal(np.asarray(here), np.asarray(there))


@pytest.mark.parametrize("options", [{}, {"average": "ema", "r_drop": 1.0}])
def test_variables_are_all_of_a_training_state(batch, options):
    first, second = (Updater(new_model(dropout=0.3, word_dropout=0.2), TrainingConfig(**options)) for _ in range(2))
    first([batch], RATE)
    for here, there in zip(second.variables, first.variables, strict=True):
        here.assign(there)
    # The dropout of the next update, and Adam's moments, have to be the same for the weights to be.
    assert first([batch], RATE) == second([batch], RATE)
    assert_same(second.variables, first.variables)


def test_bfloat16_computes_nearly_the_same_and_keeps_float32_weights(batch):
    exact = Updater(new_model(), TrainingConfig())
    keras.config.set_dtype_policy(choose_precision("bfloat16"))
    rough = Updater(new_model(), TrainingConfig())
    assert rough([batch], RATE) == pytest.approx(exact([batch], RATE), rel=0.02)
    assert {str(weight.dtype) for weight in rough.model.trainable_variables} == {"float32"}


@pytest.mark.parametrize(("precision", "policy"), [("float32", "float32"), ("bfloat16", "mixed_bfloat16")])
def test_a_precision_is_a_policy_of_keras(precision, policy):
    assert choose_precision(precision) == policy


def test_auto_is_one_of_the_two():
    assert choose_precision("auto") in (choose_precision("float32"), choose_precision("bfloat16"))
