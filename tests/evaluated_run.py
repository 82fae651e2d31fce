"""The folder of a run as `mt-train evaluate` leaves it, made without training: for tests of what comes after."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from mt.bundle import Manifest
from tests import tiny, training_runs
from training.data.dataset import Bitext
from training.evaluation.offline import Evaluation, evaluate
from training.evaluation.scores import to_json
from training.recipe import Recipe

SOURCES = [f"{name} and seven and one hundred" for name in tiny.number_names("en", 24)]
REFERENCES = [f"{name} und sieben und hundert" for name in tiny.number_names("de", 24)]
CORPUS = {
    "name": "num2words",
    "languages": ["en", "de"],
    "train": ["train.tsv"],
    "dev": ["dev.tsv"],
    "test": ["test.en", "test.de"],
    "licence": "none needed",
    "attribution": "this test",
}
FILTERS = {"num2words": {"read": 200, "kept": 190, "dropped": {"too long": 0, "duplicate": 10}}}


def translate(texts: Any, source: str, target: str) -> list[str]:
    """A system that gets every second text wrong, by one word."""
    wrong = [reference.replace("und sieben", "und acht") for reference in REFERENCES]
    return [(wrong if number % 2 else REFERENCES)[number] for number in range(len(texts))]


def row(update: int, **values: Any) -> dict[str, Any]:
    """One validation in run.json."""
    losses = {"train_loss": 4.0 - update / 1_000, "dev_loss": 4.0 - update / 2_000}
    scores = {"dev_bleu": update / 100, "dev_bleu_by_direction": {"en-de": update / 100}}
    place = {"update": update, "epoch": update // 100, "seconds": update * 0.6, "pieces": 300 * update}
    return {**place, "pieces_per_second": 500.0, "learning_rate": 0.001, **losses, **scores, **values}


def run_facts(*history: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """run.json of 500 updates, unless the history says otherwise."""
    rows = list(history) or [row(update) for update in range(100, 600, 100)]
    return {
        "precision": "float32",
        "parameters": 1_234,
        "is_complete": True,
        "seconds": 300.0,
        "target_pieces": 150_000,
        "mean_pieces_per_second": 520.0,
        "epochs": 3.25,
        "input_seconds": 3.0,
        "input_share": 0.01,
        "peak_memory_bytes": 700_000_000,
        "hardware": "an abacus, 2 cores",
        "history": rows,
        "recipe": {},
        **facts,
    }


def make_recipe(**sections: Any) -> Recipe:
    """A recipe with a test set from English to German."""
    return training_runs.recipe(**{"directions": ["en-de"], "corpora": [CORPUS], **sections})


def make_train(texts: tuple[str, ...] = tiny.number_names("de", 12)) -> list[Bitext]:
    """What the words of the references are counted in."""
    return [Bitext("en", "de", tiny.number_names("en", len(texts)), texts)]


def write_lines(path: Path, lines: list[str]) -> Path:
    """The path, with a line each."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def write_run(folder: Path, sources: list[str] = SOURCES, is_dev: bool = False, **facts: Any) -> Path:
    """The folder, with all that a report reads; `facts` replace those of run.json."""
    source, reference = write_lines(folder / "test.en", sources), write_lines(folder / "test.de", REFERENCES)
    output = folder / "outputs" / "1.en-de.txt"
    options = Evaluation("en", "de", source, reference, output_file=output, is_dev=is_dev)
    scores = f"[{to_json(evaluate(options, translate, 'numbers, beam 5'))}]"
    (folder / "scores.json").write_text(scores, encoding="utf-8")
    (folder / "run.json").write_text(json.dumps(run_facts(**facts)), encoding="utf-8")
    (folder / "corpora.json").write_text(json.dumps(FILTERS), encoding="utf-8")
    manifest = Manifest("numbers", ["en-de"], search={"beam": 5}, versions={"keras": "3"}, created="2026-01-02")
    (folder / "bundle").mkdir()
    text = json.dumps(dataclasses.asdict(manifest))
    (folder / "bundle" / "manifest.json").write_text(text, encoding="utf-8")
    return folder
