import asyncio

import pytest

from mt import InvalidOption
from service.jobs import Job
from service.scheduler import Scheduler
from service.scheduling.cache import HypothesisCache
from service.scheduling.orders import Query
from tests import tiny
from tests.scheduling import begin, begun, job, texts_of
from tests.service_fakes import FakeTranslator


@pytest.fixture
def translator():
    return FakeTranslator()


def batches_of(translator):
    """How many sentences each search of the translator gets from now on."""
    batches, search = [], translator.search

    def searched(sources, *arguments):
        batches.append(len(sources))
        return search(sources, *arguments)

    translator.search = searched
    return batches


@pytest.mark.parametrize(("threads", "batches"), [(1, [4, 2]), (2, [3, 3])])
def test_a_call_takes_as_many_sentences_as_pay_unless_a_thread_would_be_idle(translator, threads, batches):
    translator.best_batch = 4
    found = batches_of(translator)
    (result,) = texts_of([asyncio.run(Scheduler(translator, 9, threads).translate(job("abc")))])
    assert result == "ABC"
    found.clear()
    asyncio.run(Scheduler(translator, 9, threads).translate(job(*"abcdef")))
    assert found == batches


def test_the_engine_says_how_many_calls_run_at_once(translator):
    translator.calls_at_once = 3

    async def scenario():
        scheduler = Scheduler(translator, queue_size=5)
        translator.gate.clear()
        tasks = [begin(scheduler, text) for text in "abcd"]
        for _ in range(3):
            await begun(translator)
        assert (scheduler.running, scheduler.waiting) == (3, 1)
        translator.gate.set()
        return await asyncio.gather(*tasks)

    assert texts_of(asyncio.run(scenario())) == list("ABCD")


def numbers(first, language):
    """A text of a few sentences of various lengths, some of which another of these texts has too."""
    return " ".join(f"{name.capitalize()}." for name in tiny.number_names(language)[first : first + 70 : 7])


@pytest.mark.parametrize("threads", [1, 2])
def test_a_text_has_the_same_translation_whatever_it_is_decoded_with(threads):
    translator = tiny.translator()
    jobs = [
        Job((numbers(first, source),), source, target, n_best=n_best, client=str(first))
        for first in range(0, 60, 20)
        for source, target in translator.directions
        for n_best in (1, 2)
    ]

    async def scenario():
        scheduler = Scheduler(translator, queue_size=10_000, threads=threads, cache=HypothesisCache(20_000))
        found = await asyncio.gather(*map(scheduler.translate, jobs))
        assert scheduler.counts.shared + scheduler.counts.cached > 0
        return found

    for one, (found,) in zip(jobs, asyncio.run(scenario()), strict=True):
        alone = asyncio.run(Scheduler(translator, queue_size=1, threads=1).translate(one))
        assert [found] == alone
        (expected,) = translator.translate(one.texts, one.source, one.target, n_best=one.n_best)
        assert (found.text, found.alternatives) == (expected.text, expected.alternatives)


def test_a_prefix_that_is_too_long_for_a_sentence_fails_no_other():
    translator = tiny.translator()
    (source,) = translator.plan("One.", "en", "de").sources

    async def scenario():
        scheduler = Scheduler(translator, queue_size=10, threads=1)
        queries = [Query(source, translator.options(), prefix) for prefix in ((), (9,) * 500)]
        return await asyncio.gather(*(scheduler.search([one], "") for one in queries), return_exceptions=True)

    found, error = asyncio.run(scenario())
    assert isinstance(error, InvalidOption)
    ((query, hypotheses),) = found.items()
    assert hypotheses[0].is_complete
    assert query.prefix == ()
