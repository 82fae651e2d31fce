"""`/translate/stream`: the fields of LibreTranslate's `/translate`, answered by server-sent events while it grows."""

import logging
from collections.abc import AsyncGenerator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request

from service.auto import unchanged
from service.errors import FAULT, Refusal
from service.event_stream import EventStream, event
from service.fields import read_fields
from service.jobs import Job
from service.journey import approach, outcomes
from service.models import Models
from service.records import current_record
from service.routes import stream_docs as docs
from service.routes.libretranslate import answer_body
from service.routes.libretranslate_order import Order, read_order
from service.scheduler import while_client_waits
from service.settings import Settings
from service.state import Service, service_of

if TYPE_CHECKING:
    from mt import TranslationStream, Translator

logger = logging.getLogger(__name__)
router = APIRouter(tags=["Streaming"])


@router.post(
    "/translate/stream",
    summary="Translate while it grows",
    status_code=200,
    response_class=EventStream,
    openapi_extra=docs.STREAM,
    responses=docs.ANSWERS,
)
async def translate(request: Request) -> EventStream:
    """The translation of one text by greedy search, sent piece by piece as server-sent events.

    Each event `{"text": …}` has the text to put behind that of the ones before; it does not change any more. The last
    event, of type `end`, has the answer that `/translate` gives. A fault before the first event is answered as
    `/translate` does, a later one by an event of type `error`. Closing the connection stops the work.
    """
    service = service_of(request)
    fields = await read_fields(request)
    order = _order(fields, service.models(), service.settings)
    events = _events(service, order)

    async def first() -> bytes:
        return await anext(events)

    async with service.access().admitted(request, fields, order.job.characters):
        begun = await while_client_waits(request, first())
    return EventStream(begun, events, service.settings.keep_alive_seconds)


async def _events(service: Service, order: Order) -> AsyncGenerator[bytes, None]:
    """The events; a fault becomes one when it comes behind others."""
    job, has_begun, record = order.job, False, current_record()
    (text,) = record.texts = job.texts
    with service.streams.place(), record.phase("search"):
        try:
            (guess,) = await service.guess_languages(job)
            if guess.language in (None, job.target):
                yield event({"text": text})
                outcome = unchanged(text, guess)
            else:
                legs = service.models().legs(guess.language, job.target)
                rest, before = await approach(legs, replace(job, source=guess.language))
                stream = await service.streams.run(partial(_begin, legs[-1].model.translator, rest))
                async for piece in service.streams.read(stream):
                    has_begun = True
                    yield event({"text": piece})
                (outcome,) = outcomes(legs, before, [stream.translation])
                outcome = replace(outcome, confidence=guess.confidence)
            yield event(answer_body(order, [outcome]), "end")
        except Exception:
            if not has_begun:
                raise
            logger.exception("A stream failed")
            yield event({"error": FAULT}, "error")


def _begin(translator: "Translator", job: Job) -> "TranslationStream":
    """The stream of a job of one text."""
    (text,) = job.texts
    return translator.stream(text, job.source, job.target, prefix=job.prefix, deadline=job.deadline_seconds)


def _order(fields: dict[str, Any], models: Models, settings: Settings) -> Order:
    """The order that the fields hold, of one text and one translation of it."""
    order = read_order(fields, models, settings)
    if order.is_array:
        raise Refusal(400, "Invalid request: q parameter must be a string here, not an array: a stream has one text")
    if order.alternatives:
        raise Refusal(400, "Invalid request: alternatives parameter must be 0 here: a stream has one translation")
    if order.job.beam not in (None, 1):
        raise Refusal(400, "Invalid request: beam_size parameter must be 1 here: a stream is searched greedily")
    if order.job.explain:
        raise Refusal(400, "Invalid request: explain parameter must be false here: a stream keeps no attention")
    if order.job.form.kind != "text":
        raise Refusal(400, "Invalid request: format parameter must be text here: tags are placed in the end")
    return order
