"""Two real workers train as one process does, and one that is killed costs nothing but the updates since."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import keras
import numpy as np
import pytest

from tests import tiny, training_runs
from training.pipeline import Pipeline
from training.run.checkpoints import load_checkpoint, load_newest
from training.run.trainer import best_checkpoints

UPDATES, VALIDATE_EVERY = 40, 20
TIMEOUT_SECONDS = 500  # two starts of TensorFlow and all updates, on a busy machine
NOTICE_SECONDS = 30  # after which a worker has seen that another one is gone


def write_recipe(folder: Path, accumulate: int) -> Path:
    """The path of a recipe, with its corpora beside it."""
    text = training_runs.toml(
        subwords={"vocabulary": tiny.VOCABULARY},
        model={**training_runs.TINY_MODEL, "dropout": 0.0},
        training={
            "max_updates": UPDATES,
            "batch_pieces": 300,
            "accumulate": accumulate,
            "validate_every": VALIDATE_EVERY,
            "validation_sentences": 4,
            "save_minutes": 0,  # after each update
            "precision": "float32",
        },
        schedule={"peak_rate": 0.005, "warmup_updates": 20},
    )
    path = training_runs.write_corpus(folder) / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module", autouse=True)
def _precision() -> Iterator[None]:
    before = keras.config.dtype_policy()
    yield
    keras.config.set_dtype_policy(before)


@pytest.fixture(scope="module")
def network() -> Iterator[list[str]]:
    """What to put before a command so that it sees a loopback interface alone; nothing where that cannot be had.

    TensorFlow's servers listen on all addresses.
    """
    if not all(map(shutil.which, ("unshare", "nsenter", "ip"))):
        yield []
        return
    enter = ["unshare", "--map-root-user", "--net"]
    script = "ip link set lo up && echo up && exec sleep 100000"
    with subprocess.Popen([*enter, "sh", "-c", script], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        if holder.stdout.readline() == "up\n":
            yield ["nsenter", f"--target={holder.pid}", "--user", "--preserve-credentials", "--net"]
        else:
            yield []
        holder.kill()


@pytest.fixture
def pair(tmp_path: Path, network: list[str]) -> Iterator["Pair"]:
    with closing(Pair(tmp_path / "pair", network)) as both:
        yield both


class Pair:
    """A folder with corpora and recipe, and two workers that make a translator of them there."""

    def __init__(self, folder: Path, network: list[str]) -> None:
        self.folder, self.out, self.network = folder, folder / "out", network
        self.recipe = write_recipe(folder, accumulate=1)
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self) -> list[subprocess.Popen[bytes]]:
        """The workers, the chief first."""
        addresses = [f"127.0.0.1:{port}" for port in free_ports()]
        command = [*self.network, sys.executable, "-m", "training.cli", "all"]
        command += [str(self.recipe), "--out", str(self.out)]
        processes = []
        for index in (0, 1):
            task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
            environment = {**os.environ, "PYTHONPATH": os.getcwd(), "TF_CONFIG": json.dumps(task)}
            with self.log(index).open("wb") as log:
                processes.append(subprocess.Popen(command, stdout=log, stderr=log, env=environment))
        self.started += processes
        return processes

    def close(self) -> None:
        """Ends what a test that has failed leaves running."""
        for process in self.started:
            process.kill()
            process.wait()

    def await_checkpoint(self, processes: list[subprocess.Popen[bytes]]) -> None:
        """Waits for one that is newer than what is there."""
        before, end = self.saved_at(), time.monotonic() + TIMEOUT_SECONDS
        while self.saved_at() <= before:
            for index, process in enumerate(processes):
                assert process.poll() is None, self.said(index)
            assert time.monotonic() < end, self.said(0)
            time.sleep(0.01)

    def saved_at(self) -> int:
        try:
            return (self.out / "checkpoints" / "last.npz").stat().st_mtime_ns
        except FileNotFoundError:
            return 0  # before the first, and between two renames

    def saved_updates(self) -> int:
        found = load_newest(self.out / "checkpoints", print)
        assert found is not None
        return int(found[1].progress["update"])

    def kill(self, processes: list[subprocess.Popen[bytes]], victim: int) -> None:
        """Kills one of two workers, and sees the other one end and say why."""
        processes[victim].kill()
        assert processes[victim].wait() == -signal.SIGKILL
        survivor = 1 - victim
        status, said = processes[survivor].wait(NOTICE_SECONDS), self.said(survivor)
        assert status == 2, said
        assert f"mt-train: Worker {survivor} of 2 cannot go on, for another one has ended " in said.splitlines()[-1]
        assert said.endswith("they go on from the last checkpoint.\n")
        assert "Traceback" not in said

    def log(self, index: int) -> Path:
        return self.folder / f"log-{index}"

    def said(self, index: int) -> str:
        return self.log(index).read_text(encoding="utf-8")


def free_ports() -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def train_alone(folder: Path) -> Path:
    """The folder of the same training by this process, each update of as many batches."""
    pipeline = Pipeline.open(write_recipe(folder, accumulate=2), None, folder / "out")
    pipeline.subwords()
    assert pipeline.run()
    return pipeline.folder


def assert_same_training(found: Path, expected: Path) -> None:
    """Weights, moments and losses to 1e-5, and the same updates kept."""
    (arrays, progress), (twins, expected_progress) = (
        load_checkpoint(folder / "checkpoints" / "last.npz") for folder in (found, expected)
    )
    assert list(arrays) == list(twins)
    for name, array in arrays.items():
        np.testing.assert_allclose(array, twins[name], atol=1e-5, err_msg=name)
    rows = [run["history"] for run in (progress, expected_progress)]
    assert len(rows[0]) == UPDATES // VALIDATE_EVERY
    assert [path.name for path in best_checkpoints(found)] == [path.name for path in best_checkpoints(expected)]
    for row, twin in zip(*rows, strict=True):
        for name in ("update", "epoch", "pieces", "learning_rate", "train_loss", "dev_loss"):
            assert row[name] == pytest.approx(twin[name], abs=1e-5), name


def test_two_workers_of_whom_each_is_killed_once_and_both_are_started_again_train_as_one_process(pair, tmp_path):
    saved = 0
    for victim in (1, 0):
        both = pair.start()
        pair.await_checkpoint(both)
        pair.kill(both, victim)
        assert saved < pair.saved_updates() < UPDATES
        if saved:
            assert_goes_on(pair, saved)
        saved = pair.saved_updates()
    both = pair.start()
    alone = train_alone(tmp_path / "alone")
    for index, process in enumerate(both):
        assert process.wait(TIMEOUT_SECONDS) == 0, pair.said(index)
    assert_goes_on(pair, saved)
    assert_same_training(pair.out, alone)
    # Only the chief writes beside it, and goes on to the bundle.
    of_all_steps = {"average.npz", "bundle", "outputs", "scores.json", "report.html"}
    assert {path.name for path in pair.out.iterdir()} == {path.name for path in alone.iterdir()} | of_all_steps | {
        "cache-1"
    }
    assert [f"Exported {pair.out}" in pair.said(index) for index in (0, 1)] == [True, False]


def assert_goes_on(run: Pair, update: int) -> None:
    """That nothing was lost but the updates since a checkpoint, as the progress bar tells."""
    shown = re.findall(rf"(\d+)/{UPDATES} ", run.said(0))
    assert int(shown[0]) == update
