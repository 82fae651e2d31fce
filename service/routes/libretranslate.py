"""LibreTranslate's dialect: translating, detecting, languages, suggestions and settings, as its clients speak it.

Clients match on LibreTranslate's words, so the errors that it has as well are worded as it words them. How a request
for translations is read is in libretranslate_order.py, what /docs says in libretranslate_docs.py.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request

from service.answers import Answer
from service.errors import Refusal
from service.fields import read_fields
from service.jobs import AUTO, Outcome
from service.languages import language_name
from service.routes import libretranslate_docs as docs
from service.routes.libretranslate_explanation import explanation_body, rounded
from service.routes.libretranslate_order import (
    Order,
    check_length,
    known_language,
    read_order,
    read_texts,
    required,
    string,
)
from service.scheduler import while_client_waits
from service.state import service_of

router = APIRouter(tags=["LibreTranslate"])

PAGE_TIMEOUT_MS = 500  # how long LibreTranslate's page waits for the end of typing
NOT_DETECTED = [{"confidence": 0, "language": "en"}]


def worded(fault: Refusal) -> tuple[int, dict[str, Any]]:
    """How this dialect reports a fault."""
    return fault.status, {"error": str(fault)}


@router.post("/translate", summary="Translate", openapi_extra=docs.TRANSLATE, responses=docs.TRANSLATE_ANSWERS)
async def translate(request: Request) -> Answer:
    """The translation of a text, or of each text of an array, in the same order.

    Line breaks and white space stay as they are; an empty text stays empty. With `source` `auto` each text is
    translated from the likeliest language; one that is in the target language already stays as it is.

    `pivot` is there where no model translates directly: the language by way of which a text was translated.

    `confidence` adds `confidence`: the chrF2 that the translation is expected to have against a reference, divided by
    100; null where the model's bundle has no calibration, and by way of a third language.

    `explain` adds `explanation`: sentence by sentence, which words come from which, and what the model looked at.

    `warnings` is there only when there are any: `length_limit` (a translation was cut at the model's limit),
    `deadline` (it had no time to end), `split` (an overlong sentence was translated in parts), `copied_source` (the
    translation is the text itself), `unsupported_script` (most letters are none of the source language's),
    `repetition` (it says the same again and again), `stuck_attention` (the model looked at one place for too long),
    `too_long`, `too_short` (absurdly so, for its text).
    """
    service = service_of(request)
    fields = await read_fields(request)
    order = read_order(fields, service.models(), service.settings)
    async with service.access().admitted(request, fields, order.job.characters) as client:
        job = replace(order.job, client=client.account)
        outcomes = await while_client_waits(request, service.translate(job))
    return Answer(answer_body(order, outcomes))


@router.post("/detect", summary="Detect the language", openapi_extra=docs.DETECT, responses=docs.DETECT_ANSWERS)
async def detect(request: Request) -> Answer:
    """The languages that a text may be in, among those that can be translated, best first.

    A confidence is a probability in percent; what is left to 100 is that of other languages. A text without letters
    gets `[{"confidence": 0, "language": "en"}]`. Several texts are looked at as one.
    """
    service = service_of(request)
    detector = service.detector()
    fields = await read_fields(request)
    texts = read_texts(required(fields, "q"), service.settings)
    await service.access().admit(request, fields)
    found = await asyncio.to_thread(detector.detect, "\n".join(texts))
    likely = [_detected(language, confidence) for language, confidence in found if percent(confidence)]
    return Answer(likely or NOT_DETECTED)


@router.post(
    "/suggest", summary="Suggest a better translation", openapi_extra=docs.SUGGEST, responses=docs.SUGGEST_ANSWERS
)
async def suggest(request: Request) -> Answer:
    """Keeps a better translation in the file that the operator has named; 403 where none is named."""
    service = service_of(request)
    directions = service.models().directions
    fields = await read_fields(request)
    if service.suggestions is None:
        raise Refusal(403, "Suggestions are disabled on this server.")
    q, s, source, target = (string(name, required(fields, name)) for name in ("q", "s", "source", "target"))
    check_length(len(q) + len(s), service.settings)
    source = AUTO if source.lower() == AUTO else known_language(source, directions)
    kept = {"source": source, "target": known_language(target, directions), "q": q, "s": s}
    await service.access().admit(request, fields)
    time = datetime.now(UTC).isoformat(timespec="seconds")
    await asyncio.to_thread(service.suggestions.keep, time=time, **kept)
    return Answer({"success": True})


@router.get("/frontend/settings", summary="Settings for a page", responses=docs.SETTINGS_ANSWERS)
async def frontend_settings(request: Request) -> Answer:
    """What a web page in front of this server has to know."""
    service = service_of(request)
    directions = service.models().directions
    source, target = next((pair for pair in directions if pair[0] == "en"), directions[0])
    settings = service.settings
    languages = {"source": source, "target": target}
    return Answer(
        {
            "charLimit": settings.max_characters,
            "frontendTimeout": PAGE_TIMEOUT_MS,
            "apiKeys": settings.keys is not None,
            "keyRequired": settings.keys is not None and settings.key_required,
            "suggestions": service.suggestions is not None,
            "filesTranslation": False,
            "supportedFilesFormat": [],
            "language": {role: {"code": code, "name": language_name(code)} for role, code in languages.items()},
        }
    )


@router.get("/languages", summary="Languages", operation_id="get_languages", responses=docs.LANGUAGES_ANSWERS)
@router.post("/languages", summary="Languages", operation_id="post_languages", responses=docs.LANGUAGES_ANSWERS)
async def languages(request: Request) -> Answer:
    """Every language with its English name and the languages that it can be translated into."""
    directions = service_of(request).models().directions
    codes = dict.fromkeys(code for direction in directions for code in direction)
    return Answer([_language(code, directions) for code in codes])


def _language(code: str, directions: Sequence[tuple[str, str]]) -> dict[str, Any]:
    targets = [target for source, target in directions if source == code]
    return {"code": code, "name": language_name(code), "targets": targets}


def answer_body(order: Order, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The fields of the answer: lists for an array, the single items for a string."""
    found = [outcome.translation for outcome in outcomes]
    columns: dict[str, list[Any]] = {"translatedText": [translation.text for translation in found]}
    if order.job.source == AUTO:
        columns["detectedLanguage"] = [_detected(outcome.source, outcome.confidence or 0) for outcome in outcomes]
    if order.alternatives:
        columns["score"] = [translation.score for translation in found]
        columns["alternatives"] = [list(translation.alternatives) for translation in found]
        columns["alternativeScores"] = [list(translation.alternative_scores) for translation in found]
    if any(outcome.pivot for outcome in outcomes):
        columns["pivot"] = [outcome.pivot or None for outcome in outcomes]
    if order.confidence:
        columns["confidence"] = [rounded(translation.confidence) for translation in found]
    if order.job.explain:
        columns["explanation"] = [list(map(explanation_body, translation.explanations)) for translation in found]
    if any(translation.warnings for translation in found):
        columns["warnings"] = [list(translation.warnings) for translation in found]
    return {name: column if order.is_array else column[0] for name, column in columns.items()}


def percent(confidence: float) -> int:
    """A probability as the whole number that this dialect's clients expect."""
    return round(100 * confidence)


def _detected(language: str, confidence: float) -> dict[str, Any]:
    return {"confidence": percent(confidence), "language": language}
