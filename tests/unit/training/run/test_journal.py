"""The history of a run: what it tells, writes and carries over an interruption."""

import json

import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from mt.errors import TrainingError
from tests import training_runs
from training.run.journal import Journal
from training.run.pace import Pace, Plan
from training.run.validation import Validation

RECIPE = {"name": "numbers", "training": {"seed": 1}}


def new_journal(folder):
    return Journal(folder, RECIPE, "float32", 1_234, Pace(Plan(100, 10, 200, 20)))


@pytest.fixture
def journal(tmp_path):
    return new_journal(tmp_path)


def validate(journal, bleu=5.0, loss=3.0, update=10):
    """One validation; it draws the learning curve, which takes a while."""
    return journal.validated(update, 0, 0.001, Validation(loss, {"en-de": bleu - 1, "de-en": bleu + 1}))


def remember(journal, *results):
    """A history of validations (BLEU, dev loss) at updates 10, 20, …, as if a run went on from it."""
    rows = [{"update": 10 * n, "dev_bleu": bleu, "dev_loss": loss} for n, (bleu, loss) in enumerate(results, start=1)]
    journal.restore({"seconds": 0.0, "update_seconds": 0.0, "pieces": 0, "history": rows, "recent": []})


def test_the_status_weighs_each_update_by_its_pieces(journal):
    journal.record(4.0, 100, 0.5)
    journal.record(1.0, 300, 0.5)
    assert journal.status() == "loss 1.750, 400 pieces/s"


def test_the_status_looks_at_the_last_200_updates_alone(journal):
    journal.record(9.0, 1, 5.0)
    for _ in range(200):
        journal.record(2.0, 10, 0.01)
    assert journal.status() == "loss 2.000, 1,000 pieces/s"


def test_a_validation_is_a_line_to_print(journal):
    journal.record(2.5, 100, 0.1)
    journal.seconds = 90.0
    line = journal.validated(1_000, 3, 0.001, Validation(2.25, {"en-de": 12.345, "de-en": 20.0}))
    assert line == (
        "update 1,000, epoch 3, 1.5 min: train loss 2.500, dev loss 2.250, greedy BLEU en-de 12.35, de-en 20.00"
    )


def test_the_best_updates_are_those_of_the_highest_bleu(journal):
    remember(journal, (5.0, 3.0), (9.0, 2.0), (7.0, 1.0))
    assert journal.best(2) == [20, 30]
    assert journal.since_best() == 1


def test_of_equal_bleu_the_lower_dev_loss_is_better(journal):
    remember(journal, (0.0, 3.0), (0.0, 2.0), (0.0, 2.5))
    assert journal.best(3) == [20, 30, 10]
    assert journal.since_best() == 1


def test_before_the_first_validation_nothing_lies_back(journal):
    assert (journal.best(4), journal.since_best()) == ([], 0)


def test_a_journal_goes_on_from_its_state_after_json(journal, tmp_path):
    journal.record(4.0, 100, 0.5)
    journal.seconds = 7.0
    validate(journal)
    restored = new_journal(tmp_path / "other")
    restored.restore(json.loads(json.dumps(journal.state())))
    assert set(restored.state().pop("pace")) == {"input_seconds", "sentences", "peak_memory_bytes"}
    old, new = ({**one.state(), "pace": None} for one in (journal, restored))
    assert new == old | {"recent": [(4.0, 100, 0.5)]}
    assert (restored.status(), restored.best(1)) == (journal.status(), journal.best(1))


@pytest.mark.parametrize("key", ["seconds", "pieces", "history", "recent"])
def test_a_checkpoint_without_a_part_of_the_journal_is_refused(journal, tmp_path, key):
    state = journal.state()
    del state[key]
    with pytest.raises(TrainingError, match=f"checkpoint lacks {key}: another version of dragoman wrote it"):
        new_journal(tmp_path / "other").restore(state)


def test_a_full_disk_leaves_run_json_whole_and_is_no_error_of_tensorflow(journal, tmp_path):
    journal.record(4.0, 3_000, 0.5)
    validate(journal)
    before = (tmp_path / "run.json").read_bytes()
    too_large = r"Cannot write TensorBoard's events: .*File too large\. Make room"
    with training_runs.full_disk(100), pytest.raises(TrainingError, match=too_large):
        validate(journal, update=20)
    assert (tmp_path / "run.json").read_bytes() == before


def test_the_report_says_whether_the_run_is_over_and_how_fast_it_was(journal):
    journal.record(4.0, 3_000, 0.5)
    journal.record(4.0, 3_000, 0.7)
    journal.seconds = 120.0
    validate(journal)
    assert journal.finish(is_complete=True).startswith(
        "Trained: 1,234 parameters in float32, 6,000 target pieces in 2.0 minutes, 5,000 a second in updates; "
        "best greedy BLEU on dev 5.00; 0.0 epochs, 0.0% of the time waiting for batches, at most "
    )
    assert journal.finish(is_complete=False).startswith("Stopped (the same command goes on): 1,234 parameters")


def test_run_json_holds_speed_history_and_recipe(journal, tmp_path):
    journal.record(4.0, 3_000, 0.5)
    validate(journal)
    journal.finish(is_complete=True)
    facts = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    row = facts.pop("history")[0]
    assert facts.pop("peak_memory_bytes") == 0  # no batch has been seen
    assert facts.pop("hardware").endswith(" cores")
    assert facts == {
        "precision": "float32",
        "parameters": 1_234,
        "is_complete": True,
        "seconds": 0.0,
        "target_pieces": 3_000,
        "mean_pieces_per_second": 6_000.0,
        "epochs": 0.0,
        "input_seconds": 0.0,
        "input_share": 0.0,
        "recipe": RECIPE,
    }
    assert row == {
        "update": 10,
        "epoch": 0,
        "seconds": 0.0,
        "pieces": 3_000,
        "pieces_per_second": 6_000.0,
        "learning_rate": 0.001,
        "train_loss": 4.0,
        "dev_loss": 3.0,
        "dev_bleu": 5.0,
        "dev_bleu_by_direction": {"en-de": 4.0, "de-en": 6.0},
    }


def test_the_learning_curve_is_drawn_once_there_is_something_to_draw(journal, tmp_path):
    picture = tmp_path / "learning-curve.png"
    journal.record(4.0, 3_000, 0.5)
    assert not picture.exists()
    validate(journal)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_run_that_is_stopped_before_its_first_validation_has_a_report(journal, tmp_path):
    assert "best greedy BLEU on dev 0.00; " in journal.finish(is_complete=False)
    assert json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))["history"] == []
    assert not (tmp_path / "learning-curve.png").exists()


def test_tensorboard_gets_every_scalar_of_every_validation(journal, tmp_path):
    journal.record(4.0, 3_000, 0.5)
    validate(journal)
    validate(journal, bleu=6.0, loss=2.5, update=20)
    journal.finish(is_complete=True)
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    expected = {
        "learning_rate": [0.001, 0.001],
        "train_loss": [4.0, 4.0],
        "dev_loss": [3.0, 2.5],
        "dev_bleu": [5.0, 6.0],
        "pieces_per_second": [6_000.0, 6_000.0],
    }
    assert set(events.Tags()["tensors"]) == set(expected)
    for name, values in expected.items():
        found = events.Tensors(name)
        assert [event.step for event in found] == [10, 20]
        assert [float(tf.make_ndarray(event.tensor_proto)) for event in found] == pytest.approx(values)
