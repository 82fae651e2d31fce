"""Translations of a running server, ours or any other that speaks LibreTranslate's contract, for evaluation."""

import json
import time
from collections.abc import Callable, Sequence
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from mt.errors import DragomanError, InvalidOption

TEXTS_A_REQUEST = 20  # what Weblate sends, so every server takes it
TIMEOUT_SECONDS = 300.0
MAX_ATTEMPTS = 6
MAX_WAIT_SECONDS = 60.0
_BUSY = (429, 503)


class ServerError(DragomanError):
    """A translation server that cannot be reached, refuses, or answers what is not in the contract."""


def translate_over_http(
    url: str, texts: Sequence[str], source: str, target: str, *, sleep: Callable[[float], None] = time.sleep
) -> list[str]:
    """The translations by the server at `url` (without /translate), same length and order.

    A busy server (429, 503) is asked again after its Retry-After, or after 1, 2, 4 … s, six times at most, never
    waiting longer than a minute. Raises ServerError that shows the server's own words, InvalidOption for a URL that
    is not HTTP.
    """
    if not url.startswith(("http://", "https://")):
        raise InvalidOption(f"'{url}' is no address of a server. Give one such as http://127.0.0.1:8000.")
    address = url.rstrip("/") + "/translate"
    translations: list[str] = []
    for start in range(0, len(texts), TEXTS_A_REQUEST):
        batch = list(texts[start : start + TEXTS_A_REQUEST])
        body = {"q": batch, "source": source, "target": target, "format": "text"}
        answer = _post(address, json.dumps(body).encode(), sleep)
        translations += _read_answer(address, answer, len(batch))
    return translations


def _post(address: str, body: bytes, sleep: Callable[[float], None]) -> bytes:
    """The body of the answer; waits for a busy server."""
    request = Request(address, body, {"Content-Type": "application/json", "Accept": "application/json"})
    for attempt in range(MAX_ATTEMPTS):
        try:
            with urlopen(request, timeout=TIMEOUT_SECONDS) as response:
                return response.read()
        except HTTPError as error:
            with error:
                if error.code not in _BUSY or attempt + 1 == MAX_ATTEMPTS:
                    raise ServerError(_refusal(address, error)) from error
            sleep(_wait_seconds(error.headers.get("Retry-After"), attempt))
        except (URLError, OSError, HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise ServerError(
                f"{address} cannot be reached: {reason}. Is the server running, and the address right?"
            ) from error
    raise AssertionError(MAX_ATTEMPTS)


def _wait_seconds(retry_after: str | None, attempt: int) -> float:
    # Retry-After may also be a date; then the usual waits do.
    seconds = float(retry_after) if retry_after and retry_after.isdecimal() else 2.0**attempt
    return min(seconds, MAX_WAIT_SECONDS)


def _refusal(address: str, error: HTTPError) -> str:
    body = error.read(2_000).decode("utf-8", "replace")
    try:
        facts = json.loads(body)
        reason = facts.get("error", body) if isinstance(facts, dict) else body
    except ValueError:
        reason = body
    advice = "It is busy; ask again later." if error.code in _BUSY else "Check languages, limits and address."
    return f'{address} answered {error.code} {error.reason}, "{str(reason).strip()[:300]}". {advice}'


def _read_answer(address: str, answer: bytes, count: int) -> list[str]:
    try:
        facts: Any = json.loads(answer)
    except ValueError:
        facts = None
    found = facts.get("translatedText") if isinstance(facts, dict) else None
    if not isinstance(found, list) or len(found) != count or not all(isinstance(text, str) for text in found):
        shown = answer[:200].decode("utf-8", "replace")
        raise ServerError(
            f'{address} was asked for {count} translations and answered "{shown}". '
            "Give the address of a server that speaks LibreTranslate's contract."
        )
    return found
