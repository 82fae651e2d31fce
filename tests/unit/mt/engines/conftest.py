"""What tests of several engines share."""

import pytest

from mt.convert import convert
from tests import tiny


@pytest.fixture(scope="session")
def float32_graphs(tmp_path_factory):
    """The tiny bundle's LiteRT graphs without quantization, which tests must leave as they are."""
    folder = tmp_path_factory.mktemp("graphs") / "float32"
    convert(tiny.bundle().saved_model, folder, quantized=False)
    return folder
