"""What TF_CONFIG may say, and what each mistake in it is answered with."""

import json
import re

import pytest

from mt.errors import TrainingError
from training.run.cluster import EXAMPLE, VARIABLE, Seat, find_seat

PAIR = {"worker": ["a:1", "b:1"]}
FIRST = {"type": "worker", "index": 0}


def seat(monkeypatch, cluster, kind, index):
    monkeypatch.setenv(VARIABLE, json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}}))
    return find_seat()


@pytest.mark.parametrize("text", [None, "", " "])
def test_without_the_variable_a_process_is_alone(monkeypatch, text):
    monkeypatch.delenv(VARIABLE, raising=False)
    if text is not None:
        monkeypatch.setenv(VARIABLE, text)
    assert find_seat() == Seat()


def test_workers_are_counted_behind_the_chief(monkeypatch):
    for index in (0, 1):
        assert seat(monkeypatch, PAIR, "worker", index) == Seat(index, ("a:1", "b:1"))
    cluster, addresses = {"worker": ["b:1", "[::1]:2"], "chief": ["a:1"]}, ("a:1", "b:1", "[::1]:2")
    assert seat(monkeypatch, cluster, "chief", 0) == Seat(0, addresses)
    assert seat(monkeypatch, cluster, "worker", 0) == Seat(1, addresses)
    assert seat(monkeypatch, cluster, "worker", "1") == Seat(2, addresses)


def test_a_seat_knows_the_others():
    assert (Seat().count, Seat().others) == (1, [])
    seat = Seat(1, ("a:1", "b:1", "c:1"))
    assert (seat.count, seat.others) == (3, ["a:1", "c:1"])


def test_the_example_of_every_message_is_right(monkeypatch):
    monkeypatch.setenv(VARIABLE, EXAMPLE)
    assert find_seat() == Seat(0, ("host1:2222", "host2:2222"))


@pytest.mark.parametrize(
    ("config", "fault"),
    [
        ([], 'is no table with "cluster" and "task"'),
        ({}, 'has no "cluster" with the addresses of all workers'),
        ({"cluster": ["a:1", "b:1"], "task": FIRST}, 'has no "cluster" with the addresses of all workers'),
        ({"cluster": {"worker": []}, "task": FIRST}, 'has no "cluster" with the addresses of all workers'),
        ({"cluster": PAIR}, 'has no "task" with the "type" and "index" of this process'),
        ({"cluster": PAIR, "task": {"index": 0}}, 'has no "task" with the "type" and "index" of this process'),
        ({"cluster": {"worker": "a:1"}, "task": FIRST}, 'has no list of addresses for "worker"'),
        ({"cluster": {"worker": ["a:1", "b"]}, "task": FIRST}, "has the address 'b', which is not HOST:PORT"),
        ({"cluster": {"worker": [7]}, "task": FIRST}, "has the address 7, which is not HOST:PORT"),
        ({"cluster": {"worker": ["a:65536"]}, "task": FIRST}, "has the address 'a:65536', which is not HOST:PORT"),
        ({"cluster": {"chief": ["a:1"], "worker": ["a:1"]}, "task": FIRST}, "gives a:1 to more than one process"),
        ({"cluster": {"chief": ["a:1", "b:1"]}, "task": FIRST}, 'has more than one "chief"'),
        ({"cluster": {**PAIR, "ps": ["c:1"]}, "task": FIRST}, 'names parameter servers ("ps"), which Keras 3 cannot'),
        ({"cluster": PAIR, "task": {"type": "ps", "index": 0}}, 'names parameter servers ("ps"), which Keras 3 cannot'),
        (
            {"cluster": {**PAIR, "evaluator": ["c:1"]}, "task": FIRST},
            "names the type 'evaluator'; there are chief and worker alone",
        ),
        (
            {"cluster": PAIR, "task": {"type": "master", "index": 0}},
            "names the type 'master'; there are chief and worker alone",
        ),
        (
            {"cluster": PAIR, "task": {"type": "chief", "index": 0}},
            'gives this process the index 0 of 0 in "chief", counted from 0',
        ),
        *(
            (
                {"cluster": PAIR, "task": {"type": "worker", "index": index}},
                f'gives this process the index {index!r} of 2 in "worker", counted from 0',
            )
            for index in (2, -1, 0.5, "x", None, True)
        ),
    ],
)
def test_a_mistake_is_named_with_the_value_and_an_example(monkeypatch, config, fault):
    text = json.dumps(config)
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(TrainingError, match=f"^TF_CONFIG {re.escape(fault)}") as caught:
        find_seat()
    assert str(caught.value).endswith(f", got '{text}'. Set it on each worker as in {EXAMPLE}.")


def test_what_is_not_json_is_refused(monkeypatch):
    monkeypatch.setenv(VARIABLE, "{'cluster'")
    with pytest.raises(TrainingError, match=r"TF_CONFIG is not JSON \(Expecting property name .* got '{'cluster''"):
        find_seat()
