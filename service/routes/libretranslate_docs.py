"""What /docs says about LibreTranslate's dialect, whose requests are read by hand and so described by hand."""

from typing import Any

_FIELDS: dict[str, dict[str, Any]] = {
    "source": {"type": "string", "description": "Language of the text, as listed by /languages.", "example": "en"},
    "target": {"type": "string", "description": "Language to translate into.", "example": "de"},
    "format": {"type": "string", "enum": ["text"], "default": "text"},
    "alternatives": {"type": "integer", "minimum": 0, "default": 0, "description": "Further translations wanted."},
    "api_key": {
        "type": "string",
        "description": "Your API key, where the server has keys; it may also come as `Authorization: Bearer KEY`.",
    },
}
_TEXT = {"type": "string", "description": "The text to translate.", "example": "Good morning!"}
_TEXTS = {"type": "array", "items": {"type": "string"}, "minItems": 1}
_REQUIRED = ["q", "source", "target"]
_FORM = {"schema": {"type": "object", "required": _REQUIRED, "properties": {"q": _TEXT, **_FIELDS}}}

REQUESTS: dict[str, dict[str, Any]] = {
    "text": {"summary": "One text", "value": {"q": "Good morning!", "source": "en", "target": "de"}},
    "texts": {
        "summary": "Several texts at once",
        "value": {"q": ["Good morning!", "How are you?"], "source": "en", "target": "de"},
    },
    "alternatives": {
        "summary": "With two other ways to say it",
        "value": {"q": "Good morning!", "source": "en", "target": "de", "alternatives": 2},
    },
}


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}


TRANSLATE: dict[str, Any] = {
    "parameters": [_parameter(name, schema) for name, schema in {"q": _TEXT, **_FIELDS}.items()],
    "requestBody": {
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": _REQUIRED,
                    "properties": {"q": {"anyOf": [_TEXT, _TEXTS]}, **_FIELDS},
                },
                "examples": REQUESTS,
            },
            "application/x-www-form-urlencoded": _FORM,
            "multipart/form-data": _FORM,
        }
    },
}


def _fault(description: str, text: str) -> dict[str, Any]:
    """The documentation of an error answer."""
    schema = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
    return {"description": description, "content": {"application/json": {"schema": schema, "example": {"error": text}}}}


_NOT_READY: dict[int | str, dict[str, Any]] = {
    503: _fault("Loading, or stopping", "The translator is being loaded. Try again in a few seconds.")
}


def _one_or_many(item: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [item, {"type": "array", "items": item}]}


_STRINGS = {"type": "array", "items": {"type": "string"}}

TRANSLATE_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A string for a string, an array for an array",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["translatedText"],
                    "properties": {
                        "translatedText": _one_or_many({"type": "string"}),
                        "alternatives": _one_or_many(_STRINGS),
                        "warnings": _one_or_many(_STRINGS),
                    },
                },
                "examples": {
                    "text": {"value": {"translatedText": "Guten Morgen!"}},
                    "texts": {"value": {"translatedText": ["Guten Morgen!", "Wie geht es dir?"]}},
                    "alternatives": {
                        "value": {"translatedText": "Guten Morgen!", "alternatives": ["Guten Morgen.", "Moin!"]}
                    },
                },
            }
        },
    },
    400: _fault("The request cannot be carried out", "zz is not supported"),
    403: _fault("A key that is wrong, has expired, or has no characters left in this month", "Invalid API key"),
    408: _fault(
        "The body arrives too slowly", "The request body did not arrive within 30 seconds. Send it again, or …"
    ),
    413: _fault("The body is too long", "The request body is 3,000,000 bytes or more; this server takes 2,097,152. …"),
    429: _fault(
        "Too many sentences wait, or too many requests come from this client; Retry-After says when to try again",
        "Slowdown: 30 per 1 minute",
    ),
    **_NOT_READY,
}

LANGUAGES_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The languages of the loaded model",
        "content": {
            "application/json": {
                "example": [
                    {"code": "en", "name": "English", "targets": ["de"]},
                    {"code": "de", "name": "German", "targets": ["en"]},
                ]
            }
        },
    },
    **_NOT_READY,
}
