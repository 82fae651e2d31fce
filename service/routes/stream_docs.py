"""What /docs says about streaming: the fields of LibreTranslate's dialect for one text, and the events."""

from typing import Any

from service.routes import libretranslate_docs as libretranslate

_OTHERS = ("alternatives", "beam_size", "explain")
_PARAMETERS = [one for one in libretranslate.TRANSLATE["parameters"] if one["name"] not in _OTHERS]
_BODY = {
    "schema": {
        "type": "object",
        "required": ["q", "source", "target"],
        "properties": {one["name"]: one["schema"] for one in _PARAMETERS},
    },
    "example": {"q": "Where is the station?", "source": "en", "target": "de"},
}
_EVENTS = """data: {"text":"Wo"}

data: {"text":" ist"}

data: {"text":" der"}

data: {"text":" Bahnhof"}

data: {"text":"?"}

event: end
data: {"translatedText":"Wo ist der Bahnhof?"}

"""

# Of each event: so it is read before OpenAPI 3.2.
_EVENT = {
    "type": "object",
    "required": ["data"],
    "properties": {
        "data": {"type": "string", "contentMediaType": "application/json"},
        "event": {"enum": ["message", "end", "error"]},
    },
}

STREAM: dict[str, Any] = {
    "parameters": _PARAMETERS,
    "requestBody": {
        "content": dict.fromkeys(
            ("application/json", "application/x-www-form-urlencoded", "multipart/form-data"), _BODY
        )
    },
}

ANSWERS: dict[int | str, dict[str, Any]] = {
    **libretranslate.TRANSLATE_ANSWERS,
    200: {
        "description": "Server-sent events: of type `message` with new text, then one of type `end` or `error`",
        "content": {"text/event-stream": {"schema": _EVENT, "example": _EVENTS}},
    },
}
