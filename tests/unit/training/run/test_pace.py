"""What a run waits for its batches, and the forecast from its first updates; the clock is the tests' own."""

import json

import numpy as np
import pytest

from tests import training_runs
from training.data.dataset import Batch
from training.run.pace import COMPILING_UPDATES, MEASURED_UPDATES, VALIDATION_COST, Pace, Plan

SENTENCES, PIECES = 10, 400  # of each batch
BATCH = Batch(np.zeros((SENTENCES, 8)), np.zeros((SENTENCES, 41)), np.zeros(PIECES), np.zeros(PIECES))
PLAN = Plan(max_updates=1_000, validate_every=100, sentences=2_000, dev_sentences=50)
WAITING, UPDATING, COMPILING, VALIDATING = 0.1, 0.9, 30.0, 40.0  # seconds


class Run:
    """A training loop on a clock that it sets itself."""

    def __init__(self, plan=PLAN):
        self.now, self.said, self.plan = 0.0, [], plan
        self.pace = Pace(plan, lambda: self.now)

    def go(self, first, last):
        """The updates from first to last; those that compile are the first five and every tenth."""
        for update, _ in enumerate(self.pace.watch(self.batches(last - first + 1), first - 1, self.said.append), first):
            self.now += UPDATING
            if update < first + COMPILING_UPDATES or update % 10 == 0:
                self.now += COMPILING
            if update % self.plan.validate_every == 0:
                self.now += VALIDATING - COMPILING
        return self

    def batches(self, count):
        for _ in range(count):
            self.now += WAITING
            yield BATCH


def test_nothing_is_said_before_enough_updates_are_measured():
    enough = COMPILING_UPDATES + MEASURED_UPDATES
    assert Run().go(1, enough - 1).said == []
    assert len(Run().go(1, enough).said) == 1


def test_the_forecast_counts_updates_and_validations_and_not_what_compiles():
    (line,) = Run().go(1, 60).said
    validation = VALIDATION_COST * (WAITING + UPDATING) / SENTENCES * PLAN.dev_sentences
    minutes = (975 * (WAITING + UPDATING) + 10 * validation) / 60
    assert line == (
        f"About {minutes:.0f} minutes for the 975 updates left, unless training.patience ends them sooner: 400 target "
        f"pieces a second, 4.9 epochs of 2,000 pairs; validations: 10 of about {validation:.0f} s."
    )


def test_the_first_validation_corrects_the_forecast_once():
    said = Run().go(1, 450).said
    taken = VALIDATING - WAITING
    assert said[1:] == [f"A validation takes 40 s: about {(900 + 9 * taken) / 60:.0f} minutes to go."]


def test_a_run_that_goes_on_forecasts_what_is_left():
    (line,) = Run().go(951, 990).said
    assert line.startswith("About 0.6 minutes for the 25 updates left")
    assert "0.1 epochs" in line
    assert "validations: 1 of about 10 s." in line


def test_an_update_of_several_batches_counts_as_one():
    halves = Plan(1_000, 100, 2_000, 50, accumulate=2)
    run = Run(halves)
    for number, _ in enumerate(run.pace.watch(run.batches(60), 0, run.said.append), start=1):
        run.now += 0.0 if number % 2 else 1.8  # seconds; the first batch of each update waits for the second
    assert run.said[0].startswith("About 34 minutes for the 975 updates left")
    assert "400 target pieces a second, 9.8 epochs" in run.said[0]
    assert run.pace.facts(run.now)["epochs"] == 60 * SENTENCES / 2_000


def test_a_run_of_few_updates_says_nothing():
    assert Run(Plan(20, 5, 100, 10)).go(1, 20).said == []


def test_the_facts_tell_the_epochs_and_the_share_of_waiting():
    run = Run().go(1, 300)
    facts = run.pace.facts(run.now)
    assert facts["epochs"] == pytest.approx(300 * SENTENCES / PLAN.sentences)
    assert facts["input_seconds"] == pytest.approx(300 * WAITING)
    assert facts["input_share"] == pytest.approx(300 * WAITING / run.now, abs=1e-4)
    assert facts["peak_memory_bytes"] > 0
    assert facts["hardware"].endswith(" cores")


def test_the_facts_go_on_over_an_interruption_after_json():
    whole, first, second = Run().go(1, 200), Run().go(1, 120), Run()
    second.pace.restore(json.loads(json.dumps(first.pace.state())))
    second.go(121, 200)
    for name in ("epochs", "input_seconds"):
        assert second.pace.facts(1.0)[name] == pytest.approx(whole.pace.facts(1.0)[name])


def test_a_peak_of_before_an_interruption_is_kept():
    pace = Pace(PLAN)
    pace.restore({"peak_memory_bytes": 10**15})
    assert pace.facts(1.0)["peak_memory_bytes"] == 10**15
    assert pace.state()["peak_memory_bytes"] == 10**15


def test_a_checkpoint_of_before_the_facts_were_kept_starts_them_at_nothing():
    pace = Pace(PLAN)
    pace.restore({})
    assert (pace.facts(0.0)["epochs"], pace.facts(0.0)["input_share"]) == (0, 0)


def test_the_last_line_of_a_run_has_the_facts():
    run = Run().go(1, 300)
    assert run.pace.summary(100.0).startswith("1.5 epochs, 30.0% of the time waiting for batches, at most ")
    assert run.pace.summary(100.0).endswith(run.pace.facts(100.0)["hardware"])


def test_a_plan_counts_all_directions_and_only_the_dev_sentences_that_are_used():
    config = training_runs.recipe(training={"validation_sentences": 4, "max_updates": 9}).training
    assert Plan.of(config, training_runs.corpora(pairs=30, dev_pairs=6)) == Plan(9, config.validate_every, 60, 8)
