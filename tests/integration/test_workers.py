"""Two real workers train as one process does, and one that is killed costs nothing but the updates since."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests import tiny, training_runs
from training.run.checkpoints import load_checkpoint
from training.run.trainer import best_checkpoints

UPDATES, VALIDATE_EVERY = 32, 8
TIMEOUT_SECONDS = 500  # two starts of TensorFlow and all updates, on a busy machine
NOTICE_SECONDS = 30  # after which a worker has seen that another one is gone


def recipe(accumulate: int) -> str:
    return training_runs.toml(
        subwords={"vocabulary": tiny.VOCABULARY},
        model={"embedding": 16, "encoder_hidden": 16, "decoder_hidden": 24, "dropout": 0.0},
        training={
            "max_updates": UPDATES,
            "batch_pieces": 300,
            "accumulate": accumulate,
            "validate_every": VALIDATE_EVERY,
            "validation_sentences": 4,
            "save_minutes": 60,
            "precision": "float32",
        },
        schedule={"peak_rate": 0.005, "warmup_updates": 20},
    )


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


class Run:
    """A folder with corpora, vocabulary and recipe, and the processes that train there."""

    def __init__(self, folder: Path, network: list[str], workers: int) -> None:
        self.folder, self.out, self.network, self.workers = folder, folder / "out", network, workers
        training_runs.write_corpus(folder)
        self.out.mkdir()
        (self.out / "sentencepiece.model").write_bytes(tiny.tokenizer().model)
        (folder / "recipe.toml").write_text(recipe(2 // workers), encoding="utf-8")

    def start(self) -> list[subprocess.Popen[bytes]]:
        addresses = [f"127.0.0.1:{port}" for port in free_ports(self.workers)]
        command = [*self.network, sys.executable, "-m", "training.cli", "run"]
        command += [str(self.folder / "recipe.toml"), "--out", str(self.out)]
        processes = []
        for index in range(self.workers):
            task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
            environment = {**os.environ, "PYTHONPATH": os.getcwd(), "TF_CONFIG": json.dumps(task)}
            with self.log(index).open("wb") as log:
                processes.append(subprocess.Popen(command, stdout=log, stderr=log, env=environment))
        return processes

    def finish(self) -> None:
        self.await_end(self.start())

    def await_end(self, processes: list[subprocess.Popen[bytes]]) -> None:
        for index, process in enumerate(processes):
            assert process.wait(TIMEOUT_SECONDS) == 0, self.said(index)

    def log(self, index: int) -> Path:
        return self.folder / f"log-{index}"

    def said(self, index: int) -> str:
        return self.log(index).read_text(encoding="utf-8")

    @property
    def last(self) -> Path:
        return self.out / "checkpoints" / "last.npz"


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def assert_same_training(found: Run, expected: Run) -> None:
    """Weights, moments and losses to 1e-5, and the same updates kept."""
    (arrays, progress), (twins, expected_progress) = (load_checkpoint(run.last) for run in (found, expected))
    assert list(arrays) == list(twins)
    for name, array in arrays.items():
        np.testing.assert_allclose(array, twins[name], atol=1e-5, err_msg=name)
    rows = [run["history"] for run in (progress, expected_progress)]
    assert len(rows[0]) == UPDATES // VALIDATE_EVERY
    for row, twin in zip(*rows, strict=True):
        for name in ("update", "epoch", "pieces", "learning_rate", "train_loss", "dev_loss"):
            assert row[name] == pytest.approx(twin[name], abs=1e-5), name


def test_two_workers_of_whom_one_is_killed_and_both_are_started_again_train_as_one_process(tmp_path, network):
    alone, pair = Run(tmp_path / "alone", network, workers=1), Run(tmp_path / "pair", network, workers=2)
    started = alone.start()
    chief, other = pair.start()
    end = time.monotonic() + TIMEOUT_SECONDS
    while not pair.last.exists():
        assert chief.poll() is None, pair.said(0)
        assert time.monotonic() < end, pair.said(0)
        time.sleep(0.01)
    other.kill()
    assert other.wait() == -signal.SIGKILL
    assert chief.wait(NOTICE_SECONDS) == 2, pair.said(0)
    assert "another one has ended or cannot be reached" in pair.said(0).splitlines()[-1]
    assert "Traceback" not in pair.said(0)
    assert load_checkpoint(pair.last).progress["update"] < UPDATES
    pair.finish()
    alone.await_end(started)
    assert_same_training(pair, alone)
    assert [path.name for path in best_checkpoints(pair.out)] == [path.name for path in best_checkpoints(alone.out)]
