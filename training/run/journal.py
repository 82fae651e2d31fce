"""What a training run tells while it runs and leaves behind: progress, run.json, TensorBoard, the learning curve."""

import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tensorflow as tf

from mt.errors import TrainingError
from training.report.charts import learning_curve
from training.run.checkpoints import replace_text
from training.run.pace import Pace
from training.run.validation import Validation


class Journal:
    """The history of a run; `state` and `restore` carry it over an interruption."""

    def __init__(self, folder: Path, recipe: dict[str, Any], precision: str, parameters: int, pace: Pace) -> None:
        self._folder, self._recipe, self._pace = folder, recipe, pace
        self._facts = {"precision": precision, "parameters": parameters}
        self._board = tf.summary.create_file_writer(str(folder / "tensorboard"))
        self._recent: deque[tuple[float, int, float]] = deque(maxlen=200)  # loss a piece, pieces, seconds of the update
        self.seconds = 0.0  # of the whole run
        self._update_seconds = 0.0  # of the updates alone, without validation and input
        self._pieces = 0
        self._history: list[dict[str, Any]] = []

    def record(self, loss: float, pieces: int, seconds: float) -> None:
        """One update is done: its loss a piece, its target pieces, and the seconds it took."""
        self._recent.append((loss, pieces, seconds))
        self._pieces += pieces
        self._update_seconds += seconds

    def status(self) -> str:
        """Loss and speed of the last updates, for the progress bar."""
        return f"loss {self._loss():.3f}, {self._speed():,.0f} pieces/s"

    def validated(self, update: int, epoch: int, rate: float, result: Validation) -> str:
        """Adds a row to the history and gives it as a line to print."""
        row = {
            "update": update,
            "epoch": epoch,
            "seconds": round(self.seconds, 1),
            "pieces": self._pieces,
            "pieces_per_second": round(self._speed(), 1),
            "learning_rate": rate,
            "train_loss": self._loss(),
            "dev_loss": result.loss,
            "dev_bleu": result.mean_bleu,
            "dev_bleu_by_direction": result.bleu,
        }
        self._history.append(row)
        with self._writing_board():
            with self._board.as_default(step=update):
                for name in ("learning_rate", "train_loss", "dev_loss", "dev_bleu", "pieces_per_second"):
                    tf.summary.scalar(name, row[name])
            self._board.flush()
        self._write()
        scores = ", ".join(f"{direction} {score:.2f}" for direction, score in result.bleu.items())
        return (
            f"update {update:,}, epoch {epoch}, {self.seconds / 60:.1f} min: train loss {row['train_loss']:.3f}, "
            f"dev loss {result.loss:.3f}, greedy BLEU {scores}"
        )

    def best(self, count: int) -> list[int]:
        """The updates with the best dev BLEU so far, best first; of equal BLEU, the lower dev loss."""
        ranked = sorted(self._history, key=_quality, reverse=True)
        return [row["update"] for row in ranked[:count]]

    def dev_losses(self) -> list[float]:
        """The dev loss of each validation so far."""
        return [row["dev_loss"] for row in self._history]

    def since_best(self) -> int:
        """How many validations the best one lies back; 0 before the first."""
        scores = [_quality(row) for row in self._history]
        return len(scores) - 1 - scores.index(max(scores)) if scores else 0

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps of the journal."""
        return {
            "seconds": self.seconds,
            "update_seconds": self._update_seconds,
            "pieces": self._pieces,
            "history": self._history,
            "recent": list(self._recent),
            "pace": self._pace.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Goes on from what `state` gave; TrainingError when something is missing in it."""
        # The pace may begin at nothing: it changes no number of the training.
        if missing := self.state().keys() - state.keys() - {"pace"}:
            raise TrainingError(
                f"The checkpoint lacks {', '.join(sorted(missing))}: another version of dragoman wrote it. Go on with "
                "that version, or give another folder with --out."
            )
        self.seconds, self._update_seconds = state["seconds"], state["update_seconds"]
        self._pieces, self._history = state["pieces"], state["history"]
        self._recent.extend(tuple(row) for row in state["recent"])
        self._pace.restore(state.get("pace", {}))

    def finish(self, is_complete: bool) -> str:
        """Writes run.json and the learning curve for the last time, and gives the run's report in one line."""
        self._facts["is_complete"] = is_complete
        self._write()
        with self._writing_board():
            self._board.close()
        best = max((row["dev_bleu"] for row in self._history), default=0.0)
        state = "Trained" if is_complete else "Stopped (the same command goes on)"
        return (
            f"{state}: {self._facts['parameters']:,} parameters in {self._facts['precision']}, "
            f"{self._pieces:,} target pieces in {self.seconds / 60:.1f} minutes, {self._mean_speed():,.0f} a second "
            f"in updates; best greedy BLEU on dev {best:.2f}; {self._pace.summary(self.seconds)}"
        )

    @contextmanager
    def _writing_board(self) -> Iterator[None]:
        """Tells of a full disk as a TrainingError, which TensorFlow does in errors of its own."""
        try:
            yield
        except tf.errors.OpError as error:
            reason = error.message.splitlines()[0]
            raise TrainingError(
                f"Cannot write TensorBoard's events: {reason}. Make room, then give the same command again; it goes on "
                "from the last checkpoint."
            ) from error

    def _mean_speed(self) -> float:
        """Target pieces a second over all updates."""
        return self._pieces / max(self._update_seconds, 1e-9)

    def _loss(self) -> float:
        pieces = sum(count for _, count, _ in self._recent)
        return sum(loss * count for loss, count, _ in self._recent) / max(1, pieces)

    def _speed(self) -> float:
        """Target pieces a second over the last updates."""
        seconds = sum(taken for _, _, taken in self._recent)
        return sum(count for _, count, _ in self._recent) / max(seconds, 1e-9)

    def _write(self) -> None:
        facts = self._facts | {"seconds": self.seconds, "target_pieces": self._pieces}
        facts |= {"mean_pieces_per_second": self._mean_speed(), **self._pace.facts(self.seconds)}
        text = json.dumps({**facts, "history": self._history, "recipe": self._recipe}, indent=1)
        replace_text(self._folder / "run.json", text)
        if self._history:
            learning_curve(self._history, self._folder / "learning-curve.png")


def _quality(row: dict[str, Any]) -> tuple[float, float]:
    """What validations are ranked by. Early on, and where targets have fewer than four words, BLEU is 0 for all."""
    return row["dev_bleu"], -row["dev_loss"]
