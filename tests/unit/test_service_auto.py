import asyncio

import pytest

from mt import Translation
from service.auto import UNDETECTABLE, Guess, guess_languages, translate_detected
from service.detection import Detector
from service.errors import Refusal
from service.jobs import AUTO, Job, Outcome

DIRECTIONS = (("en", "de"), ("de", "en"), ("fr", "de"))
WORDS = {"hello": {"en": 1.0}, "hallo": {"de": 1.0}, "bonjour": {"fr": 0.8, "en": 0.2}}


class Translating:
    """Says from which language a text is translated, and keeps the jobs."""

    def __init__(self):
        self.jobs = []

    async def __call__(self, job):
        self.jobs.append(job)
        return [Outcome(Translation(f"{text} from {job.source}", -1.0), job.source) for text in job.texts]


@pytest.fixture
def translate():
    return Translating()


DETECTOR = Detector(["en", "de", "fr"], lambda text: WORDS[text])


async def carried_out(job, translate):
    return await translate_detected(job, await guess_languages(job, DETECTOR, DIRECTIONS), translate)


def outcomes(translate, *texts, target="de", **wishes):
    return asyncio.run(carried_out(Job(texts, AUTO, target, **wishes), translate))


def test_the_language_that_a_client_names_is_believed():
    job = Job(("bonjour", "hello"), "en", "de")
    assert asyncio.run(guess_languages(job, DETECTOR, DIRECTIONS)) == [Guess("en", None)] * 2


def test_each_text_is_translated_from_its_own_language_in_order(translate):
    found = outcomes(translate, "bonjour", "hello", "bonjour")
    assert [one.translation.text for one in found] == ["bonjour from fr", "hello from en", "bonjour from fr"]
    assert [one.source for one in found] == ["fr", "en", "fr"]
    assert [one.confidence for one in found] == pytest.approx([0.8, 1.0, 0.8])


def test_there_are_as_few_jobs_as_languages_and_each_has_all_wishes(translate):
    outcomes(translate, "bonjour", "hello", "bonjour", "hallo", n_best=3, beam=8, deadline_seconds=2.0)
    wishes = {"target": "de", "n_best": 3, "beam": 8, "deadline_seconds": 2.0}
    assert translate.jobs == [
        Job(("bonjour", "bonjour"), "fr", **wishes),
        Job(("hello",), "en", **wishes),
    ]


def test_a_text_in_the_target_language_stays_as_it_is(translate):
    assert outcomes(translate, "hallo") == [Outcome(Translation("hallo", 0.0), "de", 1.0)]
    assert translate.jobs == []


def test_a_text_in_no_language_stays_as_it_is(translate):
    assert outcomes(translate, "42") == [Outcome(Translation("42", 0.0), UNDETECTABLE, 0.0)]
    assert translate.jobs == []


def test_a_language_that_cannot_be_translated_into_the_target_is_passed_over(translate):
    (found,) = outcomes(translate, "bonjour", target="en")
    assert (found.translation.text, found.source) == ("bonjour", "en")
    assert found.confidence == pytest.approx(0.2)


def test_when_one_job_is_refused_the_others_are_given_up():
    begun = asyncio.Event()
    given_up = []

    async def translate(job):
        if job.source == "en":
            await begun.wait()
            raise Refusal(429, "Slowdown")
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            given_up.append(job.source)
            raise

    async def scenario():
        with pytest.raises(Refusal, match="Slowdown"):
            await carried_out(Job(("hello", "bonjour"), AUTO, "de"), translate)
        await asyncio.sleep(0)

    asyncio.run(scenario())
    assert given_up == ["fr"]
