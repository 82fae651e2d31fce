"""Checkpoints: what is saved comes back, and a failing write costs nothing."""

import re

import numpy as np
import pytest

from mt.errors import TrainingError
from tests.training_runs import full_disk
from training.run.checkpoints import (
    Checkpoint,
    average,
    has_checkpoint,
    load_checkpoint,
    load_newest,
    replace_text,
    save_checkpoint,
    save_newest,
)

PROGRESS = {"update": 3, "history": [{"dev_loss": 1.25, "dev_bleu_by_direction": {"en-de": 0.0}}]}


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
    with full_disk(100), pytest.raises(TrainingError, match=too_large):
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


def say_nothing(message):
    raise AssertionError(message)


def save_generations(folder, *updates):
    for update in updates:
        save_newest(folder, Checkpoint(arrays(seed=update), {"update": update}))


def damage(path):
    """One byte of an array becomes another, as on a bad disk."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def test_before_the_first_checkpoint_there_is_none(tmp_path):
    assert not has_checkpoint(tmp_path)
    assert load_newest(tmp_path, say_nothing) is None


def test_the_newest_checkpoint_and_the_one_before_it_are_kept(tmp_path):
    save_generations(tmp_path, 10, 20, 30)
    path, checkpoint = load_newest(tmp_path, say_nothing)
    assert (path, checkpoint.progress) == (tmp_path / "last.npz", {"update": 30})
    assert load_checkpoint(tmp_path / "previous.npz").progress == {"update": 20}
    assert {file.name for file in tmp_path.iterdir()} == {"last.npz", "previous.npz"}


def test_a_damaged_newest_checkpoint_falls_back_to_the_one_before_and_says_so(tmp_path):
    save_generations(tmp_path, 10, 20)
    damage(tmp_path / "last.npz")
    said = []
    path, checkpoint = load_newest(tmp_path, said.append)
    assert path == tmp_path / "previous.npz"
    assert_same(checkpoint.arrays, arrays(seed=10))
    (message,) = said
    assert message.startswith(f"The checkpoint {tmp_path / 'last.npz'} is damaged (")
    assert message.endswith(
        f") and now named damaged.npz. Going on from {tmp_path / 'previous.npz'}, saved at update 10."
    )


def test_a_damaged_checkpoint_never_takes_the_place_of_the_one_before(tmp_path):
    save_generations(tmp_path, 10, 20)
    damage(tmp_path / "last.npz")
    load_newest(tmp_path, [].append)
    save_generations(tmp_path, 30)
    assert load_checkpoint(tmp_path / "previous.npz").progress == {"update": 10}
    assert load_newest(tmp_path, say_nothing)[1].progress == {"update": 30}


def test_a_crash_between_two_renames_costs_nothing(tmp_path):
    save_generations(tmp_path, 10)
    (tmp_path / "last.npz").rename(tmp_path / "previous.npz")
    said = []
    assert load_newest(tmp_path, said.append)[1].progress == {"update": 10}
    assert said == [
        f"There is no {tmp_path / 'last.npz'}. Going on from {tmp_path / 'previous.npz'}, saved at update 10."
    ]


def test_two_damaged_checkpoints_are_both_named(tmp_path):
    save_generations(tmp_path, 10, 20)
    for name in ("last.npz", "previous.npz"):
        damage(tmp_path / name)
    assert has_checkpoint(tmp_path)
    with pytest.raises(TrainingError, match=r"last\.npz is damaged .*previous\.npz is damaged .*Remove it to go on"):
        load_newest(tmp_path, say_nothing)


def test_a_newest_checkpoint_that_cannot_be_opened_is_not_taken_for_damaged(tmp_path):
    save_generations(tmp_path, 10, 20)
    newest = tmp_path / "last.npz"
    newest.unlink()
    newest.mkdir()  # which root, too, cannot open as a file
    wanted = f"The checkpoint {newest} cannot be opened: Is a directory. Make it readable, then try again."
    with pytest.raises(TrainingError, match=re.escape(wanted)):
        load_newest(tmp_path, say_nothing)
    assert {file.name for file in tmp_path.iterdir()} == {"last.npz", "previous.npz"}


def test_a_full_disk_leaves_both_generations(tmp_path):
    save_generations(tmp_path, 10, 20)
    with full_disk(100), pytest.raises(TrainingError, match=r"Cannot write .*last.npz: File too large"):
        save_generations(tmp_path, 30)
    assert load_newest(tmp_path, say_nothing)[1].progress == {"update": 20}
    assert load_checkpoint(tmp_path / "previous.npz").progress == {"update": 10}
    assert {file.name for file in tmp_path.iterdir()} == {"last.npz", "previous.npz"}


def test_a_text_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "run.json"
    replace_text(path, "vorher")
    with full_disk(100), pytest.raises(TrainingError, match=r"Cannot write .*run.json: File too large"):
        replace_text(path, "nachher" * 100)
    assert path.read_text(encoding="utf-8") == "vorher"
    replace_text(path, "größer")
    assert path.read_text(encoding="utf-8") == "größer"


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
