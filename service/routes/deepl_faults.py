"""Faults in DeepL's words."""

from typing import Any

from service.access import Denied
from service.errors import Refusal

STATUSES = {"key_missing": 403, "key_wrong": 403, "rate": 429, "quota": 456}
# What DeepL calls these statuses; the reason follows in `detail`.
TITLES = {
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    413: "Request Entity Too Large",
    429: "Too many requests",
    456: "Quota exceeded",
}
NO_GLOSSARIES = "This server keeps no glossaries. Leave glossary_id out."


class Explained(Refusal):
    """A fault that DeepL has as well: its words, on which clients match, and what they mean here."""

    def __init__(self, status: int, text: str, detail: str):
        super().__init__(status, text)
        self.detail = detail


def worded(fault: Refusal) -> tuple[int, dict[str, Any]]:
    """How this dialect reports a fault: strings only, as its clients join them."""
    if isinstance(fault, Explained):
        return fault.status, {"message": str(fault), "detail": fault.detail}
    status = STATUSES[fault.kind] if isinstance(fault, Denied) else fault.status
    if status in TITLES:
        return status, {"message": TITLES[status], "detail": str(fault)}
    return status, {"message": str(fault)}


def unsupported(name: str, detail: str) -> Refusal:
    """DeepL's words for a value that it cannot work with."""
    return Explained(400, f"Value for '{name}' not supported.", detail)


def no_glossary() -> Refusal:
    """DeepL's words for a glossary that it does not have."""
    return Explained(404, "Glossary not found", NO_GLOSSARIES)


def shown(value: Any) -> str:
    """The value, short enough for an error message."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
