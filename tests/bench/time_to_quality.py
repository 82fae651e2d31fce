"""`make time-to-quality`: minutes of training until greedy translations of Multi30k en-de's dev set reach 36 BLEU.

Ours is the published recipe with frequent validation, JoeyNMT its RNN, with the settings it publishes for a real corpus
and with our sizes and regularization. One after the other, each from text files and an empty folder, so the clock sees
vocabulary, training and validations alike; as many target sentences pass between two validations of each. Use a quiet
machine. A system that has been timed is skipped; remove its folder to time it again.
"""

import argparse
import json
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench.ablations import LANGUAGES, sides_of
from tests.bench.cells import LOG, ROOT, environment, markdown
from tests.bench.joey_recipes import IWSLT14, TUNED, JoeyRecipe
from tests.bench.joey_training import CLI, MODEL, JoeyCorpus, learn_bpe, make_config, read_validation, write_config
from tests.bench.our_training import MT_TRAIN, read_json
from tests.bench.quiet import Watch, is_quiet
from tests.bench.recipe_values import write_recipe
from training.data.corpus import read_lines
from training.recipe import PUBLISHED
from training.run.checkpoints import replace_text
from training.run.machine import hardware

RECIPE = "multi30k-en-de"
TARGET = 36.0
SYSTEMS = {
    "ours": f"ours, {RECIPE}",
    "joey-iwslt14": "JoeyNMT 2.3, `iwslt14_deen_bpe`",
    "joey-tuned": "JoeyNMT 2.3, our sizes and regularization",
}
PEERS = {"joey-iwslt14": IWSLT14, "joey-tuned": TUNED}
TIMING = "timing.json"
PAIRS_A_BATCH = 65  # of the 1,000 target pieces of a batch of ours


class Point(NamedTuple):
    """A validation."""

    update: int
    bleu: float


@dataclass(frozen=True)
class Timing:
    """What a system came to."""

    system: str
    minutes: float | None  # until the target was reached; None where it was not
    updates: int  # until then, or in all
    best_bleu: float
    minutes_in_all: float
    target: float
    others: float | None  # share of all cores that something else kept busy meanwhile
    hardware: str


@dataclass(frozen=True)
class Runner:
    """How to train a system in its folder, and where to read how far it is."""

    start: Callable[[Path], subprocess.Popen[bytes]]
    read: Callable[[Path], list[Point]]


def race(
    process: subprocess.Popen[bytes],
    read: Callable[[], list[Point]],
    target: float,
    limit_seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[bool, float]:
    """Whether a training reached the target, and the reading of the clock when that was seen; ends the training.

    It is over, too, when it ends by itself and when the clock shows the limit.
    """
    try:
        while True:
            has_ended = process.poll() is not None  # before reading: what it wrote last counts
            if any(point.bleu >= target for point in read()):
                return True, clock()
            if has_ended or clock() >= limit_seconds:
                return False, clock()
            _wait(process)
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes], seconds: float = 0.5) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def measure(system: str, runner: Runner, target: float, limit_minutes: float, folder: Path) -> Timing:
    """The timing of a system, kept in its folder; the one from before where there is one."""
    path = folder / TIMING
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            sys.exit(f"{folder} has an unfinished timing, which cannot be gone on with. Remove it.")
        watch, began = Watch(), time.monotonic()
        process = runner.start(folder)
        reached, seen = race(process, lambda: runner.read(folder), target, began + 60 * limit_minutes)
        points = runner.read(folder)
        timing = make_timing(system, reached, (seen - began) / 60, points, target, watch.others())
        replace_text(path, json.dumps(asdict(timing), indent=1, ensure_ascii=False) + "\n")
    return Timing(**read_json(path))


def make_timing(
    system: str, reached: bool, minutes: float, points: Sequence[Point], target: float, others: float | None
) -> Timing:
    """A timing from what was seen."""
    best = max((point.bleu for point in points), default=0.0)
    last = points[-1].update if points else 0
    updates = next((point.update for point in points if point.bleu >= target), last)
    return Timing(system, minutes if reached else None, updates, best, minutes, target, others, hardware())


def our_runner(data: Path, updates: int | None) -> Runner:
    """`mt-train all` with the published recipe; `updates` makes its schedule end earlier or later."""

    def start(folder: Path) -> subprocess.Popen[bytes]:
        recipe = write_recipe(our_recipe(data, updates), folder / "recipe.toml")
        return start_logged([*MT_TRAIN, "all", str(recipe), "--out", str(folder / "run")], folder)

    return Runner(start, read_ours)


