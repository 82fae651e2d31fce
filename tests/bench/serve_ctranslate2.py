"""The service around CTranslate2, for `make bench-serve`: python -m tests.bench.serve_ctranslate2 LENGTH

Everything but the engine is ours, down to the pieces of the bundle's tokenizer. CTranslate2 has a Transformer of random
weights in int8, with about as many parameters as the shipped translator, and is made to give LENGTH pieces for each of
the source's. What it says makes no sense; it says it as fast as it says anything. Runs in .venv-peers.
"""

import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

import ctranslate2
import numpy as np

from mt import Hypothesis, SearchOptions, Translator, load_bundle, shipped_bundle
from mt.cores import usable_cores
from mt.engines import NO_CONDITIONS, Conditions
from service.cli import serve
from service.settings import Settings, read_settings
from tests.bench.decode_ctranslate2 import SIZES, write_model

SPECIAL = ["<blank>", "<unk>", "<s>", "</s>"]
# To choose the batch from: so many sentences of so many pieces, in batches of these sizes.
TRIED, PIECES, BATCHES = 64, 20, (1, 4, 8, 16, 32)


class CTranslate2Engine:
    """A mt.engines.Engine; as many searches at once as there are cores, each on one of them."""

    max_source_pieces = 512
    is_steerable = False

    def __init__(self, vocabulary: int, length: float, folder: Path):
        """Writes the model into the folder. A translation has `length` times the pieces of its source."""
        self._names = [*SPECIAL, *(f"piece{number}" for number in range(len(SPECIAL), vocabulary))]
        self._ids = {name: number for number, name in enumerate(self._names)}
        self._length = length
        self.parameters = write_model(SIZES["small"], self._names, folder)
        self.calls_at_once = usable_cores()
        self._translator = ctranslate2.Translator(
            str(folder), compute_type="int8", inter_threads=self.calls_at_once, intra_threads=1
        )
        self.best_batch = fastest_batch(self)

    def search(
        self, sources: Sequence[Sequence[int]], options: SearchOptions, conditions: Conditions = NO_CONDITIONS
    ) -> list[list[Hypothesis]]:
        """One hypothesis of each source; all of a call have the same length, the mean of what each should have."""
        assert not any(conditions.prefixes), conditions.prefixes
        pieces = max(1, round(self._length * fmean(map(len, sources))))
        found = self._translator.translate_batch(
            [[self._names[number] for number in source] for source in sources],
            beam_size=options.beam,
            length_penalty=options.length_penalty,
            min_decoding_length=pieces,
            max_decoding_length=pieces,
        )
        return [[self._hypothesis(one.hypotheses[0], len(source))] for one, source in zip(found, sources, strict=True)]

    def _hypothesis(self, names: Sequence[str], source_pieces: int) -> Hypothesis:
        ids = [max(len(SPECIAL), self._ids[name]) for name in names]
        return Hypothesis(ids, -1.0, True, np.full((len(ids), source_pieces), 1 / source_pieces, np.float32))


def fastest_batch(engine: CTranslate2Engine, clock: Callable[[], float] = time.perf_counter) -> int:
    """The number of sentences in a call with which most are translated a second, with all calls at work."""
    sources = np.random.default_rng(1).integers(len(SPECIAL), 1000, (TRIED, PIECES)).tolist()
    search = partial(engine.search, options=SearchOptions(beam=5))

    def seconds(size: int) -> float:
        batches = [sources[start : start + size] for start in range(0, TRIED, size)]
        with ThreadPoolExecutor(engine.calls_at_once) as threads:
            began = clock()
            list(threads.map(search, batches))
            return clock() - began

    seconds(1)  # warm
    return min(BATCHES, key=seconds)


def load(length: float, folder: Path, settings: Settings) -> Translator:
    """What the service translates with; tells the size of its model on standard error."""
    bundle = load_bundle(settings.bundle or shipped_bundle())
    engine = CTranslate2Engine(bundle.tokenizer.size, length, folder / "model")
    print(f"CTranslate2: {engine.parameters:,} parameters, batches of {engine.best_batch}", file=sys.stderr)
    return Translator(bundle, engine=engine)


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        sys.exit(serve(read_settings({}), partial(load, float(sys.argv[1]), Path(folder))))
