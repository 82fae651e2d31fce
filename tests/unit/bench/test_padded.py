import numpy as np

from tests.bench.padded import load, make_padded, save
from training.data.dataset import Example, make_batch

EXAMPLES = [Example([4, 7, 8, 3], [9]), Example([4, 5, 3], [10, 11, 12]), Example([4, 3], [])]


def test_labels_are_those_of_a_batch_of_ours():
    batch = make_batch(EXAMPLES)
    padded = make_padded(batch.source, batch.target)
    assert padded.labels.reshape(-1)[batch.positions].tolist() == batch.labels.tolist()
    assert padded.pieces == len(batch.labels) == np.count_nonzero(padded.labels)


def test_saved_batches_come_back_in_their_order(tmp_path):
    made = [make_batch(EXAMPLES[: count + 1]) for count in range(3)] * 4
    batches = [make_padded(batch.source, batch.target) for batch in made]
    save(batches, tmp_path / "batches.npz")
    loaded = load(tmp_path / "batches.npz")
    assert [one.source.tolist() for one in loaded] == [one.source.tolist() for one in batches]
    assert [one.labels.tolist() for one in loaded] == [one.labels.tolist() for one in batches]
