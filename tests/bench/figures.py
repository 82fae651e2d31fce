"""From seconds to the table: speeds, ratios and their spread."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Rounds = Sequence[Sequence[float]]  # seconds of each update of each round


@dataclass(frozen=True)
class Spread:
    """A median and how far its values lie apart."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Row:
    """What one trainee came to."""

    name: str
    precision: str
    parameters: int
    pieces_per_second: Spread  # of all timed updates, with quartiles
    ratio: Spread | None  # our speed divided by theirs, of each round, with the smallest and the largest; None for ours
    first_loss: float  # means of the first and the last round; what a peer adds for smoothing differs
    last_loss: float
    peak_bytes: int
    versions: Mapping[str, str]
    threads: int
    seconds: Rounds


def speeds(pieces: Sequence[int], rounds: Rounds) -> Spread:
    """Pieces a second of all updates: the median, the lower and the upper quartile."""
    values = [count / seconds for one in rounds for count, seconds in zip(pieces, one, strict=True)]
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(median, low, high)


def ratios(ours: Rounds, peer: Rounds) -> Spread:
    """How many times as fast we are, round by round: the median, the smallest and the largest.

    A round of ours and the peer's next to it do the same batches, so what slows the machine for a while slows both.
    """
    values = [sum(theirs) / sum(mine) for mine, theirs in zip(ours, peer, strict=True)]
    return Spread(statistics.median(values), min(values), max(values))


def make_row(
    facts: Mapping[str, Any], pieces: Sequence[int], answers: Sequence[Mapping[str, Any]], ours: Rounds | None
) -> Row:
    """The row of a trainee from its facts and the answers of its rounds, of which the first is the warm-up.

    ours is what a peer's rounds are compared with; None for our own row.
    """
    rounds = timed(answers)
    return Row(
        facts["name"],
        facts["precision"],
        facts["parameters"],
        speeds(pieces, rounds),
        ratios(ours, rounds) if ours else None,
        statistics.fmean(answers[0]["losses"]),
        statistics.fmean(answers[-1]["losses"]),
        max(answer["peak_bytes"] for answer in answers),
        facts["versions"],
        facts["threads"],
        rounds,
    )


def timed(answers: Sequence[Mapping[str, Any]]) -> Rounds:
    """The seconds of each round behind the warm-up."""
    return [answer["seconds"] for answer in answers[1:]]


def render(title: str, rows: Sequence[Row], pipeline: Sequence[Mapping[str, float]]) -> str:
    """One case as text, for a terminal of 120 columns."""
    lines = [title, f"{'':<52}{'pieces/s':>9}{'quartiles':>16}{'ours ÷ it':>11}{'rounds':>14}{'peak':>9}"]
    lines += [_line(row) for row in rows]
    lines += [
        f"  {row.name}, {row.precision}: {row.parameters / 1e6:.1f} M parameters, {row.threads} threads, "
        f"loss {row.first_loss:.2f} → {row.last_loss:.2f}, {', '.join(' '.join(pair) for pair in row.versions.items())}"
        for row in rows
    ]
    lines += [
        f"  Our input pipeline, sampling {one['sampling']}: {one['pieces_per_second_alone']:,.0f} pieces/s alone; "
        f"training with it {one['pieces_per_second_of_training']:,.0f} pieces/s, {one['share_waited']:.1%} of the time "
        "waiting for it"
        for one in pipeline
    ]
    return "\n".join(lines)


def _line(row: Row) -> str:
    name = f"{row.name}, {row.precision}"
    speed, ratio = row.pieces_per_second, row.ratio
    quartiles = f"{speed.low:,.0f} - {speed.high:,.0f}"
    ratios = f"{ratio.median:>11.2f}{f'{ratio.low:.2f} - {ratio.high:.2f}':>14}" if ratio else " " * 25
    return f"{name:<52}{speed.median:>9,.0f}{quartiles:>16}{ratios}{row.peak_bytes / 1e6:>6,.0f} MB"
