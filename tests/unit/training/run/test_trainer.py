"""A training run in its process: what it leaves in its folder, when it stops, what it refuses.

That an interrupted run goes on with the same numbers is tested in tests/integration/test_resume.py.
"""

import json
import shutil
import signal
from itertools import islice

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from mt.errors import TrainingError
from mt.export import rebuild
from mt.model import Seq2Seq
from tests import tiny, training_runs
from training.data.dataset import Batching, Dataset, Place
from training.run.checkpoints import NEWEST, PREVIOUS, load_checkpoint
from training.run.schedule import learning_rate
from training.run.trainer import Trainer, best_checkpoints

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


def test_a_run_begins_with_the_weights_that_it_is_given(tmp_path):
    recipe = training_runs.recipe()
    given = tiny.weights(Seq2Seq(recipe.model, tiny.VOCABULARY))
    begun = Trainer(recipe, tiny.tokenizer(), training_runs.corpora(), tmp_path, given)
    for name, weight in begun.model.named_weights().items():
        np.testing.assert_array_equal(weight, given[name])


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


def test_checkpoints_that_are_all_damaged_are_refused(copied, training):
    for name in ("last.npz", "previous.npz"):
        path = copied / "checkpoints" / name
        path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(TrainingError, match=r"last\.npz is damaged .* Remove it to go on without it.*previous\.npz is"):
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
@pytest.mark.parametrize(
    ("validate_every", "save_minutes", "name"), [(10, 5, "loss"), (1, 5, "model"), (10, 0, "model or its optimizer")]
)
def test_a_run_that_diverges_stops_before_it_spoils_a_checkpoint(tmp_path, validate_every, save_minutes, name):
    training = {"max_updates": 10, "validate_every": validate_every, "save_minutes": save_minutes}
    trainer = new_trainer(tmp_path, training=training, schedule={"peak_rate": 1e39, "warmup_updates": 1})
    message = (
        rf"The {name} is not finite any more at update (\d), which ended with batch \1 of epoch 0, window 0, "
        r"the one that begins with '[a-zß-ü -]+'\. Lower schedule\.peak_rate or training\.clip_norm and add --accept-"
    )
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


OPTIONS = {
    "training": {"max_updates": 5, "validate_every": 1, "keep_best": 5, "accumulate": 2, "average": "ema", "r_drop": 1},
    "schedule": {"peak_rate": 2e-2, "warmup_updates": 2, "decay": "plateau", "plateau_patience": 1},
}


@pytest.fixture(scope="module")
def with_options(tmp_path_factory):
    """The folder of a whole run with a moving average, accumulation, R-Drop and plateaus, and its recipe."""
    folder = tmp_path_factory.mktemp("options")
    new_trainer(folder, **OPTIONS).run()
    return folder, training_runs.recipe(**OPTIONS)


def test_an_update_takes_as_many_batches_as_are_accumulated_and_counts_all_their_pieces(with_options):
    folder, recipe = with_options
    batching = Batching(recipe.training.batch_pieces, recipe.training.max_pieces, recipe.training.seed, 0.3)
    dataset = Dataset(training_runs.corpora().train, tiny.tokenizer(), batching)
    taken = list(islice(dataset.batches(), 2 * 5))
    progress = load_checkpoint(folder / "checkpoints" / NEWEST).progress
    assert progress["pieces"] == sum(len(batch.labels) for _, batch in taken)
    assert {name: progress[name] for name in Place._fields} == taken[-1][0]._asdict()
    assert progress["update"] == 5


def test_the_rates_of_a_plateau_are_those_of_the_dev_losses_before(with_options):
    folder, recipe = with_options
    history = run_facts(folder)["history"]
    for number, row in enumerate(history):
        losses = [before["dev_loss"] for before in history[:number]]
        assert row["learning_rate"] == learning_rate(recipe.schedule, row["update"], 5, losses)


def test_the_best_checkpoints_of_a_moving_average_hold_it(with_options):
    folder, _ = with_options
    best = list(load_checkpoint(best_checkpoints(folder)[-1]).arrays.values())
    newest = list(load_checkpoint(folder / "checkpoints" / NEWEST).arrays.values())
    assert best_checkpoints(folder)[-1].name == "best-0000005.npz"
    for kept, average in zip(best, newest[-len(best) :], strict=True):
        np.testing.assert_array_equal(kept, average)
    assert any((kept != weight).any() for kept, weight in zip(best, newest, strict=False) if kept.shape == weight.shape)


def test_a_run_with_these_options_goes_on_with_the_same_numbers(with_options, tmp_path):
    folder = shutil.copytree(with_options[0], tmp_path / "run") / "checkpoints"
    expected = load_checkpoint(folder / NEWEST)
    (folder / PREVIOUS).replace(folder / NEWEST)
    new_trainer(folder.parent, **OPTIONS).run()
    found = load_checkpoint(folder / NEWEST)
    for name, array in expected.arrays.items():
        np.testing.assert_array_equal(found.arrays[name], array, err_msg=name)
    for name in ("update", "pieces", *Place._fields):
        assert found.progress[name] == expected.progress[name]
    for row, twin in zip(found.progress["history"], expected.progress["history"], strict=True):
        for name in ("learning_rate", "train_loss", "dev_loss", "dev_bleu"):
            assert row[name] == twin[name]
