"""From seconds to tables: medians, quartiles, ratios, shares."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from tests.bench.decode_cases import COPY, GRAPH_ALONE, PIECES, SEARCHES, STEPS
from tests.bench.figures import Rounds, Spread, ratios

Facts = Mapping[str, Any]


def quartiles(values: Sequence[float]) -> Spread:
    """The median with the lower and the upper quartile."""
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(median, low, high)


def extremes(values: Sequence[float]) -> Spread:
    """The median with the smallest and the largest."""
    return Spread(statistics.median(values), min(values), max(values))


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many percent of the values do not exceed."""
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def milliseconds(rounds: Rounds) -> Spread:
    """Of one repetition: the median and the quartiles of all rounds."""
    return quartiles([1_000 * seconds for one in rounds for seconds in one])


def times_ours(ours: Rounds, its: Rounds) -> Spread:
    """How many times as long it takes: the median, the smallest and the largest of the rounds' medians."""
    return ratios([[statistics.median(one)] for one in ours], [[statistics.median(one)] for one in its])


def show(spread: Spread) -> str:
    """A median and in brackets what it lies between, with three digits."""
    return f"{digits(spread.median)} ({digits(spread.low)} - {digits(spread.high)})"


def digits(value: float) -> str:
    """A number from 0.01 on with three significant digits, or all those before the point."""
    places = sum(abs(value) < bound for bound in (1, 10, 100))
    return f"{value:,.{places}f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lines of columns as wide as they must be, the first one left-aligned."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = (
        [
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        for row in (head, *rows)
    )
    return "\n".join("  ".join(line).rstrip() for line in lines)


def search_table(facts: Sequence[Facts], taken: Sequence[Mapping[str, Rounds]]) -> str:
    """Milliseconds a call of each contestant, and how many times the first one's they are."""
    head = [f"ms a call, {PIECES} pieces, median (quartiles)", *SEARCHES]
    rows = [
        [one["name"], *(show(milliseconds(its[job])) for job in SEARCHES)]
        for one, its in zip(facts, taken, strict=True)
    ]
    others = [f"it ÷ {facts[0]['name']}, median (range) of the rounds", *SEARCHES]
    ratio = [
        [one["name"], *(show(times_ours(taken[0][job], its[job])) for job in SEARCHES)]
        for one, its in zip(facts[1:], taken[1:], strict=True)
    ]
    return "\n".join([table(head, rows), *([table(others, ratio)] if ratio else []), *map(described, facts)])


def described(facts: Facts) -> str:
    """A contestant in one line."""
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    return f"  {facts['name']}: {facts['parameters'] / 1e6:.1f} M parameters, threads: {facts['threads']}, {versions}"


def step_table(facts: Facts, taken: Mapping[str, Rounds]) -> str:
    """Milliseconds a step, how near reading its weights comes to the speed of a copy, and what it multiplies."""
    size = facts["step_weights"]
    # A copy reads as many bytes and writes them.
    copy = 2 * size / milliseconds(taken[COPY]).median
    head = [
        "ms a step, median (quartiles)",
        "in a search",
        "graph alone",
        "weights, GB/s",
        "of a copy's",
        "multiply-adds, G/s",
    ]
    rows = []
    for name, (sources, beam) in STEPS.items():
        alone = milliseconds(taken[name + GRAPH_ALONE])
        speed = size / alone.median
        cells = [show(milliseconds(taken[name])), show(alone), digits(speed / 1e6), f"{speed / copy:.0%}"]
        rows.append([name, *cells, digits(sources * beam * speed / 1e6)])
    note = (
        f"  A step multiplies with {size / 1e6:.2f} M int8 weights; NumPy copies as many bytes at {copy / 1e6:.1f} GB/s"
    )
    return "\n".join([table(head, rows), f"{note}, counting those read and those written."])


def text_row(name: str, alone: Rounds, calls: Mapping[int, Sequence[float]], lines: int) -> list[str]:
    """An engine's sentences a second and latencies; `calls` has the seconds of all lines by number of processes."""
    latencies = [1_000 * seconds for one in alone for seconds in one]
    return [
        name,
        show(extremes([lines / sum(one) for one in alone])),
        digits(percentile(latencies, 50)),
        digits(percentile(latencies, 95)),
        *(show(extremes([lines / seconds for seconds in taken])) for taken in calls.values()),
    ]


def text_table(rows: Sequence[Sequence[str]], processes: Sequence[int]) -> str:
    """The rows of all engines; the sentences of one call are shared by so many processes."""
    calls = ["in one call" if number == 1 else f"{number} processes" for number in processes]
    return table(["sentences a second, median (range)", "one by one", "p50 ms", "p95 ms", *calls], rows)


def start_table(starts: Mapping[str, Sequence[tuple[float, int]]], sentences: int) -> str:
    """Seconds to the first translation and resident memory of each engine's processes."""
    head = ["median (range)", "s to the first translation", f"MB after {sentences} translations"]
    rows = [
        [
            f"ours, {name}",
            show(extremes([seconds for seconds, _ in its])),
            show(extremes([size / 1e6 for _, size in its])),
        ]
        for name, its in starts.items()
    ]
    return table(head, rows)
