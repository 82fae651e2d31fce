"""The work that something takes, for tests of how it grows; never for how fast it is."""

import time
from collections.abc import Callable


def cpu_seconds(work: Callable[..., object], *arguments: object) -> float:
    """The processor time of one call, which other programs of the machine hardly change."""
    start = time.process_time()
    work(*arguments)
    return time.process_time() - start
