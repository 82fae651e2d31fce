"""How much of our training the input pipeline takes: drawing, sampling pieces, grouping and padding."""

import json
import sys
import time
from contextlib import closing
from pathlib import Path

from mt.tokenizer import Tokenizer
from tests.bench.cases import LEARNING_RATE, SEED, Spec
from tests.bench.corpus import MAX_PIECES, SOURCE, TARGET
from tests.bench.ours import make_updater
from training.data.dataset import Batching, Bitext, Dataset
from training.run.update import Updater

SAMPLING = (0.0, 0.25)  # alpha of subword regularization; 0 = always the likeliest pieces
WARM_UP = 4  # updates


def make_dataset(spec: Spec, sampling: float) -> Dataset:
    """The training batches of the spec's corpus, without end."""
    folder = Path(spec.folder)
    sides = [(folder / f"{name}.txt").read_text(encoding="utf-8").split("\n")[:-1] for name in ("source", "target")]
    # The whole corpus is one window, so that the pipeline is about an epoch ahead, not a dozen.
    batching = Batching(spec.case.batch_pieces, MAX_PIECES, SEED, sampling, window=len(sides[0]))
    tokenizer = Tokenizer.load(folder / "sentencepiece.model")
    return Dataset([Bitext(SOURCE, TARGET, sides[0], sides[1])], tokenizer, batching)


def speed_alone(dataset: Dataset) -> float:
    """Target pieces a second when nobody trains, over the second and the third epoch."""
    pieces, started = 0, 0.0
    with closing(dataset.batches()) as batches:
        for place, batch in batches:
            if place.epoch == 3:
                break
            if place.epoch and not started:
                started = time.perf_counter()
            if started:
                pieces += len(batch.labels)
    return pieces / (time.perf_counter() - started)


def share_waited(updater: Updater, dataset: Dataset, updates: int) -> tuple[float, float]:
    """The share of a training's time that it waits for batches, and its target pieces a second."""
    pieces, waited, started = 0, 0.0, time.perf_counter()
    with closing(dataset.batches()) as batches:
        for number in range(WARM_UP + updates):
            if number == WARM_UP:
                pieces, waited, started = 0, 0.0, time.perf_counter()
            asked = time.perf_counter()
            _, batch = next(batches)
            waited += time.perf_counter() - asked
            updater([batch], LEARNING_RATE)
            pieces += len(batch.labels)
    total = time.perf_counter() - started
    return waited / total, pieces / total


def main() -> None:
    """Measures for the spec and the number of updates on the command line; writes `pipeline.json` into its folder."""
    spec, updates = Spec.read(Path(sys.argv[1])), int(sys.argv[2])
    updater = make_updater(spec)
    rows = []
    for sampling in SAMPLING:
        dataset = make_dataset(spec, sampling)
        share, speed = share_waited(updater, dataset, updates)
        rows.append(
            {
                "sampling": sampling,
                "pieces_per_second_alone": speed_alone(dataset),
                "pieces_per_second_of_training": speed,
                "share_waited": share,
            }
        )
    (Path(spec.folder) / "pipeline.json").write_text(json.dumps(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
