"""From the files of a corpus to a folder with a recipe that fits it: what `mt-train init` does."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from mt.errors import CorpusError, InvalidOption
from training.data.corpus import FilterConfig, Pair, filter_pairs, read_pairs, stream_pairs
from training.init.held_out import LEAST_SET, choose_rows, fetch_pairs, set_size
from training.init.languages import find_languages, languages_of_names
from training.init.proposal import Amount, Settings, fit_vocabulary, propose
from training.init.recipe_text import Origin, render_recipe
from training.init.survey import Survey, survey, take_sample
from training.init.survey_report import render
from training.recipe import load_recipe

LEAST_PAIRS = 100
FEW_PAIRS = 5_000
RECIPE, REPORT = "recipe.toml", "survey.txt"


@dataclass(frozen=True)
class Request:
    """What the user says. A set is two text files, the source language's first, or one TSV file."""

    train: tuple[Path, ...]
    dev: tuple[Path, ...] = ()  # empty: taken from train
    test: tuple[Path, ...] = ()
    languages: str = ""  # such as de-en; empty: told by the names of the train files
    both_directions: bool = False
    folder: Path | None = None  # of the recipe; None: named like the languages
    force: bool = False  # overwrites what an earlier init has written


class HeldOut(NamedTuple):
    """A dev or test set: its files, and its pairs as in them."""

    files: tuple[Path, ...]
    pairs: list[Pair]


def initialize(request: Request, say: Callable[[str], object] = print) -> Path:
    """Surveys a corpus, takes dev and test from it if they are not given, and writes the recipe, whose path it gives.

    Raises InvalidOption for files or languages that do not go together and for files that would be overwritten, and
    CorpusError for a corpus that cannot be read or is too small.
    """
    languages = find_languages(request.train, request.languages)
    folder = request.folder or Path("-".join(languages))
    files = {name: _in_order(name, getattr(request, name), languages) for name in ("dev", "test")}
    new = {name: tuple(folder / f"{name}.{one}" for one in languages) for name in files if not files[name]}
    _refuse_overwriting(
        request, [folder / RECIPE, folder / REPORT, *(path for paths in new.values() for path in paths)]
    )
    given = {name: HeldOut(paths, read_pairs(*paths)) for name, paths in files.items() if paths}

    sample = take_sample(stream_pairs(*request.train))
    found = survey(tqdm(stream_pairs(*request.train), "survey", unit=" pairs", disable=None), sample, FilterConfig())
    report = render(found, languages)
    say(report + "\n")
    _require_enough(found)

    held_out = given | _take_sets(request.train, found, new, _overlap(found, given))
    kept = found.fit & ~_overlap(found, held_out)
    amount = _amount(found, kept, request.both_directions)
    settings = propose(amount, [side.alphabet for side in found.sides])
    vocabulary = _fit_vocabulary(settings, sample, held_out, languages)

    folder.mkdir(parents=True, exist_ok=True)
    (folder / REPORT).write_text(report + "\n", encoding="utf-8")
    for name, paths in new.items():
        _write_set(paths, held_out[name].pairs)
    origin = _origin(request, folder, languages, held_out)
    (folder / RECIPE).write_text(render_recipe(origin, amount, settings, vocabulary), encoding="utf-8")
    load_recipe(folder / RECIPE)  # what was just written must be a recipe
    say(_closing(folder / RECIPE, held_out, kept, found))
    return folder / RECIPE


def _in_order(name: str, files: tuple[Path, ...], languages: tuple[str, str]) -> tuple[Path, ...]:
    """The files of a set, the source language's first where their names tell."""
    if len(files) > 2:
        raise InvalidOption(f"--{name} takes one TSV file or two text files, got {len(files)}.")
    if not files or languages_of_names(files) != languages[::-1]:
        return files
    if len(files) == 1:
        raise InvalidOption(
            f"By its name {files[0]} has its columns in the order {'-'.join(languages[::-1])}; the corpus is "
            f"{'-'.join(languages)}. Turn the columns round."
        )
    return files[::-1]


def _refuse_overwriting(request: Request, outputs: list[Path]) -> None:
    inputs = {file.resolve() for file in (*request.train, *request.dev, *request.test)}
    for path in outputs:
        if path.resolve() in inputs:
            raise InvalidOption(f"{path} would be overwritten, but it is one of the files given. Give another --out.")
        if path.exists() and not request.force:
            raise InvalidOption(f"{path} is there already. Give --force to overwrite it, or another --out.")


