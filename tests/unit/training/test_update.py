"""One optimizer update: the same as plain Keras and automatic differentiation, in few precisions."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from mt.model import ModelConfig, Seq2Seq
from mt.tokenizer import EOS
from tests import tiny
from training.dataset import Example, make_batch
from training.recipe import TrainingConfig
from training.update import Updater, choose_precision

CONFIG = ModelConfig(embedding=8, encoder_hidden=6, decoder_hidden=10, dropout=0.0)
VOCABULARY, RATE = 30, 0.01


@pytest.fixture
def batch():
    draw = np.random.default_rng(1)

    def ids(least, most):
        return draw.integers(4, VOCABULARY, draw.integers(least, most)).tolist()

    return make_batch([Example([*ids(1, 7), EOS], ids(0, 6)) for _ in range(5)])


def new_model():
    """A model of its own with the same weights every time."""
    made = Seq2Seq(CONFIG, VOCABULARY)
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
    optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    return float(tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(kept, logits)))


def test_an_update_is_that_of_plain_keras_without_packing(batch):
    config = TrainingConfig(clip_norm=0.05, label_smoothing=0.1)
    model, twin = (new_model() for _ in range(2))
    updater = Updater(model, config)
    losses = updater(batch, RATE), plain_update(twin, batch, config)
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


def test_variables_are_all_of_a_training_state(batch):
    keras.utils.set_random_seed(1)
    config = ModelConfig(embedding=8, encoder_hidden=6, decoder_hidden=10, dropout=0.3)
    first, second = (Updater(Seq2Seq(config, VOCABULARY), TrainingConfig()) for _ in range(2))
    first(batch, RATE)
    for here, there in zip(second.variables, first.variables, strict=True):
        here.assign(there)
    # The dropout of the next update, and Adam's moments, have to be the same for the weights to be.
    assert first(batch, RATE) == second(batch, RATE)
    for here, there in zip(second.variables, first.variables, strict=True):
        np.testing.assert_array_equal(np.asarray(here), np.asarray(there))


def test_bfloat16_computes_nearly_the_same_and_keeps_float32_weights(batch):
    exact = Updater(new_model(), TrainingConfig())
    keras.config.set_dtype_policy(choose_precision("bfloat16"))
    rough = Updater(new_model(), TrainingConfig())
    assert rough(batch, RATE) == pytest.approx(exact(batch, RATE), rel=0.02)
    assert {str(weight.dtype) for weight in rough.model.trainable_variables} == {"float32"}


@pytest.mark.parametrize(("precision", "policy"), [("float32", "float32"), ("bfloat16", "mixed_bfloat16")])
def test_a_precision_is_a_policy_of_keras(precision, policy):
    assert choose_precision(precision) == policy


def test_auto_is_one_of_the_two():
    assert choose_precision("auto") in (choose_precision("float32"), choose_precision("bfloat16"))
