"""What a run is made of, so that no checkpoint is gone on with as another run: recipe, vocabulary and pairs."""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from mt.errors import TrainingError
from mt.tokenizer import Tokenizer
from training.data.corpora import Corpora
from training.data.fingerprint import fingerprint, shorten
from training.recipe import Recipe
from training.run.checkpoints import replace_text

FILE = "identity.json"
# What may change while a run goes on: how long it trains, what it keeps, and what only its bundle tells.
FREE = (
    "name",
    "description",
    "version",
    "search.*",
    "also_test*",
    "also_test",
    "also_test.*",
    "training.max_updates",
    "training.patience",
    "training.validate_every",
    "training.keep_best",
    "training.save_minutes",
    "corpora.*.name",
    "corpora.*.licence",
    "corpora.*.attribution",
)
# What the pairs depend on; it may change as long as they do not, such as when a file has moved.
BEHIND_PAIRS = ("filter.*", "corpora.*.train", "corpora.*.dev", "corpora.*.test")
PAIRS = "pairs of "

Facts = dict[str, Any]


def describe(recipe: Recipe, tokenizer: Tokenizer, corpora: Corpora) -> Facts:
    """Every value of the recipe by its key, and fingerprints of the vocabulary and of the filtered pairs."""
    facts: Facts = {key: value for key, value, _ in _entries(recipe)}
    facts["vocabulary"] = f"{tokenizer.size:,} pieces ({shorten(hashlib.sha256(tokenizer.model))})"
    for part, bitexts in (("train", corpora.train), ("dev", corpora.dev)):
        for direction, pair in zip(recipe.directions, recipe.pairs, strict=True):
            chosen = [bitext for bitext in bitexts if (bitext.source_language, bitext.target_language) == pair]
            facts[f"{part} {PAIRS}{direction}"] = fingerprint(chosen)
    return _as_json(facts)


def require_same(folder: Path, recipe: Recipe, facts: Facts, accept: bool, say: Callable[[str], object]) -> None:
    """TrainingError with key, old and new value when a run is gone on with as another one and that is not accepted.

    `say` gets what is accepted, and what may always change.
    """
    before = _read(folder / FILE)
    if before is None:
        say(f"{folder} has a checkpoint and no {FILE}: recipe and corpora count as those it was made with.")
        return
    defaults = _as_json({key: default for key, _, default in _entries(recipe)})
    # A key that the program has learned since had its default.
    changed = [key for key in before | facts if before.get(key, defaults.get(key)) != facts.get(key)]
    free = FREE if any(PAIRS in key for key in changed) else FREE + BEHIND_PAIRS
    grave = [key for key in changed if not any(fnmatchcase(key, pattern) for pattern in free)]
    if grave and not accept:
        raise TrainingError(
            f"The run in {folder} began with another recipe or corpus: {_list(grave, before, facts)}. Undo that, give "
            "another folder with --out for a new run, or add --accept-changes to train on from its last checkpoint."
        )
    if changed:
        say(f"Changed since the run began: {_list(changed, before, facts)}.")


def keep(folder: Path, facts: Facts) -> None:
    """Writes what the run is made of from here on."""
    replace_text(folder / FILE, json.dumps(facts, indent=1, ensure_ascii=False))


def by_part(facts: Facts) -> dict[str, Any]:
    """The facts in three parts, so that two sets of them can be compared key by key."""
    texts = {key: fact for key, fact in facts.items() if PAIRS in key}
    others = {key: fact for key, fact in facts.items() if key not in texts}
    return {"vocabulary": others.pop("vocabulary"), "recipe": others, "corpora": texts}


def _read(path: Path) -> Facts | None:
    if not path.exists():
        return None
    try:
        facts: Facts = dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise TrainingError(
            f"{path} is damaged ({error}). Remove it to take recipe and corpora for those that the run began with."
        ) from error
    return facts


def _as_json(facts: Facts) -> Facts:
    """The facts as they come back from a file: lists instead of tuples."""
    return dict(json.loads(json.dumps(facts)))


def _entries(value: Any, path: str = "", default: Any = None) -> Iterator[tuple[str, Any, Any]]:
    """(key, value, default) of every value in a dataclass of values, dataclasses and tuples of them."""
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            own_default = None if field.default is dataclasses.MISSING else field.default
            key = field.metadata.get("key", field.name)
            yield from _entries(getattr(value, field.name), f"{path}.{key}".lstrip("."), own_default)
    elif isinstance(value, tuple) and any(map(dataclasses.is_dataclass, value)):
        for number, item in enumerate(value, start=1):
            yield from _entries(item, f"{path}.{number}")
    else:
        yield path, value, default


def _list(keys: Iterable[str], before: Facts, facts: Facts) -> str:
    return "; ".join(f"{key} was {_show(before, key)}, is {_show(facts, key)}" for key in keys)


def _show(facts: Facts, key: str) -> str:
    return json.dumps(facts[key], ensure_ascii=False) if key in facts else "not there"
