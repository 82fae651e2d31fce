"""`/metrics` for Prometheus."""

import asyncio
import hmac
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.errors import Refusal
from service.state import service_of

router = APIRouter(tags=["Operation"])


EXAMPLE = """# HELP dragoman_queue_length Sentences that wait to be decoded
# TYPE dragoman_queue_length gauge
dragoman_queue_length 0.0
"""
TOKEN_NEEDED = "This needs `Authorization: Bearer` and the token of MT_METRICS_TOKEN."
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "In Prometheus' text format or in OpenMetrics', as `Accept` asks",
        "content": {"text/plain": {"schema": {"type": "string"}, "example": EXAMPLE}},
    },
    401: {
        "description": "MT_METRICS_TOKEN is set, and another or no token given",
        "content": {"application/json": {"example": {"error": TOKEN_NEEDED}}},
    },
}


@router.get("/metrics", summary="Numbers for Prometheus", response_class=Response, responses=ANSWERS)
async def metrics(request: Request) -> Response:
    """How many requests there were, how long they waited and took, what is refused; nothing about who asked what."""
    service = service_of(request)
    _check_token(request.headers.get("authorization", ""), service.settings.metrics_token)
    text, kind = await asyncio.to_thread(service.read_metrics, request.headers.get("accept", ""))
    return Response(text, headers={"Content-Type": kind})


def _check_token(authorization: str, token: str) -> None:
    """Raises Refusal 401 where a token is needed and the header does not hold it."""
    scheme, _, given = authorization.partition(" ")
    # Compared as bytes in constant time; a header's characters are Latin-1.
    is_right = hmac.compare_digest(given.strip().encode("latin-1", "replace"), token.encode())
    if token and not (scheme.lower() == "bearer" and is_right):
        raise Refusal(401, TOKEN_NEEDED, {"WWW-Authenticate": "Bearer"})
