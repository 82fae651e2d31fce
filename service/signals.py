"""What a signal does while the program does nothing that must be ended first."""

import os
import signal


def end_at_once() -> None:
    """Nothing; SIGTERM and SIGINT end this process from now on, silently, as it says to its parent.

    Python itself would show where it was when SIGINT came. The first process of a container, whom the kernel spares
    such signals, ends with status 0.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)


def _end(number: int, _: object) -> None:
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
    os._exit(0)
