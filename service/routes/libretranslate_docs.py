"""What /docs says about LibreTranslate's dialect, whose requests are read by hand and so described by hand."""

from typing import Any

from service.routes import libretranslate_explanation as explanation
from service.routes.libretranslate_order import INSIDE, MOST_INSIDE

_FIELDS: dict[str, dict[str, Any]] = {
    "source": {
        "type": "string",
        "description": "Language of the text, as listed by /languages, or `auto`.",
        "example": "en",
    },
    "target": {"type": "string", "description": "Language to translate into.", "example": "de"},
    "format": {
        "type": "string",
        "enum": ["text", "html"],
        "default": "text",
        "description": "With html, tags move with their words, and code, scripts, comments and attributes stay.",
    },
    "translate_attributes": {
        "type": "boolean",
        "default": False,
        "description": "With html, translate alt, title, placeholder and aria-label too.",
    },
    "alternatives": {"type": "integer", "minimum": 0, "default": 0, "description": "Further translations wanted."},
    "beam_size": {
        "type": "integer",
        "minimum": 1,
        "maximum": 16,
        "description": "How wide to search; by default as the model says, and never less than alternatives + 1.",
    },
    "prefix": {"type": "string", "description": "What the translation of one text of one sentence begins with."},
    "explain": {
        "anyOf": [{"type": "boolean"}, {"const": INSIDE}],
        "default": False,
        "description": "Whether to say which words of the translation come from which of the text, and how likely each "
        f'was; "{INSIDE}" for up to {MOST_INSIDE:,} characters also what happened in the network: gates, cells, '
        "attention.",
    },
    "confidence": {
        "type": "boolean",
        "default": False,
        "description": "Whether to say how good the translation probably is.",
    },
    "deadline_ms": {
        "type": "integer",
        "minimum": 1,
        "maximum": 3_600_000,
        "description": "Milliseconds from now, after which the best translation so far is taken.",
    },
    "api_key": {
        "type": "string",
        "description": "Your API key, where the server has keys; it may also come as `Authorization: Bearer KEY`.",
    },
}
_TEXT = {"type": "string", "description": "The text to translate.", "example": "Good morning!"}
_TEXTS = {"type": "array", "items": {"type": "string"}, "minItems": 1}

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
    "auto": {
        "summary": "From languages that are found out",
        "value": {"q": ["Good morning!", "Guten Abend!"], "source": "auto", "target": "de"},
    },
    "prefix": {
        "summary": "With a beginning, a fast search and half a second of time",
        "value": {
            "q": "Where is the station?",
            "source": "en",
            "target": "de",
            "prefix": "Der Bahnhof",
            "beam_size": 2,
            "deadline_ms": 500,
        },
    },
    "confidence": {
        "summary": "With how good it probably is",
        "value": {"q": "Good morning!", "source": "en", "target": "de", "confidence": True},
    },
    "explain": {
        "summary": "With what each word comes from",
        "value": {"q": "Good morning!", "source": "en", "target": "de", "explain": True},
    },
}


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}


