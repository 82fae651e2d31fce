"""What the tests of mt share: one tiny translator, made once."""

import shutil

import pytest

from mt.tokenizer import Tokenizer
from tests import tiny


@pytest.fixture(params=["unigram", "bpe"])
def tokenizer(request) -> Tokenizer:
    return tiny.tokenizer(request.param)


@pytest.fixture
def bundle_copy(tmp_path):
    """The folder of a bundle that a test may damage."""
    return shutil.copytree(tiny.bundle_folder(), tmp_path / "bundle")
