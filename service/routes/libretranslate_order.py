"""What a request in LibreTranslate's dialect asks for, read from its fields; faults in LibreTranslate's words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mt import Form
from service.errors import Refusal
from service.jobs import AUTO, Job
from service.languages import language_name
from service.models import Models
from service.settings import Settings

FORMATS = ("text", "html")
FLAGS = {"false": False, "true": True}
INSIDE = "inside"  # what `explain` says for all there is
MOST_INSIDE = 2_000  # characters; each piece has some forty numbers
MOST_MILLISECONDS = 3_600_000  # an hour, longer than any client waits

JSON_KINDS = {
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    list: "an array",
    dict: "an object",
}


@dataclass(frozen=True)
class Order:
    """What a client asks for, and the form of the answer it expects."""

    job: Job
    is_array: bool
    confidence: bool = False  # whether the answer is to have that in the translations

    @property
    def alternatives(self) -> int:
        """How many other translations of each text are wanted."""
        return self.job.n_best - 1


def read_order(fields: dict[str, Any], models: Models, settings: Settings) -> Order:
    """The order that the fields hold; unknown fields are ignored. Raises Refusal 400 for one that cannot be filled."""
    q, source, target = (required(fields, name) for name in ("q", "source", "target"))
    texts = read_texts(q, settings)
    alternatives = _whole_number(fields, "alternatives", 0, models.max_n_best - 1)
    beam = _whole_number(fields, "beam_size", 1, models.max_n_best)
    milliseconds = _whole_number(fields, "deadline_ms", 1, MOST_MILLISECONDS)
    source, target = _direction(string("source", source), string("target", target), models.directions)
    inside = _wants_inside(fields, sum(map(len, texts)))
    job = Job(
        tuple(texts),
        source,
        target,
        n_best=(alternatives or 0) + 1,
        beam=beam,
        form=_read_form(fields),
        prefix=_read_prefix(fields, len(texts), settings),
        explain=inside or _flag(fields, "explain", 'true, false or "inside"'),
        inside=inside,
        deadline_seconds=milliseconds / 1_000 if milliseconds else None,
    )
    return Order(job, isinstance(q, list), _flag(fields, "confidence"))


def required(fields: dict[str, Any], name: str) -> Any:
    """The field's value; raises Refusal 400 when it is absent or empty."""
    value = fields.get(name)
    if value is None or value in ("", []):
        raise Refusal(400, f"Invalid request: missing {name} parameter")
    return value


def read_texts(q: Any, settings: Settings) -> list[str]:
    """The texts that a `q` holds, within the server's limits; raises Refusal 400."""
    texts = q if isinstance(q, list) else [q]
    for text in texts:
        if not isinstance(text, str):
            kind = _kind(text) if text is q else f"an array with {_kind(text)}"
            raise Refusal(400, f"Invalid request: q parameter must be a string or an array of strings, not {kind}")
    if len(texts) > settings.max_texts:
        raise Refusal(400, f"Invalid request: request ({len(texts)} texts) exceeds list limit ({settings.max_texts})")
    check_length(sum(map(len, texts)), settings)
    return texts


def check_length(characters: int, settings: Settings) -> None:
    """Raises Refusal 400 when a request holds more characters than the server takes."""
    if characters > settings.max_characters:
        raise Refusal(400, f"Invalid request: request ({characters}) exceeds text limit ({settings.max_characters})")


def known_language(code: str, directions: Sequence[tuple[str, str]]) -> str:
    """The code in lower case; raises Refusal 400 when no direction has it."""
    if not any(code.lower() in direction for direction in directions):
        raise Refusal(400, f"{_shown(code)} is not supported")
    return code.lower()


def string(name: str, value: Any) -> str:
    """The value of a field that must be a string; raises Refusal 400."""
    if not isinstance(value, str):
        raise Refusal(400, f"Invalid request: {name} parameter must be a string, not {_kind(value)}")
    return value


def _read_form(fields: dict[str, Any]) -> Form:
    text_format = fields.get("format") or "text"
    if text_format not in FORMATS:
        raise Refusal(400, f"{_shown(string('format', text_format))} format is not supported")
    return Form(text_format, translate_attributes=_flag(fields, "translate_attributes"))


def _wants_inside(fields: dict[str, Any], characters: int) -> bool:
    """Whether explanations are to show what happened in the network, which is too much to tell of a long text."""
    if fields.get("explain") != INSIDE:
        return False
    if characters > MOST_INSIDE:
        raise Refusal(
            400,
            f'Invalid request: explain parameter "{INSIDE}" goes with at most {MOST_INSIDE:,} characters, '
            f"not with {characters:,}",
        )
    return True


def _flag(fields: dict[str, Any], name: str, values: str = "true or false") -> bool:
    """What a boolean says that comes as one or, in a form, as a word."""
    value = fields.get(name)
    if value is None or value == "":
        return False
    flag = FLAGS.get(str(value).lower()) if isinstance(value, bool | str) else None
    if flag is None:
        raise Refusal(400, f"Invalid request: {name} parameter must be {values}")
    return flag


def _read_prefix(fields: dict[str, Any], texts: int, settings: Settings) -> str:
    value = fields.get("prefix")
    prefix = "" if value is None else string("prefix", value)
    check_length(len(prefix), settings)
    if prefix and texts > 1:
        raise Refusal(400, f"Invalid request: prefix parameter goes with one text, not with {texts:,}")
    return prefix


def _whole_number(fields: dict[str, Any], name: str, least: int, most: int) -> int | None:
    """The field's number; None when it is absent or empty."""
    value = fields.get(name)
    if value is None or value == "":
        return None
    try:
        number = int(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
    except ValueError:
        number = None
    if number is None:
        raise Refusal(400, f"Invalid request: {name} parameter is not a number: {_told(value)}")
    if not least <= number <= most:
        shown = _shown(str(value))
        raise Refusal(400, f"Invalid request: {name} parameter must be >= {least} and <= {most}, not {shown}")
    return number


def _direction(source: str, target: str, directions: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Both codes in lower case; raises Refusal 400 when the model does not translate that way."""
    is_auto = source.lower() == AUTO
    source = AUTO if is_auto else known_language(source, directions)
    target = known_language(target, directions)
    if not any(into == target and (is_auto or out_of == source) for out_of, into in directions):
        into, out_of = f"{language_name(target)} ({target})", f"{language_name(source)} ({source})"
        raise Refusal(400, f"{into} is not available as a target language from {out_of}")
    return source, target


def _kind(value: Any) -> str:
    """What JSON calls the value's type."""
    return JSON_KINDS.get(type(value), "null")


def _told(value: Any) -> str:
    """The value itself where it is short by nature, else what it is."""
    return _shown(str(value)) if isinstance(value, str | float) else _kind(value)


def _shown(value: str) -> str:
    """The value, short enough for an error message."""
    return value if len(value) <= 40 else f"{value[:40]}…"
