"""What training hides: units at each or at all positions, and whole pieces."""

import keras
import numpy as np
import pytest

from mt.model import ModelConfig
from mt.model.dropout import PieceDropout, unit_dropout

ROWS, POSITIONS, WIDTH = 4, 6, 32
ONES = np.ones((ROWS, POSITIONS, WIDTH), np.float32)


@pytest.fixture(autouse=True)
def seed():
    keras.utils.set_random_seed(1)


def draw_pieces(rows, positions):
    return np.random.default_rng(2).normal(size=(rows, positions, 3)).astype(np.float32)


def test_plain_dropout_is_drawn_at_each_position():
    dropped = np.asarray(unit_dropout(ModelConfig(dropout=0.5))(ONES, training=True))
    assert set(dropped.flat) == {0, 2}
    assert len({tuple(position) for row in dropped for position in row}) == ROWS * POSITIONS


def test_variational_dropout_hides_the_same_units_at_all_positions_of_a_sequence():
    layer = unit_dropout(ModelConfig(dropout=0.5, variational_dropout=True))
    calls = [np.asarray(layer(ONES, training=True)) for _ in range(2)]
    for dropped in calls:
        assert set(dropped.flat) == {0, 2}
        assert (dropped == dropped[:, :1]).all()
    # Each sequence and each call has a mask of its own.
    assert len({tuple(row[0]) for dropped in calls for row in dropped}) == 2 * ROWS


@pytest.mark.parametrize("is_variational", [False, True])
def test_units_are_hidden_in_training_only(is_variational):
    layer = unit_dropout(ModelConfig(dropout=0.5, variational_dropout=is_variational))
    assert np.array_equal(layer(ONES, training=False), ONES)


def test_pieces_are_dropped_as_a_whole_or_scaled_up_and_the_first_stays():
    pieces, rate = draw_pieces(40, 30), 0.25
    dropped = np.asarray(PieceDropout(rate)(pieces, training=True))
    np.testing.assert_array_equal(dropped[:, 0], pieces[:, 0])
    is_hidden = (dropped == 0).all(axis=-1)
    np.testing.assert_allclose(dropped[:, 1:][~is_hidden[:, 1:]], pieces[:, 1:][~is_hidden[:, 1:]] / 0.75, rtol=1e-6)
    # 1,160 draws have a standard deviation of 0.013.
    assert is_hidden[:, 1:].mean() == pytest.approx(rate, abs=0.05)
    assert len({tuple(row) for row in is_hidden}) == 40


def test_a_sequence_of_one_piece_loses_none():
    pieces = draw_pieces(2, 1)
    assert np.array_equal(PieceDropout(0.9)(pieces, training=True), pieces)


@pytest.mark.parametrize(("rate", "training"), [(0.9, False), (0.0, True)])
def test_pieces_stay_outside_training_and_without_a_rate(rate, training):
    pieces = draw_pieces(2, 5)
    assert np.array_equal(PieceDropout(rate)(pieces, training=training), pieces)
