"""`make low-resource`: BLEU over the size of a small corpus: `mt-train init`, our full-data defaults, JoeyNMT's RNN.

Every size is the first so many pairs of one seeded shuffle of Tatoeba en-de's training set; dev and test sets are
Tatoeba's, of 2,000 pairs each. How long each trains is told in updates or by dev, never by the clock, so other work on
the machine changes times, but no scores. Cells that are done are skipped: after an interruption give the same command.
A system such as `init:model.dropout=0.3,subwords.sampling=0.0` is init with other values; choose them by dev.
"""

import argparse
import math
import sys
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.cells import Cell, Result, complete, finish, markdown, run_logged
from tests.bench.joey_recipes import IWSLT14, RNN_SMALL, JoeyRecipe
from tests.bench.joey_training import JoeyCorpus, train_joey
from tests.bench.our_training import MT_TRAIN, Sides, train_ours
from tests.bench.quiet import is_quiet
from tests.bench.recipe_values import change, read_changes, write_recipe
from tests.bench.subsets import LANGUAGES, write_subset
from training.data.corpus import read_lines
from training.recipe import PUBLISHED, load_recipe

SIZES = (5_000, 10_000, 20_000, 40_000)
FULL = "tatoeba-en-de"  # the recipe whose settings are our full-data defaults
JOEY = {"joey": RNN_SMALL, "joey-iwslt14": IWSLT14}
SYSTEMS = {
    "init": "`mt-train init`",
    "full": "ours, full-data settings",
    "joey": "JoeyNMT 2.3 `rnn_small`",
    "joey-iwslt14": "JoeyNMT 2.3 `iwslt14_deen_bpe`",
}
VARIANT = "init:"  # how a system begins that is init with other values


@dataclass(frozen=True)
class Corpus:
    """Tatoeba en-de below a data folder, and the folder of all cells, in which the subsets are written."""

    data: Path
    out: Path

    def sides(self, name: str) -> Sides:
        """The two files of a set, English first."""
        english, german = (self.data / "tatoeba" / "en-de" / f"{name}.{language}.gz" for language in LANGUAGES)
        return english, german

    def subset(self, size: int) -> Sides:
        """The training files of a size."""
        return write_subset(self.sides("train"), size, self.out / "corpora" / str(size))

    def for_joey(self, size: int) -> JoeyCorpus:
        """The same sets in plain files, as JoeyNMT wants them."""
        train = self.subset(size)[0].with_suffix("")
        for name in ("dev", "test"):
            for path, language in zip(self.sides(name), LANGUAGES, strict=True):
                text = "".join(f"{line}\n" for line in read_lines(path))
                (self.out / "corpora" / f"{name}.{language}").write_text(text, encoding="utf-8", newline="\n")
        return JoeyCorpus(*LANGUAGES, train, self.out / "corpora" / "dev", self.out / "corpora" / "test")


def make_cells(corpus: Corpus, sizes: Sequence[int], systems: Sequence[str]) -> list[Cell]:
    """The cells of a table, size by size."""
    return [Cell(f"{size}-{system}", _trainer(corpus, size, system)) for size in sizes for system in systems]


def _trainer(corpus: Corpus, size: int, system: str) -> Callable[[Path], Result]:
    if system in JOEY:
        return lambda folder: _train_joey(corpus, size, system, JOEY[system], folder)
    if system == "full":
        return lambda folder: _train_full(corpus, size, folder)
    return lambda folder: _train_init(corpus, size, system, folder)


def _train_init(corpus: Corpus, size: int, system: str, folder: Path) -> Result:
    recipe, command = propose(corpus, size, folder)
    changes = changes_of(system)
    if changes:
        values = tomllib.loads(recipe.read_text(encoding="utf-8"))
        recipe = write_recipe(change(values, changes), folder / "recipe.toml")
    return train_ours(title_of(system), recipe, corpus.sides("dev"), folder, [command])


def title_of(system: str) -> str:
    """How a table names a system."""
    return SYSTEMS.get(system, system)


def changes_of(system: str) -> dict[str, Any]:
    """The values that a variant of init changes, by key; none of init itself. ValueError for what is no system."""
    if system in SYSTEMS:
        return {}
    if not system.startswith(VARIANT):
        raise ValueError(f"There is no system '{system}'. Give {', '.join(SYSTEMS)}, or {VARIANT}SECTION.KEY=VALUE,…")
    return read_changes(system.removeprefix(VARIANT))


def propose(corpus: Corpus, size: int, folder: Path) -> tuple[Path, str]:
    """The recipe that `mt-train init` writes for a size, and its command."""
    english, german = corpus.subset(size)
    sets = [word for name in ("dev", "test") for path in corpus.sides(name) for word in (f"--{name}", path)]
    out = folder / "init"
    files: list[Path | str] = ["--source", english, "--target", german, *sets]
    command = run_logged([*MT_TRAIN, "init", *files, "--out", out, "--force"], folder)
    return out / "recipe.toml", command


