"""DeepL's language codes, which are those of the loaded languages but for a few variants."""

from collections.abc import Collection, Sequence
from typing import Any

from service.languages import language_name
from service.routes.deepl_faults import shown, unsupported

# DeepL's targets that are variants of a language, with its names for them.
VARIANTS = {
    "en-gb": "English (British)",
    "en-us": "English (American)",
    "pt-br": "Portuguese (Brazilian)",
    "pt-pt": "Portuguese (European)",
}

Directions = Sequence[tuple[str, str]]


def base(code: str) -> str:
    """The language without its variant."""
    return code.partition("-")[0]


def loaded_language(name: str, given: Any, known: Collection[str]) -> str:
    """The language that DeepL's code means: itself, the language of a variant, or a variant of a language.

    Raises Refusal 400 when it is not known; name is the field's.
    """
    code = given.lower() if isinstance(given, str) else ""
    meant = [code, base(code)] if code in VARIANTS else [code, *_variants(code)]
    for one in meant:
        if one in known:
            return one
    raise unsupported(name, f"It is {shown(given)}; this server has {codes_shown(known)}.")


def codes_shown(codes: Collection[str]) -> str:
    """The codes as DeepL writes them, for an error message."""
    return ", ".join(sorted(code.upper() for code in codes))


def sources(directions: Directions) -> list[dict[str, Any]]:
    """The languages that can be translated, as DeepL lists them."""
    codes = sorted({base(source) for source, _ in directions})
    return [{"language": code.upper(), "name": language_name(code)} for code in codes]


def targets(directions: Directions) -> list[dict[str, Any]]:
    """The languages that can be translated into, as DeepL lists them: in all variants that it has."""
    languages = {target for _, target in directions}
    codes = sorted({code for language in languages for code in (_variants(language) or [language])})
    return [_target(code) for code in codes]


def _target(code: str) -> dict[str, Any]:
    name = VARIANTS.get(code) or language_name(code)
    return {"language": code.upper(), "name": name, "supports_formality": False}


def _variants(code: str) -> list[str]:
    return [variant for variant in VARIANTS if base(variant) == code]
