import asyncio
import threading

import pytest
from fastapi import Request
from starlette.requests import ClientDisconnect

from service.errors import Refusal
from service.scheduler import WORTH_A_THREAD, Scheduler, while_client_waits
from service.scheduling.cache import HypothesisCache
from tests.scheduling import begin, begun, job, texts_of, until
from tests.service_fakes import FakeTranslator


@pytest.fixture
def translator():
    return FakeTranslator()


def test_requests_are_translated_in_the_order_they_came(translator):
    async def scenario():
        scheduler = Scheduler(translator, queue_size=5)
        return await asyncio.gather(*(begin(scheduler, text) for text in "abcde"))

    assert texts_of(asyncio.run(scenario())) == list("ABCDE")
    assert translator.finished == list("abcde")


def test_a_short_text_does_not_wait_for_another_clients_book(translator):
    async def scenario():
        scheduler = Scheduler(translator, queue_size=99)
        book = begin(scheduler, *"0123456789", client="book")
        short = begin(scheduler, "short", client="short")
        await asyncio.gather(book, short)

    asyncio.run(scenario())
    assert translator.finished.index("short") <= 2


def test_the_event_loop_goes_on_while_a_text_is_translated(translator):
    async def scenario():
        translator.gate.clear()
        task = begin(Scheduler(translator, queue_size=0), "a")
        await begun(translator)
        translator.gate.set()  # could not be reached if the translation held the loop
        return await task

    assert texts_of([asyncio.run(scenario())]) == ["A"]


@pytest.mark.parametrize(("characters", "is_in_loop"), [(WORTH_A_THREAD, True), (WORTH_A_THREAD + 1, False)])
def test_long_texts_are_planned_and_put_together_in_a_thread(characters, is_in_loop):
    class Watched(FakeTranslator):
        def __init__(self):
            super().__init__()
            self.threads = []

        def plan(self, *arguments, **named):
            self.threads.append(threading.current_thread())
            return super().plan(*arguments, **named)

        def assemble(self, *arguments):
            self.threads.append(threading.current_thread())
            return super().assemble(*arguments)

    translator = Watched()
    (found,) = asyncio.run(Scheduler(translator, queue_size=5).translate(job("a" * characters)))
    assert found.text == "A" * characters
    assert [thread is threading.main_thread() for thread in translator.threads] == [is_in_loop] * 2


def test_a_request_that_finds_the_queue_full_is_refused_at_once(translator):
    async def scenario():
        scheduler = Scheduler(translator, queue_size=1)
        translator.gate.clear()
        first = begin(scheduler, "first")
        await begun(translator)
        second = begin(scheduler, "second")
        await asyncio.sleep(0)
        with pytest.raises(
            Refusal,
            match=r"^Slowdown: as many sentences .* let wait \(1\)\. Try again in a second, or raise MT_QUEUE_SIZE\.$",
        ) as refusal:
            await scheduler.translate(job("third"))
        assert (refusal.value.status, refusal.value.headers) == (429, {"Retry-After": "1"})
        assert scheduler.counts.refused == 1
        translator.gate.set()
        await asyncio.gather(first, second)
        await scheduler.translate(job("fourth"))

    asyncio.run(scenario())
    assert translator.finished == ["first", "second", "fourth"]


def test_a_long_request_waits_where_there_is_room_for_one_sentence(translator):
    async def scenario():
        scheduler = Scheduler(translator, queue_size=1)
        translator.gate.clear()
        tasks = [begin(scheduler, "first")]
        await begun(translator)
        tasks.append(begin(scheduler, *"abc"))
        await asyncio.sleep(0)
        translator.gate.set()
        return await asyncio.gather(*tasks)

    assert texts_of(asyncio.run(scenario())) == ["FIRST", "A", "B", "C"]


def test_a_sentence_given_up_while_it_waits_is_never_decoded(translator):
    async def scenario():
        scheduler = Scheduler(translator, queue_size=1)
        translator.gate.clear()
        first = begin(scheduler, "first")
        await begun(translator)
        leaving = begin(scheduler, "given up")
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.sleep(0)
        third = begin(scheduler, "third")  # its place in the queue is free again
        await asyncio.sleep(0)
        translator.gate.set()
        await asyncio.gather(first, third)
        assert scheduler.counts.cancelled == 1

    asyncio.run(scenario())
    assert translator.finished == ["first", "third"]


