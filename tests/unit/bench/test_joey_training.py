import json

import pytest

from tests.bench.joey_recipes import IWSLT14, RNN_SMALL, TUNED
from tests.bench.joey_training import JoeyCorpus, make_config, read_validation, summarize, validate_every, write_config

LOG = [
    "2026-01-01 - INFO - joeynmt.model - Total params: 79888",
    "Epoch   1, total training loss: 9.90, num. of seqs: 300, num. of tokens: 5500, 12.5000[sec]",
    "Epoch   2, total training loss: 9.50, num. of seqs: 300, num. of tokens: 5500, 7.5000[sec]",
]
VALIDATIONS = [
    "Steps: 30\tloss: 104.5\tacc: 0.1\tppl: 42.0\tbleu: 1.25\tLR: 0.00500000\t*",
    "Steps: 60\tloss: 99.5\tacc: 0.2\tppl: 40.0\tbleu: 1.10\tLR: 0.00500000\t*",
    "Steps: 90\tloss: 101.5\tacc: 0.2\tppl: 41.0\tbleu: 0.90\tLR: 0.00500000\t",
]


@pytest.fixture
def corpus(tmp_path):
    for name in ("train", "dev", "test"):
        for language in ("en", "de"):
            (tmp_path / f"{name}.{language}").write_text(f"{name} {language}\n", encoding="utf-8")
    return JoeyCorpus("en", "de", tmp_path / "train", tmp_path / "dev", tmp_path / "test")


def test_references_are_the_target_side(corpus):
    assert corpus.references(corpus.dev) == ["dev de"]


@pytest.mark.parametrize("recipe", [RNN_SMALL, IWSLT14, TUNED], ids=lambda recipe: recipe.name)
def test_a_configuration_keeps_all_that_the_recipe_says(recipe, corpus, tmp_path):
    config = make_config(recipe, corpus, tmp_path, every=63)
    assert config["model"] == recipe.model
    assert recipe.training.items() <= config["training"].items()
    assert config["training"]["validation_freq"] % config["training"]["logging_freq"] == 0
    assert config["data"]["train"] == str(corpus.train)
    assert config["testing"]["beam_size"] == 5
    assert json.loads(write_config(config, tmp_path).read_text(encoding="utf-8")) == config


@pytest.mark.parametrize(("pairs", "updates"), [(5_000, 500), (95, 9), (3, 1)])
def test_a_validation_comes_once_an_epoch(pairs, updates):
    assert validate_every(RNN_SMALL, pairs) == updates


def test_pieces_and_seconds_are_those_of_all_epochs():
    found = summarize(LOG, VALIDATIONS, RNN_SMALL.training)
    assert found["target_pieces"] == 11_000
    assert found["seconds"] == 20
    assert found["facts"]["pieces_per_second"] == 550
    assert found["parameters"] == 79_888
    assert found["updates"] == 90


def test_the_best_validation_is_by_the_metric_of_the_recipe():
    assert summarize(LOG, VALIDATIONS, {"early_stopping_metric": "loss"})["facts"]["best_update"] == 60
    assert summarize(LOG, VALIDATIONS, {"early_stopping_metric": "bleu"})["facts"]["best_update"] == 30


def test_a_validation_is_read_by_the_names_of_its_numbers():
    found = read_validation(VALIDATIONS[0])
    assert (found["Steps"], found["bleu"], found["LR"]) == (30, 1.25, 0.005)
