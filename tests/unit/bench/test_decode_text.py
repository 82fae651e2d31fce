from tests.bench.decode_cases import ONE_BY_ONE, share
from tests.bench.decode_text import text_jobs


def test_every_line_is_translated_alone_once():
    seen = []
    job = text_jobs(seen.append, ["a", "b", "c"], [1])[ONE_BY_ONE]
    assert job.repetitions == 3
    for number in range(3):
        job.run(number)
    assert seen == [["a"], ["b"], ["c"]]


def test_the_parts_of_a_text_are_all_of_it():
    seen = []
    jobs = text_jobs(seen.extend, list("abcde"), [1, 2])
    jobs[share(0, 1)].run(0)
    assert seen == list("abcde")
    for part in range(2):
        jobs[share(part, 2)].run(0)
    assert sorted(seen[5:]) == list("abcde")
