"""How all tests run."""

import os

from hypothesis import settings

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as mt.engines.tensorflow does

# The same examples in every run, and none refused for being slow on a busy machine.
settings.register_profile("dragoman", deadline=None, derandomize=True)
settings.load_profile("dragoman")