def our_recipe(data: Path, updates: int | None = None) -> dict[str, Any]:
    """The published recipe for files of this folder, that validates all of dev every epoch and never stops early."""
    values = tomllib.loads((PUBLISHED / f"{RECIPE}.toml").read_text(encoding="utf-8"))
    for name in ("train", "dev", "test"):
        values["corpora"][0][name] = [str(data / file) for file in values["corpora"][0][name]]
    values["training"] |= {
        "max_updates": updates or values["training"]["max_updates"],
        "validate_every": _pairs(data) // PAIRS_A_BATCH,
        "validation_sentences": len(read_lines(sides_of(data, "dev")[0])),
        "patience": 1_000,
    }
    return values


def read_ours(folder: Path) -> list[Point]:
    """The validations so far."""
    path = folder / "run" / "run.json"
    return [Point(row["update"], row["dev_bleu"]) for row in read_json(path)["history"]] if path.exists() else []


def joey_runner(recipe: JoeyRecipe, data: Path, merges: int) -> Runner:
    """BPE and training of JoeyNMT, which validates all of dev every epoch."""

    def start(folder: Path) -> subprocess.Popen[bytes]:
        corpus = _plain_files(data, folder)
        learn_bpe(corpus, merges, folder)
        every = _pairs(data) // recipe.training["batch_size"]
        config = write_config(make_config(recipe, corpus, folder, every), folder)
        return start_logged([*map(str, CLI), "train", str(config), "--skip-test"], folder)

    return Runner(start, read_joey)


def read_joey(folder: Path) -> list[Point]:
    """The validations so far."""
    path = folder / MODEL / "validations.txt"
    rows = map(read_validation, read_lines(path)) if path.exists() else ()
    return [Point(int(row["Steps"]), row["bleu"]) for row in rows]


def _plain_files(data: Path, folder: Path) -> JoeyCorpus:
    for name in ("train", "dev"):
        for path, language in zip(sides_of(data, name), LANGUAGES, strict=True):
            text = "".join(f"{line}\n" for line in read_lines(path))
            (folder / f"{name}.{language}").write_text(text, encoding="utf-8", newline="\n")
    return JoeyCorpus(*LANGUAGES, folder / "train", folder / "dev", folder / "dev")


def _pairs(data: Path) -> int:
    return len(read_lines(sides_of(data, "train")[0]))


def start_logged(command: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    """A process whose output goes to the end of the folder's log."""
    with (folder / LOG).open("ab") as log:
        return subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=log, stderr=log)


def render(timings: Sequence[Timing]) -> str:
    """A row for each system; the first one's time is what the others' are compared with."""
    ours = timings[0].minutes
    head = ["system", f"minutes to {timings[0].target:g} BLEU", "times ours", "updates", "best BLEU", "machine"]
    return markdown(head, [_row(timing, ours) for timing in timings])


def _row(timing: Timing, ours: float | None) -> list[str]:
    lower = "" if timing.minutes is not None else "> "  # not reached within so many
    minutes = timing.minutes if timing.minutes is not None else timing.minutes_in_all
    return [
        timing.system,
        f"{lower}{minutes:.1f}",
        f"{lower}{minutes / ours:.2f}" if ours else "",
        f"{timing.updates:,}",
        f"{timing.best_bleu:.2f}",
        f"{timing.hardware}, {'quiet' if is_quiet(timing.others) else 'busy: the time says little'}",
    ]


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of a command line."""
    parser = argparse.ArgumentParser(prog="make time-to-quality", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder with multi30k/en-de/train.en.gz and so on")
    parser.add_argument("--out", type=Path, required=True, help="folder of the systems, outside of the repository")
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS), help="default: all")
    parser.add_argument("--target", type=float, default=TARGET, help="BLEU (default: %(default)s)")
    parser.add_argument("--limit", type=float, default=240.0, help="minutes after which one gives up (%(default)s)")
    parser.add_argument("--updates", type=int, help="of our schedule; default: the recipe's")
    parser.add_argument("--merges", type=int, default=4_000, help="BPE merges of JoeyNMT (default: as our pieces)")
    return parser.parse_args(arguments)


def main() -> None:
    """Times what is missing and prints the table."""
    options = parse(sys.argv[1:])
    data, out = options.data.resolve(), options.out.resolve()
    runners = {"ours": our_runner(data, options.updates)}
    runners |= {name: joey_runner(recipe, data, options.merges) for name, recipe in PEERS.items()}
    timings = []
    for system in options.systems:
        timings.append(measure(SYSTEMS[system], runners[system], options.target, options.limit, out / system))
        replace_text(out / "table.md", render(timings) + "\n")
    print(render(timings))


if __name__ == "__main__":
    main()
