"""`make bench-serve`: what of the engine's own speed comes through HTTP, and what happens under too much of it.

engine:   the translator in this process, as many threads as pay, the best of several batch sizes; and one by one.
alone:    one connection: what the service adds to the median of a translation.
crowd:    32 connections: the share of the engine's best speed that comes through.
steady:   requests at 70 % of what the crowd came to: the 99th percentile beside the median.
overload: five times as many requests as the crowd came to: only 200 and 429, how soon 429 comes, and the first answer
          after it.
peer:     the crowd again, in turns with the same service around CTranslate2, whose model is as large.

The server is a process of its own with no cache; nothing else is measured while it is. Use a quiet machine.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from mt import Translator, load_bundle, shipped_bundle
from tests.bench.serve_client import Client, Reply, at_rate, in_turn
from tests.bench.serve_texts import sentences
from tests.bench.train_speed import PEERS_PYTHON, ROOT

CROWD = 32
STEADY, OVERLOAD = 0.7, 5
ROUNDS = 3  # of each with its peer
OURS = [sys.executable, "-c", "import sys, service.cli; sys.exit(service.cli.main([]))"]
PEER = [str(PEERS_PYTHON), "-m", "tests.bench.serve_ctranslate2"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints a line for each measure, and all of them as JSON."""
    options = parse(arguments)
    texts = sentences(options.source)
    translator = Translator(load_bundle(options.bundle))
    translator.warm_up()
    chosen = list(islice(texts, options.sentences))
    found = measure_engine(translator, options.direction, chosen)
    with serving(OURS, options.bundle) as port:
        found |= asyncio.run(measure_service(port, options.direction, texts, options.seconds))
        if not options.alone:
            length = f"{pieces_a_piece(translator, options.direction, chosen):.3f}"
            with serving([*PEER, length], options.bundle) as peer_port:
                ports = {"ours": port, "peer": peer_port}
                found |= peer_figures(asyncio.run(in_turns(ports, options.direction, texts, options.seconds)))
    found["added_ms"] = found["alone_p50_ms"] - found["engine_p50_ms"]
    found["share"] = found["crowd_a_second"] / found["engine_a_second"]
    for name, value in found.items():
        print(f"{name:<24}{value if isinstance(value, str | dict) else f'{value:,.2f}'}", flush=True)
    print(json.dumps(found))


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(prog="make bench-serve", description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measure")
    parser.add_argument("--sentences", type=int, default=400, help="for the engine's own speed")
    parser.add_argument("--source", type=Path, help="a file of sentences; without it they are made up")
    parser.add_argument("--bundle", type=Path, default=shipped_bundle())
    parser.add_argument("--alone", action="store_true", help="without CTranslate2 beside it")
    parser.add_argument("--direction", default="en-de", type=lambda name: tuple(name.split("-", 1)))
    options = parser.parse_args(arguments)
    if options.source and not options.source.is_file():
        parser.error(f"--source must be a file, got {options.source}")
    if not options.alone and not PEERS_PYTHON.exists():
        parser.error(f"There is no {PEERS_PYTHON}. Run `make .venv-peers/installed` first, or add --alone.")
    return options


def measure_engine(translator: Translator, direction: tuple[str, str], texts: Sequence[str]) -> dict[str, Any]:
    """Sentences a second at best, and the median of one by one."""
    seconds = [_timed(lambda text=text: translator.translate([text], *direction)) for text in texts[:100]]
    speeds = {}
    for size in (1, translator.best_batch, 32):
        batches = [texts[start : start + size] for start in range(0, len(texts), size)]
        with ThreadPoolExecutor(translator.calls_at_once) as threads:
            work = lambda batch: translator.translate(batch, *direction)  # noqa: E731
            speeds[size] = len(texts) / _timed(lambda: list(threads.map(work, batches)))  # noqa: B023
    return {
        "engine_p50_ms": 1000 * statistics.median(seconds),
        "engine_by_batch": {size: round(speed, 1) for size, speed in speeds.items()},
        "engine_a_second": max(speeds.values()),
    }


def pieces_a_piece(translator: Translator, direction: tuple[str, str], texts: Sequence[str]) -> float:
    """How many pieces the translations have for each piece of their sources."""
    sources = [source for text in texts for source in translator.plan(text, *direction).sources]
    found = [translator.search([source], translator.options())[0][0] for source in sources]
    return sum(len(one.ids) for one in found) / sum(map(len, sources))


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


async def measure_service(
    port: int, direction: tuple[str, str], texts: Iterator[str], seconds: float
) -> dict[str, Any]:
    """All that is measured through HTTP."""
    client = Client(port, direction)
    await in_turn(client, texts, CROWD, 1.0)  # warm
    alone = await in_turn(client, texts, 1, seconds)
    start = time.perf_counter()
    crowd = await in_turn(client, texts, CROWD, seconds)
    speed = len(crowd) / (time.perf_counter() - start)
    steady = await at_rate(client, texts, STEADY * speed, seconds)
    overload = await at_rate(client, texts, OVERLOAD * speed, seconds)
    after = await client.ask(next(texts))
    client.close()
    return {
        "alone_p50_ms": percentile_ms(alone, 50),
        "crowd_a_second": speed,
        "crowd_p50_ms": percentile_ms(crowd, 50),
        "crowd_p99_ms": percentile_ms(crowd, 99),
        "steady_p50_ms": percentile_ms(steady, 50),
        "steady_p99_ms": percentile_ms(steady, 99),
        **overload_figures(overload),
        "after_overload": f"{after.status} in {1000 * after.seconds:.0f} ms",
    }


async def in_turns(
    ports: Mapping[str, int], direction: tuple[str, str], texts: Iterator[str], seconds: float
) -> dict[str, list[float]]:
    """The requests a second that a crowd gets from each server, round by round; one works while the others rest."""
    speeds: dict[str, list[float]] = {name: [] for name in ports}
    for _ in range(ROUNDS):
        for name, port in ports.items():
            client = Client(port, direction)
            await in_turn(client, texts, CROWD, seconds / 10)  # warm
            start = time.perf_counter()
            replies = await in_turn(client, texts, CROWD, seconds)
            client.close()
            assert {reply.status for reply in replies} <= {200}, name
            speeds[name].append(len(replies) / (time.perf_counter() - start))
    return speeds


def peer_figures(speeds: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """The peer's requests a second, and how many times as many ours has: the medians, and the ratio of each round."""
    ratios = [ours / peer for ours, peer in zip(speeds["ours"], speeds["peer"], strict=True)]
    return {
        "peer_a_second": statistics.median(speeds["peer"]),
        "times_the_peer": statistics.median(ratios),
        "times_the_peer_by_round": ", ".join(f"{ratio:.2f}" for ratio in ratios),
    }


def overload_figures(replies: Sequence[Reply]) -> dict[str, Any]:
    """How many of each status; how soon a refusal comes, and an answer."""
    refused = [reply for reply in replies if reply.status == 429]
    answered = [reply for reply in replies if reply.status == 200]
    return {
        "overload_statuses": dict(Counter(reply.status for reply in replies)),
        "overload_without_retry": sum(not reply.retry_after for reply in refused),
        "overload_429_p99_ms": percentile_ms(refused, 99),
        "overload_200_p99_ms": percentile_ms(answered, 99),
    }


def percentile_ms(replies: Sequence[Reply], percent: int) -> float:
    """The milliseconds within which so many of a hundred replies came; 0 where there is none."""
    ordered = sorted(reply.seconds for reply in replies)
    return 1000 * ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else 0.0


@contextmanager
def serving(command: Sequence[str], bundle: Path) -> Iterator[int]:
    """The port of a server of the bundle, which remembers nothing."""
    settings = {**os.environ, "MT_CACHE_BYTES": "0", "MT_PORT": "0", "MT_BUNDLE": str(bundle)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=settings, text=True, cwd=ROOT) as server:
        try:
            assert server.stdout is not None
            address = next(line for line in server.stdout if " at http" in line)
            yield int(address.partition("http://")[2].split(":")[1].split()[0])
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
