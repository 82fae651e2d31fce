"""TensorFlow's import without its chatter."""

import os
import sys
from types import ModuleType

from mt.engines.chatter import without_chatter


def import_tensorflow() -> ModuleType:
    """TensorFlow with its log below errors off and oneDNN on, unless the environment says otherwise.

    TensorFlow itself turns oneDNN on for some processors with AVX-512 only; with AVX2 it speeds up search and training.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    if "tensorflow" in sys.modules:
        return sys.modules["tensorflow"]
    with without_chatter():
        import tensorflow
    return tensorflow
