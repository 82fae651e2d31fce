import asyncio

import pytest

from mt import Form
from service.jobs import Job
from service.journey import LEAST_SECONDS, travel
from service.models import Models
from tests.stub_bundles import StubScheduler, stub


@pytest.fixture
def models():
    models = Models(StubScheduler)
    models.put(stub("a", "de-en"))
    models.put(stub("b", "en-fr"))
    return models


def outcomes_of(models, job, clock=lambda: 0.0):
    return asyncio.run(travel(models.legs(job.source, job.target), job, clock))


def jobs_of(models):
    return [job for model in models for job in model.scheduler.jobs]


def test_a_job_of_one_leg_is_done_as_it_is(models):
    job = Job(("x", "y"), "de", "en", n_best=2, deadline_seconds=3.0, client="k")
    first, second = outcomes_of(models, job)
    assert (first.translation.text, second.translation.text) == ("x de>en", "y de>en")
    assert (first.source, first.pivot, first.translation.alternatives) == ("de", "", ("x de>en 2",))
    assert jobs_of(models) == [job]


def test_a_job_of_two_legs_is_translated_twice_and_says_by_way_of_what(models):
    first, second = outcomes_of(models, Job(("x", "y"), "de", "fr"))
    assert (first.translation.text, second.translation.text) == ("x de>en en>fr", "y de>en en>fr")
    assert (first.source, first.pivot) == ("de", "en")


def test_alternatives_and_a_prefix_belong_to_the_last_leg_and_all_else_to_both(models):
    html = Form("html")
    job = Job(("x",), "de", "fr", n_best=3, beam=5, prefix="p", client="k", form=html)
    (outcome,) = outcomes_of(models, job)
    assert outcome.translation.alternatives == ("x de>en en>fr 2", "x de>en en>fr 3")
    first, second = jobs_of(models)
    assert (first.n_best, first.beam, first.prefix, first.client, first.form) == (1, 5, "", "k", html)
    assert (second.n_best, second.beam, second.prefix, second.client, second.form) == (3, 5, "p", "k", html)


def test_log_probabilities_of_both_legs_add_up_and_each_warning_of_either_is_there_once(models):
    (outcome,) = outcomes_of(models, Job(("x",), "de", "fr", n_best=2))
    assert (outcome.translation.score, outcome.translation.alternative_scores) == (-2.0, (-3.0,))
    assert outcome.translation.warnings == ("split", "en", "fr")
    assert outcome.translation.confidence is None


@pytest.mark.parametrize(("taken", "left"), [(1.0, 9.0), (5.0, 5.0), (11.0, LEAST_SECONDS)])
def test_the_first_leg_has_half_of_the_time_and_the_second_what_is_left(models, taken, left):
    times = iter([100.0, 100.0 + taken])
    outcomes_of(models, Job(("x",), "de", "fr", deadline_seconds=10.0), lambda: next(times))
    assert [job.deadline_seconds for job in jobs_of(models)] == [5.0, left]


def test_models_that_are_replaced_meanwhile_end_the_job(models):
    class Replacing(StubScheduler):
        async def translate(self, job):
            for name, directions in (("a", "de-en"), ("b", "en-fr")):
                models.put(stub(name, directions))
            return await super().translate(job)

    old = [models.get(name) for name in "ab"]
    old[0].scheduler = Replacing(old[0].translator)
    (outcome,) = outcomes_of(models, Job(("x",), "de", "fr"))
    assert outcome.translation.text == "x de>en en>fr"
    assert all(model.scheduler.is_closed for model in old)
