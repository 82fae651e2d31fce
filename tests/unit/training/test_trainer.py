"""A training run in its process: what it leaves in its folder, when it stops, what it refuses.

That an interrupted run goes on with the same numbers is tested in tests/integration/test_resume.py.
"""

import json
import shutil
import signal

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from mt.errors import TrainingError
from mt.export import rebuild
from tests import tiny, training_runs
from training.checkpoints import load_checkpoint
from training.trainer import Trainer, best_checkpoints

UPDATES, VALIDATE_EVERY, KEEP = 10, 3, 2


def new_trainer(folder, corpora=None, **sections):
    recipe = training_runs.recipe(**sections)
    return Trainer(recipe, tiny.tokenizer(), corpora or training_runs.corpora(), folder)


def run_facts(folder):
    return json.loads((folder / "run.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def training():
    return {"max_updates": UPDATES, "validate_every": VALIDATE_EVERY, "keep_best": KEEP}


@pytest.fixture(scope="module")
def trained(tmp_path_factory, training):
    """The folder of a whole run, its trainer and its report; tests must leave the folder as it is."""
    folder = tmp_path_factory.mktemp("run")
    trainer = new_trainer(folder, training=training)
    return folder, trainer, trainer.run()


def test_the_loss_falls(trained):
    losses = [row["dev_loss"] for row in run_facts(trained[0])["history"]]
    assert losses[-1] < 0.99 * losses[0]


def test_a_run_validates_at_its_interval_and_at_its_end(trained):
    assert [row["update"] for row in run_facts(trained[0])["history"]] == [3, 6, 9, 10]


def test_the_best_checkpoints_are_kept_and_no_others(trained):
    history = run_facts(trained[0])["history"]
    ranked = sorted(history, key=lambda row: (-row["dev_bleu"], row["dev_loss"]))
    best = sorted(row["update"] for row in ranked[:KEEP])
    assert [path.name for path in best_checkpoints(trained[0])] == [f"best-{update:07d}.npz" for update in best]


def test_a_best_checkpoint_holds_a_model(trained):
    folder, trainer, _ = trained
    weights = load_checkpoint(best_checkpoints(folder)[-1]).arrays
    model = rebuild(training_runs.recipe().model, weights, tiny.VOCABULARY)
    if best_checkpoints(folder)[-1].name == f"best-{UPDATES:07d}.npz":
        for found, expected in zip(model.named_weights().values(), trainer.model.named_weights().values(), strict=True):
            np.testing.assert_array_equal(found, expected)


def test_the_report_and_run_json_tell_the_speed(trained):
    folder, trainer, report = trained
    facts = run_facts(folder)
    assert report.startswith(f"Trained: {trainer.model.count_params():,} parameters in float32, ")
    assert f"{facts['mean_pieces_per_second']:,.0f} a second in updates" in report
    assert facts["is_complete"]
    assert facts["target_pieces"] == facts["history"][-1]["pieces"] > UPDATES * 50
    assert facts["recipe"]["training"]["max_updates"] == UPDATES


def test_the_folder_has_the_learning_curve_and_the_events_of_tensorboard(trained):
    assert (trained[0] / "learning-curve.png").read_bytes().startswith(b"\x89PNG")
    events = EventAccumulator(str(trained[0] / "tensorboard")).Reload()
    assert {"train_loss", "dev_loss", "dev_bleu", "learning_rate"} <= set(events.Tags()["tensors"])
    assert [event.step for event in events.Tensors("dev_bleu")] == [3, 6, 9, 10]


def test_the_signals_are_what_they_were(trained):
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.fixture
def copied(trained, tmp_path):
    return shutil.copytree(trained[0], tmp_path / "run")


def test_a_run_that_is_over_trains_no_further(trained, copied, training):
    again = new_trainer(copied, training=training)
    assert again.run() == trained[2]
    assert again.is_complete
    for name in ("checkpoints/last.npz", "run.json"):
        assert (copied / name).read_bytes() == (trained[0] / name).read_bytes()


def test_a_checkpoint_of_another_recipe_is_refused(copied, training):
    other = {"embedding": 12, "encoder_hidden": 10, "decoder_hidden": 12}
    with pytest.raises(TrainingError, match=r"last\.npz is of another recipe\. Remove it, or give another folder"):
        new_trainer(copied, training=training, model=other).run()


def test_a_damaged_checkpoint_is_refused(copied, training):
    path = copied / "checkpoints" / "last.npz"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(TrainingError, match=r"last\.npz is damaged .* Remove it to go on without it"):
        new_trainer(copied, training=training).run()


def test_a_run_stops_when_its_patience_is_at_an_end(tmp_path):
    # Steps too small for float32: every validation gives what the first one gave.
    training = {"max_updates": 50, "validate_every": 1, "patience": 2}
    schedule = {"peak_rate": 1e-30, "final_rate": 0.0}
    trainer = new_trainer(tmp_path, training=training, schedule=schedule)
    assert trainer.run().startswith("Trained: ")
    assert trainer.is_complete
    assert [row["update"] for row in run_facts(tmp_path)["history"]] == [1, 2, 3]
    assert new_trainer(tmp_path, training=training, schedule=schedule).run().startswith("Trained: ")
    assert len(run_facts(tmp_path)["history"]) == 3


# The first update takes the weights out of float32; the second cannot have a loss.
@pytest.mark.parametrize(("validate_every", "name"), [(10, "loss"), (1, "model")])
def test_a_run_that_diverges_stops_before_it_spoils_a_checkpoint(tmp_path, validate_every, name):
    training = {"max_updates": 10, "validate_every": validate_every}
    trainer = new_trainer(tmp_path, training=training, schedule={"peak_rate": 1e39, "warmup_updates": 1})
    message = rf"The {name} is not finite any more at update \d\. Lower schedule\.peak_rate or training\.clip_norm"
    with pytest.raises(TrainingError, match=message):
        trainer.run()
    assert not (tmp_path / "checkpoints").exists()


def test_a_run_in_bfloat16_says_so_and_keeps_float32_weights(tmp_path):
    trainer = new_trainer(tmp_path, training={"max_updates": 4, "validate_every": 2, "precision": "bfloat16"})
    trainer.run()
    facts = run_facts(tmp_path)
    assert facts["precision"] == "mixed_bfloat16"
    assert facts["history"][1]["dev_loss"] < facts["history"][0]["dev_loss"]
    weights = load_checkpoint(best_checkpoints(tmp_path)[0]).arrays
    assert {array.dtype for array in weights.values()} == {np.dtype(np.float32)}


def test_a_corpus_without_a_short_enough_example_is_refused(tmp_path):
    with pytest.raises(TrainingError, match=r"No example is shorter than training\.max_pieces = 2\."):
        new_trainer(tmp_path, training={"max_pieces": 2}).run()
