"""The exponential moving average of weights: its recurrence, and the way to it and back."""

import keras
import numpy as np
import pytest

from training.run.moving_average import MovingAverage

DECAY = 0.9


@pytest.fixture
def weights():
    return [keras.Variable(np.array([1.0, -2.0], np.float32)), keras.Variable(np.array([[0.5]], np.float32))]


@pytest.fixture
def average(weights):
    return MovingAverage(weights, DECAY)


def arrays(variables):
    return [np.asarray(variable).copy() for variable in variables]


def test_an_average_starts_as_the_weights(average, weights):
    assert [array.tolist() for array in arrays(average.variables)] == [array.tolist() for array in arrays(weights)]


def test_each_update_moves_the_average_by_the_share_of_the_newest_weights(average, weights):
    expected = arrays(weights)
    for update in range(1, 5):
        for weight in weights:
            weight.assign(weight * 2 + update)
        average.update(update)
        share = average.share(update)
        expected = [share * new + (1 - share) * old for new, old in zip(arrays(weights), expected, strict=True)]
    for found, one in zip(arrays(average.variables), expected, strict=True):
        np.testing.assert_allclose(found, one, rtol=1e-6)


def test_the_newest_weights_count_much_at_first_and_one_minus_the_decay_later(average):
    shares = [average.share(update) for update in range(1, 200)]
    assert shares[0] == pytest.approx(9 / 11)
    assert shares == sorted(shares, reverse=True)
    assert shares[80:] == pytest.approx([1 - DECAY] * len(shares[80:]))


def test_the_weights_are_the_average_in_place_and_what_they_were_behind(average, weights):
    before = arrays(weights)
    weights[0].assign([5.0, 5.0])
    after = arrays(weights)
    with average.in_place():
        assert arrays(weights)[0].tolist() == before[0].tolist()
    assert arrays(weights)[0].tolist() == after[0].tolist()
    assert arrays(average.variables)[0].tolist() == before[0].tolist()


def test_a_fault_in_place_leaves_the_weights_as_they_were(average, weights):
    weights[0].assign([5.0, 5.0])
    with pytest.raises(ZeroDivisionError), average.in_place():
        _ = 1 / 0
    assert arrays(weights)[0].tolist() == [5.0, 5.0]
