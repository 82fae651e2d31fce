import pytest

from service.scheduling.pace import Pace


def test_before_anything_is_known_nothing_takes_time():
    assert Pace(1).seconds_for(100) == 0


def test_sentences_take_as_long_as_those_before():
    pace = Pace(1)
    pace.note(4, 2.0)
    pace.note(4, 2.0)
    assert pace.seconds_for(10) == pytest.approx(5)


def test_two_calls_at_once_take_half_the_time():
    pace = Pace(2)
    pace.note(4, 2.0)
    assert pace.seconds_for(10) == pytest.approx(2.5)


def test_the_latest_calls_decide():
    pace = Pace(1)
    pace.note(1, 100.0)
    for _ in range(200):
        pace.note(1, 1.0)
    assert pace.seconds_for(1) == pytest.approx(1, rel=0.01)
