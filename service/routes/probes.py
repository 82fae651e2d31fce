"""Whether the service lives, and whether it can translate: for load balancers, containers and people."""

from typing import Any

from fastapi import APIRouter, Request

from service.answers import Answer
from service.state import service_of

router = APIRouter(tags=["Operation"])


def _answer(description: str, example: dict[str, Any]) -> dict[str, object]:
    return {"description": description, "content": {"application/json": {"example": example}}}


@router.get("/health", summary="Alive?", responses={200: _answer("The process answers", {"status": "ok"})})
async def health() -> Answer:
    """`ok` as long as the process answers, also while it loads the translator."""
    return Answer({"status": "ok"})


@router.get(
    "/ready",
    summary="Ready to translate?",
    responses={
        200: _answer("A model serves", {"status": "ready", "models": ["tatoeba-en-de"]}),
        503: _answer("Loading, or stopping", {"error": "The translator is being loaded. Try again in a few seconds."}),
    },
)
async def ready(request: Request) -> Answer:
    """The names of the models that serve; 503 while the first are loaded, or none can be, or the server stops."""
    return Answer({"status": "ready", "models": [model.translator.name for model in service_of(request).models()]})
