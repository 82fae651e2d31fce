"""What a request in DeepL's dialect asks for, read from its fields."""

import re
from typing import Any

from mt import Form
from service.errors import Refusal
from service.jobs import AUTO, Job
from service.routes.deepl_faults import NO_GLOSSARIES, Explained, no_glossary, shown, unsupported
from service.routes.deepl_languages import Directions, codes_shown, loaded_language
from service.settings import Settings

# Fields that may come several times in a form.
LISTS = frozenset({"text", "ignore_tags", "non_splitting_tags", "splitting_tags", "custom_instructions"})
# The official client waits 10 s for an answer, and then sends the same request again.
SEARCH_SECONDS, ANSWER_SECONDS = 8.5, 9.0
GLOSSARY_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
FLAGS = {"0": False, "false": False, "1": True, "true": True}


def read_job(fields: dict[str, Any], directions: Directions, settings: Settings) -> Job:
    """What the fields ask for; unknown ones are ignored. Raises Refusal for what cannot be done."""
    texts = _texts(fields.get("text"), settings)
    source, target = _direction(fields, directions)
    _check_formality(fields.get("formality"))
    _check_glossary(fields, source)
    for name in ("preserve_formatting", "show_billed_characters"):
        _flag(fields, name)
    form = read_form(fields)
    return Job(tuple(texts), source, target, form=form, deadline_seconds=SEARCH_SECONDS, wants_whole=True)


def _texts(given: Any, settings: Settings) -> list[str]:
    if given is None:
        raise Explained(400, "Parameter 'text' not specified.", "Give a text, or in JSON an array of texts.")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise unsupported("text", "It must be a string or an array of strings.")
    if len(texts) > settings.max_texts:
        raise Refusal(413, f"The request has {len(texts):,} texts; this server takes {settings.max_texts:,} at once.")
    characters = sum(map(len, texts))
    if characters > settings.max_characters:
        raise Refusal(
            413, f"The texts have {characters:,} characters; this server takes {settings.max_characters:,} at once."
        )
    return texts


def _direction(fields: dict[str, Any], directions: Directions) -> tuple[str, str]:
    target = loaded_language("target_lang", fields.get("target_lang"), {target for _, target in directions})
    possible = [source for source, to in directions if to == target]
    given = fields.get("source_lang")
    if given is None or given == "":
        return AUTO, target
    source = loaded_language("source_lang", given, {source for source, _ in directions})
    if source not in possible:
        into = f"{target.upper()} can be translated from {codes_shown(possible)}"
        raise unsupported("source_lang", f"{into}, not {source.upper()}.")
    return source, target


def _check_glossary(fields: dict[str, Any], source: str) -> None:
    """Raises Refusal when a glossary is asked for, as DeepL does for one that it does not have."""
    given = fields.get("glossary_id") or fields.get("glossary_ids")
    if not given:
        return
    if source == AUTO:
        raise Explained(400, "Use of a glossary requires the source_lang parameter to be specified", NO_GLOSSARIES)
    for one in given if isinstance(given, list) else [given]:
        if not isinstance(one, str) or not GLOSSARY_ID.fullmatch(one):
            raise unsupported("glossary_id", f"It is {shown(one)}. {NO_GLOSSARIES}")
    raise no_glossary()


def _check_formality(given: Any) -> None:
    """Raises Refusal for a tone that no model can promise; Weblate sends blanks around it."""
    formality = given.strip().lower() if isinstance(given, str) else given
    if formality in ("less", "more"):
        raise Explained(
            400,
            "'formality' is not supported for given 'target_lang'.",
            f"No model of this server knows it. Use prefer_{formality}, or leave it out.",
        )
    if formality not in (None, "", "default", "prefer_less", "prefer_more"):
        raise unsupported("formality", f"It is {shown(given)}; leave it out.")


def read_form(fields: dict[str, Any]) -> Form:
    """What the texts are written in, and which of their tags mean what. Raises Refusal and InvalidOption."""
    kind = fields.get("tag_handling") or "text"
    if kind not in ("text", "xml", "html"):
        raise unsupported("tag_handling", f"It is {shown(kind)}; it must be xml or html.")
    return Form(
        kind,
        ignore_tags=_tags(fields, "ignore_tags"),
        non_splitting_tags=_tags(fields, "non_splitting_tags"),
        splitting_tags=_tags(fields, "splitting_tags"),
        split_sentences=_splitting(fields),
        outline_detection=_flag(fields, "outline_detection", True),
    )


def _splitting(fields: dict[str, Any]) -> str | None:
    given = fields.get("split_sentences")
    if given is None or given == "":
        return None
    if given == "nonewlines":
        return "nonewlines"
    return "1" if _flag(fields, "split_sentences") else "0"


def _tags(fields: dict[str, Any], name: str) -> tuple[str, ...]:
    """The names of tags: a list of them, each of which may be several with commas between them."""
    given = fields.get(name) or []
    parts = [given] if isinstance(given, str) else given
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise unsupported(name, "It must be an array of names of tags, or names with commas between them.")
    names = (one.strip() for part in parts for one in part.split(","))
    return tuple(one for one in names if one)


def _flag(fields: dict[str, Any], name: str, default: bool = False) -> bool:
    """What a boolean says that comes as one, as a number or, in a form, as a string."""
    given = fields.get(name)
    if given is None or given == "":
        return default
    flag = FLAGS.get(str(given).lower()) if isinstance(given, bool | int | str) else None
    if flag is None:
        raise unsupported(name, f"It is {shown(given)}; it must be 0 or 1, or in JSON true or false.")
    return flag
