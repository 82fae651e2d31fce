"""One training at a time in a folder."""

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mt.errors import TrainingError

if sys.platform != "win32":
    import fcntl

FILE = "run.lock"


@contextmanager
def claim(folder: Path) -> Iterator[None]:
    """Keeps every other process from claiming the folder until the block, or this process, ends.

    TrainingError that names the process that has the folder. Windows has no flock, and nothing is refused there.
    """
    # The file stays for ever: were it removed, a third process could claim a new one while the second has the old.
    descriptor = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _lock(descriptor, folder)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()} on {platform.node()}".encode())
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    if sys.platform == "win32":
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 1_000).decode() or "another process"
        raise TrainingError(
            f"{folder} is in use by {holder}, which trains there. Wait until it is done, stop it with SIGTERM (it "
            "saves a checkpoint first), or give another folder with --out."
        ) from None
