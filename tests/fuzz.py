"""Sends generated requests to a server, and compares each answer with its OpenAPI document (Schemathesis).

    .venv/bin/python -m tests.fuzz          (or: make fuzz FUZZ_FLAGS="--examples 2000 --seed 1")

The server is mt-serve with the shipped translator, unless --url names another. No answer may be a fault of the server,
or one that is not documented: in its status, Content-Type, headers or form. What fails is shown with a curl command
that repeats it, and the exit status is 1. Other options than --examples and --url are Schemathesis's, such as --seed.
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.served import served

# OpenAPI cannot say that a field may be in the query instead of the body, nor which languages are loaded.
SKIPPED = "negative_data_rejection,positive_data_acceptance"
SCHEMATHESIS = "import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())"


def fuzz(url: str, examples: int, options: Sequence[str]) -> int:
    """The exit status after about so many requests, besides a thousand that try each field's bounds."""
    with urllib.request.urlopen(f"{url}/openapi.json") as answer:
        each = max(1, examples // count_with_fields(json.load(answer)))
    command = ["run", f"{url}/openapi.json", "--exclude-checks", SKIPPED, "--max-examples", str(each)]
    command += [*options, *without_database(options)]
    with tempfile.TemporaryDirectory() as folder:  # where it keeps notes of its own
        # Warnings are about operations that refuse most of what is made up, as ours must.
        command += ["--warnings", "off", "--continue-on-failure"]
        return subprocess.run([sys.executable, "-c", SCHEMATHESIS, *command], cwd=folder, check=False).returncode


def without_database(options: Sequence[str]) -> list[str]:
    """The option that saves Hypothesis its database, unless these do so, which Schemathesis forbids to say twice.

    With one, which would be thrown away here, it spends most of its time on making small what went well.
    """
    return [] if "--generation-deterministic" in options else ["--generation-database", "none"]


def count_with_fields(document: dict[str, dict[str, dict[str, dict[str, object]]]]) -> int:
    """How many operations there are more than a few requests for."""
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    return sum("parameters" in operation or "requestBody" in operation for operation in operations)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status of Schemathesis."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__.split("\n")[0])
    parser.add_argument("--examples", type=int, default=20_000, help="about how many requests; default: 20000")
    parser.add_argument("--url", help="of a server that runs already, such as http://127.0.0.1:8000")
    options, others = parser.parse_known_args(arguments)
    with ExitStack() as stack:
        if options.url:
            return fuzz(options.url.rstrip("/"), options.examples, others)
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        # Not a line for each request that is no HTTP.
        server = stack.enter_context(served(MT_SUGGESTIONS=str(Path(folder) / "suggestions"), MT_LOG_LEVEL="error"))
        before = server.standing()
        status = fuzz(server.url, options.examples, others)
        after = server.standing()
    print(f"The server's memory was {before.memory_bytes / 1e6:,.0f} MB, and is {after.memory_bytes / 1e6:,.0f} MB.")
    return status


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the server is ended too
    sys.exit(main())
