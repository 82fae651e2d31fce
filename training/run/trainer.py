"""The training loop."""

import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from mt.errors import TrainingError
from mt.model import Seq2Seq
from mt.tokenizer import Tokenizer
from training.alignment.linking import link
from training.data.corpora import Corpora
from training.data.dataset import Batch, Batching, Dataset, Place
from training.recipe import Recipe
from training.run.checkpoints import Checkpoint, load_newest, save_checkpoint, save_newest
from training.run.journal import Journal
from training.run.pace import Pace, Plan
from training.run.schedule import learning_rate
from training.run.update import Updater, choose_precision
from training.run.validation import Validator
from training.run.workers import ALONE, Workers

Weights = Mapping[str, np.ndarray]  # by name, as Seq2Seq.named_weights gives them


class Trainer:
    """One training run in one directory: checkpoints to go on from, `best-*.npz` to average, and the journal."""

    def __init__(
        self,
        recipe: Recipe,
        tokenizer: Tokenizer,
        corpora: Corpora,
        folder: Path,
        start: Weights | None = None,
        workers: Workers = ALONE,
    ) -> None:
        """A new run begins with the weights `start`, by default with random ones.

        Of several workers all go on from the checkpoints in the folder, but only the chief writes there.
        """
        config = recipe.training
        self._recipe, self._config, self._tokenizer, self._workers = recipe, config, tokenizer, workers
        self._checkpoints, self._folder = folder / "checkpoints", workers.folder(folder)
        keras.utils.set_random_seed(config.seed)
        keras.config.set_dtype_policy(choose_precision(config.precision))
        self.model = Seq2Seq(recipe.model, tokenizer.size)
        if start:
            self.model.assign_weights(start)
        self._updater = Updater(self.model, config, workers)
        batching = Batching(config.batch_pieces, config.max_pieces, config.seed, recipe.subwords.sampling)
        bitexts = link(corpora.train) if config.guided_attention else corpora.train
        self._dataset = Dataset(bitexts, tokenizer, batching)
        self._validator = Validator(self.model, tokenizer, corpora.dev, config.validation_sentences)
        self._batches_an_update = config.accumulate * workers.count
        self._pace = Pace(Plan.of(config, corpora, workers.count))
        precision, parameters = keras.config.dtype_policy().name, self.model.count_params()
        self._journal = Journal(self._folder, asdict(recipe), precision, parameters, self._pace)
        self._update, self._place = 0, Place()  # done so far, and where in the data that is
        self._batch: Batch | None = None  # the last one that was trained on
        self._saved_update = 0
        self.is_stopping = False

    def run(self) -> str:
        """Trains to the end of the schedule or of the patience, from the last checkpoint if there is one.

        Gives a report of one line.
        """
        self._resume()
        self._workers.require_same(precision=keras.config.dtype_policy().name, checkpoint=(self._update, self._place))
        self._workers.draw_apart(self.model.variables)
        started = time.monotonic() - self._journal.seconds
        saved = time.monotonic()
        total, stream = self._config.max_updates, self._pace.watch(self._batches(), self._update, tqdm.write)
        with _on_sigterm(self._stop), self._bar(total) as bar:
            while not self._workers.any(self.is_complete or self.is_stopping):
                batches = list(islice(stream, self._batches_an_update))
                self._update += 1
                rate = learning_rate(self._recipe.schedule, self._update, total, self._journal.dev_losses())
                began = time.monotonic()
                loss = self._updater(batches, rate)
                self._require_finite("loss", [loss])
                pieces = sum(len(batch.labels) for batch in batches)
                self._journal.record(loss, pieces, time.monotonic() - began)
                self._journal.seconds = time.monotonic() - started
                bar.update()
                bar.set_postfix_str(self._journal.status(), refresh=False)
                is_due = self._update % self._config.validate_every == 0 or self._update == total
                if is_due:
                    self._validate(rate, bar)
                if is_due or time.monotonic() - saved >= 60 * self._config.save_minutes:
                    self._save()
                    saved = time.monotonic()
            if self._update > self._saved_update:
                self._save()
        return self._journal.finish(self.is_complete)

    @property
    def is_complete(self) -> bool:
        """Whether the schedule or the patience is at its end."""
        return self._update >= self._config.max_updates or self._journal.since_best() >= self._config.patience

    def _bar(self, total: int) -> tqdm:
        """The progress, which one of several workers shows."""
        is_silent = not self._workers.is_chief
        return tqdm(total=total, initial=self._update, unit="update", smoothing=0.05, disable=is_silent)

    def _batches(self) -> Iterator[Batch]:
        """The batches that are still to come, noting the place of each before it is handed out."""
        with closing(self._dataset.batches(self._place)) as batches:
            for self._place, batch in batches:
                self._batch = batch
                yield batch

    def _require_finite(self, name: str, values: Iterable[Any]) -> None:
        """TrainingError once a value is infinite or no number, before it can reach a checkpoint."""
        if not all(np.isfinite(value).all() for value in values):
            raise TrainingError(
                f"The {name} is not finite any more at update {self._update:,}, {self._describe_batch()}. Lower "
                "schedule.peak_rate or training.clip_norm and add --accept-changes: the same command then goes on from "
                "the last checkpoint, if there is one."
            )

    def _describe_batch(self) -> str:
        """Where the last batch is, and how its first source begins."""
        assert self._batch is not None
        (text,) = self._tokenizer.decode(self._batch.source[:1].tolist())
        epoch, window, batch = self._place
        place = f"batch {batch:,} of epoch {epoch:,}, window {window:,}"
        return f"which ended with {place}, the one that begins with '{text[:40]}'"

    def _validate(self, rate: float, bar: tqdm) -> None:
        """Scores the model, or its moving average, and keeps it if it is among the best."""
        with self._updater.averaged():
            weights = self.model.named_weights()
            self._require_finite("model", weights.values())
            result = self._validator(self._updater)
        self._require_finite("dev loss", [result.loss])
        row = self._journal.validated(self._update, self._place.epoch, rate, result)
        bar.write(row)
        best = self._journal.best(self._config.keep_best)
        if self._update in best:
            save_checkpoint(self._best_path(self._update), Checkpoint(weights, {}))
        for path in best_checkpoints(self._folder):
            if path not in map(self._best_path, best):
                path.unlink()

    def _best_path(self, update: int) -> Path:
        return self._folder / "checkpoints" / f"best-{update:07d}.npz"

    def _save(self) -> None:
        arrays = {f"{number:04d}": np.asarray(variable) for number, variable in enumerate(self._updater.variables)}
        self._require_finite("model or its optimizer", arrays.values())
        progress = {"update": self._update, **self._place._asdict(), **self._journal.state()}
        save_newest(self._folder / "checkpoints", Checkpoint(arrays, progress))
        self._saved_update = self._update

    def _resume(self) -> None:
        found = load_newest(self._checkpoints, tqdm.write)
        if found is None:
            return
        path, (arrays, progress) = found
        variables = self._updater.variables
        if [array.shape for array in arrays.values()] != [tuple(variable.shape) for variable in variables]:
            raise TrainingError(f"{path} is of another recipe. Remove it, or give another folder with --out.")
        for number, variable in enumerate(variables):
            variable.assign(arrays[f"{number:04d}"])
        self._update, self._place = progress["update"], Place(*(progress.get(name, 0) for name in Place._fields))
        self._saved_update = self._update
        self._journal.restore(progress)
        for path in best_checkpoints(self._folder):
            if path > self._best_path(self._update):  # of updates that are done again
                path.unlink()

    def _stop(self, *_: Any) -> None:
        self.is_stopping = True


def best_checkpoints(folder: Path) -> list[Path]:
    """The checkpoints that a run kept for averaging, oldest first."""
    return sorted((folder / "checkpoints").glob("best-*.npz"))


@contextmanager
def _on_sigterm(handler: Any) -> Iterator[None]:
    """Calls the handler on SIGTERM and on the first Ctrl-C, so that the loop saves and stops between two updates."""
    before = {number: signal.signal(number, handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
