"""The training loop."""

import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from mt.errors import TrainingError
from mt.model import Seq2Seq
from mt.tokenizer import Tokenizer
from training.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from training.corpora import Corpora
from training.dataset import Batch, Dataset
from training.journal import Journal
from training.recipe import Recipe
from training.schedule import learning_rate
from training.update import Updater, choose_precision
from training.validation import Validator


class Trainer:
    """One training run in one directory: `last.npz` to go on from, `best-*.npz` to average, and the journal."""

    def __init__(self, recipe: Recipe, tokenizer: Tokenizer, corpora: Corpora, folder: Path) -> None:
        config = recipe.training
        self._recipe, self._config, self._folder = recipe, config, folder
        keras.utils.set_random_seed(config.seed)
        keras.config.set_dtype_policy(choose_precision(config.precision))
        self.model = Seq2Seq(recipe.model, tokenizer.size)
        self._updater = Updater(self.model, config)
        self._dataset = Dataset(corpora.train, tokenizer, config.batch_pieces, config.max_pieces, config.seed)
        self._validator = Validator(self.model, tokenizer, corpora.dev, config.validation_sentences)
        self._journal = Journal(folder, asdict(recipe), keras.config.dtype_policy().name, self.model.count_params())
        self._update, self._epoch, self._batch = 0, 0, 0  # done so far; the batch counts within the epoch
        self._stopping = False

    def run(self) -> str:
        """Trains to the end of the schedule or of the patience, from the last checkpoint if there is one.

        Gives a report of one line.
        """
        self._resume()
        started = time.monotonic() - self._journal.seconds
        saved = time.monotonic()
        total, batches = self._config.max_updates, self._batches()
        with _on_sigterm(self._stop), tqdm(total=total, initial=self._update, unit="update", smoothing=0.05) as bar:
            while not (self.is_complete or self._stopping):
                batch = next(batches)
                self._update += 1
                rate = learning_rate(self._recipe.schedule, self._update, total)
                began = time.monotonic()
                loss = self._updater(batch, rate)
                self._require_finite("loss", [loss])
                self._journal.record(loss, len(batch.labels), time.monotonic() - began)
                self._journal.seconds = time.monotonic() - started
                bar.update()
                bar.set_postfix_str(self._journal.status(), refresh=False)
                is_due = self._update % self._config.validate_every == 0 or self._update == total
                if is_due:
                    self._validate(rate, bar)
                if is_due or self._stopping or time.monotonic() - saved >= 60 * self._config.save_minutes:
                    self._save()
                    saved = time.monotonic()
        return self._journal.finish(self.is_complete)

    @property
    def is_complete(self) -> bool:
        """Whether the schedule or the patience is at its end."""
        return self._update >= self._config.max_updates or self._journal.since_best() >= self._config.patience

    def _batches(self) -> Iterator[Batch]:
        """The batches that are still to come, counting epoch and batch before each is handed out."""
        while True:
            batches = self._dataset.epoch(self._epoch, self._recipe.subwords.sampling)
            if not batches:
                raise TrainingError(f"No example is shorter than training.max_pieces = {self._config.max_pieces}.")
            for batch in batches[self._batch :]:
                self._batch += 1
                yield batch
            self._epoch, self._batch = self._epoch + 1, 0

    def _require_finite(self, name: str, values: Iterable[Any]) -> None:
        """TrainingError once a value is infinite or no number, before it can reach a checkpoint."""
        if not all(np.isfinite(value).all() for value in values):
            raise TrainingError(
                f"The {name} is not finite any more at update {self._update:,}. Lower schedule.peak_rate or "
                "training.clip_norm; the same command then goes on from the last checkpoint, if there is one."
            )

    def _validate(self, rate: float, bar: tqdm) -> None:
        """Scores the model, and keeps it if it is among the best."""
        self._require_finite("model", self.model.named_weights().values())
        result = self._validator(self._updater)
        self._require_finite("dev loss", [result.loss])
        row = self._journal.validated(self._update, self._epoch, rate, result)
        bar.write(row)
        best = self._journal.best(self._config.keep_best)
        if self._update in best:
            save_checkpoint(self._best_path(self._update), Checkpoint(self.model.named_weights(), {}))
        for path in best_checkpoints(self._folder):
            if path not in map(self._best_path, best):
                path.unlink()

    def _best_path(self, update: int) -> Path:
        return self._folder / "checkpoints" / f"best-{update:07d}.npz"

    def _save(self) -> None:
        self._require_finite("model", self.model.named_weights().values())
        arrays = {f"{number:04d}": np.asarray(variable) for number, variable in enumerate(self._updater.variables)}
        progress = {"update": self._update, "epoch": self._epoch, "batch": self._batch, **self._journal.state()}
        save_checkpoint(self._folder / "checkpoints" / "last.npz", Checkpoint(arrays, progress))

    def _resume(self) -> None:
        path = self._folder / "checkpoints" / "last.npz"
        if not path.exists():
            return
        arrays, progress = load_checkpoint(path)
        variables = self._updater.variables
        if [array.shape for array in arrays.values()] != [tuple(variable.shape) for variable in variables]:
            raise TrainingError(f"{path} is of another recipe. Remove it, or give another folder with --out.")
        for number, variable in enumerate(variables):
            variable.assign(arrays[f"{number:04d}"])
        self._update, self._epoch, self._batch = progress["update"], progress["epoch"], progress["batch"]
        self._journal.restore(progress)

    def _stop(self, *_: Any) -> None:
        self._stopping = True


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
