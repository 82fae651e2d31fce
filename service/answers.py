"""JSON answers that can always be sent."""

import json
from typing import Any

from starlette.responses import JSONResponse


class Answer(JSONResponse):
    """A JSON answer in UTF-8; a lone surrogate, which UTF-8 cannot carry, is sent as a question mark."""

    def render(self, content: Any) -> bytes:
        """The body's bytes."""
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode("utf-8", "replace")
