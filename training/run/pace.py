"""How fast a run goes: what it waits for its input, how often it has seen its corpus, how long it will take."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import mean, median
from typing import Any, NamedTuple

from training.data.corpora import Corpora
from training.data.dataset import Batch
from training.recipe import TrainingConfig
from training.run.machine import hardware, peak_memory_bytes

COMPILING_UPDATES = 5  # the first ones, which compile and say nothing of the speed
MEASURED_UPDATES = 20
# Seconds of a validation for each dev sentence, over those of an update for each training sentence. A guess from one
# run of the published recipe (likelihood and greedy search of 1,000 sentences), until a validation is measured.
VALIDATION_COST = 2.0


@dataclass(frozen=True)
class Plan:
    """What a run is going to do."""

    max_updates: int
    validate_every: int  # updates
    sentences: int  # of an epoch: those of the training corpora, all directions
    dev_sentences: int  # that one validation scores
    accumulate: int = 1  # batches of an update

    @classmethod
    def of(cls, config: TrainingConfig, corpora: Corpora, workers: int = 1) -> "Plan":
        """The plan of a run with these corpora, by so many workers."""
        sentences = round(sum(len(bitext.sources) * bitext.weight for bitext in corpora.train))
        dev = sum(min(len(bitext.sources), config.validation_sentences) for bitext in corpora.dev)
        return cls(config.max_updates, config.validate_every, sentences, dev, config.accumulate * workers)


class _Taken(NamedTuple):
    """What an update took."""

    seconds: float = 0.0  # with the waiting for its batches
    pieces: int = 0
    sentences: int = 0


class Pace:
    """Watches the batches of a run go by: adds up what run.json keeps, and says how long the run will take."""

    def __init__(self, plan: Plan, clock: Callable[[], float] = time.monotonic) -> None:
        self._plan, self._clock = plan, clock
        self._input_seconds = 0.0  # spent waiting for batches
        self._sentences = 0  # trained on, with repetitions
        self._peak_memory_bytes = 0
        self._taken: list[_Taken] = []  # by the updates that are measured
        self._validation_seconds: float | None = None

    def facts(self, seconds: float) -> dict[str, Any]:
        """What run.json says of a run of so many seconds; input_share is of all of them."""
        return {
            "epochs": round(self._sentences / max(1, self._plan.sentences), 2),
            "input_seconds": round(self._input_seconds, 2),
            "input_share": round(self._input_seconds / max(seconds, 1e-9), 4) if seconds else 0.0,
            "peak_memory_bytes": self._peak_memory_bytes,
            "hardware": hardware(),
        }

    def summary(self, seconds: float) -> str:
        """The same for the last line of a run."""
        facts = self.facts(seconds)
        return (
            f"{facts['epochs']:,.1f} epochs, {facts['input_share']:.1%} of the time waiting for batches, at most "
            f"{facts['peak_memory_bytes'] / 1e6:,.0f} MB of memory; {facts['hardware']}"
        )

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        self._note_memory()
        return {
            "input_seconds": self._input_seconds,
            "sentences": self._sentences,
            "peak_memory_bytes": self._peak_memory_bytes,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Goes on from what `state` gave; nothing for a checkpoint of before it was kept."""
        self._input_seconds, self._sentences = state.get("input_seconds", 0.0), state.get("sentences", 0)
        self._peak_memory_bytes = state.get("peak_memory_bytes", 0)

    def watch(self, batches: Iterator[Batch], update: int, say: Callable[[str], object]) -> Iterator[Batch]:
        """The same batches, of which the first belongs to the update after `update`.

        `say` gets a forecast after some updates, and a better one after the first validation that follows.
        """
        began = self._clock()
        taken = _Taken()
        for count, batch in enumerate(batches, start=1):
            arrived = self._clock()
            self._input_seconds += arrived - began
            self._sentences += len(batch.source)
            self._note_memory()
            yield batch
            ended = self._clock()
            taken = _Taken(
                taken.seconds + ended - began, taken.pieces + len(batch.labels), taken.sentences + len(batch.source)
            )
            began = ended
            if count % self._plan.accumulate == 0:
                update += 1
                if update % self._plan.validate_every == 0:
                    self._note_validation(ended - arrived, update, say)
                elif count > COMPILING_UPDATES * self._plan.accumulate and len(self._taken) < MEASURED_UPDATES:
                    self._note_update(taken, update, say)
                taken = _Taken()

    def _note_memory(self) -> None:
        """Noted only while it trains, so that a run that is over stays what it was."""
        self._peak_memory_bytes = max(self._peak_memory_bytes, peak_memory_bytes())

    def _note_update(self, taken: "_Taken", update: int, say: Callable[[str], object]) -> None:
        self._taken.append(taken)
        if len(self._taken) == MEASURED_UPDATES:
            say(self._forecast(update))

    def _note_validation(self, seconds: float, update: int, say: Callable[[str], object]) -> None:
        """The first validation after the forecast gives a better one; updates count for what they usually take."""
        if len(self._taken) == MEASURED_UPDATES and self._validation_seconds is None:
            self._validation_seconds = max(0.0, seconds - self._seconds_an_update())
            minutes = self._minutes_left(update)
            say(f"A validation takes {self._validation_seconds:,.0f} s: about {_minutes(minutes)} to go.")

    def _forecast(self, update: int) -> str:
        """One line about the whole rest of the run."""
        plan, left = self._plan, self._plan.max_updates - update
        speed = mean(one.pieces for one in self._taken) / self._seconds_an_update()
        epochs = left * mean(one.sentences for one in self._taken) / max(1, plan.sentences)
        return (
            f"About {_minutes(self._minutes_left(update))} for the {left:,} updates left, unless training.patience "
            f"ends them sooner: {speed:,.0f} target pieces a second, {epochs:,.1f} epochs of {plan.sentences:,} pairs; "
            f"validations: {self._validations_left(update)} of about {self._seconds_a_validation():,.0f} s."
        )

    def _minutes_left(self, update: int) -> float:
        updates = (self._plan.max_updates - update) * self._seconds_an_update()
        return (updates + self._validations_left(update) * self._seconds_a_validation()) / 60

    def _validations_left(self, update: int) -> int:
        """Also the one at the end, when the last update is none of the others'."""
        return -(-self._plan.max_updates // self._plan.validate_every) - update // self._plan.validate_every

    def _seconds_an_update(self) -> float:
        """The median by pieces, for a backend may still compile now and then."""
        seconds_a_piece = median(one.seconds / one.pieces for one in self._taken)
        return max(1e-9, seconds_a_piece * mean(one.pieces for one in self._taken))

    def _seconds_a_validation(self) -> float:
        if self._validation_seconds is not None:
            return self._validation_seconds
        seconds_a_sentence = self._seconds_an_update() / mean(one.sentences for one in self._taken)
        return VALIDATION_COST * seconds_a_sentence * self._plan.dev_sentences


def _minutes(count: float) -> str:
    return f"{count:,.0f} minutes" if count >= 10 else f"{count:.1f} minutes"
