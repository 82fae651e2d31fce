"""What /docs says about DeepL's dialect, whose requests are read by hand and so described by hand."""

from typing import Any

Answers = dict[int | str, dict[str, Any]]

_TAGS = {"type": "array", "items": {"type": "string"}}
_FIELDS: dict[str, dict[str, Any]] = {
    "text": {"type": "array", "items": {"type": "string"}, "example": ["Good morning!"]},
    "target_lang": {"type": "string", "description": "As listed by /v2/languages?type=target.", "example": "DE"},
    "source_lang": {"type": "string", "description": "As listed by /v2/languages; found out when it is not there."},
    "formality": {"type": "string", "enum": ["default", "prefer_more", "prefer_less"]},
    "split_sentences": {"type": "string", "enum": ["0", "1", "nonewlines"]},
    "tag_handling": {"type": "string", "enum": ["xml", "html"]},
    "ignore_tags": {**_TAGS, "description": "Elements that stay as they are."},
    "non_splitting_tags": {**_TAGS, "description": "Tags inside a sentence."},
    "splitting_tags": {**_TAGS, "description": "Tags that end a sentence."},
    "outline_detection": {"type": "boolean", "default": True},
    "show_billed_characters": {"type": "boolean", "description": "They are shown in any case."},
}
_SCHEMA = {"type": "object", "required": ["text", "target_lang"], "properties": _FIELDS}

REQUESTS: dict[str, dict[str, Any]] = {
    "text": {"summary": "One text", "value": {"text": ["Good morning!"], "target_lang": "DE"}},
    "texts": {
        "summary": "Several texts of a known language",
        "value": {"text": ["Good morning!", "How are you?"], "source_lang": "EN", "target_lang": "DE"},
    },
}

TRANSLATE: dict[str, Any] = {
    "requestBody": {
        "content": {
            "application/json": {"schema": _SCHEMA, "examples": REQUESTS},
            "application/x-www-form-urlencoded": {"schema": _SCHEMA},
            "multipart/form-data": {"schema": _SCHEMA},
        }
    }
}

LANGUAGES: dict[str, Any] = {
    "parameters": [
        {
            "name": "type",
            "in": "query",
            "required": False,
            "schema": {"type": "string", "enum": ["source", "target"], "default": "source"},
        }
    ]
}


def _fault(description: str, message: str, detail: str) -> dict[str, Any]:
    """The documentation of an error answer."""
    strings = {"message": {"type": "string"}, "detail": {"type": "string"}}
    schema = {"type": "object", "required": ["message"], "properties": strings}
    example = {"message": message, **({"detail": detail} if detail else {})}
    return {"description": description, "content": {"application/json": {"schema": schema, "example": example}}}


def _json(description: str, schema: dict[str, Any], **examples: Any) -> dict[str, Any]:
    """The documentation of an answer, by examples of it."""
    values = {name: {"value": value} for name, value in examples.items()}
    return {"description": description, "content": {"application/json": {"schema": schema, "examples": values}}}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


_STRING, _NUMBER = {"type": "string"}, {"type": "integer"}

_FAULTS: Answers = {
    400: _fault(
        "The request cannot be carried out",
        "Value for 'target_lang' not supported.",
        "It is 'ZZ'; this server has DE, EN.",
    ),
    403: _fault("A key that is wrong or missing, where the server has keys", "Forbidden", "Invalid API key"),
    408: _fault(
        "The body arrives too slowly", "The request body did not arrive within 30 seconds. Send it again, …", ""
    ),
    413: _fault(
        "The request is too long",
        "Request Entity Too Large",
        "The request body is 150,000 bytes; DeepL's limit is 131,072. Send the texts in parts.",
    ),
    429: _fault("Too much to do; Retry-After says when to try again", "Too many requests", "Slowdown: 30 per 1 minute"),
    503: _fault("Loading, or stopping", "The translator is being loaded. Try again in a few seconds.", ""),
}

_TRANSLATION = _object(detected_source_language=_STRING, text=_STRING, billed_characters=_NUMBER)

TRANSLATE_ANSWERS: Answers = {
    200: _json(
        "A translation for each text",
        _object(translations=_list(_TRANSLATION)),
        text={"translations": [{"detected_source_language": "EN", "text": "Guten Morgen!", "billed_characters": 13}]},
    ),
    **_FAULTS,
    404: _fault(
        "A glossary is asked for", "Glossary not found", "This server keeps no glossaries. Leave glossary_id out."
    ),
    456: _fault("No characters are left", "Quota exceeded", "Quota exceeded: of 500,000 characters a month, …"),
}

LANGUAGES_ANSWERS: Answers = {
    200: _json(
        "The languages of the loaded model; supports_formality is there for targets",
        _list(_object(language=_STRING, name=_STRING)),
        source=[{"language": "DE", "name": "German"}, {"language": "EN", "name": "English"}],
        target=[
            {"language": "DE", "name": "German", "supports_formality": False},
            {"language": "EN-GB", "name": "English (British)", "supports_formality": False},
            {"language": "EN-US", "name": "English (American)", "supports_formality": False},
        ],
    ),
    **_FAULTS,
}

USAGE_ANSWERS: Answers = {
    200: _json(
        "Characters are Unicode code points",
        _object(character_count=_NUMBER, character_limit=_NUMBER),
        usage={"character_count": 1234, "character_limit": 500_000},
    ),
    **_FAULTS,
}

PAIRS_ANSWERS: Answers = {
    200: _json("None", _object(supported_languages=_list({"type": "object"})), pairs={"supported_languages": []}),
    **_FAULTS,
}

GLOSSARIES_ANSWERS: Answers = {
    200: _json("None", _object(glossaries=_list({"type": "object"})), glossaries={"glossaries": []}),
    **_FAULTS,
}

NO_GLOSSARY: Answers = {
    400: _fault(
        "Never possible",
        "Unsupported glossary source and target language pair",
        "This server keeps no glossaries. Do without.",
    )
}
