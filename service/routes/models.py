"""`/models`: what serves, what is refused and what is not whole yet; for people and their scripts."""

from typing import Any

from fastapi import APIRouter, Request

from mt import Manifest
from service.answers import Answer
from service.models import Model, Models
from service.state import service_of
from service.upkeep import Rejection

router = APIRouter(tags=["Operation"])

_EXAMPLE = {
    "models": [
        {
            "name": "tatoeba-en-de",
            "version": "1.1",
            "hash": "0d4f5bb1a2c34a7d0c9be16f8e235a90b7cc41d2e6f38b5a1c070d4f5bb1a2c3",
            "description": "Everyday sentences",
            "languages": ["en", "de"],
            "directions": ["en-de", "de-en"],
            "serves": ["en-de", "de-en"],
            "engine": "litert",
            "created": "2030-01-02T03:04:05+00:00",
            "since": "2030-02-03T04:05:06+00:00",
            "scores": [
                {
                    "direction": "en-de",
                    "test_set": "test.en → test.de",
                    "sentences": 2000,
                    "metrics": [{"name": "BLEU", "value": 41.2, "signature": "nrefs:1|case:mixed|eff:no|tok:13a|…"}],
                }
            ],
        }
    ],
    "refused": [
        {
            "folder": "en-de-1.2",
            "name": "tatoeba-en-de",
            "version": "1.2",
            "reason": "The bundle's file en-de-1.2/litert/step.tflite is damaged: its sha256 is …",
        }
    ],
    "incomplete": [
        {"folder": "en-fr", "name": None, "version": None, "reason": "manifest.json is not there yet."},
    ],
}


@router.get(
    "/models",
    summary="Models",
    responses={
        200: {
            "description": "The models, also when there are none yet",
            "content": {"application/json": {"example": _EXAMPLE}},
        }
    },
)
async def models(request: Request) -> Answer:
    """Each model that serves, with the scores of its bundle, and the bundles of `MT_BUNDLES` that do not.

    `hash` is another one whenever a file of the bundle is. `serves` has those of its directions that no other model
    comes first in. `since` is when it began to serve. A bundle is `refused` for its `reason` until one of its files
    changes, and `incomplete` while it is being copied.
    """
    service = service_of(request)
    upkeep = service.upkeep
    return Answer(
        {
            "models": [_model(service.catalogue, model) for model in service.catalogue],
            "refused": [_rejection(one) for one in (upkeep.refused if upkeep else ())],
            "incomplete": [_rejection(one) for one in (upkeep.incomplete if upkeep else ())],
        }
    )


def _model(models: Models, model: Model) -> dict[str, Any]:
    translator, manifest = model.translator, model.translator.manifest
    return {
        **_named(manifest),
        "hash": manifest.fingerprint,
        "description": manifest.description,
        "languages": list(dict.fromkeys(code for direction in manifest.pairs for code in direction)),
        "directions": manifest.directions,
        "serves": ["-".join(direction) for direction in models.serves(model)],
        "engine": translator.engine_name,
        "created": manifest.created,
        "since": model.since.isoformat(timespec="seconds"),
        "scores": manifest.scores,
    }


def _rejection(rejection: Rejection) -> dict[str, Any]:
    return {"folder": rejection.folder, **_named(rejection.manifest), "reason": rejection.reason}


def _named(manifest: Manifest | None) -> dict[str, str | None]:
    """The name and version; null where the manifest cannot be read, or has no version."""
    if manifest is None:
        return {"name": None, "version": None}
    return {"name": manifest.name, "version": manifest.version or None}
