"""What becomes of a request that cannot be carried out: every fault turned into an answer of the dialect."""

import logging
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from mt import DragomanError, InvalidOption, InvalidText, UnsupportedLanguage
from service.answers import Answer

logger = logging.getLogger(__name__)

# What a dialect says for a status and a text, such as {"error": text}.
ErrorBody = Callable[[int, str], dict[str, Any]]

# nginx's status for a request that its client gave up; nobody receives it.
CLIENT_LEFT = 499

FAULT = "The server failed on this request; its log says how. Please report it."


class Refusal(DragomanError):
    """A request that this server does not carry out: the status, the text and the headers of its answer."""

    def __init__(self, status: int, text: str, headers: dict[str, str] | None = None):
        super().__init__(text)
        self.status = status
        self.headers = headers


def install_handlers(app: FastAPI, error_body: ErrorBody, headers: dict[str, str]) -> None:
    """Nothing; from now on `app` answers every fault with `error_body`.

    headers go with the answer to a fault of our own, which the server sends from outside of all middleware.
    """

    def answer(status: int, text: str, more: Any = None) -> Answer:
        return Answer(error_body(status, text), status, more)

    async def refused(_: Request, error: Refusal) -> Answer:
        return answer(error.status, str(error), error.headers)

    async def impossible(_: Request, error: DragomanError) -> Answer:
        return answer(400, str(error))

    async def unanswerable(request: Request, error: HTTPException) -> Answer:
        return answer(error.status_code, _http_text(request, error), error.headers)

    async def unprocessable(_: Request, error: RequestValidationError) -> Answer:
        return answer(422, f"Invalid request: {_validation_text(error)}")

    async def left(_: Request, error: ClientDisconnect) -> Answer:
        return answer(CLIENT_LEFT, "The client left before its answer was ready.")

    async def failed(request: Request, error: Exception) -> Answer:
        logger.error("%s %r failed", request.method, request.url.path)
        return answer(500, FAULT, headers)

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
        return (
            f"{request.method} is not possible at {path}. Use {Headers(error.headers).get('allow', 'another method')}."
        )
    return str(error.detail)


def _validation_text(error: RequestValidationError) -> str:
    """Where each fault is and what it is, in one line."""
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
