"""A process that does jobs and is told which and when: the same clock and the same questions for everybody."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench.decode_cases import PIECES, SEARCHES, Search
from tests.bench.worker import take_standard_output

Sources = Sequence[Sequence[int]]


class Job(NamedTuple):
    """What is timed again and again."""

    run: Callable[[int], object]  # is given the number of the repetition
    repetitions: int | None = None  # of one round; None = as many as fit in the time that it is given


class Contestant(NamedTuple):
    """Something that translates, whatever it is made with."""

    jobs: Mapping[str, Job]
    facts: Mapping[str, Any]  # name, precision, parameters, threads, versions


def serve(build: Callable[[Path], Contestant]) -> None:
    """Builds what the spec named on the command line asks for, tells its facts, and does a job for each line read.

    Lines are JSON, facts and answers on standard output; whatever else is printed goes to standard error.
    """
    answers = take_standard_output()
    contestant = build(Path(sys.argv[1]))
    print(json.dumps(contestant.facts), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(contestant, json.loads(line))), file=answers, flush=True)


def answer(contestant: Contestant, request: Mapping[str, Any]) -> dict[str, list[float]]:
    """The `seconds` of each repetition of the `job` that is asked for, with `budget` as the seconds of a round."""
    return {"seconds": list(timed(contestant.jobs[request["job"]], request["budget"]))}


def timed(job: Job, budget: float, clock: Callable[[], float] = time.perf_counter) -> Iterator[float]:
    """The seconds of each repetition, of which there is at least one."""
    number, began = 0, clock()
    while True:
        started = clock()
        job.run(number)
        ended = clock()
        yield ended - started
        number += 1
        if number >= job.repetitions if job.repetitions else ended - began >= budget:
            return


def search_jobs(search: Callable[[Sources, int], list[int]], sources: Sources) -> dict[str, Job]:
    """A job for each of SEARCHES; `search` takes sources and a beam, and gives the lengths of the translations."""
    return {name: Job(_searching(search, sources, asked)) for name, asked in SEARCHES.items()}


def _searching(search: Callable[[Sources, int], list[int]], sources: Sources, asked: Search) -> Callable[[int], object]:
    """Searches the translations of the next sources at each repetition."""

    def run(number: int) -> None:
        first = number * asked.sentences % len(sources)
        lengths = search(sources[first : first + asked.sentences], asked.beam)
        assert lengths == [PIECES] * asked.sentences, lengths

    return run
