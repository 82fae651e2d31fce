"""The steps from a recipe to a bundle, each of which leaves its result in the run's folder for the next."""

import dataclasses
import json
import os
import platform
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from mt.bundle import load_bundle, read_manifest, seal
from mt.engines.savedmodel import WIDTHS
from mt.errors import TrainingError
from mt.export import SearchOptions, export
from mt.tokenizer import Tokenizer
from mt.translator import Translator
from training import checkpoints
from training.corpora import Corpora, load_corpora, read_set
from training.evaluate import Report, render_text, to_json
from training.evaluation import Evaluation, by_translator, evaluate
from training.recipe import CorpusConfig, Recipe, load_recipe
from training.subwords import train_tokenizer
from training.trainer import Trainer, best_checkpoints


@dataclasses.dataclass(frozen=True)
class Pipeline:
    """One run: its recipe, the folder of the corpora, and the folder that keeps all results."""

    recipe: Recipe
    data: Path
    folder: Path

    @classmethod
    def open(cls, recipe_path: Path, data: Path | None, out: Path | None) -> "Pipeline":
        """The run of a recipe; its folder is made and holds the resolved recipe from here on."""
        recipe = load_recipe(recipe_path)
        folder = out or Path("runs") / recipe.name
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(dataclasses.asdict(recipe), indent=1, ensure_ascii=False)
        (folder / "recipe.json").write_text(text, encoding="utf-8")
        return cls(recipe, data or recipe_path.parent, folder)

    @cached_property
    def corpora(self) -> Corpora:
        """The recipe's corpora, read and filtered once a process; the report is printed and kept."""
        corpora = load_corpora(self.recipe, self.data)
        for name, report in corpora.reports.items():
            print(f"{name}:\n{report}")
        text = json.dumps(corpora.as_dict(), indent=1, ensure_ascii=False)
        (self.folder / "corpora.json").write_text(text, encoding="utf-8")
        return corpora

    @property
    def tokenizer(self) -> Tokenizer:
        """The vocabulary that `subwords` left."""
        path = self.folder / "sentencepiece.model"
        if not path.exists():
            raise TrainingError(f"There is no {path}. Run `mt-train subwords` first.")
        return Tokenizer.load(path)

    def subwords(self) -> None:
        """Learns the vocabulary."""
        tokenizer = train_tokenizer(self.corpora.texts(), self.recipe.targets, self.recipe.subwords)
        (self.folder / "sentencepiece.model").write_bytes(tokenizer.model)
        print(f"{tokenizer.size:,} pieces in {self.folder / 'sentencepiece.model'}")

    def run(self) -> bool:
        """Trains, or goes on training, and prints what the run came to; False when it was stopped before its end."""
        trainer = Trainer(self.recipe, self.tokenizer, self.corpora, self.folder)
        print(trainer.run())
        return trainer.is_complete

    def average(self) -> None:
        """Averages the checkpoints that the run kept."""
        paths = best_checkpoints(self.folder)
        weights = checkpoints.average(paths)
        checkpoints.save_checkpoint(self.folder / "average.npz", checkpoints.Checkpoint(weights, {}))
        print(f"Averaged {len(paths)} checkpoints into {self.folder / 'average.npz'}")

    @property
    def bundle(self) -> Path:
        """Where `export` writes."""
        return self.folder / "bundle"

    def export(self) -> None:
        """Makes a bundle of the averaged weights."""
        path = self.folder / "average.npz"
        if not path.exists():
            raise TrainingError(f"There is no {path}. Run `mt-train average` first.")
        weights = checkpoints.load_checkpoint(path).arrays
        search = SearchOptions(self.recipe.search.beam, self.recipe.search.length_penalty)
        export(self.recipe.model, weights, self.tokenizer, search, self._facts(), self.bundle)
        size = sum(file.stat().st_size for file in self.bundle.rglob("*") if file.is_file())
        print(f"Exported {self.bundle} ({size / 1e6:.1f} MB)")

    def evaluate(self, as_json: bool = False) -> list[Report]:
        """Scores the bundle on every test set of the recipe, and writes the scores into its manifest and model card."""
        translate = by_translator(Translator(load_bundle(self.bundle)))
        reports = []
        for source, target, files in self._test_sets():
            options = Evaluation(source, target, *files)
            reports.append(evaluate(options, translate, f"{self.recipe.name}, beam {self.recipe.search.beam}"))
            if not as_json:
                print(render_text(reports[-1]), end="\n\n")
        text = "[" + ",\n".join(map(to_json, reports)) + "]\n"
        if as_json:
            print(text, end="")
        (self.folder / "scores.json").write_text(text, encoding="utf-8")
        manifest = read_manifest(self.bundle)
        seal(self.bundle, dataclasses.replace(manifest, scores=[_summary(report) for report in reports]))
        return reports

    def all(self) -> None:
        """Every step that has not left its result yet, to the evaluated bundle."""
        if not (self.folder / "sentencepiece.model").exists():
            self.subwords()
        if self.run():
            self.average()
            self.export()
            self.evaluate()

    def _test_sets(self) -> Iterator[tuple[str, str, tuple[Path, Path]]]:
        """Languages and files (source, reference) of the recipe's tests, in every direction of the model."""
        for corpus in self.recipe.corpora:
            if corpus.test:
                files = dict(zip(corpus.languages, self._test_files(corpus), strict=True))
                for source, target in self.recipe.pairs:
                    if {source, target} == set(corpus.languages):
                        yield source, target, (files[source], files[target])

    def _test_files(self, corpus: CorpusConfig) -> list[Path]:
        """The test set as a file a language; the columns of a TSV file become files in the run's folder."""
        files = [self.data / name for name in corpus.test]
        if len(files) == 2:
            return files
        sides = zip(*read_set(self.data, corpus.test), strict=True)
        made = [self.folder / f"{Path(corpus.test[0]).name}.{language}" for language in corpus.languages]
        for path, lines in zip(made, sides, strict=True):
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return made

    def _facts(self) -> dict[str, Any]:
        """What the manifest says of how the model was made."""
        reports = json.loads((self.folder / "corpora.json").read_text(encoding="utf-8"))
        run = json.loads((self.folder / "run.json").read_text(encoding="utf-8"))
        return {
            "name": self.recipe.name,
            "description": self.recipe.description,
            "directions": list(self.recipe.directions),
            # The model has seen no longer examples; what is longer is translated in parts.
            "max_source_pieces": min(self.recipe.training.max_pieces, WIDTHS[-1]),
            "recipe": dataclasses.asdict(self.recipe),
            "corpora": [
                _origin(corpus, report) for corpus, report in zip(self.recipe.corpora, reports.items(), strict=True)
            ],
            "training": {
                "updates": run["history"][-1]["update"],
                "seconds": round(run["seconds"]),
                "target_pieces": run["target_pieces"],
                "pieces_per_second": round(run["mean_pieces_per_second"]),
                "precision": run["precision"],
                "hardware": _hardware(),
            },
        }


def _origin(corpus: CorpusConfig, report: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    name, counts = report
    return {"name": name, "licence": corpus.licence, "attribution": corpus.attribution, "pairs": counts["kept"]}


def _summary(report: Report) -> dict[str, Any]:
    """The scores of one test set, as the manifest keeps them; file names without their folders."""
    scores = report.scores
    return {
        "direction": f"{report.source}-{report.target}",
        "test_set": f"{Path(report.source_file).name} → {Path(report.reference_file).name}",
        "sentences": report.sentences,
        "metrics": [
            {"name": one.metric, "value": round(one.value, 2), "signature": one.signature}
            for one in (scores.bleu, scores.chrf, scores.ter)
        ],
    }


def _hardware() -> str:
    """The processor's name, where Linux tells it, and the number of cores."""
    name = platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), name)
    return f"{name}, {os.cpu_count()} cores"
