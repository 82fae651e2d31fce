import asyncio

import pytest

from service.records import Phase, Record, begin_record, chosen_id, current_id, current_record


@pytest.mark.parametrize("given", ["a", "6f1c9a4e-0f6b-4f43", "Root=1-67891233:abc/def+=@~_", "x" * 128])
def test_an_identifier_that_is_short_and_harmless_is_taken_over(given):
    assert chosen_id([given]) == given


@pytest.mark.parametrize("given", [[], [""], ["x" * 129], ["a b"], ["a\n"], ["ü"], ['{"a":1}'], ["one", "two"]])
def test_instead_of_any_other_a_new_one_is_made(given):
    made = chosen_id(given)
    assert made not in given
    assert made != chosen_id(given)
    assert chosen_id([made]) == made


def test_a_phase_is_kept_also_when_it_fails():
    record = Record()
    with pytest.raises(ZeroDivisionError), record.phase("search"):
        raise ZeroDivisionError
    (phase,) = record.phases
    assert record.seconds == {"search": phase.ended - phase.began}
    assert phase.ended >= phase.began


def test_phases_of_one_name_are_added_up():
    record = Record(phases=[Phase("queue", 0.0, 1.0), Phase("search", 1.0, 3.0), Phase("queue", 3.0, 7.0)])
    assert record.seconds == {"queue": 5.0, "search": 2.0}


def test_a_request_has_its_record_and_another_task_has_another():
    async def request(name):
        begin_record(Record(name))
        await asyncio.sleep(0)
        return current_id(), current_record().identifier

    async def scenario():
        return await asyncio.gather(*(asyncio.create_task(request(name)) for name in "ab"))

    assert asyncio.run(scenario()) == [("a", "a"), ("b", "b")]


def test_outside_of_requests_what_is_written_is_read_by_nobody():
    current_record().client = "somebody"
    assert (current_record().client, current_id()) == ("", "")
