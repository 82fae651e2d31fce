"""The settings of the service: `MT_*` environment variables in, one frozen record out."""

import difflib
import os
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mt import DragomanError
from service.addresses import Network, read_networks
from service.rates import read_rates

if TYPE_CHECKING:
    from limits import RateLimitItem

PREFIX = "MT_"
ENGINES = ("auto", "litert", "savedmodel")
LOG_LEVELS = ("critical", "error", "warning", "info", "debug")
LOG_FORMATS = ("text", "json")


class SettingsError(DragomanError):
    """A variable that is unknown, or whose value cannot be used."""


def _about(
    text: str, least: int | None = None, most: int | None = None, read: Callable[[str], Any] | None = None
) -> dict[str, Any]:
    """A field's documentation; least and most are the inclusive range of a whole number.

    read makes the value of the variable's text, or raises ValueError with what it must be.
    """
    return {"text": text, "least": least, "most": most, "read": read}


def _yes_or_no(text: str) -> bool:
    answers = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if text.lower() not in answers:
        raise ValueError(f"it must be one of {', '.join(answers)}")
    return answers[text.lower()]


@dataclass(frozen=True)
class Settings:
    """How the service runs; each field is set by the variable of its name, `port` by `MT_PORT`."""

    host: str = field(default="127.0.0.1", metadata=_about("The address to listen on; 0.0.0.0 lets other machines in."))
    port: int = field(default=8000, metadata=_about("The port to listen on; 0 takes any free one.", 0, 65_535))
    bundle: Path | None = field(
        default=None,
        metadata=_about("The bundle directory to serve; without it, the translator that is shipped.", read=Path),
    )
    bundles: Path | None = field(
        default=None,
        metadata=_about(
            "A folder of bundle directories to serve, instead of MT_BUNDLE; what is put in or removed is noticed.",
            read=Path,
        ),
    )
    bundles_seconds: int = field(
        default=5,
        metadata=_about("How long after each look at the folder of MT_BUNDLES the next one follows.", 1, 86_400),
    )
    engine: str = field(
        default="auto", metadata=_about(f"What computes: {', '.join(ENGINES)}; auto is the fastest that can.")
    )
    # 100,000 characters are about 1,500 sentences: well within a client's patience, and a book chapter at once.
    loop_guard: bool = field(
        default=True,
        metadata=_about(
            "Whether a translation that loops, or is far too long or short, is searched again.", read=_yes_or_no
        ),
    )
    shortlist: bool = field(
        default=False,
        metadata=_about(
            "Whether only the pieces that a bundle's lexicon allows for a text are scored: faster with a large model.",
            read=_yes_or_no,
        ),
    )
    max_characters: int = field(
        default=100_000, metadata=_about("The most characters that one request may hold.", 1, 10**9)
    )
    max_texts: int = field(default=5_000, metadata=_about("The most texts that one request may hold.", 1, 10**6))
    # Twelve bytes a character is the widest that a form can write 100,000 of them (%F0%9F%98%80), plus the names.
    max_body_bytes: int = field(default=2 * 2**20, metadata=_about("The longest request body, in bytes.", 1, 2**30))
    body_seconds: int = field(
        default=30, metadata=_about("How long a client may take to send its request body.", 1, 3_600)
    )
    threads: int = field(
        default=0,
        metadata=_about(
            "How many calls translate at once; 0 takes as many as pay: LiteRT one a core, TensorFlow one.", 0, 1_024
        ),
    )
    # A core of LiteRT translates that many in about five seconds, two in less than three; some clients wait for ten.
    queue_size: int = field(
        default=256,
        metadata=_about(
            "How many sentences may wait while others are translated; a long text counts for a sixteenth.", 0, 1_000_000
        ),
    )
    # Some 3,000 sentences of 20 pieces with the attention of five hypotheses each.
    cache_bytes: int = field(
        default=32 * 2**20,
        metadata=_about("The memory for translations that may be asked for again; 0 keeps none.", 0, 2**40),
    )
    # DeepL's client asks again at once when it has waited for ten seconds, others after a second.
    linger_seconds: int = field(
        default=2,
        metadata=_about(
            "How long a sentence that is being translated goes on when its client has left, who may ask again.", 0, 60
        ),
    )
    suggestions: Path | None = field(
        default=None,
        metadata=_about(
            "The file, of JSON lines, that suggested translations are kept in; without it, none are.", read=Path
        ),
    )
    max_streams: int = field(
        default=8, metadata=_about("How many translations may be streamed at once; the next one is refused.", 0, 1_000)
    )
    keys: Path | None = field(
        default=None,
        metadata=_about(
            "The file of the API keys, made by `mt-serve keys add`; without it, keys mean nothing.", read=Path
        ),
    )
    key_required: bool = field(
        default=True,
        metadata=_about(
            "Whether one must have a key, where there is a file of them; with false, a key only lifts MT_RATE.",
            read=_yes_or_no,
        ),
    )
    rate: "tuple[RateLimitItem, ...]" = field(
        default=(),
        metadata=_about(
            "How often an address may call without a key, such as 30 per 1 minute; several are parted by `;`.",
            read=read_rates,
        ),
    )
    trusted_proxies: tuple[Network, ...] = field(
        default=(),
        metadata=_about(
            "The addresses and networks of proxies, parted by commas, whose X-Forwarded-For is believed.",
            read=read_networks,
        ),
    )
    keep_alive_seconds: int = field(
        default=75,
        metadata=_about(
            "How long a connection without a whole request head is kept; longer than a proxy keeps an idle one.",
            1,
            3_600,
        ),
    )
    shutdown_seconds: int = field(
        default=30, metadata=_about("How long a stopping server goes on with what it has taken.", 1, 3_600)
    )
    # More processes than that only take memory from each other, on any machine there is.
    workers: int = field(
        default=1, metadata=_about("How many processes translate; one that dies is replaced by another.", 1, 256)
    )
    hang_seconds: int = field(
        default=10,
        metadata=_about("How long one of several processes may give no sign of life before it is replaced.", 1, 3_600),
    )
    metrics_token: str = field(
        default="",
        repr=False,
        metadata=_about("What /metrics must be asked with, as `Authorization: Bearer`; without it, anyone may ask."),
    )
    log_level: str = field(
        default="warning",
        metadata=_about(f"How much is logged: {', '.join(LOG_LEVELS)}; each request from info on."),
    )
    log_format: str = field(default="text", metadata=_about(f"How it is logged: {' or '.join(LOG_FORMATS)}."))
    log_texts: bool = field(
        default=False,
        metadata=_about("Whether a request's line shows its texts; else no text is ever logged.", read=_yes_or_no),
    )


