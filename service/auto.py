"""Texts whose languages the client leaves to be found out: each by itself, then as few jobs as languages."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from mt import Translation, plain_text
from service.detection import Detector
from service.jobs import AUTO, Job, Outcome

# What LibreTranslate names for a text in no language, such as a number.
UNDETECTABLE = "en"


class Guess(NamedTuple):
    """What language a text is in, if it is in one, and the probability of that; None where the client named it."""

    language: str | None
    confidence: float | None


async def guess_languages(job: Job, detector: Detector, directions: Sequence[tuple[str, str]]) -> list[Guess]:
    """The likeliest language of each text that can be translated into the job's target, or is the target."""
    if job.source != AUTO:
        return [Guess(job.source, None)] * len(job.texts)
    languages = {job.target, *(source for source, target in directions if target == job.target)}

    def guess(text: str) -> Guess:
        return _guess(detector.detect(plain_text(text, job.form)), languages)

    return await asyncio.to_thread(lambda: list(map(guess, job.texts)))


async def translate_detected(
    job: Job, guesses: Sequence[Guess], translate: Callable[[Job], Awaitable[list[Outcome]]]
) -> list[Outcome]:
    """What becomes of each text of a job, from the language that it is guessed to be in.

    A text in the target language, and one in no language, stay as they are. Raises what `translate` raises.
    """
    outcomes = [unchanged(text, guess) for text, guess in zip(job.texts, guesses, strict=True)]
    parts = list(_parts(job, guesses))
    tasks = [asyncio.ensure_future(translate(part)) for part, _ in parts]
    try:
        for (_, places), found in zip(parts, await asyncio.gather(*tasks), strict=True):
            for place, outcome in zip(places, found, strict=True):
                outcomes[place] = replace(outcome, confidence=guesses[place].confidence)
    finally:
        for task in tasks:
            task.cancel()
    return outcomes


def unchanged(text: str, guess: Guess) -> Outcome:
    """What becomes of a text that is not translated."""
    return Outcome(Translation(text, 0.0), guess.language or UNDETECTABLE, guess.confidence)


def _guess(found: Sequence[tuple[str, float]], languages: set[str]) -> Guess:
    return next((Guess(*one) for one in found if one[0] in languages), Guess(None, 0.0))


def _parts(job: Job, guesses: Sequence[Guess]) -> Iterator[tuple[Job, list[int]]]:
    """A job for each language to translate from, and which of the texts it has."""
    for language in dict.fromkeys(guess.language for guess in guesses):
        if language not in (None, job.target):
            places = [place for place, guess in enumerate(guesses) if guess.language == language]
            yield replace(job, source=language, texts=tuple(job.texts[place] for place in places)), places
