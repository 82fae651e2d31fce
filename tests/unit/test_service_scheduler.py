import asyncio

import pytest
from fastapi import Request
from starlette.requests import ClientDisconnect

from service.errors import Refusal
from service.jobs import Job
from service.scheduler import Scheduler, while_client_waits
from tests.service_fakes import FakeTranslator


@pytest.fixture
def translator():
    return FakeTranslator()


def begin(scheduler, text):
    return asyncio.create_task(scheduler.translate(Job((text,), "en", "de")))


async def begun(translator):
    assert await asyncio.to_thread(translator.began.acquire, timeout=5)


def texts_of(results):
    return [translation.text for translations in results for translation in translations]


def test_requests_are_translated_in_the_order_they_came(translator):
    async def scenario():
        scheduler = Scheduler(translator, queue_size=5)
        return await asyncio.gather(*(begin(scheduler, text) for text in "abcde"))

    assert texts_of(asyncio.run(scenario())) == list("ABCDE")
    assert translator.finished == list("abcde")


def test_the_event_loop_goes_on_while_a_text_is_translated(translator):
    async def scenario():
        translator.gate.clear()
        task = begin(Scheduler(translator, queue_size=0), "a")
        await begun(translator)
        translator.gate.set()  # could not be reached if the translation held the loop
        return await task

    assert texts_of([asyncio.run(scenario())]) == ["A"]


def test_a_request_that_finds_the_queue_full_is_refused_at_once(translator):
    async def scenario():
        scheduler = Scheduler(translator, queue_size=1)
        translator.gate.clear()
        first = begin(scheduler, "first")
        await begun(translator)
        second = begin(scheduler, "second")
        await asyncio.sleep(0)
        with pytest.raises(
            Refusal, match=r"^Slowdown: as many .* will let wait \(1\)\..* raise MT_QUEUE_SIZE\.$"
        ) as refusal:
            await scheduler.translate(Job(("third",), "en", "de"))
        assert (refusal.value.status, refusal.value.headers) == (429, {"Retry-After": "1"})
        translator.gate.set()
        await asyncio.gather(first, second)
        await scheduler.translate(Job(("fourth",), "en", "de"))

    asyncio.run(scenario())
    assert translator.finished == ["first", "second", "fourth"]


def test_a_request_given_up_while_it_waits_is_never_translated(translator):
    async def scenario():
        scheduler = Scheduler(translator, queue_size=1)
        translator.gate.clear()
        first = begin(scheduler, "first")
        await begun(translator)
        begin(scheduler, "given up").cancel()
        await asyncio.sleep(0)
        third = begin(scheduler, "third")  # its place in the queue is free again
        await asyncio.sleep(0)
        translator.gate.set()
        await asyncio.gather(first, third)

    asyncio.run(scenario())
    assert translator.finished == ["first", "third"]


def test_a_translation_given_up_while_it_runs_keeps_its_turn_until_it_ends(translator):
    async def scenario():
        scheduler = Scheduler(translator, queue_size=0)
        translator.gate.clear()
        first = begin(scheduler, "first")
        await begun(translator)
        first.cancel()
        await asyncio.sleep(0)
        with pytest.raises(Refusal, match=r"Slowdown"):
            await scheduler.translate(Job(("second",), "en", "de"))
        translator.gate.set()
        while scheduler._turns.locked():
            await asyncio.sleep(0.001)
        return await scheduler.translate(Job(("third",), "en", "de"))

    assert texts_of([asyncio.run(scenario())]) == ["THIRD"]


def test_a_failing_translation_gives_its_turn_back(translator):
    async def scenario():
        scheduler = Scheduler(translator, queue_size=0)
        with pytest.raises(TypeError):
            await scheduler.translate(Job((5,), "en", "de"))
        return await scheduler.translate(Job(("a",), "en", "de"))

    assert texts_of([asyncio.run(scenario())]) == ["A"]


def wishes(translator, **fields):
    asyncio.run(Scheduler(translator, queue_size=0).translate(Job(("a",), "en", "de", **fields)))
    return translator.wishes


def test_what_a_job_wishes_reaches_the_translator(translator):
    asked = wishes(translator, n_best=2, beam=3, prefix="B", deadline_seconds=60)
    assert (asked["search"].beam, asked["prefix"]) == (3, "B")
    assert 0 < asked["deadline"] <= 60
    assert wishes(translator) == {"search": translator.options(n_best=1), "prefix": "", "deadline": None}


def test_a_beam_is_never_narrower_than_the_translations_wanted(translator):
    assert wishes(translator, n_best=4, beam=2)["search"].beam == 4


def test_a_deadline_counts_from_when_the_job_came(translator):
    async def scenario():
        scheduler = Scheduler(translator, queue_size=1)
        translator.gate.clear()
        first = begin(scheduler, "first")
        await begun(translator)
        second = asyncio.create_task(scheduler.translate(Job(("late",), "en", "de", deadline_seconds=1e-9)))
        await asyncio.sleep(0)
        translator.gate.set()
        await asyncio.gather(first, second)

    asyncio.run(scenario())
    assert 0 < translator.wishes["deadline"] < 1e-3


def request_that_hears(*messages):
    waiting = list(messages)

    async def receive():
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    return Request({"type": "http", "headers": []}, receive)


async def answer():
    await asyncio.sleep(0.001)
    return "answer"


def test_a_client_that_waits_gets_its_answer():
    assert asyncio.run(while_client_waits(request_that_hears(), answer())) == "answer"


def test_the_work_for_a_client_that_leaves_is_cancelled():
    async def scenario():
        was_cancelled = asyncio.Event()

        async def work():
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                was_cancelled.set()
                raise

        leaving = request_that_hears({"type": "http.request"}, {"type": "http.disconnect"})
        with pytest.raises(ClientDisconnect):
            await while_client_waits(leaving, work())
        await asyncio.wait_for(was_cancelled.wait(), 5)

    asyncio.run(scenario())


def test_a_fault_in_the_work_is_passed_on():
    async def failing():
        raise Refusal(429, "Slowdown")

    with pytest.raises(Refusal, match=r"Slowdown"):
        asyncio.run(while_client_waits(request_that_hears(), failing()))
