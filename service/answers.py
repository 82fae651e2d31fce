"""JSON answers that can always be sent."""

import json
from typing import Any

from starlette.responses import JSONResponse


def json_bytes(content: Any) -> bytes:
    """JSON in UTF-8, on one line; a lone surrogate, which UTF-8 cannot carry, is written as a question mark."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


class Answer(JSONResponse):
    """A JSON answer in UTF-8, as json_bytes writes it."""

    def render(self, content: Any) -> bytes:
        """The body's bytes."""
        return json_bytes(content)
