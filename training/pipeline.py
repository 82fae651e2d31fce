"""The steps from a recipe to a bundle, each of which leaves its result in the run's folder for the next."""

import dataclasses
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from mt.bundle import Bundle, load_bundle, read_manifest, seal
from mt.engines import SearchOptions
from mt.engines.savedmodel import WIDTHS
from mt.errors import TrainingError
from mt.export import export
from mt.lexicon import FILE as LEXICON
from mt.tokenizer import Tokenizer
from mt.translator import Translator
from training.calibration import calibrate, described
from training.data.corpora import Corpora, load_corpora, read_set
from training.data.dataset import find_tags
from training.evaluation.ensemble import Ensemble
from training.evaluation.offline import Evaluation, by_translator, evaluate
from training.evaluation.scores import Report, render_text, to_json
from training.finetuning import learned_from, load_original
from training.lexicon import learn_lexicon
from training.recipe import CorpusConfig, Recipe, load_recipe
from training.report.gather import gather, read_scores
from training.report.page import render
from training.restore import restore_model
from training.run import checkpoints, identity
from training.run.lock import claim
from training.run.machine import hardware
from training.run.trainer import Trainer, best_checkpoints
from training.run.workers import ALONE, Workers
from training.subwords import train_tokenizer
from training.synthesis import Synthesis, describe, synthesize


