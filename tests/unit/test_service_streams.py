import asyncio

import pytest

from service.errors import Refusal
from service.streams import Streams
from tests.service_fakes import FakeTranslator


@pytest.fixture
def translator():
    return FakeTranslator()


def read_all(streams, *texts):
    async def read(stream):
        return [text async for text in streams.read(stream)]

    async def scenario():
        return await asyncio.gather(*map(read, texts))

    return asyncio.run(scenario())


def test_a_stream_is_read_to_its_end_without_its_empty_items(translator):
    assert read_all(Streams(1), translator.stream("hello", "en", "de")) == [list("HELLO")]


def test_streams_take_turns_a_piece_each(translator):
    read_all(Streams(2), *(translator.stream(text, "en", "de") for text in ("aaa", "bbb")))
    assert translator.finished == ["", "", *"ABABAB"]


def test_whoever_stops_reading_stops_the_work(translator):
    async def scenario():
        reading = Streams(1).read(translator.stream("hello", "en", "de"))
        assert await anext(reading) == "H"
        await reading.aclose()

    asyncio.run(scenario())
    assert translator.finished == ["", "H"]


def test_a_reader_that_is_cancelled_while_a_piece_is_computed_gets_no_more(translator):
    async def scenario():
        translator.gate.clear()
        streams = Streams(1)
        reading = asyncio.create_task(anext(streams.read(translator.stream("hello", "en", "de"))))
        assert await asyncio.to_thread(translator.began.acquire, timeout=5)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        translator.gate.set()
        await streams.run(lambda: None)  # behind the piece

    asyncio.run(scenario())
    assert translator.finished == [""]


def test_a_place_is_refused_when_all_are_taken_and_free_again_afterwards():
    streams = Streams(1)
    with streams.place():
        complaint = r"^Slowdown: as many streams .* at once \(1\)\..* raise MT_MAX_STREAMS\.$"
        with pytest.raises(Refusal, match=complaint) as refusal, streams.place():
            pass
        assert (refusal.value.status, refusal.value.headers) == (429, {"Retry-After": "1"})
    with streams.place():
        assert streams.open == 1
    assert streams.open == 0


def test_streams_that_are_closed_compute_nothing(translator):
    streams = Streams(1)
    streams.close()
    with pytest.raises(RuntimeError, match="after shutdown"):
        read_all(streams, translator.stream("hello", "en", "de"))
    assert translator.finished == []
