"""The fields of a request, wherever its client put them: query, form (both encodings) or JSON."""

import json
from collections.abc import Collection, Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, FormParser, parse_options_header

from service.errors import Refusal

# The same bound as Werkzeug's and Starlette's; what takes time in a form is the number of its parts.
MAX_FIELDS = 1_000


async def read_fields(request: Request, lists: Collection[str] = ()) -> dict[str, Any]:
    """The request's fields by name: JSON before query before form; form fields are strings, JSON ones anything.

    Those named in `lists` may come several times in a form or query, and are lists of strings there. A body of any
    other Content-Type, or of none, is read to its end, but not looked at. Raises Refusal 400 for a request that cannot
    be read.
    """
    pairs = _url_encoded(request.scope["query_string"], "query")
    body = await request.body()
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind == b"application/json" or kind.endswith(b"+json"):
        return _by_name(pairs, lists) | _json_object(body)
    if kind == b"application/x-www-form-urlencoded":
        pairs += _url_encoded(body, "form")
    elif kind == b"multipart/form-data":
        pairs += _multipart(body, options.get(b"boundary"))
    return _by_name(pairs, lists)


def _by_name(pairs: Iterable[tuple[str, str]], lists: Collection[str]) -> dict[str, Any]:
    """The fields by name; one with two values is refused unless it may be a list, as one of them would be lost."""
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in lists:
            fields.setdefault(name, []).append(value)
        elif fields.setdefault(name, value) != value:
            raise Refusal(
                400,
                f"Invalid request: {name[:40]} parameter has two values. Give one, or send an array of texts as JSON.",
            )
    return fields


def _json_object(body: bytes) -> dict[str, Any]:
    """The JSON object that the body is; unlike json.loads alone, only UTF-8 and only JSON."""
    try:
        fields = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except RecursionError:
        raise Refusal(400, "Invalid JSON format: it is nested too deeply") from None
    except ValueError as error:
        raise Refusal(400, f"Invalid JSON format: {error}") from None
    if not isinstance(fields, dict):
        raise Refusal(400, "Invalid JSON format")  # LibreTranslate's words
    return fields


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _url_encoded(encoded: bytes, place: str) -> list[tuple[str, str]]:
    """Names and values of `a=b&c=d`; urllib.parse.parse_qsl would replace what is not UTF-8 and misread raw UTF-8."""
    if encoded.count(b"&") >= MAX_FIELDS:
        raise Refusal(400, f"Invalid request: the {place} has more than {MAX_FIELDS:,} fields. Send fewer.")
    pairs = []
    for pair in encoded.split(b"&"):
        name, is_pair, value = pair.replace(b"+", b" ").partition(b"=")
        if name or is_pair:
            pairs.append((_text(unquote_to_bytes(name), place), _text(unquote_to_bytes(value), place)))
    return pairs


def _multipart(body: bytes, boundary: bytes | None) -> list[tuple[str, str]]:
    """Names and values of a multipart form; files, which have a name of their own, are left out."""
    pairs: list[tuple[str, str]] = []
    parts = 0

    def count(_: object) -> None:
        nonlocal parts
        parts += 1
        if parts > MAX_FIELDS:
            raise FormParserError(f"it has more than {MAX_FIELDS:,} parts")

    def keep(part: Field) -> None:
        count(part)
        pairs.append((_text(part.field_name or b"", "form"), _text(part.value or b"", "form")))

    if not boundary:
        raise _unreadable("its Content-Type names no boundary")
    try:
        # The body's length is bounded already: a file in it need not go to the disk.
        parser = FormParser(
            "multipart/form-data", keep, count, boundary=boundary, config={"MAX_MEMORY_FILE_SIZE": len(body) + 1}
        )
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise _unreadable(error) from None
    return pairs


def _unreadable(reason: object) -> Refusal:
    return Refusal(400, f"Invalid request: the multipart form cannot be read: {reason}")


def _text(encoded: bytes, place: str) -> str:
    try:
        return encoded.decode("utf-8")
    except UnicodeDecodeError as error:
        wrong = encoded[error.start]
        raise Refusal(400, f"Invalid request: the {place} is not UTF-8 (byte 0x{wrong:02x}). Send UTF-8.") from None
