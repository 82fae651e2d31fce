"""DeepL's dialect: `/v2/translate` and what its existing clients ask besides; only `/v3/glossaries` is newer.

Where DeepL has words for a fault they are the `message`, as clients match on them; `detail` says what to do. There are
no glossaries and documents here, so what is asked about them is answered as DeepL answers for unknown ones.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any, TypeVar

from fastapi import APIRouter, Request

from service.access import Client
from service.answers import Answer
from service.errors import Refusal
from service.fields import read_fields
from service.jobs import Outcome
from service.routes import deepl_docs as docs
from service.routes.deepl_faults import Explained, no_glossary, shown
from service.routes.deepl_languages import base, sources, targets
from service.routes.deepl_order import ANSWER_SECONDS, LISTS, read_job
from service.scheduler import while_client_waits
from service.state import service_of

router = APIRouter(tags=["DeepL"])

MAX_BODY_BYTES = 128 * 1024  # DeepL's own limit
# What DeepL says to those who may have as many characters as they want.
NO_LIMIT = 10**12

Result = TypeVar("Result")


@router.post("/v2/translate", summary="Translate", openapi_extra=docs.TRANSLATE, responses=docs.TRANSLATE_ANSWERS)
async def translate(request: Request) -> Answer:
    """The translation of each text, in order.

    Where the server has keys, yours comes as `Authorization: DeepL-Auth-Key KEY` or in the field `auth_key`.
    Accepted without effect: `context`, `preserve_formatting`, `model_type`, `custom_instructions` and fields that are
    not listed. A translation has `warnings`, which DeepL's has not, when there are any: those of `/translate`. What
    cannot be translated whole within 9 seconds gets 429, as DeepL's clients would not see that a part is missing.
    """
    service = service_of(request)
    directions = service.models().directions
    fields = await _read(request)
    job = read_job(fields, directions, service.settings)
    async with service.access().admitted(request, fields, job.characters) as client:
        job = replace(job, client=client.account)
        outcomes = await while_client_waits(request, in_time(service.translate(job)))
        if any("deadline" in outcome.translation.warnings for outcome in outcomes):
            raise _too_late(ANSWER_SECONDS)
    return Answer({"translations": [_translation(*pair) for pair in zip(job.texts, outcomes, strict=True)]})


@router.post("/v2/languages", summary="Languages", openapi_extra=docs.LANGUAGES, responses=docs.LANGUAGES_ANSWERS)
@router.get("/v2/languages", summary="Languages", openapi_extra=docs.LANGUAGES, responses=docs.LANGUAGES_ANSWERS)
async def languages(request: Request) -> Answer:
    """The languages that can be translated, or with `type=target` those that can be translated into.

    English and Portuguese are targets as the variants that DeepL has; which one is asked for makes no difference.
    """
    directions = service_of(request).models().directions
    fields, _ = await _admitted(request)
    side = fields.get("type")
    if side in (None, "source"):
        return Answer(sources(directions))
    if side == "target":
        return Answer(targets(directions))
    raise Explained(
        400,
        "Parameter 'type' is invalid. 'source' and 'target' are valid values.",
        f"It is {shown(side)}; leave it out for source languages.",
    )


@router.post("/v2/usage", summary="Usage", responses=docs.USAGE_ANSWERS)
@router.get("/v2/usage", summary="Usage", responses=docs.USAGE_ANSWERS)
async def usage(request: Request) -> Answer:
    """The characters that were translated with this key in this month, and how many may be."""
    _, client = await _admitted(request)
    used = await service_of(request).access().usage(client)
    return Answer({"character_count": used.count, "character_limit": NO_LIMIT if used.limit is None else used.limit})


@router.get("/v2/glossary-language-pairs", summary="Languages of glossaries", responses=docs.PAIRS_ANSWERS)
async def glossary_language_pairs(request: Request) -> Answer:
    """No pair, as this server keeps no glossaries."""
    await _admitted(request)
    return Answer({"supported_languages": []})


@router.get("/v2/glossaries", summary="Glossaries", responses=docs.GLOSSARIES_ANSWERS)
@router.get("/v3/glossaries", include_in_schema=False)
async def glossaries(request: Request) -> Answer:
    """No glossary, as this server keeps none."""
    await _admitted(request)
    return Answer({"glossaries": []})


@router.post("/v2/glossaries", summary="Make a glossary", status_code=400, responses=docs.NO_GLOSSARY)
@router.post("/v3/glossaries", include_in_schema=False)
async def create_glossary() -> Answer:
    """Never an answer, but DeepL's refusal of languages that it has no glossaries for."""
    raise Explained(
        400, "Unsupported glossary source and target language pair", "This server keeps no glossaries. Do without."
    )


@router.api_route("/v2/glossaries/{path:path}", methods=["GET", "DELETE"], include_in_schema=False)
@router.api_route("/v3/glossaries/{path:path}", methods=["GET", "PATCH", "PUT", "DELETE"], include_in_schema=False)
async def glossary() -> Answer:
    """Never an answer, but DeepL's refusal of a glossary that it does not have."""
    raise no_glossary()


@router.post("/v2/document", include_in_schema=False)
async def create_document() -> Answer:
    """Never an answer, but DeepL's refusal of a file that it cannot translate."""
    raise Explained(
        400, "Invalid file data.", "This server translates no documents. Send their texts to /v2/translate."
    )


@router.api_route("/v2/document/{path:path}", methods=["GET", "POST"], include_in_schema=False)
async def document() -> Answer:
    """Never an answer, but DeepL's refusal of a document that it does not have."""
    raise Explained(404, "Document not found", "This server translates no documents. Send texts to /v2/translate.")


async def _admitted(request: Request) -> tuple[dict[str, Any], Client]:
    """The fields of a request that translates nothing, and who it is from."""
    fields = await _read(request)
    return fields, await service_of(request).access().admit(request, fields)


async def _read(request: Request) -> dict[str, Any]:
    """The fields of a request; raises Refusal 413 when its body is longer than DeepL takes."""
    length = len(await request.body())
    if length > MAX_BODY_BYTES:
        raise Refusal(
            413, f"The request body is {length:,} bytes; DeepL's limit is {MAX_BODY_BYTES:,}. Send the texts in parts."
        )
    return await read_fields(request, LISTS)


async def in_time(work: Awaitable[Result], seconds: float = ANSWER_SECONDS) -> Result:
    """What `work` gives; raises Refusal 429 when it gives nothing so soon that the client still waits for it."""
    try:
        async with asyncio.timeout(seconds):
            return await work
    except TimeoutError:
        raise _too_late(seconds) from None


def _too_late(seconds: float) -> Refusal:
    text = f"This request could not be translated within {seconds:g} seconds. Try again, or send fewer texts at once."
    return Refusal(429, text, {"Retry-After": "1"})


def _translation(text: str, outcome: Outcome) -> dict[str, Any]:
    """One item of the answer; characters are Unicode code points."""
    warnings = outcome.translation.warnings
    return {
        "detected_source_language": base(outcome.source).upper(),
        "text": outcome.translation.text,
        "billed_characters": len(text),
        **({"warnings": list(warnings)} if warnings else {}),
    }
