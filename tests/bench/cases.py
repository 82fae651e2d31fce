"""What is measured: the sizes of the models, what is the same for all who train them, and how a worker is told."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

DROPOUT = 0.3
LABEL_SMOOTHING = 0.1
CLIP_NORM = 1.0
LEARNING_RATE = 1e-3
SEED = 1


@dataclass(frozen=True)
class Case:
    """A model and the batches that it is trained on. All widths as in mt.model.ModelConfig."""

    name: str
    embedding: int
    encoder_hidden: int  # of one direction
    encoder_layers: int
    decoder_hidden: int
    decoder_layers: int
    vocabulary: int
    batch_pieces: int  # target pieces of one batch, padding not counted
    pairs: int = 20_000  # of the generated corpus


CASES = {
    "M": Case("M", 512, 256, 2, 512, 2, vocabulary=8_000, batch_pieces=3_000),
    "small": Case("small", 256, 256, 1, 512, 1, vocabulary=6_000, batch_pieces=1_200),
    # Says nothing about speed; shows in seconds that everybody runs and learns.
    "check": Case("check", 32, 16, 2, 32, 2, vocabulary=600, batch_pieces=200, pairs=400),
}


@dataclass(frozen=True)
class Spec:
    """What a worker is told."""

    case: Case
    folder: str  # what tests.bench.corpus left there
    threads: int
    precision: str = "float32"  # "bfloat16", or "auto" for what mt-train would choose

    def write(self, path: Path) -> Path:
        """The path, with the spec in it."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")
        return path

    @classmethod
    def read(cls, path: Path) -> "Spec":
        """What `write` wrote."""
        values = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**values, "case": Case(**values["case"])})
