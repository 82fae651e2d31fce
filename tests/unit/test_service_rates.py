import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.database import open_database
from service.rates import Rates, read_rates


@pytest.fixture
def rates():
    connection = open_database(None)
    yield Rates(connection)
    connection.close()


def seconds_to_wait(rates, who, text, now):
    excess = rates.hit(who, read_rates(text), now)
    return excess.seconds if excess else None


def test_a_rate_lets_so_many_requests_into_any_window_and_tells_how_long_to_wait(rates):
    waits = [seconds_to_wait(rates, "a", "2 per 1 minute", now) for now in (0, 10, 15, 59, 60, 61, 70)]
    assert waits == [None, None, 45, 1, None, 9, None]


def test_a_refused_request_does_not_lengthen_the_wait(rates):
    assert [seconds_to_wait(rates, "a", "1 per 1 second", now) for now in (0, 0.25, 0.5, 1)] == [None, 0.75, 0.5, None]


def test_each_client_has_a_window_of_its_own(rates):
    assert [seconds_to_wait(rates, who, "1 per 1 minute", 0) for who in "abab"] == [None, None, 60, 60]


def test_of_several_rates_the_one_with_the_longest_wait_is_told(rates):
    text = "1 per 1 second; 2 per 1 minute"
    excesses = [rates.hit("a", read_rates(text), now) for now in (0, 0.5, 1, 1.5)]
    assert [excess and (str(excess.rate), excess.seconds) for excess in excesses] == [
        None,
        ("1 per 1 second", 0.5),
        None,
        ("2 per 1 minute", 58.5),
    ]


def test_without_a_rate_nothing_is_counted(rates):
    assert [seconds_to_wait(rates, "a", "", 0) for _ in range(3)] == [None] * 3


def test_what_no_window_reaches_is_forgotten_also_of_clients_that_never_come_back():
    connection = open_database(None)
    for client in range(10):
        Rates(connection).hit(f"client {client}", read_rates("5 per 1 minute"), now=client)
    Rates(connection).hit("last", read_rates("5 per 1 minute"), now=100)
    assert connection.execute("SELECT who FROM hits").fetchall() == [("last",)]
    connection.close()


def test_a_clock_that_is_set_back_locks_nobody_out(rates):
    assert [seconds_to_wait(rates, "a", "1 per 1 minute", now) for now in (10_000, 0, 30)] == [None, None, 30]


times = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30)), max_size=40)


@settings(max_examples=80, deadline=None)
@given(steps=times, amount=st.integers(1, 5), window=st.integers(1, 60))
def test_rates_let_in_what_a_plain_list_of_times_lets_in(steps, amount, window):
    connection, now, let_in = open_database(None), 0, []
    for who, pause in steps:
        now += pause
        has_room = sum(one == who and at > now - window for one, at in let_in) < amount
        let_in += [(who, now)] if has_room else []
        excess = Rates(connection).hit(who, read_rates(f"{amount} per {window} seconds"), now)
        assert (excess is None) == has_room
    connection.close()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("30 per 1 minute", ["30 per 1 minute"]),
        ("30/minute", ["30 per 1 minute"]),
        ("1 per second; 1000 per 2 days", ["1 per 1 second", "1000 per 2 day"]),
        ("", []),
    ],
)
def test_rates_are_written_as_limits_and_libretranslate_write_them(text, words):
    assert list(map(str, read_rates(text))) == words


@pytest.mark.parametrize(
    "text", ["often", "30", "0 per minute", "-1 per minute", "100001 per day", "1 per 100001 days", "9" * 5_000, ";"]
)
def test_another_text_is_refused_with_the_way_to_write_it(text):
    with pytest.raises(ValueError, match=r"it must be written like '30 per 1 minute; 1000 per day', with 1 to 100,000"):
        read_rates(text)
