"""What C++ libraries write to standard error, without the lines that tell a user nothing."""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

# What TensorFlow 2.21 always writes before its own log level holds, and what LiteRT 2.3 does at every start.
_CHATTER = re.compile(
    rb"^(WARNING: All log messages before absl|[IW]\d{4} |To enable the following instructions|INFO: Created )"
)


@contextmanager
def without_chatter() -> Iterator[None]:
    """Holds back what is written to standard error meanwhile, and then writes the lines that are not chatter.

    The lines come from C++, so the file descriptor itself has to be turned aside.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            os.write(2, b"".join(line for line in file if not _CHATTER.match(line)))
