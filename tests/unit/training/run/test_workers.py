"""What each worker is told and takes; real ones train in tests/integration/test_workers.py."""

import signal
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from mt.errors import TrainingError
from tests.together import together
from training.run.cluster import VARIABLE
from training.run.workers import ALONE, Workers, join_workers


def test_without_others_a_process_is_alone(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert join_workers() is ALONE
    monkeypatch.setenv(VARIABLE, '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 0}}')
    assert join_workers() is ALONE


def test_a_mistake_in_the_variable_is_told_before_anybody_is_waited_for(monkeypatch):
    monkeypatch.setenv(VARIABLE, "{")
    with pytest.raises(TrainingError, match="TF_CONFIG is not JSON"):
        join_workers()


@pytest.fixture
def second_of_two(monkeypatch):
    monkeypatch.setenv(VARIABLE, '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}')


def test_a_worker_says_whom_it_waits_for_and_ctrl_c_ends_it_meanwhile(second_of_two, capsys):
    before, meanwhile = signal.getsignal(signal.SIGINT), []

    def connect():
        meanwhile.append(signal.getsignal(signal.SIGINT))
        return SimpleNamespace(num_replicas_in_sync=2)

    workers = join_workers(connect)
    assert (workers.index, workers.count, workers.is_chief) == (1, 2, False)
    assert capsys.readouterr().out == "Worker 1 of 2 waits for a:1 …\n"
    assert (meanwhile, signal.getsignal(signal.SIGINT)) == ([signal.SIG_DFL], before)


def test_workers_that_cannot_meet_are_told_why(second_of_two):
    def connect():
        raise tf.errors.UnknownError(None, None, "Could not start gRPC server")

    with pytest.raises(TrainingError, match="The workers of TF_CONFIG do not come together: Could not start gRPC"):
        join_workers(connect)


def test_a_worker_with_several_devices_is_refused(second_of_two):
    with pytest.raises(TrainingError, match=r"one device, got 8 devices for 2 workers\. Start one"):
        join_workers(lambda: SimpleNamespace(num_replicas_in_sync=8))


def test_every_batch_of_an_update_is_one_workers():
    batches = list(range(7))
    shares = [Workers(index, 3).share(batches) for index in range(3)]
    assert sorted(batch for share in shares for batch in share) == batches
    assert [len(share) for share in shares] == [3, 2, 2]
    assert ALONE.share(batches) == batches


def test_alone_sums_and_flags_are_what_they_were():
    assert ALONE.sum([1, 2]) == [1, 2]
    assert (ALONE.any(True), ALONE.any(False)) == (True, False)


def test_each_gets_the_sums_of_all_and_a_flag_that_anybody_sets():
    def work(workers):
        first = workers.sum([tf.constant(float(workers.index)), tf.constant([1.0, 2.0])])
        flags = [workers.any(workers.index == who) for who in range(4)]
        workers.wait()
        return [np.asarray(total).tolist() for total in first], flags

    for result in together(3, work):
        assert result.result() == ([3.0, [3.0, 6.0]], [True, True, True, False])


def test_a_sum_that_fails_is_told_with_what_to_do():
    def fail(_):
        raise tf.errors.UnavailableError(None, None, "gone")

    with pytest.raises(TrainingError, match=r"Worker 1 of 2 cannot go on, for another one .* \(UnavailableError\)"):
        Workers(1, 2, fail).sum([tf.constant(1.0)])


def test_workers_with_the_same_facts_train_together():
    for result in together(3, lambda workers: workers.require_same(recipe={"a": 1}, corpora=b"text")):
        assert result.result() is None
    assert ALONE.require_same(recipe="anything") is None


def test_a_worker_with_other_facts_than_the_chief_stops_all_of_them():
    def work(workers):
        workers.require_same(recipe=workers.index // 2, corpora="same", vocabulary=workers.index // 2)

    first, second, third = (str(result.exception()) for result in together(3, work))
    told = "Give all of them the same recipe, corpora, --out and training.precision, then start all of them again."
    assert first == f"Worker 0 of 3 cannot go on: another one tells what differs. {told}"
    assert second == f"Worker 1 of 3 cannot go on: another one tells what differs. {told}"
    assert third == f"Worker 2 of 3 has another recipe and vocabulary than the chief. {told}"
    assert all(isinstance(result.exception(), TrainingError) for result in together(3, work))


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
