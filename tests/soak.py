"""Lets many clients at mt-serve for half an hour, good and bad ones, and sees whether it comes to hold more and more.

    .venv/bin/python -m tests.soak          (or: make soak SOAK_FLAGS="--minutes 60")

The clients speak all dialects, stream, send what cannot be read, dawdle, and leave midway. A line tells every minute
how many requests there were, how many were refused (too busy) or failed, and what the server holds. The exit status is
1 when a request was not answered as it must be, when the server's memory is more by --growth percent than after the
--warm-up, or when descriptors or threads are left behind in the end. Needs Linux.
"""

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.served import Served, Standing, served
from tests.soak_visits import Failed, Refused, Visitor, all_bad

SAMPLE_SECONDS = 0.5
POOL = 16  # threads and descriptors that a server may have more than at its start, as its pools have grown
CACHE_BYTES = 2**22  # so small that it is full before the end of the warm-up
SHOWN_FAILURES = 10


class Sample(NamedTuple):
    """What the server held at a time."""

    seconds: float  # since the first request
    standing: Standing


class Crowd:
    """Visitors, each in a thread, and what became of their visits."""

    def __init__(self, url: str, size: int, seed: int):
        self.counts: Counter[str] = Counter()
        self._is_over = threading.Event()
        translations, bad = dict[str, str](), all_bad()
        self._visitors = [Visitor(url, seed + number, translations, bad) for number in range(size)]
        self._threads = [threading.Thread(target=self._go_on, args=[visitor]) for visitor in self._visitors]

    def __enter__(self) -> "Crowd":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _go_on(self, visitor: Visitor) -> None:
        while not self._is_over.is_set():
            self.counts["requests"] += 1
            try:
                visitor.visit()
            except Refused:
                self.counts["refused"] += 1
                time.sleep(0.1)
            except Failed as failure:
                self.counts["failed"] += 1
                if self.counts["failed"] <= SHOWN_FAILURES:
                    print(failure, flush=True)
        visitor.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status, after all complaints are printed."""
    options = parse(arguments)
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "MT_SUGGESTIONS": str(Path(folder) / "suggestions"),
            "MT_CACHE_BYTES": str(CACHE_BYTES),
            "MT_LOG_LEVEL": "error",  # not a line for each request that is no HTTP
        }
        with served(**settings) as server:
            complaints = soak(server, options)
    print("\n".join(complaints) or "Nothing failed, and nothing was left behind.")
    return int(bool(complaints))


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--warm-up", type=float, default=5.0, help="minutes after which the memory must stay as it is")
    parser.add_argument("--growth", type=float, default=2.0, help="percent by which it may be more in the end")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    if not 0 < options.warm_up < options.minutes:
        parser.error(f"--warm-up must be less than --minutes {options.minutes:g}, got {options.warm_up:g}")
    return options


def soak(server: Served, options: argparse.Namespace) -> list[str]:
    """What went wrong, a line each; prints how it goes."""
    start, samples = server.standing(), list[Sample]()
    print("minute  requests  refused  failed      MB  descriptors  threads", flush=True)
    with Crowd(server.url, options.clients, options.seed) as crowd:
        for sample in watch(server, 60 * options.minutes):
            if not samples or sample.seconds // 60 > samples[-1].seconds // 60:
                report(sample, crowd)
            samples.append(sample)
    report(samples[-1], crowd)
    failures = [f"{crowd.counts['failed']:,} requests failed."] if crowd.counts["failed"] else []
    grown = growth(samples, 60 * options.warm_up, options.growth)
    return [*failures, *grown, *left_behind(start, at_rest(server, start))]


def watch(server: Served, seconds: float) -> Iterator[Sample]:
    """What the server holds, again and again for so long."""
    began = time.monotonic()
    while (now := time.monotonic() - began) < seconds:
        yield Sample(now, server.standing())
        time.sleep(SAMPLE_SECONDS)


def report(sample: Sample, crowd: Crowd) -> None:
    """Prints a line."""
    megabytes, descriptors, threads = sample.standing.memory_bytes / 1e6, *sample.standing[1:]
    asked, refused, failed = (crowd.counts[name] for name in ("requests", "refused", "failed"))
    minute = sample.seconds / 60
    print(
        f"{minute:6.1f} {asked:9,} {refused:8,} {failed:7,} {megabytes:7.1f} {descriptors:12,} {threads:8,}", flush=True
    )


def growth(samples: Sequence[Sample], warm_up_seconds: float, percent: float) -> list[str]:
    """A complaint when the memory grew by more than so many percent, from the warm-up's end to the last samples.

    Each of both is the median of a minute, or of a fifth of what is there where that is less.
    """
    later = [sample.standing.memory_bytes for sample in samples if sample.seconds >= warm_up_seconds]
    window = max(1, min(round(60 / SAMPLE_SECONDS), len(later) // 5))
    before, after = statistics.median(later[:window]), statistics.median(later[-window:])
    grown = 100 * (after / before - 1)
    print(f"Memory: {before / 1e6:.1f} MB after the warm-up, {after / 1e6:.1f} MB in the end, {grown:+.1f} %.")
    return [f"The memory grew by more than {percent:g} %."] if grown > percent else []


def at_rest(server: Served, start: Standing) -> Standing:
    """What the server holds when it has, within some seconds, closed the connections of clients that have left."""
    end = time.monotonic() + 10
    while (now := server.standing()).descriptors > start.descriptors + POOL and time.monotonic() < end:
        time.sleep(SAMPLE_SECONDS)
    return now


def left_behind(start: Standing, rest: Standing) -> list[str]:
    """A complaint for each thing of which there is more, without clients, than at the start."""
    names = ("descriptors", "threads")
    return [
        f"There are {now:,} {name} after all clients have left; there were {before:,} at the start."
        for name, before, now in zip(names, start[1:], rest[1:], strict=True)
        if now > before + POOL
    ]


if __name__ == "__main__":
    sys.exit(main())
