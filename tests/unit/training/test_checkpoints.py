"""Checkpoints: what is saved comes back, and a failing write costs nothing."""

import resource
from contextlib import contextmanager

import numpy as np
import pytest

from mt.errors import TrainingError
from training.checkpoints import Checkpoint, average, load_checkpoint, save_checkpoint

PROGRESS = {"update": 3, "history": [{"dev_loss": 1.25, "dev_bleu_by_direction": {"en-de": 0.0}}]}


@contextmanager
def full_disk():
    """A limit of 100 bytes on every file that is written, as near to a full disk as a process can come by itself."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def arrays(seed=1):
    draw = np.random.default_rng(seed)
    return {
        "00-kernel": draw.normal(size=(3, 4)).astype(np.float32),
        "encoder/bias:0": np.zeros(2, np.float32),
        "count": np.array(7, np.int64),
        "seed": np.array([1, 2**32 - 1], np.uint32),
    }


def assert_same(found, expected):
    assert list(found) == list(expected)
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_a_checkpoint_comes_back_as_it_was_saved(tmp_path):
    path = tmp_path / "deep" / "last.npz"
    save_checkpoint(path, Checkpoint(arrays(), PROGRESS))
    found = load_checkpoint(path)
    assert_same(found.arrays, arrays())
    assert found.progress == PROGRESS
    assert [file.name for file in path.parent.iterdir()] == ["last.npz"]


def test_a_write_that_fails_leaves_the_old_checkpoint(tmp_path):
    path = tmp_path / "last.npz"
    save_checkpoint(path, Checkpoint(arrays(), PROGRESS))
    too_large = r"Cannot write .*last.npz: File too large\. What was there stays"
    with full_disk(), pytest.raises(TrainingError, match=too_large):
        save_checkpoint(path, Checkpoint(arrays(seed=2), {"update": 4}))
    assert_same(load_checkpoint(path).arrays, arrays())
    assert [file.name for file in tmp_path.iterdir()] == ["last.npz"]


def test_a_half_written_file_of_a_crash_is_written_over(tmp_path):
    (tmp_path / "last.partial").write_bytes(b"half")
    save_checkpoint(tmp_path / "last.npz", Checkpoint(arrays(), PROGRESS))
    assert load_checkpoint(tmp_path / "last.npz").progress == PROGRESS


@pytest.mark.parametrize("damage", [lambda data: data[:-200], lambda data: b"", lambda data: b"no archive" * 50])
def test_a_damaged_checkpoint_is_refused_by_name(tmp_path, damage):
    path = tmp_path / "last.npz"
    save_checkpoint(path, Checkpoint(arrays(), PROGRESS))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(TrainingError, match=rf"{path} is damaged \(.*Remove it to go on without it\."):
        load_checkpoint(path)


def test_a_flipped_byte_is_noticed(tmp_path):
    path = tmp_path / "last.npz"
    save_checkpoint(path, Checkpoint(arrays(), PROGRESS))
    data = bytearray(path.read_bytes())
    data[data.index(arrays()["00-kernel"].tobytes()) + 5] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(TrainingError, match="is damaged"):
        load_checkpoint(path)


def test_a_missing_checkpoint_is_answered_with_the_step_that_makes_it(tmp_path):
    with pytest.raises(TrainingError, match=r"There is no checkpoint .*none.npz\. Run `mt-train run` first\."):
        load_checkpoint(tmp_path / "none.npz")


def test_the_average_is_the_mean_of_each_array(tmp_path):
    paths = [tmp_path / f"best-{number}.npz" for number in range(3)]
    for number, path in enumerate(paths):
        save_checkpoint(path, Checkpoint({"w": arrays(number)["00-kernel"]}, {}))
    expected = np.mean([arrays(number)["00-kernel"] for number in range(3)], axis=0)
    np.testing.assert_allclose(average(paths)["w"], expected, rtol=1e-6)
    assert average(paths)["w"].dtype == np.float32


def test_the_average_of_one_is_itself(tmp_path):
    save_checkpoint(tmp_path / "a.npz", Checkpoint({"w": arrays()["00-kernel"]}, {}))
    assert_same(average([tmp_path / "a.npz"]), {"w": arrays()["00-kernel"]})


def test_nothing_to_average_is_answered_with_the_step_before():
    with pytest.raises(TrainingError, match=r"no checkpoint to average\. Run `mt-train run` first\."):
        average([])
