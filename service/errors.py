"""What becomes of a request that cannot be carried out: every fault turned into an answer of the dialect."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from mt import DragomanError, InvalidOption, InvalidText, UnsupportedLanguage
from service.answers import Answer
from service.methods import allowed_methods
from service.records import REQUEST_ID, current_record

logger = logging.getLogger(__name__)

# nginx's status for a request that its client gave up; nobody receives it.
CLIENT_LEFT = 499

# Why a request is refused that could be carried out at another time or by another client.
REASONS = {429: "queue", 503: "unavailable"}

FAULT = "The server failed on this request; its log says how. Please report it."


class Refusal(DragomanError):
    """A request that this server does not carry out: the status, the text and the headers of its answer."""

    def __init__(self, status: int, text: str, headers: dict[str, str] | None = None):
        super().__init__(text)
        self.status = status
        self.headers = headers

    @property
    def reason(self) -> str:
        """A word for the metrics when the server or its rules are in the way; "" when the request itself is wrong."""
        return REASONS.get(self.status, "")


# What a dialect makes of a fault: the status and the body of its answer.
Wording = Callable[[Refusal], tuple[int, dict[str, Any]]]


def install_handlers(app: FastAPI, wordings: Mapping[str, Wording], headers: dict[str, str]) -> None:
    """Nothing; from now on `app` answers every fault in the words of the dialect that the address belongs to.

    wordings has them by the beginning of the dialect's addresses; the first that fits is taken, "" fits any.
    headers go with the answer to a fault of our own, which the server sends from outside of all middleware.
    """

    def answer(request: Request, fault: Refusal) -> Answer:
        path = request.scope["path"]
        status, body = next(word for beginning, word in wordings.items() if path.startswith(beginning))(fault)
        return Answer(body, status, fault.headers)

    async def refused(request: Request, error: Refusal) -> Answer:
        current_record().refusal = error.reason
        return answer(request, error)

    async def impossible(request: Request, error: DragomanError) -> Answer:
        return answer(request, Refusal(400, str(error)))

    async def unanswerable(request: Request, error: HTTPException) -> Answer:
        headers = dict(error.headers) if error.headers else {}
        if error.status_code == 405:  # the framework names only the methods of the last of several routes
            headers["Allow"] = allowed_methods(request)
        return answer(request, Refusal(error.status_code, _http_text(request, error), headers))

    async def unprocessable(request: Request, error: RequestValidationError) -> Answer:
        return answer(request, Refusal(422, f"Invalid request: {_validation_text(error)}"))

    async def left(request: Request, error: ClientDisconnect) -> Answer:
        return answer(request, Refusal(CLIENT_LEFT, "The client left before its answer was ready."))

    async def failed(request: Request, error: Exception) -> Answer:
        logger.error("%s %r failed", request.method, request.url.path)
        return answer(request, Refusal(500, FAULT, headers | {REQUEST_ID: current_record().identifier}))

    for kind in (UnsupportedLanguage, InvalidText, InvalidOption):
        app.add_exception_handler(kind, impossible)  # type: ignore[arg-type]
    app.add_exception_handler(Refusal, refused)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, unanswerable)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, unprocessable)  # type: ignore[arg-type]
    app.add_exception_handler(ClientDisconnect, left)  # type: ignore[arg-type]
    app.add_exception_handler(Exception, failed)


def _http_text(request: Request, error: HTTPException) -> str:
    """A sentence for a fault that the framework found."""
    path = request.url.path[:100]
    if error.status_code == 404:
        return f"There is nothing at {path}. See /docs for what this server answers."
    if error.status_code == 405:
        return f"{request.method} is not possible at {path}. Use {allowed_methods(request)}."
    return str(error.detail)


def _validation_text(error: RequestValidationError) -> str:
    """Where each fault is and what it is, in one line."""
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
