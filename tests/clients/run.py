"""Serves the shipped translator, and runs programs against it: python -m tests.clients.run COMMAND …

Each COMMAND is one argument, and gets the server's address as its last word. The exit status is 1 when one fails.
"""

import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

SERVE = "import sys; from service.cli import main; sys.exit(main(['--port', '0']))"


@contextmanager
def server() -> Iterator[str]:
    """The address of a server that is ready."""
    with subprocess.Popen([sys.executable, "-c", SERVE], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = iter(process.stdout.readline, "")
        try:
            address = next((line.split()[-1] for line in lines if line.startswith("curl ")), None)
            if address is None:
                raise RuntimeError(f"The server ended before it was ready, with status {process.wait()}.")
            yield address.removesuffix("/translate")
        finally:
            process.terminate()


def main(commands: Sequence[str]) -> int:
    """The exit status after all commands have run."""
    with server() as address:
        statuses = [subprocess.run([*shlex.split(command), address], check=False).returncode for command in commands]
    return int(any(statuses))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
