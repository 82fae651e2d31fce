"""`make ablations`: what each technique of a recipe does to the BLEU of a small model on Multi30k en-de.

Each line changes one thing of the base, a model of 128 embeddings and 256 units that trains for 1,600 updates of 1,000
target pieces. Nothing stops early, so other work on the machine changes times, but no scores; pieces a second stand in
the table only where the machine was quiet. Lines that are done are skipped: give the same command to go on.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.cells import Cell, Result, complete, finish, markdown
from tests.bench.our_training import Sides, train_ours
from tests.bench.quiet import is_quiet
from tests.bench.recipe_values import change, write_recipe

LANGUAGES = ("en", "de")
UPDATES = 1_600
BASE: dict[str, Any] = {
    "subwords": {"vocabulary": 4_000},
    "model": {"embedding": 128, "encoder_hidden": 128, "decoder_hidden": 256, "dropout": 0.2},
    "training": {
        "max_updates": UPDATES,
        "batch_pieces": 1_000,
        "max_pieces": 100,
        "validate_every": 200,
        "validation_sentences": 1_014,  # all of dev
        "patience": 1_000,  # never
        "keep_best": 3,
    },
    "schedule": {"peak_rate": 3e-3, "warmup_updates": 200, "decay": "cosine"},
}


@dataclass(frozen=True)
class Line:
    """A line of the table: its keys, such as "model.dropout", with other values than the base's."""

    name: str
    what: str
    changes: dict[str, Any] = field(default_factory=dict)
    against: str = "base"  # the line that it differs from in one thing


LINES = (
    Line("base", "the base: cosine, label smoothing 0.1, dropout 0.2, tied, 3 checkpoints averaged"),
    Line("seed-2", "another seed, which shows what chance does", {"training.seed": 2}),
    Line("seed-3", "a third seed", {"training.seed": 3}),
    Line("sampling", "subword regularization, alpha 0.3", {"subwords.sampling": 0.3}),
    Line("bpe", "BPE instead of a unigram model", {"subwords.kind": "bpe"}),
    Line("bpe-dropout", "BPE-dropout 0.1", {"subwords.kind": "bpe", "subwords.sampling": 0.1}, "bpe"),
    Line("word-dropout", "word dropout 0.1", {"model.word_dropout": 0.1}),
    Line("no-dropout", "no dropout", {"model.dropout": 0.0}),
    Line("variational", "variational dropout", {"model.variational_dropout": True}),
    Line("no-smoothing", "no label smoothing", {"training.label_smoothing": 0.0}),
    Line("layer-norm", "layer normalization", {"model.layer_normalization": True}),
    Line("untied", "embeddings not tied to the softmax", {"model.tied_embeddings": False}),
    Line("additive", "additive attention", {"model.attention": "additive"}),
    Line("one-checkpoint", "the best checkpoint, not averaged", {"training.keep_best": 1}),
    Line("ema", "moving average of the weights", {"training.average": "ema", "training.ema_decay": 0.99}),
    Line("r-drop", "R-Drop, alpha 5", {"training.r_drop": 5.0}),
    Line("inverse-root", "inverse square root decay", {"schedule.decay": "inverse_square_root"}),
    Line("plateau", "plateau decay", {"schedule.decay": "plateau"}),
    Line(
        "accumulate", "two batches of half the size an update", {"training.accumulate": 2, "training.batch_pieces": 500}
    ),
)


def make_recipe(line: Line, data: Path, updates: int = UPDATES) -> dict[str, Any]:
    """The values of a line's recipe; with fewer updates the validations are as many."""
    pace = {"training.max_updates": updates, "training.validate_every": max(1, updates // 8)}
    values = change(BASE, pace | {"schedule.warmup_updates": max(1, updates // 8)} | line.changes)
    sets = {name: list(map(str, sides_of(data, file))) for name, file in _FILES.items()}
    return {
        "name": line.name,
        "directions": ["-".join(LANGUAGES)],
        "corpora": [{"languages": list(LANGUAGES), **sets}],
    } | values


_FILES = {"train": "train", "dev": "dev", "test": "test_2016_flickr"}


def sides_of(data: Path, name: str) -> Sides:
    """The files of a set below a data folder, English first."""
    english, german = (data / "multi30k" / "en-de" / f"{name}.{language}.gz" for language in LANGUAGES)
    return english, german


def make_cells(lines: Sequence[Line], data: Path, updates: int) -> list[Cell]:
    """A cell for each line."""

    def train(line: Line, folder: Path) -> Result:
        recipe = write_recipe(make_recipe(line, data, updates), folder / "recipe.toml")
        return train_ours(line.what, recipe, sides_of(data, "dev"), folder)

    return [Cell(line.name, lambda folder, line=line: train(line, folder)) for line in lines]  # type: ignore[misc]


def render(results: Sequence[Result]) -> str:
    """A row for each line, with the difference on the test set to the line that it is compared with."""
    found = {result.cell: result for result in results}
    head = ["line", "dev, greedy", "dev, beam 5", "test_2016, beam 5", "difference", "parameters", "pieces/s"]
    table = markdown(head, [_row(found, line) for line in LINES if line.name in found])
    signatures = dict.fromkeys(result.signature for result in results)
    hardware = dict.fromkeys(f"{result.hardware}, {result.facts['precision']}" for result in results)
    return "\n\n".join([table, *(f"Cased BLEU. {signature}" for signature in signatures), *hardware])


def _row(found: dict[str, Result], line: Line) -> list[str]:
    result, other = found[line.name], found.get(line.against)
    is_base = other is None or other is result
    return [
        line.what + ("" if line.against == "base" else f" (against {line.against})"),
        f"{result.dev_greedy:.2f}",
        f"{result.dev_bleu:.2f}",
        f"{result.bleu:.2f}",
        "" if is_base or other is None else f"{result.bleu - other.bleu:+.2f}",
        f"{result.parameters / 1e6:.2f} M",
        f"{result.facts['pieces_per_second']:,.0f}" if is_quiet(result.others) else "",
    ]


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of a command line."""
    names = [line.name for line in LINES]
    parser = argparse.ArgumentParser(prog="make ablations", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder with multi30k/en-de/train.en.gz and so on")
    parser.add_argument("--out", type=Path, required=True, help="folder of the cells, outside of the repository")
    parser.add_argument("--lines", nargs="+", choices=names, default=names, help="default: all (%(default)s)")
    parser.add_argument(
        "--updates", type=int, default=UPDATES, help="default: %(default)s; fewer only show that it runs"
    )
    return parser.parse_args(arguments)


def main() -> None:
    """Trains what is missing and prints the table."""
    options = parse(sys.argv[1:])
    lines = [line for line in LINES if line.name in options.lines]
    out = options.out.resolve()
    finish(complete(make_cells(lines, options.data.resolve(), options.updates), out, render), out)


if __name__ == "__main__":
    main()
