"""What a run runs on, and how much of it it takes."""

import os
import platform
import sys
from pathlib import Path


def hardware(processors: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's name, where Linux tells it in `processors`, and the number of cores."""
    name = platform.machine()
    if processors.exists():
        lines = processors.read_text(encoding="utf-8").splitlines()
        name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), name)
    return f"{name}, {os.cpu_count()} cores"


def peak_memory_bytes() -> int:
    """The most resident memory that this process has had so far; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
