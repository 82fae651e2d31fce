"""Contestants from the other side: processes that are told jobs, in rounds, one at a time."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from tests.bench.decode_cases import share
from tests.bench.train_speed import ROOT, Worker, environment

Rounds = list[list[float]]  # seconds of each repetition of each round


class Contender(Protocol):
    """What can be told a job; a Process, or what a test puts in its place."""

    def do(self, job: str, budget: float) -> list[float]:
        """The seconds of each repetition of a round of about `budget` seconds."""


class Process(Worker):
    """A process of tests.bench.decode_worker."""

    def __enter__(self) -> "Process":
        return self

    def do(self, job: str, budget: float = 0.0) -> list[float]:
        """The seconds of each repetition of a round of about `budget` seconds."""
        self.tell(job, budget)
        return self.hear()

    def tell(self, job: str, budget: float = 0.0) -> None:
        """Lets the process begin; `hear` waits for it."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"job": job, "budget": budget}) + "\n")
        self._process.stdin.flush()

    def hear(self) -> list[float]:
        """The seconds of each repetition of the job that was told."""
        seconds: list[float] = self._read()["seconds"]
        return seconds


def in_rounds(
    contenders: Mapping[str, Contender], jobs: Sequence[str], rounds: int, budget: float
) -> dict[str, dict[str, Rounds]]:
    """What each contender took for each job, round by round; all do a job before the next one is begun.

    A round to warm up, which does not count, goes ahead of them.
    """
    taken: dict[str, dict[str, Rounds]] = {name: {job: [] for job in jobs} for name in contenders}
    for number in range(rounds + 1):
        for job in jobs:
            for name, contender in contenders.items():
                seconds = contender.do(job, budget)
                if number:
                    taken[name][job].append(seconds)
                tell_progress(number, rounds, f"{name}, {job}: {len(seconds)} in {sum(seconds):.2f} s")
    return taken


def in_parts(
    teams: Mapping[str, Sequence["Process"]], numbers: Sequence[int], rounds: int
) -> dict[str, dict[int, list[float]]]:
    """The seconds that so many processes of each team took for a whole text, round by round, with one to warm up."""
    taken: dict[str, dict[int, list[float]]] = {name: {number: [] for number in numbers} for name in teams}
    for number in range(rounds + 1):
        for parts in numbers:
            for name, team in teams.items():
                seconds = side_by_side(team[:parts], [share(part, parts) for part in range(parts)])
                if number:
                    taken[name][parts].append(seconds)
                tell_progress(number, rounds, f"{name}, the text in {parts} parts: {seconds:.2f} s")
    return taken


def tell_progress(number: int, rounds: int, what: str) -> None:
    """A line on standard error; round 0 is the one to warm up."""
    print(f"{f'round {number} of {rounds}' if number else 'warm-up'}: {what}", file=sys.stderr)


def side_by_side(processes: Sequence[Process], jobs: Sequence[str]) -> float:
    """The seconds until all processes, which work at the same time, have done the job of each."""
    began = time.perf_counter()
    for process, job in zip(processes, jobs, strict=True):
        process.tell(job)
    for process in processes:
        process.hear()
    return time.perf_counter() - began


def start(arguments: Sequence[str], clock: Callable[[], float] = time.perf_counter) -> tuple[float, dict[str, Any]]:
    """Seconds from a program's start to its first line, and its last line as JSON; the program ends."""
    began = clock()
    with subprocess.Popen(
        arguments,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        seconds = clock() - began
        rest = process.stdout.read().splitlines()
    if process.returncode or not rest:
        sys.exit(f"{' '.join(arguments)} ended with status {process.returncode}.")
    last: dict[str, Any] = json.loads(rest[-1])
    return seconds, last
