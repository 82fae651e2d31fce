"""Several processes that serve one socket: begun, replaced when they die or hang, and ended together.

Not uvicorn's own supervisor: it replaces a process that dies at once as often as it dies, takes one that cannot load
the translator for a good one, waits for ever for those that do not end, and leaves them behind when it is killed.
"""

import logging
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

from service.metrics import forget_dead
from service.settings import Settings
from service.signals import end_at_once
from service.worker import QUESTION, Failure, Serve, work

logger = logging.getLogger(__name__)

# A process that dies is replaced after the first of these seconds, and each time in a row after twice as many.
FIRST_DELAY, MOST_DELAY = 0.1, 30.0
# One that served for so many seconds died of something new.
LONG_LIFE = 60.0
# What a process may take beyond MT_SHUTDOWN_SECONDS, in which it answers what it has taken, to end.
END_SECONDS = 3.0
# How long after each look at the processes the next one follows.
LOOK_SECONDS = 1.0


def supervise(
    serve: Serve, listener: socket.socket, settings: Settings, say: Callable[[str], object]
) -> Failure | None:
    """Why no process could begin; otherwise this one ends when a signal comes, after all of them.

    `serve` holds the listener, and can be pickled. `say` gets the greeting of the first process that is ready.
    """
    with TemporaryDirectory(prefix="mt-serve-") as folder, listener:
        start = partial(Worker, serve, Path(folder))
        supervisor = Supervisor(start, settings.workers, say, settings.hang_seconds)
        failure = supervisor.run()
        # Nobody shall connect any more who would only wait.
        listener.close()
        supervisor.stop(settings.shutdown_seconds + END_SECONDS)
    if supervisor.signals:
        end_at_once()
        signal.raise_signal(supervisor.signals[0])
    return failure


class Worker:
    """A process that serves."""

    def __init__(self, serve: Serve, folder: Path, place: int) -> None:
        # A forked process would inherit TensorFlow's locks without the threads that hold them.
        context = get_context("spawn")
        self.connection, far_end = context.Pipe()
        self._folder, self._place = folder, place
        self._process = context.Process(target=work, args=(far_end, serve, folder, place))
        # A terminal sends Ctrl-C to all processes. Until it serves, one with a deaf ear leaves it to this one.
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self._process.start()
        finally:
            signal.signal(signal.SIGINT, handler)
            far_end.close()

    def news(self) -> str | bytes | Failure | None:
        """What it said: its greeting, an answer, or why it could not begin; None when it is dead."""
        try:
            said: str | bytes | Failure = self.connection.recv()
        except (EOFError, OSError):
            return None
        return said

    def ask(self) -> None:
        """Nothing; its event loop answers, unless it hangs."""
        with suppress(OSError):  # it has just died, as its news will tell
            self.connection.send(QUESTION)

    def terminate(self) -> None:
        """Nothing; it answers what it has taken, and ends."""
        self._process.terminate()

    def end(self, seconds: float) -> str:
        """How it ended; it is killed if it does not within so many seconds."""
        self._process.join(seconds)
        self._process.kill()
        self._process.join()
        self.connection.close()
        forget_dead(self._folder, self._place)
        status = self._process.exitcode or 0
        how = f"signal {-status} ({signal.strsignal(-status)})" if status < 0 else f"exit status {status}"
        return f"Process {self._process.pid} ended with {how}"


@dataclass
class Place:
    """What one worker after the other has."""

    number: int
    worker: Worker | None = None
    serves: bool = False
    looks: int = 0  # at a worker that was asked and has not answered
    deaths: int = 0  # in a row
    began: float = 0.0
    begins: float = 0.0  # not before

    def delay(self, now: float) -> float:
        """How many seconds to wait for the next worker, when one died now."""
        self.deaths = 0 if now - self.began >= LONG_LIFE else self.deaths
        self.deaths += 1
        return min(MOST_DELAY, FIRST_DELAY * 2.0 ** min(self.deaths - 1, 20))


