"""Attention learns from links: the formula, its gradient, and what an update makes of it."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from mt.tokenizer import EOS
from tests.together import together
from tests.unit.training.run.test_update import RATE, gradients_of, new_model
from training.data.dataset import Example, make_batch
from training.recipe import TrainingConfig
from training.run.guidance import attention_loss
from training.run.update import Updater

CONFIG = TrainingConfig(clip_norm=1e9, label_smoothing=0.1)


def slow_loss(attention, links):
    """-Σ_t mean of log a(t, s) over the places s that t is linked with."""
    by_row = {}
    for row, column in links:
        by_row.setdefault(row, []).append(np.log(attention[row, column]))
    return -sum(map(np.mean, by_row.values()))


LINKS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), unique=True, max_size=9)


@given(LINKS, st.integers(0, 99))
def test_the_loss_is_the_cross_entropy_of_links_and_attention(links, seed):
    attention = np.random.default_rng(seed).dirichlet(np.ones(5), 4).astype(np.float32)
    found = float(attention_loss(tf.constant(attention), np.array(links, np.int32).reshape(-1, 2)))
    assert found == pytest.approx(slow_loss(attention, links), rel=1e-5)


def test_the_gradient_is_attention_less_links():
    scores = tf.Variable(np.random.default_rng(1).normal(size=(3, 4)).astype(np.float32))
    links = np.array([[0, 1], [2, 0], [2, 3]], np.int32)
    with tf.GradientTape() as tape:
        attention = tf.nn.softmax(scores)
        loss = attention_loss(attention, links)
    expected = np.array([[0, 1, 0, 0], attention[1], [0.5, 0, 0, 0.5]])
    np.testing.assert_allclose(tape.gradient(loss, scores), attention - expected, atol=1e-6)


def test_attention_that_is_nowhere_near_a_link_has_a_finite_loss():
    scores = tf.Variable([[0.0, -200.0]])
    with tf.GradientTape() as tape:
        loss = attention_loss(tf.nn.softmax(scores), np.array([[0, 1]], np.int32))
    assert np.isfinite(loss)
    assert np.isfinite(tape.gradient(loss, scores)).all()


@pytest.fixture
def examples():
    """Examples, most with some links, one without any."""
    draw = np.random.default_rng(2)
    found = []
    for lengths in ((5, 4), (3, 6), (7, 2), (4, 4)):
        source, target = (draw.integers(4, 30, length).tolist() for length in lengths)
        links = np.argwhere(draw.random(lengths[::-1]) < 0.3).astype(np.int32)
        found.append(Example([*source, EOS], target, links))
    found.append(Example([5, EOS], [6, 7]))
    return found


def plain_gradients(model, examples, config):
    """The gradient of the mean cross-entropy and the weighted mean of `slow_loss`, with an example at a time."""
    pieces = sum(len(example.target) + 1 for example in examples)
    linked = sum(len(np.unique(example.links[:, 0])) for example in examples)
    with tf.GradientTape() as tape:
        loss = 0.0
        for example in examples:
            batch = make_batch([example])
            readouts, attention = model.read(batch.source, batch.target, training=True)
            targets = tf.one_hot(batch.labels, 30) * (1 - config.label_smoothing) + config.label_smoothing / 30
            logits = model.logits(readouts)[0]
            loss += tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits(targets, logits)) / pieces
            for row in np.unique(example.links[:, 0]):
                places = example.links[example.links[:, 0] == row, 1]
                logs = tf.math.log(tf.gather(attention[0, row], places))
                loss -= config.guided_attention * tf.reduce_mean(logs) / linked
    gradients = tape.gradient(loss, model.trainable_variables)
    return [tf.convert_to_tensor(gradient).numpy() for gradient in gradients]


def assert_close(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("parts", [[slice(None)], [slice(1), slice(1, 3), slice(3, None)]])
def test_an_update_has_the_gradient_of_both_losses_however_it_is_cut(examples, parts):
    config = dataclasses.replace(CONFIG, guided_attention=0.5)
    updater = Updater(new_model(), config)
    updater([make_batch(examples[part]) for part in parts], RATE)
    assert_close(gradients_of(updater), plain_gradients(new_model(), examples, config))


def test_r_drop_guides_both_passes(examples):
    config = dataclasses.replace(CONFIG, guided_attention=0.5, r_drop=1.0)
    updater = Updater(new_model(), config)
    updater([make_batch(examples)], RATE)
    assert_close(gradients_of(updater), plain_gradients(new_model(), examples, config))


def test_several_workers_guide_as_one(examples):
    config = dataclasses.replace(CONFIG, guided_attention=0.5)
    batches = [make_batch(examples[part]) for part in (slice(2), slice(2, None))]
    updaters = [Updater(new_model(), config) for _ in range(2)]

    def work(workers):
        Updater(updaters[workers.index].model, config, workers)(batches, RATE)

    alone = new_model()
    Updater(alone, config)(batches, RATE)
    for result in together(2, work):
        result.result()
    for found, expected in zip(updaters[0].model.trainable_variables, alone.trainable_variables, strict=True):
        np.testing.assert_allclose(np.asarray(found), np.asarray(expected), atol=1e-5)


def test_without_guidance_links_change_nothing(examples):
    updaters = [Updater(new_model(), CONFIG) for _ in range(2)]
    updaters[0]([make_batch(examples)], RATE)
    updaters[1]([make_batch([Example(*example[:2]) for example in examples])], RATE)
    assert_close(gradients_of(updaters[0]), gradients_of(updaters[1]))


def test_a_batch_without_links_can_be_trained_on(examples):
    updater = Updater(new_model(), dataclasses.replace(CONFIG, guided_attention=0.5))
    assert np.isfinite(updater([make_batch(examples[-1:])], RATE))


def test_guided_attention_comes_to_lie_on_the_links(examples):
    batch = make_batch(examples)
    model = new_model()

    def on_links():
        attention = np.asarray(model.read(batch.source, batch.target)[1]).reshape(-1, batch.source.shape[1])
        rows, columns = batch.links.T
        return np.bincount(rows, attention[batch.positions][rows, columns])[np.unique(rows)].mean()

    before = on_links()
    updater = Updater(model, dataclasses.replace(CONFIG, guided_attention=1.0))
    for _ in range(60):
        updater([batch], 0.02)
    assert before < 0.6
    assert on_links() > 0.9
