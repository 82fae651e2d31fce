"""TensorFlow's import without its chatter."""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

# What TensorFlow 2.21 always writes before its own log level holds.
_CHATTER = re.compile(rb"^(WARNING: All log messages before absl|[IW]\d{4} |To enable the following instructions)")


def import_tensorflow() -> ModuleType:
    """TensorFlow with its log below errors off and oneDNN on, unless the environment says otherwise.

    TensorFlow itself turns oneDNN on for some processors with AVX-512 only; with AVX2 it speeds up search and training.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    if "tensorflow" in sys.modules:
        return sys.modules["tensorflow"]
    with _without_chatter():
        import tensorflow
    return tensorflow


@contextmanager
def _without_chatter() -> Iterator[None]:
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
