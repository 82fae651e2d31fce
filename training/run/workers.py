"""Several processes, on one machine or many, that train one model together by TensorFlow's own distributed engine.

All of them hold the whole model and make the same updates. Each takes its share of an update's batches; the gradients
are added up by MultiWorkerMirroredStrategy's all-reduce before they are clipped and applied, so that an update is that
of one process with as many batches. The first worker is the chief: it alone writes to the run's folder.
"""

import atexit
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf

from mt.errors import TrainingError

Tensor = Any
VARIABLE = "TF_CONFIG"
_EXAMPLE = '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", "index": 0}}'


@dataclass(frozen=True)
class Workers:
    """Those who train together, as one of them sees it; by default a process on its own."""

    index: int = 0  # 0 is the chief
    count: int = 1
    add: Any = None  # the compiled all-reduce of a list of tensors; not used alone

    @property
    def is_chief(self) -> bool:
        """Whether this one writes checkpoints and the journal."""
        return self.index == 0

    def share(self, batches: Sequence[Any]) -> Sequence[Any]:
        """This worker's batches of those of an update."""
        return batches[self.index :: self.count]

    def sum(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """The sums of everybody's tensors; each worker gives as many, of the same shapes.

        TrainingError once another worker is gone, some seconds after it went.
        """
        if self.count == 1:
            return list(tensors)
        try:
            return list(self.add(list(tensors)))
        except tf.errors.OpError as error:
            raise TrainingError(
                f"Worker {self.index} of {self.count} cannot go on, for another one has ended or cannot be reached "
                f"({type(error).__name__}). See what it said, then start all of them again with the same command: they "
                "go on from the last checkpoint."
            ) from error

    def any(self, flag: bool) -> bool:
        """Whether the flag is set for at least one of them, so that all of them end at the same update."""
        return flag if self.count == 1 else bool(self.sum([tf.constant(float(flag))])[0] > 0)

    def folder(self, chief: Path) -> Path:
        """Where this one writes: the chief to its folder, each other one to one that is removed when it ends."""
        if self.is_chief:
            return chief
        folder = tempfile.mkdtemp(prefix="dragoman-worker-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)

    def draw_apart(self, variables: Sequence[Any]) -> None:
        """Gives each worker its own dropout masks, where all of them have the chief's random state."""
        for variable in variables if self.index else ():
            if variable.path.endswith("seed_generator_state"):
                variable.assign([int(variable.value[0]) + self.index, int(variable.value[1])])


ALONE = Workers()


def join_workers() -> Workers:
    """The workers that TF_CONFIG names, once all of them are there, or ALONE without it.

    Must be called before TensorFlow computes anything. TrainingError for a TF_CONFIG that names no worker.
    """
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        return ALONE
    index, count = _place(text)
    if count == 1:
        return ALONE
    print(f"Worker {index} of {count} waits for the others …", flush=True)
    try:
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
    except (tf.errors.OpError, ValueError, RuntimeError) as error:
        raise TrainingError(f"The workers of {VARIABLE} do not come together: {error}") from error
    if strategy.num_replicas_in_sync != count:
        raise TrainingError(
            f"Each worker must have one device, got {strategy.num_replicas_in_sync} devices for {count} workers. Start "
            "one worker for each GPU, and show it that GPU alone with CUDA_VISIBLE_DEVICES."
        )
    return Workers(index, count, _all_reduce(strategy))


def refuse_workers() -> None:
    """TrainingError where TF_CONFIG asks for several workers, for what one process does alone."""
    text = os.environ.get(VARIABLE, "").strip()
    if text and _place(text)[1] > 1:
        raise TrainingError(
            f"With several workers ({VARIABLE}), give `mt-train subwords` on one machine, then `mt-train run` on each, "
            "then the steps that follow on one."
        )


def _place(text: str) -> tuple[int, int]:
    """This worker's number and how many there are; a "chief" comes before those called "worker"."""
    try:
        config = json.loads(text)
        cluster, task = config["cluster"], config["task"]
        addresses = {kind: cluster.get(kind, []) for kind in ("chief", "worker")}
        if not all(isinstance(found, list) for found in addresses.values()):
            raise TypeError("a kind of worker without a list of addresses")
        names = [(kind, number) for kind, found in addresses.items() for number in range(len(found))]
        return names.index((task["type"], int(task["index"]))), len(names)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise TrainingError(f"{VARIABLE} must name all workers and this one, as {_EXAMPLE}, got '{text}'.") from None


def _all_reduce(strategy: Any) -> Any:
    def add(tensors: list[Tensor]) -> list[Tensor]:
        def add_here(tensors: list[Tensor]) -> list[Tensor]:
            # The sum goes to where its terms are, so they need a place.
            with tf.device("/cpu:0"):
                here = [tf.identity(tensor) for tensor in tensors]
            return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, here)

        return strategy.run(add_here, args=(tensors,))

    return tf.function(add)
