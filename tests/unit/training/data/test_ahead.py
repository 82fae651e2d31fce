"""Items that are made before they are asked for."""

import threading
from contextlib import closing
from itertools import count

import pytest

from training.data.ahead import ahead


def watched(items, log):
    """The items, noted in a list with the thread that asked for them; the end of the generator is noted as well."""
    try:
        for item in items:
            log.append((item, threading.current_thread()))
            yield item
    finally:
        log.append("closed")


@pytest.mark.parametrize("most", [1, 2, 50])
@pytest.mark.parametrize("length", [0, 1, 20])
def test_the_items_are_the_same_in_the_same_order(most, length):
    assert list(ahead(iter(range(length)), most)) == list(range(length))


def test_items_are_made_ahead_of_their_use_and_not_without_end():
    log = []
    made = threading.Event()

    def items():
        for number in count():
            log.append(number)
            if number == 3:
                made.set()
            yield number

    with closing(ahead(items(), 3)) as found:
        assert next(found) == 0
        assert made.wait(10)  # number 3, while only number 0 has been asked for
        assert next(found) == 1
    assert log[-1] <= 4


def test_the_work_is_done_in_a_thread_of_its_own():
    log = []
    assert list(ahead(watched(range(3), log), 2)) == [0, 1, 2]
    assert threading.current_thread() not in {thread for _, thread in log[:3]}


def test_closing_ends_the_thread_and_closes_what_it_reads():
    log = []
    found = ahead(ahead(watched(count(), log), 2), 2)
    assert next(found) == 0
    found.close()
    assert log[-1] == "closed"
    assert not any(thread.is_alive() for _, thread in log[:-1])


def test_an_error_comes_in_the_place_of_its_item():
    def items():
        yield 1
        raise ValueError("the second is broken")

    found = ahead(items(), 5)
    assert next(found) == 1
    with pytest.raises(ValueError, match="the second is broken"):
        next(found)
