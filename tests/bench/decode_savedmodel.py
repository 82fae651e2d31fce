"""Our TensorFlow engine with the SavedModel of tests.bench.decode_model: its own searches, and its decoder driven."""

import json
import platform
from pathlib import Path

from mt.engines import SearchOptions
from mt.engines.savedmodel import SavedModelEngine
from mt.engines.tensorflow import import_tensorflow
from tests.bench.cases import CASES
from tests.bench.decode_cases import BEAM, PIECES, DecodeSpec, make_sources
from tests.bench.decode_worker import Contestant, Sources, search_jobs, serve


def build(path: Path) -> Contestant:
    """The engine; it drives the decoder for `savedmodel-driven`, as for every search that is not in the graph."""
    spec = DecodeSpec.read(path)
    folder, is_driven = Path(spec.folder), spec.name == "savedmodel-driven"
    engine = SavedModelEngine(folder / "savedmodel", SearchOptions(BEAM), spec.threads)
    # The searches in the graph have the same limit written into them.
    max_pieces = PIECES if is_driven else None

    def search(sources: Sources, beam: int) -> list[int]:
        return [
            len(found[0].ids)
            for found in engine.search(sources, SearchOptions(beam, max_pieces=max_pieces, loop_guard=False))
        ]

    tf = import_tensorflow()
    facts = {
        "name": "ours, SavedModel's step driven" if is_driven else "ours, SavedModel",
        "parameters": json.loads((folder / "model.json").read_text(encoding="utf-8"))["parameters"],
        "threads": tf.config.threading.get_intra_op_parallelism_threads(),
        "versions": {"python": platform.python_version(), "tensorflow": tf.__version__},
    }
    return Contestant(search_jobs(search, make_sources(CASES[spec.case].vocabulary)), facts)


if __name__ == "__main__":
    serve(build)
