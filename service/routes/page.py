"""The page at `/`: the files of service/page, which a browser keeps and asks again for whether they have changed."""

from pathlib import Path

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

router = APIRouter(include_in_schema=False)

FOLDER = Path(__file__).parent.parent / "page"

# Said here, as what a system guesses of a file's name depends on its registry, and browsers run no module of another.
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

HEADERS = {
    # Nothing from elsewhere, nothing inside another page, no script or style but in files of this server.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-cache",  # kept, but asked again for with the ETag
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_FILES = StaticFiles(directory=FOLDER, check_dir=False)


@router.get("/")
async def index(request: Request) -> Response:
    """The page."""
    return await file("index.html", request)


@router.get("/page/{name}")
async def file(name: str, request: Request) -> Response:
    """A file of the page, or 304 where the browser has it already."""
    if Path(name).suffix not in MEDIA_TYPES:
        raise HTTPException(404)
    answer = await _FILES.get_response(name, request.scope)
    answer.headers.update(HEADERS)
    if answer.status_code == 200:
        answer.headers["Content-Type"] = MEDIA_TYPES[Path(name).suffix]
    return answer
