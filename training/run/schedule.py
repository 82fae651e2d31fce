"""The learning rate of each update."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mt.errors import RecipeError

DECAYS = ("cosine", "inverse_square_root", "plateau")


@dataclass(frozen=True)
class ScheduleConfig:
    """Linear warm-up, then decay; `[schedule]` in a recipe."""

    peak_rate: float = 2e-3  # learning rate reached at the end of warm-up
    warmup_updates: int = 400  # optimizer updates
    decay: str = "cosine"  # to final_rate at max_updates (Loshchilov & Hutter 2017); or another one of DECAYS
    final_rate: float = 1e-5  # of cosine and plateau
    factor: float = 0.5  # of plateau: what the rate is multiplied by
    plateau_patience: int = 2  # of plateau: as many validations without a better dev loss make the rate fall

    def __post_init__(self) -> None:
        for name in ("warmup_updates", "plateau_patience"):
            if getattr(self, name) < 1:
                raise RecipeError(f"schedule.{name} must be at least 1, got {getattr(self, name)}.")
        if not self.peak_rate > 0:
            raise RecipeError(f"schedule.peak_rate must be above 0, got {self.peak_rate}.")
        if self.decay not in DECAYS:
            raise RecipeError(f"schedule.decay must be one of {', '.join(DECAYS)}, got '{self.decay}'.")
        if not 0 <= self.final_rate <= self.peak_rate:
            raise RecipeError(f"schedule.final_rate must be from 0 to the peak_rate, got {self.final_rate}.")
        if not 0 < self.factor < 1:
            raise RecipeError(f"schedule.factor must be above 0 and below 1, got {self.factor}.")


def learning_rate(config: ScheduleConfig, update: int, max_updates: int, dev_losses: Sequence[float] = ()) -> float:
    """The rate of an update, counted from 1, after validations with these losses; only `plateau` looks at them.

    Inverse square root as in Vaswani et al. 2017, §5.3.
    """
    if update <= config.warmup_updates:
        return config.peak_rate * update / config.warmup_updates
    if config.decay == "inverse_square_root":
        return config.peak_rate * math.sqrt(config.warmup_updates / update)
    if config.decay == "plateau":
        falls = count_plateaus(dev_losses, config.plateau_patience)
        return max(config.final_rate, config.peak_rate * config.factor**falls)
    progress = min(1.0, (update - config.warmup_updates) / max(1, max_updates - config.warmup_updates))
    return config.final_rate + (config.peak_rate - config.final_rate) * (1 + math.cos(math.pi * progress)) / 2


def count_plateaus(losses: Iterable[float], patience: int) -> int:
    """How many times `patience` losses in a row were none below the best one; each plateau counts anew."""
    best, waited, plateaus = math.inf, 0, 0
    for loss in losses:
        waited = 0 if loss < best else waited + 1
        best = min(best, loss)
        if waited == patience:
            waited, plateaus = 0, plateaus + 1
    return plateaus
