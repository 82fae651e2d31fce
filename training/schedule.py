"""The learning rate of each update."""

import math
from dataclasses import dataclass

from mt.errors import RecipeError


@dataclass(frozen=True)
class ScheduleConfig:
    """Linear warm-up, then decay; `[schedule]` in a recipe."""

    peak_rate: float = 2e-3  # learning rate reached at the end of warm-up
    warmup_updates: int = 400  # optimizer updates
    decay: str = "cosine"  # to final_rate at max_updates (Loshchilov & Hutter 2017); or "inverse_square_root"
    final_rate: float = 1e-5

    def __post_init__(self) -> None:
        if self.warmup_updates < 1:
            raise RecipeError(f"schedule.warmup_updates must be at least 1, got {self.warmup_updates}.")
        if not self.peak_rate > 0:
            raise RecipeError(f"schedule.peak_rate must be above 0, got {self.peak_rate}.")
        if self.decay not in ("cosine", "inverse_square_root"):
            raise RecipeError(f"schedule.decay must be cosine or inverse_square_root, got '{self.decay}'.")
        if not 0 <= self.final_rate <= self.peak_rate:
            raise RecipeError(f"schedule.final_rate must be from 0 to the peak_rate, got {self.final_rate}.")


def learning_rate(config: ScheduleConfig, update: int, max_updates: int) -> float:
    """The rate of an update, counted from 1; inverse square root as in Vaswani et al. 2017, §5.3."""
    if update <= config.warmup_updates:
        return config.peak_rate * update / config.warmup_updates
    if config.decay == "inverse_square_root":
        return config.peak_rate * math.sqrt(config.warmup_updates / update)
    progress = min(1.0, (update - config.warmup_updates) / max(1, max_updates - config.warmup_updates))
    return config.final_rate + (config.peak_rate - config.final_rate) * (1 + math.cos(math.pi * progress)) / 2
