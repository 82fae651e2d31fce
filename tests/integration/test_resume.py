"""A training run that is stopped, killed and gone on with ends with the numbers of one that was never interrupted."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests import tiny, training_runs
from training.run.checkpoints import load_checkpoint
from training.run.trainer import best_checkpoints

UPDATES, VALIDATE_EVERY = 100, 40
RECIPE = training_runs.toml(
    subwords={"vocabulary": tiny.VOCABULARY, "sampling": 0.3},  # random pieces
    model={
        "embedding": 16,
        "encoder_hidden": 16,
        "decoder_hidden": 24,
        "dropout": 0.3,  # random masks
        "variational_dropout": True,
        "word_dropout": 0.1,
    },
    training={
        "max_updates": UPDATES,
        "batch_pieces": 300,
        "validate_every": VALIDATE_EVERY,
        "validation_sentences": 4,
        "save_minutes": 60,  # only a signal or a validation saves
        "precision": "float32",
    },
    schedule={"peak_rate": 0.005, "warmup_updates": 20},
)
TIMEOUT_SECONDS = 500  # a start of TensorFlow and all updates, on a busy machine


class Run:
    """A folder with corpora, vocabulary and recipe, and the process that trains there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder / "out"
        self.log = folder / "log"
        training_runs.write_corpus(folder)
        self.out.mkdir()
        (self.out / "sentencepiece.model").write_bytes(tiny.tokenizer().model)
        (folder / "recipe.toml").write_text(RECIPE, encoding="utf-8")

    def start(self, step: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "training.cli", step, self.folder / "recipe.toml", "--out", self.out]
        with self.log.open("wb") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "PYTHONPATH": os.getcwd()})

    def finish(self) -> None:
        self.await_end(self.start("run"))

    def await_end(self, process: subprocess.Popen[bytes]) -> None:
        assert process.wait(TIMEOUT_SECONDS) == 0, self.log.read_text(encoding="utf-8")

    def interrupt(self, step: str, number: signal.Signals, is_time: Callable[[], bool]) -> int:
        """Starts, sends a signal as soon as it is time, and gives the exit status."""
        with self.start(step) as process:
            end = time.monotonic() + TIMEOUT_SECONDS
            while not is_time():
                assert process.poll() is None, self.log.read_text(encoding="utf-8")
                assert time.monotonic() < end, self.log.read_text(encoding="utf-8")
                time.sleep(0.002)
            process.send_signal(number)
            return process.wait(TIMEOUT_SECONDS)

    def shown_updates(self) -> int:
        """The updates done, as the progress bar tells."""
        shown = re.findall(rf"(\d+)/{UPDATES} ", self.log.read_text(encoding="utf-8"))
        return int(shown[-1]) if shown else 0

    def saved_progress(self) -> dict:
        path = self.out / "checkpoints" / "last.npz"
        return load_checkpoint(path).progress if path.exists() else {"update": 0}


def without_times(progress: dict) -> dict:
    """What a checkpoint holds of the progress, less what a clock has measured."""
    rows = [
        {key: value for key, value in row.items() if key not in ("seconds", "pieces_per_second")}
        for row in progress["history"]
    ]
    recent = [[loss, pieces] for loss, pieces, _ in progress["recent"]]
    kept = {key: progress[key] for key in ("update", "epoch", "batch", "pieces")}
    return {**kept, "history": rows, "recent": recent}


def assert_same_arrays(found: Path, expected: Path) -> None:
    arrays, twins = load_checkpoint(found).arrays, load_checkpoint(expected).arrays
    assert list(arrays) == list(twins)
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, twins[name], err_msg=f"{found.name}: {name}")


def test_a_run_that_was_stopped_and_then_killed_mid_epoch_ends_with_the_same_numbers(tmp_path):
    whole, broken = (Run(training_runs.write_corpus(tmp_path / name)) for name in ("whole", "broken"))
    uninterrupted = whole.start("run")

    assert broken.interrupt("all", signal.SIGTERM, lambda: broken.shown_updates() >= 1) == 0
    assert "Stopped (the same command goes on)" in broken.log.read_text(encoding="utf-8")
    stopped = broken.saved_progress()
    assert 0 < stopped["update"] < VALIDATE_EVERY, "SIGTERM saves, and nothing else has saved yet"
    assert not (broken.out / "average.npz").exists(), "the chain ends with the step that was stopped"

    killed = broken.interrupt("run", signal.SIGKILL, lambda: broken.saved_progress()["update"] >= VALIDATE_EVERY)
    assert killed == -signal.SIGKILL
    left = broken.saved_progress()
    assert left["update"] < UPDATES
    # Both went on within an epoch: its position counted, not its beginning.
    assert stopped["batch"] > 0
    assert left["batch"] > 0
    assert left["epoch"] > stopped["epoch"]

    broken.finish()
    whole.await_end(uninterrupted)
    last = Path("checkpoints") / "last.npz"
    assert without_times(broken.saved_progress()) == without_times(whole.saved_progress())
    assert_same_arrays(broken.out / last, whole.out / last)
    best = [path.name for path in best_checkpoints(whole.out)]
    assert [path.name for path in best_checkpoints(broken.out)] == best
    for name in best:
        assert_same_arrays(broken.out / "checkpoints" / name, whole.out / "checkpoints" / name)
