"""Which methods an address takes: HEAD wherever there is GET, and the Allow header of a refusal."""

from fastapi import Request
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


class HeadAsGet:
    """An application that answers HEAD as GET, without the body (RFC 9110, §9.3.2)."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Nothing; the request is passed on."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            await self.app({**scope, "method": "GET"}, receive, _without_body(send))
        else:
            await self.app(scope, receive, send)


def _without_body(send: Send) -> Send:
    async def send_without_body(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return send_without_body


def allowed_methods(request: Request) -> str:
    """The methods of the request's address, as Allow lists them; "" where there is nothing at all."""
    taken = {method for method in METHODS if _is_taken(request, method)}
    if "GET" in taken:
        taken.add("HEAD")
    return ", ".join(method for method in METHODS if method in taken)


def _is_taken(request: Request, method: str) -> bool:
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
