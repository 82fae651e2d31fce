"""What the scheduler tells of its work: the phases of each request, and each call of the engine."""

import asyncio

from service.records import Record, begin_record
from service.scheduler import Scheduler
from tests.scheduling import begun, job
from tests.service_fakes import FakeTranslator


def recorded(scheduler, text):
    """A task that translates, and the record of its request."""
    record = Record()

    async def work():
        begin_record(record)
        await scheduler.translate(job(text))

    return asyncio.create_task(work()), record


def phases_of(*texts):
    """The phases of requests that come while the first is being decoded, and the batches."""
    batches = []

    async def scenario():
        translator = FakeTranslator()
        scheduler = Scheduler(translator, queue_size=9, threads=1)
        scheduler.on_batch = lambda size, waiting, counts: batches.append((size, waiting))
        translator.gate.clear()
        first, first_record = recorded(scheduler, texts[0])
        await begun(translator)
        others = [recorded(scheduler, text) for text in texts[1:]]
        await asyncio.sleep(0)
        translator.gate.set()
        await asyncio.gather(first, *(task for task, _ in others))
        return [first_record.phases, *(record.phases for _, record in others)]

    return asyncio.run(scenario()), batches


def test_a_request_waits_in_the_queue_until_its_first_sentence_is_begun():
    (first, second), batches = phases_of("first", "second")
    assert [phase.name for phase in first] == [phase.name for phase in second] == ["queue", "search"]
    (queue, search), (waited, searched) = first, second
    assert queue.began <= queue.ended == search.began <= search.ended
    assert search.began <= waited.began <= waited.ended == searched.began <= searched.ended
    assert batches == [(1, 0), (1, 0)]


def test_who_asks_for_what_is_being_decoded_does_not_wait():
    (_, second), batches = phases_of("same", "same")
    assert [(phase.name, phase.began == phase.ended) for phase in second] == [("queue", True), ("search", False)]
    assert batches == [(1, 0)]