def _require_enough(found: Survey) -> None:
    fit = int(found.fit.sum())
    if fit < LEAST_PAIRS:
        raise CorpusError(
            f"Only {fit:,} of the {found.pairs:,} pairs are fit for training; at least {LEAST_PAIRS} are needed, and a "
            "useful translator takes thousands. Add pairs, or correct those that are left out."
        )


def _overlap(found: Survey, sets: Mapping[str, HeldOut]) -> np.ndarray:
    return found.overlap([pair for one in sets.values() for pair in one.pairs])


def _take_sets(
    train: tuple[Path, ...], found: Survey, new: Mapping[str, tuple[Path, ...]], excluded: np.ndarray
) -> dict[str, HeldOut]:
    """The sets to be written, with pairs of the corpus."""
    if not new:
        return {}
    size = set_size(int(found.fit.sum()))
    rows = choose_rows(found, size * len(new), excluded)
    size = min(size, len(rows) // len(new))
    if size < LEAST_SET:
        raise CorpusError(
            f"Only {len(rows):,} pairs share neither source nor target with another, too few to take "
            f"{' and '.join(new)} from. Give them with {' and '.join(f'--{name}' for name in new)}, or add other pairs."
        )
    pairs = fetch_pairs(stream_pairs(*train), rows)
    return {
        name: HeldOut(paths, pairs[number * size : (number + 1) * size])
        for number, (name, paths) in enumerate(new.items())
    }


def _amount(found: Survey, kept: np.ndarray, both_directions: bool) -> Amount:
    """What is left to learn from; CorpusError when dev and test leave nearly nothing."""
    pairs = int(kept.sum())
    if pairs < LEAST_PAIRS // 2:
        raise CorpusError(
            f"Only {pairs:,} pairs share no sentence with dev or test, and are left to train on. "
            "Give smaller dev and test sets, or add other pairs."
        )
    words = [found.target_words, found.source_words] if both_directions else [found.target_words]
    return Amount(pairs, tuple(int(side[kept].sum()) for side in words))


def _fit_vocabulary(
    settings: Settings, sample: list[Pair], held_out: Mapping[str, HeldOut], languages: tuple[str, str]
) -> int:
    """The largest vocabulary up to the proposed one that the training pairs, or a sample of them, give."""
    pairs, _ = filter_pairs(sample, FilterConfig(), [pair for one in held_out.values() for pair in one.pairs])
    texts = [source for source, _ in pairs] + [target for _, target in pairs]
    return fit_vocabulary(settings.vocabulary, settings.character_coverage, texts, languages)


def _write_set(files: tuple[Path, ...], pairs: list[Pair]) -> None:
    for side, path in enumerate(files):
        # Line ends as they are: on Windows, too, a corpus has \n.
        path.write_text("".join(f"{pair[side]}\n" for pair in pairs), encoding="utf-8", newline="\n")


def _origin(request: Request, folder: Path, languages: tuple[str, str], held_out: Mapping[str, HeldOut]) -> Origin:
    there, back = "-".join(languages), "-".join(languages[::-1])
    return Origin(
        name=folder.resolve().name or there,
        languages=languages,
        directions=(there, back) if request.both_directions else (there,),
        train=_names(folder, request.train),
        dev=_names(folder, held_out["dev"].files),
        test=_names(folder, held_out["test"].files),
    )


def _names(folder: Path, files: tuple[Path, ...]) -> tuple[str, ...]:
    """Files relative to the recipe's folder where they are in it or beside it, else with their whole path."""
    return tuple(_name(folder.resolve(), file.absolute()) for file in files)


def _name(folder: Path, file: Path) -> str:
    place = file.parent.resolve() / file.name  # a linked file keeps its name, for its ending says how it is packed
    if place.is_relative_to(folder):
        return place.relative_to(folder).as_posix()
    if place.is_relative_to(folder.parent):
        return f"../{place.relative_to(folder.parent).as_posix()}"
    return place.as_posix()


def _closing(recipe: Path, held_out: Mapping[str, HeldOut], kept: np.ndarray, found: Survey) -> str:
    pairs = int(kept.sum())
    sets = ", ".join(f"{name} {len(one.pairs):,} ({', '.join(map(str, one.files))})" for name, one in held_out.items())
    lost = int(found.fit.sum()) - pairs
    lines = [
        f"{pairs:,} pairs to train on; {sets}.",
        f"{lost:,} pairs are in dev or test or share a side with them, and are left out of training.",
    ]
    if pairs < FEW_PAIRS:
        lines.append(f"Fewer than {FEW_PAIRS:,} pairs give a weak translator; more text helps more than any setting.")
    return "\n".join([*lines, f"Wrote {recipe}. Next: mt-train all {shlex.quote(str(recipe))}"])
