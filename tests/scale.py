"""Trains on made-up corpora of up to ten million pairs, and shows how long a start takes and how much memory.

    .venv/bin/python -m tests.scale --folder /big/disk          (or: make scale SCALE_FLAGS="--folder /big/disk")

Each corpus goes through mt-train as a user's would: the vocabulary (reads, filters and stores the pairs), a run (stores
the ids of their pieces), and the same run begun again from what is stored. Needs Linux, an hour on two cores, and 6 GB
of disk for ten million pairs. It is no part of `make test`.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

UPDATES = 300
WORDS = 40_000
SENTENCES_AT_ONCE = 10_000
RECIPE = f"""
name = "scale"
directions = ["en-de"]
[[corpora]]
languages = ["en", "de"]
train = ["train.en", "train.de"]
dev = ["dev.en", "dev.de"]
[model]
embedding = 64
encoder_hidden = 64
decoder_hidden = 64
[training]
max_updates = {UPDATES}
validate_every = {UPDATES}
validation_sentences = 20
"""


class Cost(NamedTuple):
    """What one command took."""

    seconds: float
    first_update_seconds: float | None  # from its start
    own_mb: float  # peak of anonymous memory: what the process needs
    mapped_mb: float  # peak of mapped files, which the system may drop at any time


def main() -> None:
    """Prints a table, one line a command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, nargs="+", default=[100_000, 10_000_000])
    parser.add_argument("--folder", type=Path, help="where corpora and runs are made, and removed; default: temporary")
    options = parser.parse_args()
    print(f"{'pairs':>12} {'step':<14} {'seconds':>9} {'first update':>13} {'own MB':>8} {'mapped MB':>10}")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for pairs in options.pairs:
            show(pairs, Path(folder) / str(pairs))


def show(pairs: int, folder: Path) -> None:
    """The lines of one corpus, which is made and removed."""
    write_corpus(folder, pairs)
    for step, command in (("subwords", "subwords"), ("first run", "run"), ("run from cache", "run")):
        cost = measure(folder, command)
        first = f"{cost.first_update_seconds:,.1f}" if cost.first_update_seconds is not None else "-"
        print(
            f"{pairs:>12,} {step:<14} {cost.seconds:>9,.1f} {first:>13} {cost.own_mb:>8,.0f} {cost.mapped_mb:>10,.0f}"
        )
        # The next run begins at its beginning, with the cache that this one left.
        shutil.rmtree(folder / "out" / "checkpoints", ignore_errors=True)
    shutil.rmtree(folder)


def write_corpus(folder: Path, pairs: int) -> None:
    """Sentences of 4 to 24 made-up words, frequent and rare ones as in a language, and the same words in another."""
    folder.mkdir(parents=True)
    draw = np.random.default_rng(1)
    syllables = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]
    lexicons = {
        language: ["".join(draw.choice(syllables, draw.integers(1, 5))) + ending for _ in range(WORDS)]
        for language, ending in (("en", ""), ("de", "en"))
    }
    (folder / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    for name, count in (("dev", 20), ("train", pairs)):
        with (folder / f"{name}.en").open("w") as source, (folder / f"{name}.de").open("w") as target:
            for sentence in sentences(draw, count):
                for language, file in (("en", source), ("de", target)):
                    lexicon = lexicons[language]
                    file.write(" ".join([lexicon[word] for word in sentence]) + "\n")


def sentences(draw: np.random.Generator, count: int) -> Iterator[list[int]]:
    """Numbers of words."""
    for start in range(0, count, SENTENCES_AT_ONCE):
        lengths = draw.integers(4, 25, min(SENTENCES_AT_ONCE, count - start))
        # Frequencies that fall with the rank, about as Zipf's law has it.
        words = (WORDS ** draw.random(lengths.sum())).astype(np.int64) - 1
        yield from (part.tolist() for part in np.split(words, np.cumsum(lengths)[:-1]))


def measure(folder: Path, command: str) -> Cost:
    """Runs mt-train and watches the process."""
    log, peaks, first = folder / "log", {"RssAnon": 0, "RssFile": 0}, None
    began = time.monotonic()
    with log.open("wb") as output:
        arguments = [sys.executable, "-m", "training.cli", command, str(folder / "recipe.toml"), "--out"]
        process = subprocess.Popen([*arguments, str(folder / "out")], stdout=output, stderr=output)
    while process.poll() is None:
        for name, kilobytes in re.findall(r"(RssAnon|RssFile):\s+(\d+) kB", _read(Path(f"/proc/{process.pid}/status"))):
            peaks[name] = max(peaks[name], int(kilobytes))
        if first is None and re.search(rf"\b[1-9]\d*/{UPDATES} ", _read(log)):
            first = time.monotonic() - began
        time.sleep(0.1)
    if process.returncode:
        sys.exit(f"mt-train {command} failed:\n{_read(log)}")
    return Cost(time.monotonic() - began, first, peaks["RssAnon"] / 1e3, peaks["RssFile"] / 1e3)


def _read(path: Path) -> str:
    """The text of a file; nothing when the process that it tells of has just ended."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


if __name__ == "__main__":
    main()
