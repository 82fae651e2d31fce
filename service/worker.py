"""One of several processes that serve: what it does, and what it says to its supervisor."""

import asyncio
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from mt import DragomanError
from service.metrics import Metrics
from service.signals import end_at_once


class Failure(NamedTuple):
    """Why the program could not begin: the exit status, and what to print."""

    status: int
    text: str


# What the supervisor sends to a process that serves, and gets back from it.
QUESTION = b"Are you well?"

# Serves until a signal ends the process; is given where to count, and what to do with the greeting when it is ready.
Serve = Callable[[Metrics, Callable[[str], object]], Failure | None]


def explained(error: Exception) -> Failure:
    """One line and 2 for a deliberate error; all that is known and 1 for a fault of our own."""
    if isinstance(error, DragomanError):
        return Failure(2, f"mt-serve: {error}")
    return Failure(1, "".join(traceback.format_exception(error)).rstrip())


def work(supervisor: Connection, serve: Serve, folder: Path, place: int) -> None:
    """Nothing, while it serves; it sends its greeting when it is ready, or a Failure.

    From its greeting on, its event loop answers the supervisor's questions. When that is gone, the process ends as
    after a SIGTERM.
    """
    end_at_once()
    loop: Future[asyncio.AbstractEventLoop] = Future()

    def greet(greeting: str) -> None:
        supervisor.send(greeting)
        loop.set_result(asyncio.get_running_loop())

    threading.Thread(target=_listen, args=[supervisor, loop], daemon=True).start()
    failure = serve(Metrics.shared(folder, place), greet)
    if failure is not None:
        supervisor.send(failure)
        sys.exit(failure.status)


def _listen(supervisor: Connection, loop: "Future[asyncio.AbstractEventLoop]") -> None:
    # A closed loop is a RuntimeError; the process is at its end then.
    with suppress(EOFError, OSError, RuntimeError):
        while True:
            question = supervisor.recv()
            loop.result().call_soon_threadsafe(supervisor.send, question)
    os.kill(os.getpid(), signal.SIGTERM)
