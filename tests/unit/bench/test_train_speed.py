import pytest

from tests.bench.cases import CASES, Spec
from tests.bench.padded import Padded
from tests.bench.train_speed import choose_peers, parse
from tests.bench.worker import Trainee, train_round


def test_a_spec_comes_back_as_it_was_written(tmp_path):
    spec = Spec(CASES["M"], str(tmp_path), threads=2, precision="auto")
    assert Spec.read(spec.write(tmp_path / "spec.json")) == spec


@pytest.mark.parametrize(("precision", "is_there"), [("mixed_bfloat16", True), ("float32", False)])
def test_a_peer_in_bfloat16_is_measured_where_ours_computes_in_it(precision, is_there):
    peers = choose_peers(None, precision)
    assert ("pytorch-bfloat16" in peers) is is_there
    assert {"pytorch", "joeynmt"} <= set(peers)


def test_peers_that_are_asked_for_are_taken_as_they_are():
    assert choose_peers(["pytorch-bfloat16"], "float32") == ["pytorch-bfloat16"]
    assert choose_peers([], "mixed_bfloat16") == []


def test_the_reference_model_and_the_small_one_are_measured_by_default():
    options = parse([])
    assert list(options.cases) == ["M", "small"]
    assert options.peers is None


def test_a_round_trains_on_every_batch_once_in_order():
    seen: list[Padded] = []
    trainee = Trainee(prepare=lambda batch: batch, update=lambda batch: seen.append(batch) or 2.5, facts={})
    answer = train_round(trainee, ["a", "b", "c"])
    assert seen == ["a", "b", "c"]
    assert answer.losses == [2.5] * 3
    assert len(answer.seconds) == 3
    assert answer.peak_bytes > 0
