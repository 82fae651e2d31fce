import tomllib

import pytest

from tests.bench.recipe_values import change, read_changes, write_recipe


def test_a_recipe_comes_back_as_it_was_written(tmp_path):
    values = {
        "name": 'a "name"',
        "directions": ["en-de"],
        "model": {"dropout": 0.5, "variational_dropout": True, "attention": "additive"},
        "corpora": [{"languages": ["en", "de"], "train": ["Straße.en", "x.de"]}, {"languages": ["en", "fr"]}],
        "training": {"max_updates": 7},
    }
    path = write_recipe(values, tmp_path / "new" / "recipe.toml")
    assert tomllib.loads(path.read_text(encoding="utf-8")) == values


def test_changes_are_values_of_toml():
    text = 'model.dropout=0.3,training.max_updates=400,subwords.kind="bpe",model.variational_dropout=true'
    assert list(read_changes(text).values()) == [0.3, 400, "bpe", True]


@pytest.mark.parametrize("text", ["", "dropout=0.3", "model.dropout", "model.dropout=0.3,", "model.dropout = 0.3 x=1"])
def test_what_is_no_change_is_refused(text):
    with pytest.raises(ValueError, match=f"written SECTION.KEY=VALUE.*got '{text}'"):
        read_changes(text)


def test_a_change_leaves_the_values_as_they_were():
    values = {"name": "a", "model": {"dropout": 0.1, "embedding": 8}}
    assert change(values, {"model.dropout": 0.5}) == {"name": "a", "model": {"dropout": 0.5, "embedding": 8}}
    assert values["model"]["dropout"] == 0.1
