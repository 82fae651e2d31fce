"""Our LiteRT engine with the graphs of tests.bench.decode_model, in int8 or float32."""

import json
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np

from mt.engines import SearchOptions
from mt.engines.litert import LiteRTEngine
from mt.lexicon import Lexicon, Table
from tests.bench.cases import CASES, SEED
from tests.bench.decode_cases import PIECES, DecodeSpec, make_sources
from tests.bench.decode_worker import Contestant, Sources, search_jobs, serve

ALLOWED = 500  # what a lexicon of Tatoeba's pairs allows for a sentence of 12 pieces


def build(path: Path) -> Contestant:
    """The engine."""
    spec = DecodeSpec.read(path)
    precision, _, shortlist = spec.name.removeprefix("litert-").partition("-")
    vocabulary = CASES[spec.case].vocabulary
    sources = make_sources(vocabulary)
    lexicon = random_lexicon(vocabulary, sources) if shortlist else None
    engine = LiteRTEngine(Path(spec.folder) / precision, lexicon)

    def search(sources: Sources, beam: int) -> list[int]:
        options = SearchOptions(beam, max_pieces=PIECES, loop_guard=False, shortlist=bool(shortlist))
        return [len(found[0].ids) for found in engine.search(sources, options)]

    kind = f"{precision}, {ALLOWED} pieces allowed for a source" if shortlist else precision
    return Contestant(search_jobs(search, sources), facts(spec, kind))


def random_lexicon(vocabulary: int, sources: Sources) -> Lexicon:
    """Allows about as many pieces for a source as a real one, drawn at random; some are allowed for all."""
    draw = np.random.default_rng(SEED)
    frequent = draw.choice(vocabulary, ALLOWED // 4, replace=False)
    each = ALLOWED * 3 // 4 // PIECES
    starts = np.arange(vocabulary + 2) * each
    pieces = np.sort(draw.integers(0, vocabulary, (vocabulary + 1, each)), axis=1).reshape(-1)
    table = Table(starts, pieces, np.zeros(len(pieces), np.float16), frequent)
    return Lexicon({"any": table}, {source[0]: "any" for source in sources})


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
