"""What each worker is told and takes; real ones train in tests/integration/test_workers.py."""

import json

import keras
import numpy as np
import pytest

from mt.errors import TrainingError
from training.run.workers import ALONE, VARIABLE, Workers, join_workers, refuse_workers


def configure(monkeypatch, cluster, kind="worker", index=0):
    monkeypatch.setenv(VARIABLE, json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}}))


@pytest.mark.parametrize("text", [None, "", " "])
def test_without_the_variable_a_process_is_alone(monkeypatch, text):
    monkeypatch.delenv(VARIABLE, raising=False)
    if text is not None:
        monkeypatch.setenv(VARIABLE, text)
    assert join_workers() is ALONE
    refuse_workers()


def test_a_cluster_of_one_is_alone(monkeypatch):
    configure(monkeypatch, {"worker": ["127.0.0.1:1"]})
    assert join_workers() is ALONE


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "3",
        "{}",
        '{"cluster": {"worker": ["a:1", "b:1"]}}',
        '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 2}}',
        '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": "x"}}',
        '{"cluster": {"worker": ["a:1"], "ps": ["b:1"]}, "task": {"type": "ps", "index": 0}}',
        '{"cluster": {"worker": "a:1"}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": ["a:1", "b:1"], "task": {"type": "worker", "index": 0}}',
    ],
)
def test_a_variable_that_names_no_worker_is_refused_with_an_example(monkeypatch, text):
    monkeypatch.setenv(VARIABLE, text)
    for function in (join_workers, refuse_workers):
        with pytest.raises(TrainingError, match="TF_CONFIG must name all workers and this one, as") as caught:
            function()
        assert f"got '{text}'" in str(caught.value)


@pytest.mark.parametrize("cluster", [{"worker": ["a:1", "b:1"]}, {"chief": ["a:1"], "worker": ["b:1"]}])
def test_steps_that_one_process_does_are_refused_to_several(monkeypatch, cluster):
    configure(monkeypatch, cluster)
    with pytest.raises(TrainingError, match="`mt-train run` on each"):
        refuse_workers()


def test_every_batch_of_an_update_is_one_workers():
    batches = list(range(7))
    shares = [Workers(index, 3).share(batches) for index in range(3)]
    assert sorted(batch for share in shares for batch in share) == batches
    assert [len(share) for share in shares] == [3, 2, 2]
    assert ALONE.share(batches) == batches


def test_alone_sums_and_flags_are_what_they_were():
    assert ALONE.sum([1, 2]) == [1, 2]
    assert (ALONE.any(True), ALONE.any(False)) == (True, False)


def test_only_the_chief_writes_to_the_folder_of_the_run(tmp_path):
    assert Workers(0, 2).folder(tmp_path) == tmp_path
    own = Workers(1, 2).folder(tmp_path)
    assert own.is_dir()
    assert own != tmp_path


def test_workers_draw_different_masks_from_the_same_random_state():
    masks = []
    for workers in (ALONE, *(Workers(index, 3) for index in range(3))):
        layer = keras.layers.Dropout(0.5, seed=7)
        workers.draw_apart(layer.variables)
        masks.append(np.asarray(layer(np.ones((4, 16), np.float32), training=True)))
    np.testing.assert_array_equal(masks[0], masks[1], err_msg="the chief draws as one who is alone")
    assert not np.array_equal(masks[1], masks[2])
    assert not np.array_equal(masks[2], masks[3])
