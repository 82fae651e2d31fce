"""Attention: its formulas in NumPy, and that padding gets nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.model.attention import AdditiveAttention, Attention, MultiplicativeAttention

WIDTH, MEMORY_WIDTH = 6, 5
KINDS = {"multiplicative": MultiplicativeAttention, "additive": AdditiveAttention}


def make(kind, seed=1):
    layer = KINDS[kind](WIDTH, MEMORY_WIDTH)
    draw = np.random.default_rng(seed)
    layer.set_weights([draw.normal(size=weight.shape) for weight in layer.get_weights()])
    return layer


def draw_inputs(lengths, queries=3, seed=2):
    """Queries (B, Q, A), outputs (B, S, M) with noise at padding, mask (B, S)."""
    draw = np.random.default_rng(seed)
    mask = np.arange(max(lengths)) < np.array(lengths)[:, None]
    shape = (len(lengths), max(lengths), MEMORY_WIDTH)
    asked = draw.normal(size=(len(lengths), queries, WIDTH)).astype(np.float32)
    return asked, draw.normal(size=shape).astype(np.float32), mask


def attend(layer, queries, outputs, mask):
    context, weights = layer(queries, layer.keys(outputs), outputs, mask)
    return np.asarray(context), np.asarray(weights)


def softmax(scores):
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


def multiplicative_scores(layer, query, outputs):
    (keys,) = layer.get_weights()
    return np.array([query @ (output @ keys) / np.sqrt(WIDTH) for output in outputs])


def additive_scores(layer, query, outputs):
    keys, queries, bias, energy = layer.get_weights()
    return np.array([np.tanh(query @ queries + bias + output @ keys) @ energy[:, 0] for output in outputs])


@pytest.mark.parametrize(
    ("kind", "formula"), [("multiplicative", multiplicative_scores), ("additive", additive_scores)]
)
def test_weights_and_context_are_those_of_the_formula_in_numpy(kind, formula):
    layer, lengths = make(kind), (4, 2)
    queries, outputs, mask = draw_inputs(lengths)
    context, weights = attend(layer, queries, outputs, mask)
    for row, length in enumerate(lengths):
        for number, query in enumerate(queries[row]):
            expected = softmax(formula(layer, query, outputs[row, :length]))
            np.testing.assert_allclose(weights[row, number, :length], expected, atol=1e-6)
            np.testing.assert_allclose(context[row, number], expected @ outputs[row, :length], atol=1e-5)


# A source has a tag and EOS at least; Keras warns of a softmax over a single place.
LENGTHS = st.lists(st.integers(1, 7), max_size=3).map(lambda lengths: [*lengths, 2])


@settings(max_examples=20)
@given(st.sampled_from(sorted(KINDS)), LENGTHS, st.integers(0, 99))
def test_weights_sum_to_one_and_are_exactly_zero_on_padding(kind, lengths, seed):
    queries, outputs, mask = draw_inputs(lengths, seed=seed)
    _, weights = attend(make(kind), 10 * queries, 10 * outputs, mask)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-6)
    assert (weights[~np.broadcast_to(mask[:, None], weights.shape)] == 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_padding_changes_neither_the_context_nor_the_weights(kind):
    layer = make(kind)
    queries, outputs, mask = draw_inputs([5])
    padded = np.concatenate([outputs, np.full((1, 3, MEMORY_WIDTH), 100, np.float32)], axis=1)
    context, weights = attend(layer, queries, outputs, mask)
    padded_context, padded_weights = attend(layer, queries, padded, np.array([[True] * 5 + [False] * 3]))
    np.testing.assert_allclose(padded_context, context, atol=1e-6)
    np.testing.assert_allclose(padded_weights[:, :, :5], weights, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_all_queries_at_once_are_answered_as_one_by_one(kind):
    layer = make(kind)
    queries, outputs, mask = draw_inputs([3, 6], queries=4)
    context, weights = attend(layer, queries, outputs, mask)
    for number in range(4):
        one_context, one_weights = attend(layer, queries[:, number : number + 1], outputs, mask)
        np.testing.assert_allclose(one_context[:, 0], context[:, number], atol=1e-6)
        np.testing.assert_allclose(one_weights[:, 0], weights[:, number], atol=1e-6)


def test_attention_without_a_way_to_score_is_our_own_mistake():
    with pytest.raises(NotImplementedError):
        Attention(WIDTH, MEMORY_WIDTH).scores(None, None)
