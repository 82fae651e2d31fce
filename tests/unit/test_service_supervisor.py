import logging
import signal
from multiprocessing import Pipe

import pytest

from mt import BundleError
from service.supervisor import FIRST_DELAY, LONG_LIFE, MOST_DELAY, Place, Supervisor
from service.worker import QUESTION, Failure, explained

FAILURE = Failure(2, "mt-serve: no such bundle")


class FakeWorker:
    """A worker that has said what it will ever say, and then lives on or is dead."""

    def __init__(self, *news, lives=True):
        self.connection, self._far_end = Pipe()
        for one in news:
            self._far_end.send(one)
        if not lives:
            self._far_end.close()
        self.calls = []

    def news(self):
        try:
            return self.connection.recv()
        except EOFError:
            return None

    def ask(self):
        self.calls.append("ask")

    def terminate(self):
        self.calls.append("terminate")

    def end(self, seconds):
        self.calls.append(seconds)
        return "It ended"


class Workers:
    """Begins one after the other of these, and sends the signal when it begins one more."""

    def __init__(self, *workers):
        self._workers = iter(workers)
        self.places = []

    def __call__(self, place):
        self.places.append(place)
        worker = next(self._workers, None)
        if worker is None:
            signal.raise_signal(signal.SIGTERM)
        return worker or FakeWorker()


@pytest.fixture(autouse=True)
def _handlers():
    """Those of the tests are there again afterwards."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def supervised(*workers, places=1):
    """What run() gave, what was said, and the workers' places."""
    said, start = [], Workers(*workers)
    supervisor = Supervisor(start, places, said.append, 10)
    return supervisor.run(), said, start.places, supervisor


def dead(*news):
    return FakeWorker(*news, lives=False)


def test_every_place_gets_a_worker():
    _, _, places, _ = supervised(FakeWorker(), FakeWorker(), places=3)
    assert places == [0, 1, 2]


def test_the_first_greeting_is_said_and_no_other():
    failure, said, _, _ = supervised(dead("hello"), dead("hello again"), places=2)
    assert (failure, said) == (None, ["hello"])


def test_a_worker_that_dies_is_replaced_at_its_place_and_its_end_is_logged(caplog):
    lost = dead("hello")
    _, _, places, _ = supervised(lost)
    assert places == [0, 0]
    assert len(lost.calls) == 1
    assert caplog.messages == ["It ended. Another takes its place in 0.1 s."]


class Answering(FakeWorker):
    """Lives, and answers the first so many questions."""

    def __init__(self, answers):
        super().__init__("hello")
        self._answers = answers

    def ask(self):
        super().ask()
        if self.calls.count("ask") <= self._answers:
            self._far_end.send(QUESTION)


def watched(worker, seconds, hang_seconds=5):
    """Looks at a worker for so many seconds of a clock that goes on by one with each look; what began at its place."""
    start, now = Workers(worker, FakeWorker()), [0.0]
    supervisor = Supervisor(start, 1, lambda _: None, hang_seconds, clock=lambda: now[0])
    for second in range(seconds):
        now[0] = float(second)
        supervisor._fill_places()
        supervisor._next_look = now[0]  # so that news is not waited for
        for place in supervisor._await_news():
            supervisor._hear(place)
        supervisor._look()
    return start.places


def test_a_worker_that_does_not_answer_is_killed_and_replaced(caplog):
    hung = Answering(3)
    assert watched(hung, seconds=20) == [0, 0]
    assert hung.calls == [*["ask"] * 4, 0.0]
    assert caplog.messages == ["It ended, as it had not answered for 5 s. Another takes its place in 0.1 s."]


def test_a_worker_that_answers_is_asked_again_and_lives(caplog):
    worker = Answering(100)
    assert watched(worker, seconds=20) == [0]
    assert (set(worker.calls), caplog.messages) == ({"ask"}, [])


def test_a_worker_that_does_not_serve_yet_is_not_asked():
    worker = FakeWorker()
    assert watched(worker, seconds=20) == [0]
    assert worker.calls == []


def test_a_failure_before_anything_was_ready_ends_it_all():
    failure, said, places, supervisor = supervised(dead(FAILURE), FakeWorker(), places=2)
    assert (failure, said, places, supervisor.signals) == (FAILURE, [], [0, 1], [])


def test_a_failure_later_is_logged_and_tried_again(caplog):
    failure, _, places, _ = supervised(FakeWorker("hello"), dead(FAILURE), places=2)
    assert (failure, places) == (None, [0, 1, 1])
    assert caplog.messages[0] == "mt-serve: no such bundle"


def test_a_signal_ends_it():
    failure, _, _, supervisor = supervised()
    assert (failure, supervisor.signals) == (None, [signal.SIGTERM])


def test_all_workers_are_asked_to_end_before_one_is_waited_for():
    ended = []

    class Ended(FakeWorker):
        def end(self, seconds):
            ended.append((seconds, [worker.calls for worker in workers]))

    workers = [Ended(), Ended()]
    time = iter((100.0, 100.0, 100.0, 100.0, 104.0))
    supervisor = Supervisor(Workers(*workers), 2, pytest.fail, 10, clock=lambda: next(time))
    supervisor._fill_places()
    supervisor.stop(seconds=10.0)
    assert ended == [(10.0, [["terminate"], ["terminate"]]), (6.0, [["terminate"], ["terminate"]])]


def test_each_death_in_a_row_delays_the_next_worker_twice_as_long_up_to_a_limit():
    place = Place(0)
    delays = [place.delay(now=1.0) for _ in range(30)]
    assert delays[:3] == [FIRST_DELAY, 2 * FIRST_DELAY, 4 * FIRST_DELAY]
    assert delays[-1] == max(delays) == MOST_DELAY


def test_a_death_after_a_long_life_is_a_first_one():
    place = Place(0)
    for _ in range(5):
        place.delay(now=1.0)
    assert place.delay(now=LONG_LIFE) == FIRST_DELAY
    place.began = LONG_LIFE
    assert place.delay(now=LONG_LIFE + 1.0) == 2 * FIRST_DELAY


def test_a_deliberate_error_is_explained_in_one_line_and_a_bug_whole():
    assert explained(BundleError("x is damaged.")) == (2, "mt-serve: x is damaged.")
    status, text = explained(ZeroDivisionError("bug"))
    assert (status, text.splitlines()[-1]) == (1, "ZeroDivisionError: bug")


def test_nothing_is_logged_of_workers_that_live(caplog):
    with caplog.at_level(logging.DEBUG):
        supervised(FakeWorker("hello"), places=2)
    assert caplog.messages == []
