"""How long a piece of a stream takes and what the process holds, far into a translation.

python -m tests.bench.stream_steps [--bundle FOLDER] [--engine litert] [--no-repeat 3] [--pieces 100 500 1000 2000]

A model would end long before; here a prefix dictates the pieces, and its steps are those that any other piece takes.
"""

import argparse
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from mt import Bundle, SearchOptions, Translator, load_bundle, shipped_bundle
from mt.open_engine import AUTO, ENGINES, choose_engine
from tests.bench.decode_start import resident_bytes
from tests.bench.figures import Spread

TEXT = "It is ten."
WINDOW = 100  # pieces before each mark that are timed
SPARE = 50  # pieces by which a dictation that is cut into pieces again may be longer


class Mark(NamedTuple):
    """How it went up to a number of pieces."""

    pieces: int
    milliseconds: Spread  # a piece, of the last WINDOW ones: median and quartiles
    resident_bytes: int


def measure(bundle: Bundle, engine: str, pieces: Sequence[int], no_repeat: int = 0) -> Iterator[Mark]:
    """A mark at each of these numbers of pieces, which are in order, of one stream."""
    translator, most = Translator(load_bundle(bundle.path), threads=1, engine=engine), max(pieces)
    translator.warm_up()
    source, target = translator.directions[0]
    search = SearchOptions(1, max_pieces=most + SPARE, no_repeat=no_repeat, loop_guard=False)
    stream = translator.stream(TEXT, source, target, search=search, prefix=dictation(bundle, most))
    seconds = []
    for number in range(1, most + 1):
        began = time.perf_counter()
        next(stream)
        seconds.append(time.perf_counter() - began)
        if number in pieces:
            low, median, high = statistics.quantiles([1_000 * one for one in seconds[-WINDOW:]], n=4)
            yield Mark(number, Spread(median, low, high), resident_bytes())


def dictation(bundle: Bundle, pieces: int) -> str:
    """A text of at least so many pieces, and few more."""
    (ids,) = bundle.tokenizer.encode([" ".join([TEXT] * pieces)])
    return bundle.tokenizer.decode([ids[: pieces + SPARE // 2]])[0]


def table(engine: str, marks: Sequence[Mark]) -> str:
    """The marks as a table in Markdown, with the last mark's time as a multiple of the first one's."""
    rows = [
        f"| {one.pieces:,} | {one.milliseconds.median:.2f} | {one.milliseconds.low:.2f} to {one.milliseconds.high:.2f} "
        f"| {one.resident_bytes / 1e6:,.1f} |"
        for one in marks
    ]
    growth = marks[-1].milliseconds.median / marks[0].milliseconds.median
    more = (marks[-1].resident_bytes - marks[0].resident_bytes) / 1e6
    title = f"| {engine}, pieces | ms a piece, median | quartiles | resident memory, MB |"
    total = f"From {marks[0].pieces:,} to {marks[-1].pieces:,} pieces: time x {growth:.2f}, memory {more:+.1f} MB."
    return "\n".join([title, "|---|---|---|---|", *rows, "", total])


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, default=shipped_bundle())
    parser.add_argument("--engine", choices=[AUTO, *ENGINES], default=AUTO)
    parser.add_argument("--no-repeat", type=int, default=0)
    parser.add_argument("--pieces", type=int, nargs="+", default=[100, 500, 1_000, 2_000])
    options = parser.parse_args(arguments)
    bundle = load_bundle(options.bundle)
    engine = choose_engine(bundle, options.engine).name
    print(table(engine, list(measure(bundle, engine, sorted(options.pieces), options.no_repeat))))


if __name__ == "__main__":
    main()
