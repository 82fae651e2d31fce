"""The learning rate: warm-up, then one of three decays."""

from itertools import pairwise

import pytest

from mt.errors import RecipeError
from training.run.schedule import ScheduleConfig, count_plateaus, learning_rate

WARMUP, TOTAL = 40, 200
DECAYS = ["cosine", "inverse_square_root"]
PLATEAU = ScheduleConfig(
    peak_rate=0.01, warmup_updates=WARMUP, decay="plateau", final_rate=0.002, factor=0.5, plateau_patience=2
)


@pytest.fixture(params=DECAYS)
def rates(request):
    """The rate of every update from 1 on; rates[0] is that before the first."""
    config = ScheduleConfig(peak_rate=0.01, warmup_updates=WARMUP, decay=request.param, final_rate=0.0001)
    return [learning_rate(config, update, TOTAL) for update in range(TOTAL + 1)]


def test_warm_up_rises_in_equal_steps_to_the_peak(rates):
    steps = [after - before for before, after in pairwise(rates[: WARMUP + 1])]
    assert rates[0] == 0
    assert steps == pytest.approx([0.01 / WARMUP] * WARMUP)
    assert rates[WARMUP] == 0.01


def test_the_rate_falls_from_the_end_of_warm_up_on_without_a_jump(rates):
    falls = [before - after for before, after in pairwise(rates[WARMUP:])]
    assert min(falls) > 0
    assert max(falls) < 0.01 / WARMUP


def test_cosine_decay_ends_at_the_final_rate_and_stays_there():
    config = ScheduleConfig(peak_rate=0.01, warmup_updates=WARMUP, final_rate=0.0001)
    assert learning_rate(config, TOTAL, TOTAL) == pytest.approx(0.0001)
    assert learning_rate(config, TOTAL + 50, TOTAL) == pytest.approx(0.0001)


def test_cosine_decay_is_halfway_in_the_middle():
    config = ScheduleConfig(peak_rate=0.01, warmup_updates=WARMUP, final_rate=0.0)
    assert learning_rate(config, (WARMUP + TOTAL) // 2, TOTAL) == pytest.approx(0.005)


@pytest.mark.parametrize("update", [WARMUP, 41, 160, 1_000])
def test_inverse_square_root_decay_is_that_of_vaswani_et_al(update):
    width = 512  # the paper's d_model; its peak is (d_model · warmup) ** -0.5
    config = ScheduleConfig(peak_rate=(width * WARMUP) ** -0.5, warmup_updates=WARMUP, decay="inverse_square_root")
    expected = width**-0.5 * min(update**-0.5, update * WARMUP**-1.5)
    assert learning_rate(config, update, TOTAL) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("dev_losses", "rate"),
    [
        ([], 0.01),
        ([3.0, 2.0, 1.0], 0.01),
        ([3.0, 2.0, 2.5], 0.01),
        ([3.0, 2.0, 2.5, 2.0], 0.005),
        ([3.0, 2.0, 2.5, 1.9, 1.95], 0.01),
        ([3.0, 2.0, 2.5, 2.0, 1.0], 0.005),
        ([3.0, 2.0, 2.5, 2.0, 2.0, 2.0], 0.0025),
        ([1.0] * 50, 0.002),
    ],
)
def test_the_rate_of_a_plateau_falls_by_the_factor_down_to_the_final_rate(dev_losses, rate):
    assert learning_rate(PLATEAU, WARMUP + 1, TOTAL, dev_losses) == pytest.approx(rate)


def test_a_plateau_changes_nothing_while_the_rate_warms_up():
    assert learning_rate(PLATEAU, WARMUP, TOTAL, [1.0] * 50) == 0.01


def test_the_other_decays_do_not_look_at_dev_losses():
    for decay in DECAYS:
        config = ScheduleConfig(decay=decay)
        assert learning_rate(config, 500, 1_000, [1.0] * 50) == learning_rate(config, 500, 1_000)


def test_a_plateau_counts_from_its_own_start():
    assert [count_plateaus([1.0] * length, 3) for length in range(1, 9)] == [0, 0, 0, 1, 1, 1, 2, 2]


def test_a_warm_up_longer_than_the_training_never_divides_by_zero():
    config = ScheduleConfig(warmup_updates=TOTAL, peak_rate=0.01)
    assert learning_rate(config, TOTAL + 1, TOTAL) == config.final_rate


def test_zero_warm_up_is_refused_with_the_value():
    with pytest.raises(RecipeError, match="at least 1, got 0"):
        ScheduleConfig(warmup_updates=0)
