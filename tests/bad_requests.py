"""Requests that cannot be carried out, or only in part, as bytes: for each the statuses that may come."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.wire import FORM, request

LIBRETRANSLATE, STREAM, DEEPL = "/translate", "/translate/stream", "/v2/translate"
GOOD = {
    LIBRETRANSLATE: {"q": "hello", "source": "en", "target": "de"},
    STREAM: {"q": "hello", "source": "en", "target": "de"},
    DEEPL: {"text": ["hello"], "source_lang": "EN", "target_lang": "DE"},
    "/detect": {"q": "hello"},
}
TEXT = {LIBRETRANSLATE: "q", STREAM: "q", DEEPL: "text", "/detect": "q"}
REFUSED = {400, 413}  # DeepL's dialect says 413 where LibreTranslate's says 400

# A thousand million times "ha", and files of the server.
_LAUGHS = "".join(f'<!ENTITY a{level + 1} "{f"&a{level};" * 10}">' for level in range(9))
XML = {
    "an entity bomb": f'<!DOCTYPE a [<!ENTITY a0 "ha">{_LAUGHS}]><a>&a9;</a>',
    "an entity bomb of one long entity": f'<!DOCTYPE a [<!ENTITY b "{"x" * 50_000}">]><a>{"&b;" * 10_000}</a>',
    "an external entity": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "an external parameter entity": '<!DOCTYPE a [<!ENTITY % b SYSTEM "http://127.0.0.1:9/b">%b;]><a/>',
    "an external document type": '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a>hello</a>',
    "elements that do not end": "<a>" * 2_000,
}


class BadRequest(NamedTuple):
    """A request and what may become of it."""

    name: str
    sent: bytes
    statuses: set[int]


def bad_requests(path: str) -> Iterator[BadRequest]:
    """Requests to an address that reads texts, each with one thing wrong."""
    yield from (BadRequest(*one) for part in (_bodies, _values, _options, _heads) for one in part(path))
    if path == DEEPL:
        for name, text in XML.items():
            fields = {"text": [text], "tag_handling": "xml"}
            # A document type alone declares nothing; what it names is not fetched.
            statuses = {200} if name == "an external document type" else {400}
            yield BadRequest(f"{path} with {name}", request(path, as_json(path, **fields)), statuses)


def broken_requests(path: str) -> Iterator[BadRequest]:
    """Bytes that are no HTTP, or that HTTP lets a server refuse as such."""
    body = as_json(path)
    good = request(path, body)
    for name, sent in {
        "with a NUL in a header": request(path, body, headers=b"X-A: a\0b\r\n"),
        "with a line break in a header": request(path, body, headers=b"X-A: a\r b\r\n"),
        "with two lengths": request(path, body, headers=b"Content-Length: 5\r\n"),
        "with a negative length": good.replace(b"Content-Length: ", b"Content-Length: -"),
        "with a length that is none": good.replace(b"Content-Length: ", b"Content-Length: x"),
        "with a chunk that is none": request(path, b"ZZ\r\n", headers=b"Transfer-Encoding: chunked\r\n"),
        "of another protocol": b"\x16\x03\x01 not http\r\n\r\n",
        "of an older protocol": path.encode() + b"\r\n\r\n",
        "with a space in its name": good.replace(b"POST ", b"PO ST "),
    }.items():
        yield BadRequest(name, sent, {400})
    for name, headers in {
        "one header": b"X-A: " + b"a" * 200_000 + b"\r\n",
        "many headers": b"X-A: a\r\n" * 30_000,
    }.items():
        # Where all of it comes at once, it is there before it can be refused.
        yield BadRequest(f"with {name} that are too long", request(path, body, headers=headers), {200, 431})


def _bodies(path: str) -> Iterator[tuple[str, bytes, set[int]]]:
    """Bodies that cannot be read, or are too much."""
    field = TEXT[path]
    long = "a" * 10_000_000
    yield "with 10 MB of JSON", request(path, as_json(path, **{field: long})), {413}
    yield "with a form of 10 MB", request(path, f"{field}={long}".encode(), FORM), {413}
    yield "with 10,000 texts", request(path, as_json(path, **{field: ["a"] * 10_000})), REFUSED
    yield "with a form of 10,000 texts", request(path, f"{field}=a&".encode() * 10_000, FORM), REFUSED
    for name, body in {
        "of arrays": b"[" * 10_000 + b"]" * 10_000,
        "of objects": b'{"a":' * 10_000 + b"0" + b"}" * 10_000,
        "in an unknown field": as_json(path)[:-1] + b',"more":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        "without an end": b'{"a":[' * 10_000,
    }.items():
        yield f"with JSON nested 10,000 deep, {name}", request(path, body), {400}
    yield "with JSON that is not UTF-8", request(path, as_json(path).replace(b"hello", b"\xff\xfe")), {400}
    yield "with a form that is not UTF-8", request(path, field.encode() + b"=\xff", FORM), {400}
    yield "with an escape that is not UTF-8", request(path, field.encode() + b"=%C3%28", FORM), {400}
    yield "with a query that is not UTF-8", request(f"{path}?{field}=%FF", as_json(path)), {400}
    yield "with NUL bytes", request(path, b"\0" * 100), {400}
    yield "with nothing", request(path), {400}
    yield "with a wrong encoding", request(path, as_json(path).decode().encode("utf-16")), {400}


def _values(path: str) -> Iterator[tuple[str, bytes, set[int]]]:
    """JSON whose values are not what belongs there."""
    field = TEXT[path]
    for value in (5, -1, 10**400, 1.5, True, {}, {"a": ["b"]}, [5], [None], [["a"]], ["a", {}]):
        yield f"with {str(value)[:20]} as a text", request(path, as_json(path, **{field: value})), {400}
    yield "with no text", request(path, as_json(path, **{field: None})), {400}
    for value in ("NaN", "Infinity", "-Infinity", "1e999", "9" * 5_000, "01", "+1"):
        body = as_json(path)[:-1] + f',"{field}":{value}}}'.encode()
        yield f"with {value[:10]} as a text", request(path, body), {400}
    # Half a character: it is refused, or taken for one that cannot be translated.
    for value in ("\ud800", "a\udfffb", "\udc00\ud800"):
        yield f"with {value!a}", request(path, as_json(path, **{field: value})), {200, 400}
    yield "with unknown fields", request(path, as_json(path, unknown={"a": [1, None]}, x="y" * 1_000)), {200}
    yield "with a field twice", request(path, as_json(path)[:-1] + f',"{field}":"again"}}'.encode()), {200}
    yield "with a field twice in its form", request(path, _form(path) + f"&{field}=again".encode(), FORM), {200, 400}


def _options(path: str) -> Iterator[tuple[str, bytes, set[int]]]:
    names = {
        LIBRETRANSLATE: ("source", "target", "format", "alternatives", "beam_size", "prefix", "deadline_ms"),
        STREAM: ("source", "target", "format", "alternatives", "beam_size", "prefix", "deadline_ms"),
        DEEPL: ("source_lang", "target_lang", "formality", "split_sentences", "tag_handling", "ignore_tags"),
    }.get(path, ())
    for name in names:
        for value in (-1, 10**30, -(10**400), 1.5, [{}], {"a": 1}, "\ud800", "\0", "x" * 1_000):
            # A prefix may be any text.
            statuses = {200, 400} if name in ("prefix", "ignore_tags") else {400}
            yield f"with {str(value)[:10]!a} as {name}", request(path, as_json(path, **{name: value})), statuses


def _heads(path: str) -> Iterator[tuple[str, bytes, set[int]]]:
    """Odd heads, and keys with odd bytes, where no keys are needed."""
    body = as_json(path)
    for name, key in {"odd": b"\x80\xff\xfe\t;,\"'\\", "empty": b"", "long": b"k" * 8_000}.items():
        for scheme in (b"Bearer ", b"DeepL-Auth-Key ", b""):
            header = b"Authorization: " + scheme + key + b"\r\n"
            yield f"with an {name} key as {scheme.decode()}", request(path, body, headers=header), {200}
    for value in ("\0", "\ud800", "é" * 5_000, ["k"], {"k": 1}, 10**30, -1):
        yield f"with {str(value)[:10]!a} as api_key", request(path, as_json(path, api_key=value)), {200}
    yield "with odd kinds of content", request(path, body, "application/json; charset=\xff; a=b"), {200, 400}
    yield "with a form that names no boundary", request(path, body, "multipart/form-data"), {400}
    yield "with a huge query", request(f"{path}?{'a' * 60_000}=b", body), {200, 400, 414}


def as_json(path: str, /, **fields: Any) -> bytes:
    """A good request's body, with other fields."""
    return json.dumps({**GOOD[path], **fields}).encode()


def _form(path: str) -> bytes:
    return "&".join(f"{name}={value}" for name, value in GOOD[path].items()).encode()
