"""Permission for web pages of any origin to use the service (Fetch standard, CORS protocol)."""

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CORS_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Allow-Methods": "GET, POST",
}


class OpenToAllOrigins:
    """An application with LibreTranslate's three CORS headers on every answer, and an answer to every OPTIONS.

    Starlette's own middleware sends them only where a browser asks, LibreTranslate always.
    """

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Nothing; the request is answered here or passed on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await Response(status_code=204, headers=CORS_HEADERS)(scope, receive, send)
        else:
            await self.app(scope, receive, with_headers(send))


def with_headers(send: Send) -> Send:
    """`send`, with the CORS headers on the start of the answer."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(CORS_HEADERS)
        await send(message)

    return send_with_headers
