"""A cell of ours: a recipe through `mt-train all`, scored by its bundle."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mt.bundle import load_bundle, read_manifest
from mt.tokenizer import Tokenizer
from mt.translator import Translator
from tests.bench.cells import Result, run_logged
from tests.bench.quiet import Watch
from training.evaluation.offline import Translate, by_translator
from training.evaluation.scores import read_test_set, score

MT_TRAIN = (sys.executable, "-m", "training.cli")
Sides = tuple[Path, Path]  # the source's file and the reference's


def train_ours(system: str, recipe: Path, dev: Sides, folder: Path, before: Sequence[str] = ()) -> Result:
    """The result of a recipe of one direction with one test set; its run is kept in the cell's folder.

    `before` are the commands that made the recipe. What was left by an interruption is gone on with.
    """
    run, watch = folder / "run", Watch()
    commands = (*before, run_logged([*MT_TRAIN, "all", recipe, "--out", run], folder))
    others = watch.others()
    bundle = load_bundle(run / "bundle")
    facts = read_json(run / "run.json")
    (direction,) = facts["recipe"]["directions"]
    (test,) = read_json(run / "scores.json")
    bleu = test["scores"]["bleu"]
    return Result(
        cell=folder.name,
        system=system,
        bleu=bleu["value"],
        signature=bleu["signature"],
        dev_bleu=bleu_of(by_translator(Translator(bundle)), direction, dev),
        others=others,
        commands=commands,
        versions=read_manifest(run / "bundle").versions,
        vocabulary=Tokenizer.load(run / "sentencepiece.model").size,
        **summarize(facts),
    )


def summarize(run: Mapping[str, Any]) -> dict[str, Any]:
    """What a result takes from a run.json."""
    history = run["history"]
    best = max(history, key=lambda row: (row["dev_bleu"], -row["dev_loss"]))
    return {
        "dev_greedy": best["dev_bleu"],
        "parameters": run["parameters"],
        "updates": history[-1]["update"],
        "target_pieces": run["target_pieces"],
        "seconds": run["seconds"],
        "hardware": run["hardware"],
        "facts": {
            "best_update": best["update"],
            "dev_loss": best["dev_loss"],
            "precision": run["precision"],
            "pieces_per_second": run["mean_pieces_per_second"],
        },
    }


def bleu_of(translate: Translate, direction: str, sides: Sides) -> float:
    """BLEU of a system on a set."""
    sources, references = read_test_set(*sides)
    return score(translate(sources, *direction.split("-")), references, confidence=False).bleu.value


def read_json(path: Path) -> Any:
    """What a file of a run says."""
    return json.loads(path.read_text(encoding="utf-8"))
