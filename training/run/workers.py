"""Several processes, on one machine or many, that train one model together by TensorFlow's own distributed engine.

All of them hold the whole model and make the same updates. Each takes its share of an update's batches; the gradients
are added up by MultiWorkerMirroredStrategy's all-reduce before they are clipped and applied, so that an update is that
of one process with as many batches. The first worker is the chief: it alone writes to the run's folder.
"""

import atexit
import hashlib
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from mt.errors import TrainingError
from training.run.cluster import VARIABLE, find_seat

Tensor = Any


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

    def wait(self) -> None:
        """Returns once all of them have come here, however long that takes."""
        self.any(False)

    def require_same(self, **facts: Any) -> None:
        """TrainingError, for all of them, when one has another fact than the chief, as text; each gives the same keys.

        Otherwise they would train several models and add up what does not belong together.
        """
        if self.count == 1:
            return
        own = np.array([_digits(fact) for fact in facts.values()])
        (chief,) = self.sum([tf.constant(own if self.is_chief else np.zeros_like(own))])
        is_same = np.all(np.asarray(chief) == own, axis=1)
        names = " and ".join(name for name, same in zip(facts, is_same, strict=True) if not same)
        if self.any(bool(names)):
            fault = f"has another {names} than the chief" if names else "cannot go on: another one tells what differs"
            raise TrainingError(
                f"Worker {self.index} of {self.count} {fault}. Give all of them the same recipe, corpora, --out and "
                "training.precision, then start all of them again."
            )

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


def join_workers(connect: Callable[[], Any] = tf.distribute.MultiWorkerMirroredStrategy) -> Workers:
    """The workers that TF_CONFIG names, once all of them are there, or ALONE without it.

    Must be called before TensorFlow computes anything. `connect` waits for the others and gives the strategy.
    TrainingError for a wrong TF_CONFIG.
    """
    seat = find_seat()
    if seat.count == 1:
        return ALONE
    print(f"Worker {seat.index} of {seat.count} waits for {', '.join(seat.others)} …", flush=True)
    try:
        with _interruptible():
            strategy = connect()
    except (tf.errors.OpError, ValueError, RuntimeError) as error:
        raise TrainingError(f"The workers of {VARIABLE} do not come together: {error}") from error
    if strategy.num_replicas_in_sync != seat.count:
        raise TrainingError(
            f"Each worker must have one device, got {strategy.num_replicas_in_sync} devices for {seat.count} workers. "
            "Start one worker for each GPU, and show it that GPU alone with CUDA_VISIBLE_DEVICES."
        )
    return Workers(seat.index, seat.count, _all_reduce(strategy))


@contextmanager
def _interruptible() -> Iterator[None]:
    """Lets Ctrl-C end the process at once; Python's own handler would come only after TensorFlow has waited."""
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _digits(fact: Any) -> np.ndarray:
    """A fingerprint of 128 bits in numbers that float32 holds exactly, in whatever type they are added up."""
    return np.frombuffer(hashlib.sha256(str(fact).encode()).digest()[:16], np.uint8).astype(np.float32)


def _all_reduce(strategy: Any) -> Any:
    def add(tensors: list[Tensor]) -> list[Tensor]:
        def add_here(tensors: list[Tensor]) -> list[Tensor]:
            # The sum goes to where its terms are, so they need a place.
            with tf.device("/cpu:0"):
                here = [tf.identity(tensor) for tensor in tensors]
            return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, here)

        return strategy.run(add_here, args=(tensors,))

    return tf.function(add)