def variable_name(setting: "Field[Any]") -> str:
    """`MT_PORT` for the field `port`."""
    return PREFIX + setting.name.upper()


def read_settings(overrides: Mapping[str, str], environment: Mapping[str, str] | None = None) -> Settings:
    """The settings that the environment asks for, with defaults for what it leaves out or empty.

    overrides are variables that win over the environment, which is os.environ unless given. Raises SettingsError for
    a bad value, and for an unknown `MT_*` variable.
    """
    environment = {**(os.environ if environment is None else environment), **overrides}
    known = {variable_name(setting): setting for setting in fields(Settings)}
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known:
            raise SettingsError(_unknown(name, list(known)))
    given = {name: value for name, value in environment.items() if name in known and value}
    settings = Settings(**{known[name].name: _value(name, text, known[name]) for name, text in given.items()})
    if settings.bundle and settings.bundles:
        raise SettingsError(
            f"MT_BUNDLE is {settings.bundle} and MT_BUNDLES is {settings.bundles}; set only one of them: one bundle, "
            "or a folder that holds bundles."
        )
    if "MT_KEY_REQUIRED" in given and settings.key_required and settings.keys is None:
        raise SettingsError("MT_KEY_REQUIRED is set, but there are no keys: name their file with MT_KEYS.")
    return settings


def _unknown(name: str, known: list[str]) -> str:
    closest = difflib.get_close_matches(name, known, n=1, cutoff=0)[0]
    return f"{name!r} is not a setting; the closest is {closest}. All settings: {', '.join(known)}."


def _value(name: str, text: str, setting: "Field[Any]") -> Any:
    """The variable's value, as the type of its field."""
    if setting.metadata["least"] is not None:
        return _whole_number(name, text, setting.metadata["least"], setting.metadata["most"])
    if setting.metadata["read"] is not None:
        return _read(name, text, setting.metadata["read"])
    choices = {"log_level": LOG_LEVELS, "log_format": LOG_FORMATS, "engine": ENGINES}.get(setting.name, (text,))
    if text not in choices:
        raise SettingsError(f"{name} is {text!r}; it must be one of {', '.join(choices)}.")
    return text


def _read(name: str, text: str, read: Callable[[str], Any]) -> Any:
    try:
        return read(text)
    except ValueError as error:
        raise SettingsError(f"{name} is {text!r}; {error}.") from None


def _whole_number(name: str, text: str, least: int, most: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise SettingsError(f"{name} is {text!r}; it must be a whole number from {least:,} to {most:,}.")
    return number


def settings_table() -> str:
    """Every variable with its default and what it does, one paragraph each, to be printed."""
    return "\n".join(_table_entry(setting) for setting in fields(Settings))


def _table_entry(setting: "Field[Any]") -> str:
    least, most = setting.metadata["least"], setting.metadata["most"]
    reach = f" From {least:,} to {most:,}." if least is not None else ""
    default = "" if setting.default in (None, (), "") else f" Default: {setting.default}."
    text = textwrap.fill(setting.metadata["text"] + reach + default, 76, initial_indent="  ", subsequent_indent="  ")
    return f"{variable_name(setting)}\n{text}"
