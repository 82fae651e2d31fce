import asyncio
import json

import pytest

from service.event_stream import EventStream, event


def sent_by(events, receive=None, patience=5.0, send=None):
    """The messages of an answer."""
    messages = []

    async def keep(message):
        messages.append(message)

    async def stay():
        await asyncio.Event().wait()

    async def scenario():
        generator = events.generate()
        answer = EventStream(await anext(generator), generator, patience)
        await answer({"type": "http"}, receive or stay, send or keep)

    asyncio.run(scenario())
    return messages


class Events:
    """A generator of events that knows whether it was closed."""

    def __init__(self, *events, goes_on=False):
        self.events, self.goes_on = events, goes_on
        self.is_closed = False

    async def generate(self):
        try:
            for one in self.events:
                yield one
            if self.goes_on:
                await asyncio.Event().wait()
        finally:
            self.is_closed = True


def test_an_event_has_its_data_on_one_line_whatever_the_text():
    lines = event({"text": "a\r\nb\u2028\x85ä\ud800"}, "end").split(b"\n")
    assert lines[0] == b"event: end"
    assert lines[2:] == [b"", b""]
    assert json.loads(lines[1].removeprefix(b"data: ")) == {"text": "a\r\nb\u2028\x85ä?"}
    assert event(1) == b"data: 1\n\n"


def test_events_are_sent_one_by_one_and_not_kept_back_by_proxies_or_caches():
    start, *bodies = sent_by(Events(b"a", b"b"))
    assert dict(start["headers"]) == {
        b"content-type": b"text/event-stream; charset=utf-8",
        b"cache-control": b"no-store",
        b"x-accel-buffering": b"no",
    }
    assert [(one["body"], one.get("more_body", False)) for one in bodies] == [(b"a", True), (b"b", True), (b"", False)]


def test_when_the_client_leaves_the_generator_is_closed():
    async def leave():
        return {"type": "http.disconnect"}

    events = Events(b"a", goes_on=True)
    sent_by(events, receive=leave)
    assert events.is_closed


def test_a_client_that_takes_nothing_is_given_up():
    async def stuck(message):
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    events = Events(b"a", goes_on=True)
    sent_by(events, patience=0.01, send=stuck)
    assert events.is_closed


def test_a_server_that_may_not_wait_any_longer_says_so():
    messages = []

    async def keep(message):
        messages.append(message)

    async def scenario():
        generator = events.generate()
        answer = EventStream(await anext(generator), generator, 5.0)
        answering = asyncio.create_task(answer({"type": "http"}, asyncio.Event().wait, keep))
        while len(messages) < 2:
            await asyncio.sleep(0)
        answering.cancel()
        await answering

    events = Events(b"a", goes_on=True)
    asyncio.run(scenario())
    assert events.is_closed
    assert messages[-1]["body"].startswith(b'event: error\ndata: {"error":"This server is stopping.')
    assert not messages[-1].get("more_body")


def test_a_fault_while_sending_is_not_hidden():
    async def broken(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        sent_by(Events(b"a"), send=broken)
