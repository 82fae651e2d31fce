"""LibreTranslate's dialect: `/translate` and `/languages`, as its existing clients speak it.

Clients match on LibreTranslate's words, so the errors that it has as well are worded as it words them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request

from service.answers import Answer
from service.errors import Refusal
from service.fields import read_fields
from service.jobs import Job
from service.languages import language_name
from service.routes import libretranslate_docs as docs
from service.scheduler import while_client_waits
from service.settings import Settings
from service.state import service_of

if TYPE_CHECKING:
    from mt import Translation, Translator

router = APIRouter(tags=["LibreTranslate"])

JSON_KINDS = {
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    list: "an array",
    dict: "an object",
}


def error_body(status: int, text: str) -> dict[str, Any]:
    """How this dialect reports a fault; the status says the rest."""
    return {"error": text}


@dataclass(frozen=True)
class Order:
    """What a client asks for, and the form of the answer it expects."""

    job: Job
    is_array: bool

    @property
    def alternatives(self) -> int:
        """How many other translations of each text are wanted."""
        return self.job.n_best - 1


@router.post("/translate", summary="Translate", openapi_extra=docs.TRANSLATE, responses=docs.TRANSLATE_ANSWERS)
async def translate(request: Request) -> Answer:
    """The translation of a text, or of each text of an array, in the same order.

    Line breaks and white space stay as they are; an empty text stays empty. `warnings` is there only when there are
    any: `length_limit` (a translation was cut at the model's limit), `split` (an overlong sentence was translated in
    parts).
    """
    service = service_of(request)
    scheduler = service.scheduler()
    fields = await read_fields(request)
    order = read_order(fields, scheduler.translator, service.settings)
    async with service.access().admitted(request, fields, order.job.characters) as client:
        job = replace(order.job, client=client.account)
        outcomes = await while_client_waits(request, service.translate(job))
    return Answer(answer_body(order, [outcome.translation for outcome in outcomes]))


@router.get("/languages", summary="Languages", operation_id="get_languages", responses=docs.LANGUAGES_ANSWERS)
@router.post("/languages", summary="Languages", operation_id="post_languages", responses=docs.LANGUAGES_ANSWERS)
async def languages(request: Request) -> Answer:
    """Every language with its English name and the languages that it can be translated into."""
    directions = service_of(request).scheduler().translator.directions
    codes = dict.fromkeys(code for direction in directions for code in direction)
    return Answer([_language(code, directions) for code in codes])


def _language(code: str, directions: Sequence[tuple[str, str]]) -> dict[str, Any]:
    targets = [target for source, target in directions if source == code]
    return {"code": code, "name": language_name(code), "targets": targets}


def answer_body(order: Order, found: "Sequence[Translation]") -> dict[str, Any]:
    """The fields of the answer: lists for an array, the single items for a string."""
    columns: dict[str, list[Any]] = {"translatedText": [translation.text for translation in found]}
    if order.alternatives:
        columns["alternatives"] = [list(translation.alternatives) for translation in found]
    if any(translation.warnings for translation in found):
        columns["warnings"] = [list(translation.warnings) for translation in found]
    return {name: column if order.is_array else column[0] for name, column in columns.items()}


def read_order(fields: dict[str, Any], translator: "Translator", settings: Settings) -> Order:
    """The order that the fields hold; unknown fields are ignored. Raises Refusal 400 for one that cannot be filled."""
    q, source, target = (_required(fields, name) for name in ("q", "source", "target"))
    texts = _texts(q, settings)
    alternatives = _alternatives(fields.get("alternatives"), translator.max_n_best - 1)
    source, target = _direction(_string("source", source), _string("target", target), translator.directions)
    text_format = fields.get("format") or "text"
    if text_format != "text":
        raise Refusal(400, f"{_shown(_string('format', text_format))} format is not supported")
    return Order(Job(tuple(texts), source, target, n_best=alternatives + 1), isinstance(q, list))


def _required(fields: dict[str, Any], name: str) -> Any:
    value = fields.get(name)
    if value is None or value in ("", []):
        raise Refusal(400, f"Invalid request: missing {name} parameter")
    return value


def _texts(q: Any, settings: Settings) -> list[str]:
    texts = q if isinstance(q, list) else [q]
    for text in texts:
        if not isinstance(text, str):
            kind = _kind(text) if text is q else f"an array with {_kind(text)}"
            raise Refusal(400, f"Invalid request: q parameter must be a string or an array of strings, not {kind}")
    if len(texts) > settings.max_texts:
        raise Refusal(400, f"Invalid request: request ({len(texts)} texts) exceeds list limit ({settings.max_texts})")
    characters = sum(map(len, texts))
    if characters > settings.max_characters:
        raise Refusal(400, f"Invalid request: request ({characters}) exceeds text limit ({settings.max_characters})")
    return texts


def _alternatives(value: Any, most: int) -> int:
    """How many alternatives to a translation are asked for; none when nothing is said."""
    if value is None or value == "":
        return 0
    try:
        number = int(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
    except ValueError:
        number = None
    if number is None:
        raise Refusal(400, "Invalid request: alternatives parameter is not a number")
    if not 0 <= number <= most:
        raise Refusal(400, f"Invalid request: alternatives parameter must be >= 0 and <= {most}")
    return number


def _direction(source: str, target: str, directions: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Both codes in lower case; raises Refusal 400 when the model does not translate that way."""
    known = {code for direction in directions for code in direction}
    for code in (source, target):
        if code.lower() not in known:
            raise Refusal(400, f"{_shown(code)} is not supported")
    source, target = source.lower(), target.lower()
    if (source, target) not in directions:
        into, out_of = f"{language_name(target)} ({target})", f"{language_name(source)} ({source})"
        raise Refusal(400, f"{into} is not available as a target language from {out_of}")
    return source, target


def _string(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise Refusal(400, f"Invalid request: {name} parameter must be a string, not {_kind(value)}")
    return value


def _kind(value: Any) -> str:
    """What JSON calls the value's type."""
    return JSON_KINDS.get(type(value), "null")


def _shown(value: str) -> str:
    """The value, short enough for an error message."""
    return value if len(value) <= 40 else f"{value[:40]}…"
