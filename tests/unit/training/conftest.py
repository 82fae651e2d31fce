"""What a training leaves behind in its process, put back."""

import keras
import pytest


@pytest.fixture(autouse=True)
def _precision():
    """A trainer sets the precision of its process; the next test begins with Keras's own."""
    before = keras.config.dtype_policy()
    yield
    keras.config.set_dtype_policy(before)