def test_a_sentence_given_up_while_it_is_decoded_is_decoded_no_further(translator):
    async def scenario():
        scheduler = Scheduler(translator, queue_size=0)
        translator.gate.clear()
        first = begin(scheduler, "first")
        await begun(translator)
        first.cancel()
        await until(lambda: not scheduler.running)
        assert scheduler.counts.cancelled == 1
        translator.gate.set()
        return await scheduler.translate(job("second"))

    assert texts_of([asyncio.run(scenario())]) == ["SECOND"]
    assert translator.finished == ["second"]


def test_a_sentence_is_decoded_once_when_its_client_leaves_and_asks_again(translator):
    async def scenario():
        scheduler = Scheduler(translator, queue_size=1, linger_seconds=60)
        translator.gate.clear()
        first = begin(scheduler, "same")
        await begun(translator)
        first.cancel()
        await asyncio.wait([first])
        second = begin(scheduler, "same")
        await asyncio.sleep(0)
        translator.gate.set()
        found = await second
        assert (scheduler.counts.decoded, scheduler.counts.shared, scheduler.counts.cancelled) == (1, 1, 0)
        return found

    assert texts_of([asyncio.run(scenario())]) == ["SAME"]
    assert translator.finished == ["same"]


def test_what_is_wanted_whole_is_decoded_once_though_its_deadline_passes_before_it_is_asked_for_again(translator):
    async def scenario():
        scheduler = Scheduler(translator, queue_size=1, linger_seconds=60)
        translator.gate.clear()
        (late,) = await scheduler.translate(job("same", deadline_seconds=0.01, wants_whole=True))
        assert late.warnings == ("deadline",)
        again = begin(scheduler, "same")
        await asyncio.sleep(0)
        translator.gate.set()
        return await again

    assert texts_of([asyncio.run(scenario())]) == ["SAME"]
    assert translator.finished == ["same"]


def test_a_sentence_that_nobody_asks_for_again_is_decoded_no_further(translator):
    async def scenario():
        scheduler = Scheduler(translator, queue_size=0, linger_seconds=0.01)
        translator.gate.clear()
        first = begin(scheduler, "first")
        await begun(translator)
        first.cancel()
        await until(lambda: not scheduler.running)
        assert scheduler.counts.cancelled == 1

    asyncio.run(scenario())
    assert translator.finished == []


def test_a_sentence_that_another_waits_for_is_decoded_to_its_end(translator):
    async def scenario():
        scheduler = Scheduler(translator, queue_size=5)
        translator.gate.clear()
        first, second = begin(scheduler, "same"), begin(scheduler, "same")
        await begun(translator)
        first.cancel()
        await asyncio.sleep(0)
        translator.gate.set()
        return await second

    assert texts_of([asyncio.run(scenario())]) == ["SAME"]
    assert translator.finished == ["same"]


def test_equal_sentences_are_decoded_once_while_they_are_on_their_way(translator):
    async def scenario():
        scheduler = Scheduler(translator, queue_size=5)
        results = await asyncio.gather(*(begin(scheduler, "same") for _ in range(4)))
        assert scheduler.counts.shared == 3
        return results

    assert texts_of(asyncio.run(scenario())) == ["SAME"] * 4
    assert translator.finished == ["same"]


@pytest.mark.parametrize(("most_bytes", "times"), [(10_000, 1), (0, 2)])
def test_what_is_asked_again_comes_from_the_cache(translator, most_bytes, times):
    async def scenario():
        scheduler = Scheduler(translator, queue_size=5, cache=HypothesisCache(most_bytes))
        results = [await scheduler.translate(job("again")) for _ in range(2)]
        assert (scheduler.counts.decoded, scheduler.counts.cached) == (times, 2 - times)
        return results

    assert texts_of(asyncio.run(scenario())) == ["AGAIN"] * 2


def test_other_alternatives_are_not_those_of_the_cache(translator):
    async def scenario():
        scheduler = Scheduler(translator, queue_size=5, cache=HypothesisCache(10_000))
        await scheduler.translate(job("a"))
        (found,) = await scheduler.translate(job("a", n_best=2))
        return found

    assert asyncio.run(scenario()).alternatives == ("A (2)",)


