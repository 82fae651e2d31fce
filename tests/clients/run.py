"""Serves the shipped translator, and runs programs against it: python -m tests.clients.run COMMAND …

Each COMMAND is one argument, and gets the server's address as its last word. The exit status is 1 when one fails.
"""

import shlex
import subprocess
import sys
from collections.abc import Sequence

from tests.served import served


def main(commands: Sequence[str]) -> int:
    """The exit status after all commands have run."""
    with served() as server:
        statuses = [subprocess.run([*shlex.split(command), server.url], check=False).returncode for command in commands]
    return int(any(statuses))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
