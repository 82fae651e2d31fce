"""Number names as a parallel corpus, and recipes so small that a test can train them."""

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import tiny
from training.data.corpora import Corpora
from training.data.dataset import Bitext
from training.recipe import Recipe, from_values

TINY_MODEL = {"embedding": 12, "encoder_hidden": 8, "decoder_hidden": 12, "dropout": 0.2}
TRAINING = {"max_updates": 6, "batch_pieces": 150, "precision": "float32", "validate_every": 3, "keep_best": 2}
RECIPE = """
name = "numbers"
description = "Number names"
directions = ["en-de", "de-en"]

[[corpora]]
name = "num2words"
languages = ["en", "de"]
train = ["train.en", "train.de"]
dev = ["dev.en", "dev.de"]
test = ["test.en", "test.de"]
licence = "none needed"
attribution = "this test"
"""


def recipe(**sections: Any) -> Recipe:
    """A recipe for tiny.tokenizer(), both directions; sections such as training={"max_updates": 3} change it."""
    corpus = {"languages": ["en", "de"], "train": ["train.tsv"], "dev": ["dev.tsv"]}
    values = {"name": "numbers", "directions": ["en-de", "de-en"], "corpora": [corpus]}
    defaults = {
        "subwords": {"vocabulary": tiny.VOCABULARY, "sampling": 0.3},
        "model": TINY_MODEL,
        "training": TRAINING,
        "schedule": {"peak_rate": 2e-2, "warmup_updates": 2},
    }
    merged = {name: {**values, **sections.pop(name, {})} for name, values in defaults.items()}
    return from_values(Recipe, {**values, **merged, **sections}, "this test")


def corpora(directions: tuple[str, ...] = ("en-de", "de-en"), pairs: int = 120, dev_pairs: int = 6) -> Corpora:
    """The names of the first numbers to train on, and of the next for dev, without a file."""
    names = {language: tiny.number_names(language, pairs + dev_pairs) for language in ("en", "de")}

    def bitexts(chosen: slice) -> list[Bitext]:
        sides = (direction.split("-") for direction in directions)
        return [Bitext(one, other, names[one][chosen], names[other][chosen]) for one, other in sides]

    return Corpora(bitexts(slice(pairs)), bitexts(slice(pairs, None)), {})


def toml(**sections: dict[str, Any]) -> str:
    """RECIPE with sections, as TOML."""
    lines = [RECIPE]
    for name, values in sections.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {_toml(value)}" for key, value in values.items()]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, float):
        return repr(value)  # nan and inf as TOML writes them
    return json.dumps(value, ensure_ascii=False)  # as JSON has them, strings, integers, booleans and lists are TOML


def write_corpus(folder: Path, train: int = 200, held_out: int = 10) -> Path:
    """The folder, with number names as the files that RECIPE names."""
    folder.mkdir(parents=True, exist_ok=True)
    ends = {"train": slice(train), "dev": slice(train, train + held_out), "test": slice(train + held_out, None)}
    for language in ("en", "de"):
        names = tiny.number_names(language, train + 2 * held_out)
        for part, chosen in ends.items():
            text = "".join(f"{name}\n" for name in names[chosen])
            (folder / f"{part}.{language}").write_text(text, encoding="utf-8")
    return folder


@contextmanager
def full_disk(most_bytes: int) -> Iterator[None]:
    """Lets no file grow beyond a size: writing fails in the middle, as near to a full disk as a process can come."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