@dataclasses.dataclass(frozen=True)
class Pipeline:
    """One run: its recipe, the folder of the corpora, and the folder that keeps all results."""

    recipe: Recipe
    data: Path
    folder: Path
    workers: Workers = ALONE

    @classmethod
    def open(cls, recipe_path: Path, data: Path | None, out: Path | None, workers: Workers = ALONE) -> "Pipeline":
        """The run of a recipe; its folder is made."""
        recipe = load_recipe(recipe_path, data)
        folder = out or Path("runs") / recipe.name
        folder.mkdir(parents=True, exist_ok=True)
        return cls(recipe, data or recipe_path.parent, folder, workers)

    @cached_property
    def corpora(self) -> Corpora:
        """The recipe's corpora, read and filtered once a process; the report is printed."""
        cache = "cache" if self.workers.is_chief else f"cache-{self.workers.index}"
        corpora = load_corpora(self.recipe, self.data, self.folder / cache)
        for name, report in corpora.reports.items():
            print(f"{name}:\n{report}")
        return corpora

    def _keep_inputs(self) -> None:
        """Writes the resolved recipe and the report of the corpora, once it is sure that they are those of the run."""
        for name, values in (("recipe", dataclasses.asdict(self.recipe)), ("corpora", self.corpora.as_dict())):
            text = json.dumps(values, indent=1, ensure_ascii=False)
            checkpoints.replace_text(self.folder / f"{name}.json", text)

    @cached_property
    def original(self) -> Bundle | None:
        """The bundle that the recipe's `from` names."""
        return load_original(self.recipe.start, self.data, self.recipe.targets) if self.recipe.start else None

    @property
    def tokenizer(self) -> Tokenizer:
        """The vocabulary that `subwords` left."""
        path = self.folder / "sentencepiece.model"
        if not path.exists():
            raise TrainingError(f"There is no {path}. Run `mt-train subwords` first.")
        return Tokenizer.load(path)

    def subwords(self) -> None:
        """Learns the vocabulary, or keeps that of `from`; TrainingError when checkpoints need the one that is there."""
        with claim(self.folder):
            self._learn_subwords()

    def _learn_subwords(self) -> None:
        tokenizer = self.original.tokenizer if self.original else self._train_tokenizer()
        for bitext in self.corpora.train:
            find_tags(bitext, tokenizer)
        path = self.folder / "sentencepiece.model"
        if self._has_checkpoint and path.exists() and path.read_bytes() != tokenizer.model:
            raise TrainingError(
                f"The checkpoints in {self.folder} need the vocabulary that is there, and corpora or recipe now give "
                "another one. Undo that, or give another folder with --out."
            )
        checkpoints.replace_file(path, lambda file: file.write(tokenizer.model))
        self._keep_inputs()
        print(f"{tokenizer.size:,} pieces in {path}")

    def _train_tokenizer(self) -> Tokenizer:
        total, most = self.corpora.sentences, self.recipe.subwords.sentences
        if total > most:
            print(f"The vocabulary is learned from about {most:,} of the {total:,} sentences, drawn at random.")
        return train_tokenizer(self.corpora.texts(most), self.recipe.targets, self.recipe.subwords, self.recipe.tags)

    def run(self, accept_changes: bool = False) -> bool:
        """Trains, or goes on training, and prints what the run came to; False when it was told to stop.

        TrainingError when the run began with another recipe or corpus, and that is not accepted.
        """
        if not self.workers.is_chief:
            return self._train(self._describe())
        with claim(self.folder):
            return self._train_as_chief(accept_changes)

    def _train_as_chief(self, accept_changes: bool) -> bool:
        facts = self._describe()
        if self._has_checkpoint:
            identity.require_same(self.folder, self.recipe, facts, accept_changes, print)
        identity.keep(self.folder, facts)
        self._keep_inputs()
        return self._train(facts)

    def _describe(self) -> identity.Facts:
        return identity.describe(self.recipe, self.tokenizer, self.corpora)

    def _train(self, facts: identity.Facts) -> bool:
        self.workers.require_same(**identity.by_part(facts))
        start = self._start_weights()
        trainer = Trainer(self.recipe, self.tokenizer, self.corpora, self.folder, start, self.workers)
        print(trainer.run())
        return trainer.is_complete and not trainer.is_stopping

    def _start_weights(self) -> dict[str, np.ndarray] | None:
        """The weights of the bundle that `from` names; TrainingError when the run has another vocabulary than it."""
        if not self.original:
            return None
        if self.original.tokenizer.model != self.tokenizer.model:
            raise TrainingError(
                f"The vocabulary in {self.folder} is not that of from = '{self.recipe.start}'. Give another folder "
                "with --out, or remove sentencepiece.model and run `mt-train subwords` again."
            )
        return restore_model(self.original).named_weights()

    @property
    def _has_checkpoint(self) -> bool:
        return checkpoints.has_checkpoint(self.folder / "checkpoints")

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

    def lexicon(self, bundle: Path | None = None) -> None:
        """Learns the lexicon of the run's bundle, or another, from the corpora of the recipe, and puts it in."""
        chosen = load_bundle(bundle or self.bundle)
        print("Learning which pieces come of which …", flush=True)
        file = chosen.path / LEXICON
        learn_lexicon(self.corpora.train, chosen.tokenizer).save(file)
        seal(chosen.path, chosen.manifest)
        print(f"{file} ({file.stat().st_size / 1e6:.1f} MB)")

    def calibrate(self, bundle: Path | None = None) -> None:
        """Fits the confidence of the run's bundle, or another, to the dev sets of the recipe."""
        chosen = bundle or self.bundle
        sets: dict[str, list[tuple[str, str]]] = {"-".join(pair): [] for pair in self.recipe.pairs}
        for corpus in self.recipe.corpora:
            for one, other in read_set(self.data, corpus.dev) if corpus.dev else ():
                sets.get("-".join(corpus.languages), []).append((one, other))
                sets.get("-".join(reversed(corpus.languages)), []).append((other, one))
        data = ", ".join(Path(name).name for corpus in self.recipe.corpora for name in corpus.dev)
        print(described(calibrate(chosen, sets, f"dev: {data}"), sets))

    def evaluate(self, as_json: bool = False) -> list[Report]:
        """Scores the bundle on every test set of the recipe, and writes the scores into its manifest and model card.

        Without any test set it scores on dev. The translations stay in outputs/. Where the bundle that `from` names has
        the direction it is compared with: the difference is what was gained, or forgotten.
        """
        translate = by_translator(Translator(load_bundle(self.bundle)))
        name = f"{self.recipe.name}, beam {self.recipe.search.beam}"
        original = Translator(self.original) if self.original else None
        reports = []
        for options in self._test_sets():
            is_known = original and (options.source, options.target) in original.directions
            baseline = (f"{self.recipe.start} (from)", by_translator(original)) if original and is_known else None
            reports.append(evaluate(options, translate, name, baseline))
            if not as_json:
                print(render_text(reports[-1]), end="\n\n")
        text = "[" + ",\n".join(map(to_json, reports)) + "]\n"
        if as_json:
            print(text, end="")
        (self.folder / "scores.json").write_text(text, encoding="utf-8")
        manifest = read_manifest(self.bundle)
        seal(self.bundle, dataclasses.replace(manifest, scores=[_summary(report) for report in reports]))
        return reports

    def all(self, accept_changes: bool = False) -> None:
        """Every step that has not left its result yet, to the evaluated bundle and the report page.

        Of several workers all train, and the chief alone does what comes before and after.
        """
        if not self.workers.is_chief:
            self.workers.wait()  # for the vocabulary
            self._train(self._describe())
            self.workers.wait()  # until the chief has ended, to which one that is gone before is lost
            return
        self._all_as_chief(accept_changes)
        with suppress(TrainingError):  # all is done, whoever is lost by now
            self.workers.wait()

    def _all_as_chief(self, accept_changes: bool) -> None:
        with claim(self.folder):
            if not (self.folder / "sentencepiece.model").exists():
                self._learn_subwords()
            self.workers.wait()
            if self._train_as_chief(accept_changes):
                self.average()
                self.export()
                self.lexicon()
                self.calibrate()
                self.evaluate()
                self.report()

    def report(self) -> None:
        """Writes the report page of an evaluated bundle."""
        path = self.folder / "report.html"
        story = gather(self.recipe, self.folder, read_scores(self.folder), self.tokenizer, self.corpora.train)
        path.write_text(render(story), encoding="utf-8")
        print(f"The report page is {path}")

    def distill(self, teacher: Ensemble) -> None:
        """Writes what a teacher makes of the training sources: distilled/, a corpus for each direction."""
        translator = teacher.open()
        for direction in self.recipe.pairs:
            translator.require_direction(*direction)
        for direction in self.recipe.pairs:
            out = self.folder / "distilled" / f"{'-'.join(direction)}.tsv"
            plan = Synthesis(out, direction, teacher.describe(), is_source_synthetic=False)
            print(describe(plan, synthesize(plan, self._sources(direction), by_translator(translator))))

    def _sources(self, direction: tuple[str, str]) -> Callable[[], Iterator[str]]:
        """The training sources of a direction, from all corpora."""
        chosen = [one for one in self.corpora.train if (one.source_language, one.target_language) == direction]
        return lambda: (text for bitext in chosen for text in bitext.sources)

    def _test_sets(self) -> Iterator[Evaluation]:
        """The recipe's tests, in every direction of the model, its dev sets when it has none; then `also_test`."""
        is_dev = not any(corpus.test for corpus in self.recipe.corpora)
        sets = [
            (f"{number}", corpus.languages, corpus.dev if is_dev else corpus.test, is_dev)
            for number, corpus in enumerate(self.recipe.corpora, start=1)
        ]
        sets += [
            (f"also-{number}", other.languages, other.files, False)
            for number, other in enumerate(self.recipe.also_test, start=1)
        ]
        for name, languages, names, is_dev in sets:
            if names:
                files = dict(zip(languages, self._files_by_side(languages, names), strict=True))
                for source, target in self.recipe.pairs:
                    if {source, target} == set(languages):
                        output = self.folder / "outputs" / f"{name}.{source}-{target}.txt"
                        sides = files[source], files[target]
                        yield Evaluation(source, target, *sides, output_file=output, is_dev=is_dev)

    def _files_by_side(self, languages: tuple[str, ...], names: tuple[str, ...]) -> list[Path]:
        """A set of a corpus as a file a language; the columns of a TSV file become files in the run's folder."""
        files = [self.data / name for name in names]
        if len(files) == 2:
            return files
        sides = zip(*read_set(self.data, names), strict=True)
        made = [self.folder / f"{Path(names[0]).name}.{language}" for language in languages]
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
            "version": self.recipe.version,
            "directions": list(self.recipe.directions),
            # The model has seen no longer examples; what is longer is translated in parts.
            "max_source_pieces": min(self.recipe.training.max_pieces, WIDTHS[-1]),
            "recipe": dataclasses.asdict(self.recipe),
            "corpora": learned_from(
                self.original,
                [_origin(corpus, report) for corpus, report in zip(self.recipe.corpora, reports.items(), strict=True)],
            ),
            "training": {
                "updates": run["history"][-1]["update"],
                "seconds": round(run["seconds"]),
                "target_pieces": run["target_pieces"],
                "pieces_per_second": round(run["mean_pieces_per_second"]),
                "precision": run["precision"],
                "hardware": hardware(),
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
        "test_set": f"{Path(report.source_file).name} → {Path(report.reference_file).name}"
        + (" (dev: the recipe has no test set)" if report.is_dev else ""),
        "sentences": report.sentences,
        "metrics": [
            {"name": one.metric, "value": round(one.value, 2), "signature": one.signature}
            for one in (scores.bleu, scores.chrf, scores.ter)
        ],
    }
