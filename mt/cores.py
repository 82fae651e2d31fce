"""What the machine has."""

import os
from functools import cache


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def processor_flags() -> frozenset[str]:
    """What Linux says that the processor can do, such as `avx512_bf16`; nothing elsewhere."""
    if not os.path.exists("/proc/cpuinfo"):
        return frozenset()
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return frozenset(next((line.split(":")[1] for line in file if line.startswith("flags")), "").split())
