"""How quiet the machine was beside what we ran on it."""

import os
import sys
import time
from pathlib import Path

QUIET = 0.05  # of all cores busy with something else: what a desktop at rest takes, and hardly to be seen in a speed
STATISTICS = Path("/proc/stat")


class Watch:
    """From its making on, tells what share of all cores something else than this process's children kept busy."""

    def __init__(self, statistics: Path = STATISTICS) -> None:
        self._statistics, self._began = statistics, time.monotonic()
        self._busy, self._ours = busy_seconds(statistics), children_seconds()

    def others(self) -> float | None:
        """The share so far, counting only children that have ended as ours; None where the system does not tell."""
        busy = busy_seconds(self._statistics)
        if busy is None or self._busy is None:
            return None
        ours = children_seconds() - self._ours
        total = max(1e-9, time.monotonic() - self._began) * (os.cpu_count() or 1)
        return max(0.0, (busy - self._busy - ours) / total)


def busy_seconds(statistics: Path = STATISTICS) -> float | None:
    """Seconds that all cores together have worked since the start of the machine, as Linux tells them; else None."""
    if not statistics.exists():
        return None
    # user nice system idle iowait irq softirq steal; the guests' are within user.
    ticks = [int(count) for count in statistics.read_text(encoding="utf-8").splitlines()[0].split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


def children_seconds() -> float:
    """Processor seconds of the children of this process that have ended."""
    if sys.platform == "win32":
        return 0.0
    import resource

    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def is_quiet(others: float | None) -> bool:
    """Whether a speed that was measured meanwhile says something."""
    return others is not None and others <= QUIET