def _train_full(corpus: Corpus, size: int, folder: Path) -> Result:
    """Of our full-data recipe, with as many target pieces as init would train on at most."""
    proposed = load_recipe(propose(corpus, size, folder)[0]).training
    values = full_recipe(corpus, size, proposed.max_updates * proposed.batch_pieces)
    return train_ours(SYSTEMS["full"], write_recipe(values, folder / "recipe.toml"), corpus.sides("dev"), folder)


def full_recipe(corpus: Corpus, size: int, pieces: int) -> dict[str, Any]:
    """The published recipe's settings for one direction of a subset; `pieces` to train on, or as many as in full."""
    values = tomllib.loads((PUBLISHED / f"{FULL}.toml").read_text(encoding="utf-8"))
    sets = {name: [str(path) for path in corpus.sides(name)] for name in ("dev", "test")}
    values |= {"name": f"{FULL}-{size}", "directions": ["-".join(LANGUAGES)]}
    files = [str(path) for path in corpus.subset(size)]
    values["corpora"] = [{"languages": list(LANGUAGES), "train": files, **sets}]
    training = values["training"]
    updates = min(training["max_updates"], math.ceil(pieces / training["batch_pieces"]))
    training |= {"max_updates": updates, "validate_every": max(50, round(updates / 20 / 50) * 50)}
    values["schedule"]["warmup_updates"] = min(values["schedule"]["warmup_updates"], updates // 10)
    return values


def _train_joey(corpus: Corpus, size: int, system: str, recipe: JoeyRecipe, folder: Path) -> Result:
    """With as many BPE merges as init proposes pieces."""
    merges = load_recipe(propose(corpus, size, folder)[0]).subwords.vocabulary
    return train_joey(SYSTEMS[system], recipe, corpus.for_joey(size), merges, folder)


def render(results: Sequence[Result]) -> str:
    """A row for each size, a column of BLEU for each system, then what each cell is."""
    known = list(dict.fromkeys([*SYSTEMS.values(), *(result.system for result in results)]))
    results = sorted(results, key=lambda result: (_size(result), known.index(result.system)))
    sizes = sorted({_size(result) for result in results})
    systems = [name for name in known if any(result.system == name for result in results)]
    found = {(_size(result), result.system): f"{result.bleu:.1f}" for result in results}
    curve = markdown(
        ["pairs", *systems], [[f"{size:,}", *(found.get((size, name), "") for name in systems)] for size in sizes]
    )
    head = ["cell", "BLEU", "dev", "parameters", "vocabulary", "updates", "target pieces", "minutes", "pieces/s"]
    details = markdown(head, [_details(result) for result in results])
    notes = [f"Beam 5, cased. {signature}" for signature in dict.fromkeys(result.signature for result in results)]
    notes += dict.fromkeys(
        f"{result.hardware}; {', '.join(' '.join(pair) for pair in result.versions.items())}" for result in results
    )
    return "\n\n".join([curve, details, *notes])


def _details(result: Result) -> list[str]:
    quiet = is_quiet(result.others)
    return [
        result.cell,
        f"{result.bleu:.2f}",
        f"{result.dev_bleu:.2f}",
        f"{result.parameters / 1e6:.2f} M",
        f"{result.vocabulary:,}",
        f"{result.updates:,} (best {result.facts['best_update']:,})",
        f"{result.target_pieces / 1e6:.2f} M",
        f"{result.seconds / 60:.0f}" + ("" if quiet else " (busy)"),
        f"{result.facts['pieces_per_second']:,.0f}" if quiet else "",
    ]


def _size(result: Result) -> int:
    return int(result.cell.split("-")[0])


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of a command line."""
    parser = argparse.ArgumentParser(prog="make low-resource", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder with tatoeba/en-de/train.en.gz and so on")
    parser.add_argument("--out", type=Path, required=True, help="folder of the cells, outside of the repository")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="pairs (default: %(default)s)")
    systems = ", ".join(SYSTEMS)
    parser.add_argument("--systems", nargs="+", default=list(SYSTEMS), help=f"default: all, which are {systems}")
    options = parser.parse_args(arguments)
    for system in options.systems:
        try:
            changes_of(system)
        except ValueError as error:
            parser.error(str(error))
    return options


def main() -> None:
    """Trains what is missing and prints the table."""
    options = parse(sys.argv[1:])
    corpus = Corpus(options.data.resolve(), options.out.resolve())
    failed = complete(make_cells(corpus, options.sizes, options.systems), corpus.out, render)
    finish(failed, corpus.out)


if __name__ == "__main__":
    main()
