"""A job's way through one model, or through two that meet in a third language: its pivot."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from service.jobs import Job, Outcome
from service.models import Leg

if TYPE_CHECKING:
    from mt import Translation

LEAST_SECONDS = 0.001  # what a leg has when no time is left


async def travel(legs: Sequence[Leg], job: Job, clock: Callable[[], float] = time.monotonic) -> list[Outcome]:
    """What becomes of each text of the job, in order. Raises what Scheduler.translate does."""
    with legs[-1].model.used() as scheduler:
        rest, before = await approach(legs, job, clock)
        found = await scheduler.translate(rest)
    return outcomes(legs, before, found)


async def approach(
    legs: Sequence[Leg], job: Job, clock: Callable[[], float] = time.monotonic
) -> "tuple[Job, list[Translation]]":
    """The job that is left for the last leg, and the translations that its texts are; none where it is the only leg.

    In between there is one translation of each text. The first of two legs has half of the job's time, at most.
    """
    if len(legs) == 1:
        return job, []
    (model, source, target), last = legs
    began, seconds = clock(), job.deadline_seconds
    part = replace(
        job,
        source=source,
        target=target,
        n_best=1,
        prefix="",
        explain=False,
        inside=False,
        deadline_seconds=seconds and seconds / 2,
    )
    with model.used() as scheduler:
        found = await scheduler.translate(part)
    if seconds is not None:
        seconds = max(seconds - (clock() - began), LEAST_SECONDS)
    texts = tuple(translation.text for translation in found)
    return replace(job, texts=texts, source=last.source, deadline_seconds=seconds), found


def outcomes(legs: Sequence[Leg], before: "Sequence[Translation]", found: "Sequence[Translation]") -> list[Outcome]:
    """What the last leg found, as what became of the texts that were given to the first."""
    if not before:
        return [Outcome(translation, legs[0].source) for translation in found]
    pairs = zip(before, found, strict=True)
    return [Outcome(_joined(*pair), legs[0].source, pivot=legs[-1].source) for pair in pairs]


def _joined(before: "Translation", found: "Translation") -> "Translation":
    """The translation of a translation as one of the original: both must be right, so probabilities multiply."""
    return replace(
        found,
        score=before.score + found.score,
        alternative_scores=tuple(before.score + score for score in found.alternative_scores),
        warnings=tuple(dict.fromkeys(before.warnings + found.warnings)),
        links=(),  # they would be to words in between
        explanations=(),
        confidence=None,  # it is calibrated for each direction alone
    )
