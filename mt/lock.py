"""One process at a time at what is written over hours."""

import os
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl


@contextmanager
def claim(file: Path, refusal: Callable[[str], Exception]) -> Iterator[None]:
    """Keeps every other process from claiming this file until the block, or this process, ends.

    Raises what `refusal` makes of the name of the process that has it. The file is there only for this, and only
    meanwhile, unless the process is killed. Windows has no flock, and nothing is refused there.
    """
    if sys.platform == "win32":
        yield
        return
    descriptor = _locked(file, refusal)
    try:
        os.ftruncate(descriptor, 0)  # what a process that was killed has left
        os.write(descriptor, f"process {os.getpid()} on {platform.node()}".encode())
        yield
    finally:
        file.unlink(missing_ok=True)
        os.close(descriptor)


def _locked(file: Path, refusal: Callable[[str], Exception]) -> int:
    """The file, opened and locked."""
    while True:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(file, descriptor):
                return descriptor
        except BlockingIOError:
            holder = os.read(descriptor, 1_000).decode() or "another process"
            os.close(descriptor)
            raise refusal(holder) from None
        os.close(descriptor)


def _is_at(file: Path, descriptor: int) -> bool:
    """Whether the file is still there; who had it before may have removed it since it was opened."""
    try:
        return os.path.samestat(os.fstat(descriptor), file.stat())
    except FileNotFoundError:
        return False