class Supervisor:
    """The workers of a program, from its main thread."""

    def __init__(
        self,
        start: Callable[[int], Worker],
        workers: int,
        say: Callable[[str], object],
        hang_seconds: int,
        clock: Callable[[], float] = time.monotonic,
    ):
        """`start` begins the worker of a place; one that leaves a question unanswered for so long is killed."""
        self.signals: list[int] = []
        self._start, self._say, self._clock = start, say, clock
        self._most_looks = round(hang_seconds / LOOK_SECONDS)
        self._next_look = clock() + LOOK_SECONDS
        self._places = [Place(number) for number in range(workers)]
        self._has_begun = False
        self._bell, self._ringer = get_context("spawn").Pipe(duplex=False)

    def run(self) -> Failure | None:
        """Why the first worker that tells anything cannot begin, or None when a signal came; the workers live on."""
        with self._listening_to_signals():
            while not self.signals:
                self._fill_places()
                for place in self._await_news():
                    failure = self._hear(place)
                    if failure is not None and not self._has_begun:
                        return failure
                self._look()
        return None

    def stop(self, seconds: float) -> None:
        """Nothing; every worker is asked to end, and killed when it has not within so many seconds."""
        workers = [place.worker for place in self._places if place.worker is not None]
        for worker in workers:
            worker.terminate()
        deadline = self._clock() + seconds
        for worker in workers:
            worker.end(max(0.0, deadline - self._clock()))

    @contextmanager
    def _listening_to_signals(self) -> Iterator[None]:
        """They stay unheard afterwards, as ending has begun."""

        def ring(number: int, _: FrameType | None) -> None:
            self.signals.append(number)
            self._ringer.send_bytes(b"!")

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, ring)
        yield

    def _fill_places(self) -> None:
        now = self._clock()
        for place in self._places:
            if place.worker is None and place.begins <= now:
                place.worker, place.began = self._start(place.number), now

    def _await_news(self) -> list[Place]:
        """The places whose workers said something or died; none when a signal came or there is something to do."""
        places: dict[Connection, Place] = {
            place.worker.connection: place for place in self._places if place.worker is not None
        }
        times = [place.begins for place in self._places if place.worker is None]
        seconds = max(0.0, min([*times, self._next_look]) - self._clock())
        ready = wait([*places, self._bell], seconds)
        return [place for connection, place in places.items() if connection in ready]

    def _hear(self, place: Place) -> Failure | None:
        """The failure that a worker tells, if it does."""
        assert place.worker is not None
        news = place.worker.news()
        if isinstance(news, Failure):
            if self._has_begun:
                logger.error("%s", news.text)
            return news
        place.looks = 0
        if news is None:
            self._replace(place, place.worker.end(END_SECONDS))
        elif isinstance(news, str):
            place.serves = True
            if not self._has_begun:
                self._has_begun = True
                self._say(news)
        return None

    def _look(self) -> None:
        """Nothing; from time to time, who serves is asked whether it still can, and killed when it did not answer.

        Looks are counted, not seconds: those in which this process itself was stopped are no worker's fault.
        """
        now = self._clock()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_SECONDS
        for place in self._places:
            if place.worker is not None and place.serves:
                self._look_at(place, place.worker)

    def _look_at(self, place: Place, worker: Worker) -> None:
        if place.looks > self._most_looks:
            seconds = self._most_looks * LOOK_SECONDS
            self._replace(place, f"{worker.end(0.0)}, as it had not answered for {seconds:g} s")
            return
        if not place.looks:
            worker.ask()
        place.looks += 1

    def _replace(self, place: Place, how: str) -> None:
        """Nothing; `how` says how the worker ended."""
        now = self._clock()
        delay = place.delay(now)
        logger.error("%s. Another takes its place in %.1f s.", how, delay)
        place.worker, place.serves, place.looks, place.begins = None, False, 0, now + delay
