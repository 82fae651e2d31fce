"""What may go wrong while a model is trained, done for real: damaged and full disks, signals, other corpora, bad rates.

That a run that is stopped or killed between two updates ends with the same numbers is tested in test_resume.py.
"""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from tests import tiny, training_runs
from training.cli import main
from training.run.checkpoints import load_checkpoint
from training.run.lock import claim
from training.run.trainer import best_checkpoints

UPDATES, VALIDATE_EVERY = 8, 4
TRAINING = {
    "max_updates": UPDATES,
    "batch_pieces": 300,
    "validate_every": VALIDATE_EVERY,
    "validation_sentences": 4,
    "keep_best": 1,
    "precision": "float32",
}
SECTIONS = {
    "subwords": {"vocabulary": tiny.VOCABULARY, "sampling": 0.3},  # random pieces
    "model": training_runs.TINY_MODEL,  # random dropout
    "training": TRAINING,
    "schedule": {"peak_rate": 0.005, "warmup_updates": 2},
}
TIMEOUT_SECONDS = 500  # a start of TensorFlow on a busy machine


def mt_train(*arguments):
    """The exit status of a command."""
    with pytest.raises(SystemExit) as end:
        main([*map(str, arguments)])
    return end.value.code


@pytest.fixture(scope="module", autouse=True)
def _precision():
    before = keras.config.dtype_policy()
    yield
    keras.config.set_dtype_policy(before)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The folder of the corpora and the recipe."""
    folder = training_runs.write_corpus(tmp_path_factory.mktemp("data"))
    (folder / "recipe.toml").write_text(training_runs.toml(**SECTIONS), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory):
    """The folder of a run that nothing has gone wrong with; tests must leave it as it is."""
    out = tmp_path_factory.mktemp("whole")
    (out / "sentencepiece.model").write_bytes(tiny.tokenizer().model)
    assert mt_train("run", data / "recipe.toml", "--out", out) == 0
    return out


@pytest.fixture
def half(whole, tmp_path):
    """The folder of the same run when it was half done."""
    out = shutil.copytree(whole, tmp_path / "half")
    (out / "checkpoints" / "previous.npz").replace(out / "checkpoints" / "last.npz")
    return out


def change_recipe(folder, **sections):
    """A recipe with other values."""
    path = folder / "changed.toml"
    merged = {name: {**values, **sections.get(name, {})} for name, values in SECTIONS.items()}
    path.write_text(training_runs.toml(**merged), encoding="utf-8")
    return path


class Stdout(io.StringIO):
    """Sends SIGTERM to its process when a line of a certain beginning is printed."""

    def __init__(self, beginning):
        super().__init__()
        self.beginning = beginning

    def write(self, text):
        if text.startswith(self.beginning):
            os.kill(os.getpid(), signal.SIGTERM)
        return super().write(text)


@pytest.fixture(scope="module")
def resumed(data, whole, tmp_path_factory):
    """The whole run, gone on with by `all` from a damaged checkpoint and stopped in its last validation."""
    out = shutil.copytree(whole, tmp_path_factory.mktemp("resumed") / "out")
    path = out / "checkpoints" / "last.npz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with redirect_stdout(Stdout(f"update {UPDATES}, epoch ")) as printed:
        status = mt_train("all", data / "recipe.toml", "--out", out)
    return SimpleNamespace(out=out, status=status, printed=printed.getvalue())


def test_a_damaged_newest_checkpoint_falls_back_to_the_one_before_and_says_so(resumed):
    checkpoints = resumed.out / "checkpoints"
    assert f"The checkpoint {checkpoints / 'last.npz'} is damaged (" in resumed.printed
    assert f"Going on from {checkpoints / 'previous.npz'}, saved at update {VALIDATE_EVERY}." in resumed.printed
    assert f"update {VALIDATE_EVERY}, epoch" not in resumed.printed, "it went on behind its validation"


def test_a_run_that_fell_back_ends_with_the_same_numbers(whole, resumed):
    found, expected = (load_checkpoint(out / "checkpoints" / "last.npz") for out in (resumed.out, whole))
    assert list(found.arrays) == list(expected.arrays)
    for name, array in expected.arrays.items():
        np.testing.assert_array_equal(found.arrays[name], array, err_msg=name)
    for key in ("update", "epoch", "window", "batch", "pieces"):
        assert found.progress[key] == expected.progress[key], key
    assert [row["update"] for row in found.progress["history"]] == [VALIDATE_EVERY, UPDATES]
    for row, twin in zip(found.progress["history"], expected.progress["history"], strict=True):
        assert (row["train_loss"], row["dev_loss"], row["dev_bleu"]) == (
            twin["train_loss"],
            twin["dev_loss"],
            twin["dev_bleu"],
        )
    assert [path.name for path in best_checkpoints(resumed.out)] == [path.name for path in best_checkpoints(whole)]


def test_a_chain_told_to_stop_in_its_last_validation_saves_it_and_ends_there(resumed):
    assert resumed.status == 0
    assert load_checkpoint(resumed.out / "checkpoints" / "last.npz").progress["update"] == UPDATES
    assert json.loads((resumed.out / "run.json").read_text(encoding="utf-8"))["is_complete"]
    assert not (resumed.out / "average.npz").exists()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_disk_that_is_full_in_the_middle_of_a_checkpoint_costs_only_the_updates_since(data, half, tmp_path, capfd):
    path = half / "checkpoints" / "last.npz"
    before = path.read_bytes()
    recipe = change_recipe(tmp_path, training={"save_minutes": 0})  # after each update
    with training_runs.full_disk(len(before) // 2):
        assert mt_train("run", recipe, "--data", data, "--out", half) == 2
    assert f"mt-train: Cannot write {path}: File too large. What was there stays; make room" in capfd.readouterr().err
    assert path.read_bytes() == before
    assert {file.name for file in path.parent.iterdir() if "best" not in file.name} == {"last.npz"}


def test_a_loss_that_is_no_number_stops_the_run_and_names_update_and_batch(data, half, tmp_path, capfd):
    path = half / "checkpoints" / "last.npz"
    before = path.read_bytes()
    arguments = [change_recipe(tmp_path, schedule={"peak_rate": 1e39}), "--data", data, "--out", half]
    assert mt_train("run", *arguments) == 2
    assert "schedule.peak_rate was 0.005, is 1e+39. Undo that, " in capfd.readouterr().err
    assert json.loads((half / "recipe.json").read_text(encoding="utf-8"))["schedule"]["peak_rate"] == 0.005

    assert mt_train("run", *arguments, "--accept-changes") == 2
    printed = capfd.readouterr()
    assert "Changed since the run began: schedule.peak_rate was 0.005, is 1e+39." in printed.out
    (line,) = [line for line in printed.err.splitlines() if line.startswith("mt-train: ")]
    # The weights leave float32 with the first update, and so has the second no loss.
    assert f"The loss is not finite any more at update {VALIDATE_EVERY + 2}, which ended with batch " in line
    assert ", window 0, the one that begins with '" in line
    assert path.read_bytes() == before


def test_a_changed_corpus_is_refused_unless_it_is_accepted(data, whole, tmp_path, capfd):
    out, changed = shutil.copytree(whole, tmp_path / "out"), shutil.copytree(data, tmp_path / "data")
    for language, text in (("en", "a new pair"), ("de", "ein neues Paar")):
        with (changed / f"train.{language}").open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")
    arguments = [changed / "recipe.toml", "--out", out]
    for command in ("run", "all"):
        assert mt_train(command, *arguments) == 2
        message = capfd.readouterr().err
        assert f"mt-train: The run in {out} began with another recipe or corpus: train pairs of en-de was " in message
        assert '"200 pairs (sha256 ' in message
        assert '"201 pairs (sha256 ' in message
    for name in ("checkpoints/last.npz", "corpora.json", "identity.json"):
        assert (out / name).read_bytes() == (whole / name).read_bytes()

    assert mt_train("run", *arguments, "--accept-changes") == 0
    assert "Changed since the run began: train pairs of en-de was " in capfd.readouterr().out
    assert "201 pairs" in (out / "identity.json").read_text(encoding="utf-8")


def test_a_vocabulary_that_checkpoints_need_is_not_replaced(data, whole, tmp_path, capfd):
    out = shutil.copytree(whole, tmp_path / "out")
    recipe = change_recipe(tmp_path, subwords={"vocabulary": tiny.VOCABULARY - 10})
    assert mt_train("subwords", recipe, "--data", data, "--out", out) == 2
    assert f"The checkpoints in {out} need the vocabulary that is there" in capfd.readouterr().err
    assert (out / "sentencepiece.model").read_bytes() == (whole / "sentencepiece.model").read_bytes()


@pytest.fixture
def reading(data, half, tmp_path):
    """A process that goes on with the half-done run, while it reads a corpus that has no end yet."""
    folder = shutil.copytree(data, tmp_path / "data")
    pipe = folder / "train.en"
    pipe.unlink()
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "training.cli", "all", folder / "recipe.toml", "--out", half]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "PYTHONPATH": os.getcwd()})
    try:
        writing = open_for_writing(pipe, process, tmp_path / "log")
        yield process
        os.close(writing)
    finally:
        process.kill()
        process.wait()


def open_for_writing(pipe: Path, process: subprocess.Popen, log: Path) -> int:
    """The pipe, as soon as the process reads it."""
    end = time.monotonic() + TIMEOUT_SECONDS
    while True:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads
            assert process.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < end, log.read_text(encoding="utf-8")
            time.sleep(0.01)


def test_a_folder_in_use_is_refused_and_free_after_a_signal_that_costs_nothing(data, half, reading, capfd):
    names = ("checkpoints/last.npz", "recipe.json", "corpora.json", "run.json", "sentencepiece.model")
    before = [(half / name).read_bytes() for name in names]
    for command in ("subwords", "run", "all"):
        assert mt_train(command, data / "recipe.toml", "--out", half) == 2
        assert f"mt-train: {half} is in use by process {reading.pid} on " in capfd.readouterr().err
    # Before the first update there is nothing to save, so that SIGTERM ends it at once.
    reading.send_signal(signal.SIGTERM)
    assert reading.wait(TIMEOUT_SECONDS) == -signal.SIGTERM
    assert [(half / name).read_bytes() for name in names] == before
    with claim(half):
        pass