def _request(
    fields: dict[str, dict[str, Any]], required: list[str], q: dict[str, Any], examples: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """The documentation of a request with these fields, of which `q` may be another thing in JSON."""
    form = {"schema": {"type": "object", "required": required, "properties": fields}}
    json = {"type": "object", "required": required, "properties": {**fields, "q": q}}
    return {
        "parameters": [_parameter(name, schema) for name, schema in fields.items()],
        "requestBody": {
            "content": {
                "application/json": {"schema": json, "examples": examples},
                "application/x-www-form-urlencoded": form,
                "multipart/form-data": form,
            }
        },
    }


_TEXT_OR_TEXTS = {"anyOf": [_TEXT, _TEXTS]}
TRANSLATE = _request({"q": _TEXT, **_FIELDS}, ["q", "source", "target"], _TEXT_OR_TEXTS, REQUESTS)
DETECT = _request(
    {"q": _TEXT, "api_key": _FIELDS["api_key"]}, ["q"], _TEXT_OR_TEXTS, {"text": {"value": {"q": "Guten Morgen!"}}}
)
SUGGEST = _request(
    {
        "q": _TEXT,
        "s": {"type": "string", "description": "A better translation.", "example": "Guten Morgen!"},
        **{name: _FIELDS[name] for name in ("source", "target", "api_key")},
    },
    ["q", "s", "source", "target"],
    _TEXT,
    {"suggestion": {"value": {"q": "Good morning!", "s": "Guten Morgen!", "source": "en", "target": "de"}}},
)


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
_DETECTED = {
    "type": "object",
    "required": ["confidence", "language"],
    "properties": {"confidence": {"type": "integer", "minimum": 0, "maximum": 100}, "language": {"type": "string"}},
}
_PIVOT = {
    "type": ["string", "null"],
    "description": "The language in between, where no model translates directly; null for a text that has none.",
}
_SCORE = {"type": "number", "description": "Natural logarithm of the translation's probability."}

_FAULTS: dict[int | str, dict[str, Any]] = {
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
}

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
                        "detectedLanguage": _one_or_many(_DETECTED),
                        "score": _one_or_many(_SCORE),
                        "alternatives": _one_or_many(_STRINGS),
                        "alternativeScores": _one_or_many({"type": "array", "items": _SCORE}),
                        "pivot": _one_or_many(_PIVOT),
                        "confidence": _one_or_many(explanation.CONFIDENCE),
                        "explanation": _one_or_many({"type": "array", "items": explanation.SENTENCE}),
                        "warnings": _one_or_many(_STRINGS),
                    },
                },
                "examples": {
                    "text": {"value": {"translatedText": "Guten Morgen!"}},
                    "texts": {"value": {"translatedText": ["Guten Morgen!", "Wie geht es dir?"]}},
                    "alternatives": {
                        "value": {
                            "translatedText": "Guten Morgen!",
                            "score": -0.4,
                            "alternatives": ["Guten Morgen.", "Moin!"],
                            "alternativeScores": [-2.5, -4.1],
                        }
                    },
                    "pivot": {"value": {"translatedText": "Bonjour !", "pivot": "en"}},
                    "confidence": {"value": {"translatedText": "Guten Morgen!", "confidence": 0.81}},
                    "explain": {"value": {"translatedText": "Guten Morgen!", "explanation": [explanation.EXAMPLE]}},
                    "auto": {
                        "value": {
                            "translatedText": ["Guten Morgen!", "Guten Abend!"],
                            "detectedLanguage": [
                                {"confidence": 98, "language": "en"},
                                {"confidence": 99, "language": "de"},
                            ],
                        }
                    },
                },
            }
        },
    },
    **_FAULTS,
    **_NOT_READY,
}

LANGUAGES_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The languages of the loaded models; targets may lead through a third language",
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


def _good(description: str, schema: dict[str, Any], example: Any) -> dict[str, Any]:
    """The documentation of an answer that is no error."""
    return {"description": description, "content": {"application/json": {"schema": schema, "example": example}}}


DETECT_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: _good(
        "Languages with confidences in percent, best first",
        {"type": "array", "items": _DETECTED},
        [{"confidence": 98, "language": "de"}],
    ),
    **_FAULTS,
    **_NOT_READY,
}

SUGGEST_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: _good(
        "The suggestion is kept",
        {"type": "object", "required": ["success"], "properties": {"success": {"type": "boolean"}}},
        {"success": True},
    ),
    **_FAULTS,
    403: _fault("No suggestions are kept here, or the key is wrong", "Suggestions are disabled on this server."),
    503: _fault(
        "Loading or stopping, or the disk is full", "The translator is being loaded. Try again in a few seconds."
    ),
}

SETTINGS_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: _good(
        "What LibreTranslate's pages ask for",
        {"type": "object"},
        {
            "charLimit": 100_000,
            "frontendTimeout": 500,
            "apiKeys": False,
            "keyRequired": False,
            "suggestions": False,
            "filesTranslation": False,
            "supportedFilesFormat": [],
            "language": {"source": {"code": "en", "name": "English"}, "target": {"code": "de", "name": "German"}},
        },
    ),
    **_NOT_READY,
}
