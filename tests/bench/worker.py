"""A process that trains one model and is told when: the same clock and the same batches for everybody."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from tests.bench.cases import Spec
from tests.bench.padded import Padded, load
from training.run.machine import peak_memory_bytes

BATCHES = "batches.npz"


class Trainee(NamedTuple):
    """A model under training, whatever it is made with."""

    prepare: Callable[[Padded], Any]  # a batch as its own data loader hands it to its training loop; not timed
    update: Callable[[Any], float]  # forward, backward, clipping, optimizer; the mean loss a piece before it
    facts: dict[str, Any]  # versions, precision, threads, parameters


class Answer(NamedTuple):
    """One round: every batch once, in order."""

    seconds: list[float]  # of each update
    losses: list[float]
    peak_bytes: int  # the most resident memory so far


def serve(build: Callable[[Spec], Trainee]) -> None:
    """Builds what the spec named on the command line asks for, tells its facts, and trains a round for each line read.

    Facts and answers are lines of JSON on standard output; whatever else is printed goes to standard error.
    """
    answers = take_standard_output()
    spec = Spec.read(Path(sys.argv[1]))
    trainee = build(spec)
    batches = [trainee.prepare(batch) for batch in load(Path(spec.folder) / BATCHES)]
    print(json.dumps(trainee.facts), file=answers, flush=True)
    for _ in sys.stdin:
        print(json.dumps(train_round(trainee, batches)._asdict()), file=answers, flush=True)


def train_round(trainee: Trainee, batches: list[Any]) -> Answer:
    """Trains on every batch once."""
    timed = list(_timed_losses(trainee, batches))
    return Answer([seconds for seconds, _ in timed], [loss for _, loss in timed], peak_memory_bytes())


def _timed_losses(trainee: Trainee, batches: list[Any]) -> Iterator[tuple[float, float]]:
    for batch in batches:
        started = time.perf_counter()
        loss = trainee.update(batch)
        yield time.perf_counter() - started, loss


def take_standard_output() -> TextIO:
    """A file of its own for what stdout was; from now on stdout is stderr, for libraries print as well."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers
