"""One of several processes that serve: what it does, and what it says to its supervisor."""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
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


# Serves until a signal ends the process; is given where to count, and what to do with the greeting when it is ready.
Serve = Callable[[Metrics, Callable[[str], object]], Failure | None]


def explained(error: Exception) -> Failure:
    """One line and 2 for a deliberate error; all that is known and 1 for a fault of our own."""
    if isinstance(error, DragomanError):
        return Failure(2, f"mt-serve: {error}")
    return Failure(1, "".join(traceback.format_exception(error)).rstrip())


def work(supervisor: Connection, serve: Serve, folder: Path, place: int) -> None:
    """Nothing, while it serves; it sends its greeting when it is ready, or a Failure.

    The supervisor sends nothing: when it is gone, the process ends as after a SIGTERM.
    """
    end_at_once()
    threading.Thread(target=_end_without, args=[supervisor], daemon=True).start()
    failure = serve(Metrics.shared(folder, place), supervisor.send)
    if failure is not None:
        supervisor.send(failure)
        sys.exit(failure.status)


def _end_without(supervisor: Connection) -> None:
    with suppress(EOFError, OSError):
        supervisor.recv()
    os.kill(os.getpid(), signal.SIGTERM)