def test_what_a_job_wishes_reaches_the_search(translator):
    asyncio.run(Scheduler(translator, queue_size=5).translate(job("a", beam=3, prefix="B")))
    assert (translator.wishes["search"].beam, translator.wishes["prefix"]) == (3, "B")


def test_a_beam_is_never_narrower_than_the_translations_wanted(translator):
    asyncio.run(Scheduler(translator, queue_size=5).translate(job("a", n_best=4, beam=2)))
    assert translator.wishes["search"].beam == 4


def test_at_the_deadline_what_is_being_decoded_stops_and_what_waits_is_left_out(translator):
    async def scenario():
        scheduler = Scheduler(translator, queue_size=5, cache=HypothesisCache(10_000))
        translator.gate.clear()
        found = await scheduler.translate(job("a", "b", deadline_seconds=0.01))
        assert [translation.warnings for translation in found] == [("deadline",)] * 2
        translator.gate.set()
        return await scheduler.translate(job("a", "b"))  # which the cache does not know

    assert texts_of([asyncio.run(scenario())]) == ["A", "B"]


def test_a_request_does_not_wait_beyond_its_deadline_for_what_others_go_on_waiting_for(translator):
    async def scenario():
        scheduler = Scheduler(translator, queue_size=5)
        translator.gate.clear()
        patient = begin(scheduler, "same")
        await begun(translator)
        (found,) = await scheduler.translate(job("same", deadline_seconds=0.01))
        assert found.warnings == ("deadline",)
        translator.gate.set()
        return await patient

    assert texts_of([asyncio.run(scenario())]) == ["SAME"]


class SlowTranslator(FakeTranslator):
    """Takes ten seconds for each sentence, by the clock that it moves."""

    now = 0.0

    def search(self, sources, *arguments):
        found = super().search(sources, *arguments)
        self.now += 10 * len(sources)
        return found


def test_a_request_whose_turn_would_come_after_its_deadline_is_refused_at_once():
    async def scenario():
        translator = SlowTranslator()
        scheduler = Scheduler(translator, queue_size=50, clock=lambda: translator.now)
        await scheduler.translate(job("whose speed is measured"))
        translator.gate.clear()
        tasks = [begin(scheduler, *"abcde")]
        await begun(translator)
        await begun(translator)
        message = (
            r"^Slowdown: what comes before takes about 50\.0 seconds, and the deadline is in 30\.0\. "
            r"Try again in 20 seconds, or give it more time\.$"
        )
        with pytest.raises(Refusal, match=message) as refusal:
            await scheduler.translate(job("z", deadline_seconds=30))
        assert (refusal.value.status, refusal.value.headers) == (429, {"Retry-After": "20"})
        # Another client has the second turn.
        tasks.append(begin(scheduler, "y", client="other", deadline_seconds=30))
        await asyncio.sleep(0)
        translator.gate.set()
        return await asyncio.gather(*tasks)

    assert texts_of(asyncio.run(scenario())) == list("ABCDEY")


def test_a_failing_call_fails_its_own_requests_and_gives_its_turn_back(translator):
    async def scenario():
        scheduler = Scheduler(translator, queue_size=5)
        translator.gate = None
        with pytest.raises(AttributeError):
            await scheduler.translate(job("a"))
        translator.gate = FakeTranslator().gate
        return await scheduler.translate(job("b"))

    assert texts_of([asyncio.run(scenario())]) == ["B"]


def test_a_closed_scheduler_refuses_what_waits_and_what_comes_and_stops_what_runs(translator):
    async def scenario():
        scheduler = Scheduler(translator, queue_size=5)
        translator.gate.clear()
        tasks = [begin(scheduler, "running"), begin(scheduler, "waiting")]
        await begun(translator)
        scheduler.close()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        with pytest.raises(Refusal, match=r"This server is stopping") as refusal:
            await scheduler.translate(job("coming"))
        return [error.status for error in (*found, refusal.value)]

    assert asyncio.run(scenario()) == [503] * 3
    assert translator.finished == []


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
