"""A cell of JoeyNMT's: BPE, JoeyNMT's `train`, then `test` with beam 5, scored as ours is."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.cells import Result, run_logged
from tests.bench.joey_recipes import JoeyRecipe
from tests.bench.quiet import Watch
from tests.bench.train_speed import PEERS_PYTHON
from training.data.corpus import read_lines
from training.evaluation.scores import score
from training.run.machine import hardware

MODEL, CONFIG, CODES, OUTPUT = "model", "joeynmt.yaml", "bpe.codes", "output"
CLI = (PEERS_PYTHON, "-m", "tests.bench.peers.joeynmt_cli")
SEED = 42  # that of all of its recipes
MAX_PIECES = 100  # of a sentence in training, and of a translation
TEST_TOKENS = 2_000  # of a batch that is translated; changes the speed alone


@dataclass(frozen=True)
class JoeyCorpus:
    """Plain files `NAME.LANGUAGE` of its sets, given as paths without the language."""

    source: str
    target: str
    train: Path
    dev: Path
    test: Path

    def references(self, name: Path) -> list[str]:
        """The target side of a set."""
        return read_lines(name.with_name(f"{name.name}.{self.target}"))


def train_joey(system: str, recipe: JoeyRecipe, corpus: JoeyCorpus, merges: int, folder: Path) -> Result:
    """The result of a recipe with so many joint BPE merges, validated once an epoch. What was begun begins anew."""
    watch = Watch()
    commands = learn_bpe(corpus, merges, folder)
    pairs = len(corpus.references(corpus.train))
    path = write_config(make_config(recipe, corpus, folder, validate_every(recipe, pairs)), folder)
    commands += (run_logged([*CLI, "train", path, "--skip-test"], folder),)
    others = watch.others()
    commands += (run_logged([*CLI, "test", path, "--output-path", folder / OUTPUT], folder),)
    test, dev = (
        score(read_lines(folder / f"{OUTPUT}.{name}"), corpus.references(files), confidence=name == "test").bleu
        for name, files in (("test", corpus.test), ("dev", corpus.dev))
    )
    return Result(
        cell=folder.name,
        system=system,
        bleu=test.value,
        signature=test.signature,
        dev_bleu=dev.value,
        others=others,
        commands=commands,
        hardware=hardware(),
        versions=_versions(folder),
        vocabulary=len(read_lines(folder / MODEL / "trg_vocab.txt")),
        **summarize(
            read_lines(folder / MODEL / "train.log"), read_lines(folder / MODEL / "validations.txt"), recipe.training
        ),
    )


def learn_bpe(corpus: JoeyCorpus, merges: int, folder: Path) -> tuple[str, ...]:
    """Leaves the codes of both languages together; gives the command."""
    text, codes = folder / "text", folder / CODES
    sides = [corpus.train.with_name(f"{corpus.train.name}.{one}") for one in (corpus.source, corpus.target)]
    text.write_text("".join(side.read_text(encoding="utf-8") for side in sides), encoding="utf-8")
    program = PEERS_PYTHON.with_name("subword-nmt")
    return (run_logged([program, "learn-bpe", "-s", str(merges), "-i", text, "-o", codes], folder),)


def validate_every(recipe: JoeyRecipe, pairs: int) -> int:
    """The updates of an epoch."""
    return max(1, pairs // recipe.training["batch_size"])


def make_config(recipe: JoeyRecipe, corpus: JoeyCorpus, folder: Path, every: int) -> dict[str, Any]:
    """A whole configuration; `every` so many updates it validates."""
    side = {"level": "bpe", "max_length": MAX_PIECES, "lowercase": False, "tokenizer_type": "subword-nmt"}
    side |= {"tokenizer_cfg": {"codes": str(folder / CODES), "pretokenizer": "none"}}
    sets = {name: str(getattr(corpus, name)) for name in ("train", "dev", "test")}
    sides = {"src": {**side, "lang": corpus.source}, "trg": {**side, "lang": corpus.target}}
    search = {"beam_size": 5, "beam_alpha": 1.0, "max_output_length": MAX_PIECES, "eval_metrics": ["bleu"]}
    search |= {"batch_type": "token", "batch_size": TEST_TOKENS, "sacrebleu_cfg": {"tokenize": "13a"}}
    pace = {"validation_freq": every, "logging_freq": every, "keep_best_ckpts": 1, "overwrite": True, "shuffle": True}
    return {
        "name": recipe.name,
        "model_dir": str(folder / MODEL),
        "use_cuda": False,
        "random_seed": SEED,
        "data": {**sets, **sides, "dataset_type": "plain"},
        "testing": search,
        "training": {**recipe.training, **pace, "print_valid_sents": []},
        "model": recipe.model,
    }


def write_config(config: Mapping[str, Any], folder: Path) -> Path:
    """The path of a configuration: YAML reads JSON."""
    path = folder / CONFIG
    path.write_text(json.dumps(config, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def summarize(log: list[str], validations: list[str], training: Mapping[str, Any]) -> dict[str, Any]:
    """What a result takes from a train.log and a validations.txt. Speed and pieces are those of whole epochs."""
    text = "\n".join(log)
    epochs = re.findall(r"num\. of tokens: (\d+), ([\d.]+)\[sec\]", text)
    pieces, seconds = sum(int(count) for count, _ in epochs), sum(float(taken) for _, taken in epochs)
    rows = list(map(read_validation, validations))
    metric = training["early_stopping_metric"]
    best = (min if metric == "loss" else max)(rows, key=lambda row: row[metric])
    return {
        "dev_greedy": best["bleu"],
        "parameters": int(re.findall(r"Total params: (\d+)", text)[-1]),
        "updates": int(rows[-1]["Steps"]),
        "target_pieces": pieces,
        "seconds": seconds,
        "facts": {
            "best_update": int(best["Steps"]),
            "dev_loss": best["loss"],
            "precision": "float32",
            "pieces_per_second": pieces / max(seconds, 1e-9),
            "epochs": len(epochs),
            "training": dict(training),
        },
    }


def read_validation(line: str) -> dict[str, float]:
    """The numbers of a line of validations.txt by name: Steps, loss, bleu and others."""
    return {name: float(value) for name, value in re.findall(r"(\w+): ([\d.]+)", line)}


def _versions(folder: Path) -> dict[str, str]:
    """Of what JoeyNMT runs on."""
    code = "import importlib.metadata as m, json; print(json.dumps({n: m.version(n) for n in ('joeynmt', 'torch')}))"
    path = folder / "versions.json"
    run_logged([PEERS_PYTHON, "-c", code.replace("print(", f"open({str(path)!r}, 'w').write(")], folder)
    return dict(json.loads(path.read_text(encoding="utf-8")))
