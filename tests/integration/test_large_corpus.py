"""A corpus is read, stored and turned into batches without being held in memory; `make scale` does it with millions."""

import tracemalloc
from contextlib import closing
from itertools import takewhile

from tests import tiny, training_runs
from training.data.corpora import load_corpora
from training.data.dataset import Batching, Dataset

SMALL, LARGE = 9_000, 24_000  # pairs; both are more than twice what is read at once
# The order of the examples and the hashes of the pairs, each with a copy while it is made. One pair of texts as Python
# objects takes 300 bytes, its ids as lists as much again.
MOST_BYTES_A_PAIR = 60


def write_names(folder, count):
    """That many pairs of two number names each."""
    folder.mkdir()
    for language in ("en", "de"):
        names = tiny.number_names(language)
        lines = (f"{names[number // 300]} {names[number % 300]}\n" for number in range(count))
        (folder / f"train.{language}").write_text("".join(lines), encoding="utf-8")
        (folder / f"dev.{language}").write_text(names[-1] + "\n", encoding="utf-8")


def peak_bytes(folder, pairs):
    """The most that Python and numpy hold while the pairs are read and go by as batches for an epoch."""
    write_names(folder, pairs)
    files = {part: [f"{part}.en", f"{part}.de"] for part in ("train", "dev")}
    recipe = training_runs.recipe(directions=["en-de"], corpora=[{"languages": ["en", "de"], **files}])
    tokenizer = tiny.tokenizer()
    tracemalloc.start()
    try:
        corpora = load_corpora(recipe, folder, folder / "cache")
        dataset = Dataset(corpora.train, tokenizer, Batching(3_000, 100, seed=1, window=1_000))
        with closing(dataset.batches()) as batches:
            seen = sum(len(batch.source) for _, batch in takewhile(lambda item: item[0].epoch == 0, batches))
        assert seen == pairs
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_corpus_four_times_as_large_hardly_needs_more_memory(tmp_path):
    small, large = peak_bytes(tmp_path / "small", SMALL), peak_bytes(tmp_path / "large", LARGE)
    assert large - small < MOST_BYTES_A_PAIR * (LARGE - SMALL)
