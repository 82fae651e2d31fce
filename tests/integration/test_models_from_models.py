"""Models made from models, as a user makes them: fine-tuned, taught, back-translated, together."""

import json

import numpy as np
import pytest

from mt.bundle import load_bundle
from mt.errors import TrainingError
from tests import tiny, training_runs
from training.cli import main
from training.data.corpus import read_pairs
from training.pipeline import Pipeline
from training.restore import restore_model

TRAINING = {"max_updates": 4, "batch_pieces": 300, "validate_every": 2, "keep_best": 1, "precision": "float32"}
SCHEDULE = {"peak_rate": 0.01, "warmup_updates": 1}
OTHER = '[[also_test]]\nlanguages = ["de", "en"]\nfiles = ["other.tsv"]\n'


def mt_train(*arguments):
    with pytest.raises(SystemExit) as end:
        main([*map(str, arguments)])
    assert end.value.code == 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A corpus, and a recipe that begins with the tiny bundle."""
    folder = training_runs.write_corpus(tmp_path_factory.mktemp("tuned"))
    others = zip(tiny.number_names("de")[:8], tiny.number_names("en")[:8], strict=True)
    (folder / "other.tsv").write_text("".join(f"{one}\t{other}\n" for one, other in others), encoding="utf-8")
    toml = f'from = "{tiny.bundle_folder()}"\n' + training_runs.toml(training=TRAINING, schedule=SCHEDULE) + OTHER
    (folder / "recipe.toml").write_text(toml, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def tuned(folder):
    """The same folder, with the run of four updates."""
    mt_train("all", folder / "recipe.toml", "--out", folder / "out")
    return folder


def test_fine_tuning_keeps_the_vocabulary_and_names_all_that_the_model_learned_from(tuned):
    model = load_bundle(tuned / "out" / "bundle")
    assert model.tokenizer.model == tiny.bundle().tokenizer.model
    assert [corpus["pairs"] for corpus in model.manifest.corpora] == [300, 200]
    assert model.manifest.recipe["start"] == str(tiny.bundle_folder())


def test_every_test_set_is_scored_against_the_bundle_that_it_began_with(tuned):
    reports = json.loads((tuned / "out" / "scores.json").read_text(encoding="utf-8"))
    assert [(report["source"], report["sentences"]) for report in reports] == [
        ("en", 10),
        ("de", 10),
        ("en", 8),
        ("de", 8),
    ]
    for report in reports:
        comparison = report["comparison"]
        assert comparison["baseline"] == f"{tiny.bundle_folder()} (from)"
        assert [row["metric"] for row in comparison["differences"]] == ["BLEU", "chrF2", "TER"]
    assert reports[2]["output_file"] == str(tuned / "out" / "outputs" / "also-1.en-de.txt")


def test_it_has_moved_a_little_from_the_weights_that_it_began_with(tuned):
    after, before = (
        restore_model(load_bundle(path)).named_weights() for path in (tuned / "out" / "bundle", tiny.bundle_folder())
    )
    for name, weight in before.items():
        moved = np.abs(after[name] - weight).max()
        assert moved < 5 * SCHEDULE["peak_rate"]  # Adam's steps are hardly longer than the rate
    assert any((after[name] != weight).any() for name, weight in before.items())


def test_another_vocabulary_in_the_folder_is_refused(folder, tmp_path):
    (tmp_path / "sentencepiece.model").write_bytes(tiny.tokenizer("bpe").model)
    with pytest.raises(TrainingError, match=r"The vocabulary in .* is not that of from = .* Give another folder with"):
        Pipeline.open(folder / "recipe.toml", None, tmp_path).run()


def test_a_tag_that_the_kept_vocabulary_lacks_is_refused(folder, tmp_path):
    synthetic = '[[corpora]]\nlanguages = ["en", "de"]\ntrain = ["other.tsv"]\ntag = "<bt>"\n'
    text = (folder / "recipe.toml").read_text(encoding="utf-8") + synthetic
    (tmp_path / "recipe.toml").write_text(text, encoding="utf-8")
    with pytest.raises(TrainingError, match=r"where the recipe has `from`, the bundle's vocabulary is kept, so remove"):
        Pipeline.open(tmp_path / "recipe.toml", folder, tmp_path / "out").subwords()


def test_two_bundles_teach_a_student(tuned, tmp_path, capfd):
    bundles = ["--bundle", tiny.bundle_folder(), "--bundle", tuned / "out" / "bundle"]
    mt_train("distill", tuned / "recipe.toml", "--out", tmp_path, *bundles, "--beam", 2)
    printed = capfd.readouterr().out
    for source, target in (("en", "de"), ("de", "en")):
        out = tmp_path / "distilled" / f"{source}-{target}.tsv"
        taught = dict(read_pairs(out))
        assert list(taught) == [name for name in tiny.number_names(source, 200) if name in taught]
        assert f"{len(taught)} pairs in {out}; left out: 0 empty lines, " in printed


def test_two_bundles_are_evaluated_together(tuned, capfd):
    bundles = ["--bundle", tiny.bundle_folder(), "--bundle", tuned / "out" / "bundle"]
    test_set = ["--direction", "en-de", "--source", tuned / "test.en", "--reference", tuned / "test.de"]
    mt_train("evaluate", *bundles, *test_set, "--compare", tiny.bundle_folder(), "--json")
    report = json.loads(capfd.readouterr().out)
    assert report["system"] == f"ensemble of {tiny.bundle_folder()}, {tuned / 'out' / 'bundle'}"
    assert report["comparison"]["baseline"] == str(tiny.bundle_folder())


def test_text_is_back_translated_at_random(folder, tmp_path, capfd):
    sampling = ["--sampling", "--temperature", 0.8, "--top-k", 5, "--seed", 3]
    out = tmp_path / "bt.tsv"
    mt_train(
        "back-translate", tiny.bundle_folder(), folder / "test.de", "--direction", "de-en", "--out", out, *sampling
    )
    assert {german for _, german in read_pairs(out)} <= set(
        (folder / "test.de").read_text(encoding="utf-8").splitlines()
    )
    assert 'tag = "<bt>"' in capfd.readouterr().out
    made_by = json.loads((tmp_path / "bt.tsv.json").read_text(encoding="utf-8"))["made_by"]
    assert (made_by["sampling"], made_by["seed"]) == ({"temperature": 0.8, "top_k": 5}, 3)
