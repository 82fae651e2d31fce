"""Our LiteRT engine with the graphs of tests.bench.decode_model, in int8 or float32."""

import json
import platform
from importlib.metadata import version
from pathlib import Path

from mt.engines import SearchOptions
from mt.engines.litert import LiteRTEngine
from tests.bench.cases import CASES
from tests.bench.decode_cases import PIECES, DecodeSpec, make_sources
from tests.bench.decode_worker import Contestant, Sources, search_jobs, serve


def build(path: Path) -> Contestant:
    """The engine."""
    spec = DecodeSpec.read(path)
    precision = spec.name.removeprefix("litert-")
    engine = LiteRTEngine(Path(spec.folder) / precision)

    def search(sources: Sources, beam: int) -> list[int]:
        return [
            len(found[0].ids)
            for found in engine.search(sources, SearchOptions(beam, max_pieces=PIECES, loop_guard=False))
        ]

    return Contestant(search_jobs(search, make_sources(CASES[spec.case].vocabulary)), facts(spec, precision))


def facts(spec: DecodeSpec, precision: str) -> dict[str, object]:
    """Whatever threads others have, a search by LiteRT has one."""
    model = json.loads((Path(spec.folder) / "model.json").read_text(encoding="utf-8"))
    return {
        "name": f"ours, LiteRT {precision}",
        "parameters": model["parameters"],
        "threads": 1,
        "versions": {"python": platform.python_version(), "ai-edge-litert": version("ai-edge-litert")},
    }


if __name__ == "__main__":
    serve(build)
