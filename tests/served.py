"""`mt-serve` as a process of its own, with the shipped translator, and what it holds of the machine (on Linux)."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

SERVE = "import sys; from service.cli import main; sys.exit(main(['--port', '0']))"


class Standing(NamedTuple):
    """What a process holds."""

    memory_bytes: int  # resident
    descriptors: int
    threads: int


class Served(NamedTuple):
    """A server that is ready."""

    url: str
    process: int

    def standing(self) -> Standing:
        """What it holds now."""
        return standing(self.process)


@contextmanager
def served(**variables: str) -> Iterator[Served]:
    """A server that is ready, whose settings are these variables alone; it is ended afterwards."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MT_")}
    command = [sys.executable, "-c", SERVE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**kept, **variables}) as process:
        assert process.stdout
        lines = iter(process.stdout.readline, "")
        try:
            address = next((line.split()[-1] for line in lines if line.startswith("curl ")), None)
            if address is None:
                raise RuntimeError(f"The server ended before it was ready, with status {process.wait()}.")
            yield Served(address.removesuffix("/translate"), process.pid)
        finally:
            process.terminate()


def standing(process: int | str = "self") -> Standing:
    """What a process holds now."""
    folder = Path("/proc", str(process))
    pages = int((folder / "statm").read_text(encoding="ascii").split()[1])
    descriptors, threads = (len(os.listdir(folder / name)) for name in ("fd", "task"))
    return Standing(pages * os.sysconf("SC_PAGE_SIZE"), descriptors, threads)
