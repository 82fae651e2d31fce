"""One training in a folder at a time."""

import os
import platform

import pytest

from mt.errors import TrainingError
from training.run.lock import claim


def test_a_folder_in_which_a_training_runs_is_refused_with_the_process_id(tmp_path):
    message = rf"{tmp_path} is in use by process {os.getpid()} on {platform.node()}, which trains there\. Wait .*--out"
    with claim(tmp_path), pytest.raises(TrainingError, match=message), claim(tmp_path):
        pytest.fail("claimed twice")
    assert list(tmp_path.iterdir()) == []


def test_other_folders_are_not_claimed(tmp_path):
    (tmp_path / "other").mkdir()
    with claim(tmp_path), claim(tmp_path / "other"):
        pass
