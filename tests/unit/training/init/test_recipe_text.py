"""Recipes as text: what is written loads, says what was proposed, and gives a reason for every value."""

import re

import pytest

from training.init.proposal import SIZE_CLASSES, Amount, propose
from training.init.recipe_text import Origin, render_recipe
from training.recipe import load_recipe

ORIGIN = Origin(
    "my recipe", ("de", "en"), ("de-en",), ("../a b/train.de", "/x/träin.en"), ("dev.tsv",), ("t.de", "t.en")
)


@pytest.fixture
def load(tmp_path):
    """Loads the recipe of some text."""

    def from_text(text):
        (tmp_path / "recipe.toml").write_text(text, encoding="utf-8")
        return load_recipe(tmp_path / "recipe.toml")

    return from_text


@pytest.mark.parametrize("size", SIZE_CLASSES, ids=lambda size: f"{size.words:,}")
def test_the_recipe_of_every_size_class_loads_and_says_its_settings(load, size):
    amount = Amount(1_000, (int(min(size.words, 10**9)),))
    settings = propose(amount, [])
    recipe = load(render_recipe(ORIGIN, amount, settings, 1_234))
    assert (recipe.subwords.vocabulary, recipe.subwords.sampling) == (1_234, 0)
    assert (recipe.model.embedding, recipe.model.decoder_hidden) == (size.embedding, size.decoder_hidden)
    assert (recipe.model.dropout, recipe.model.word_dropout) == (size.dropout, size.word_dropout)
    assert (recipe.model.encoder_layers, recipe.model.decoder_layers) == (size.layers, size.layers)
    assert (recipe.training.max_updates, recipe.training.batch_pieces) == (settings.max_updates, size.batch_pieces)
    assert (recipe.schedule.peak_rate, recipe.schedule.warmup_updates) == (size.peak_rate, settings.warmup_updates)


def test_the_corpus_is_written_as_it_is_named(load):
    amount = Amount(1_000, (9_000, 8_000))
    recipe = load(render_recipe(ORIGIN, amount, propose(amount, []), 500))
    (corpus,) = recipe.corpora
    assert recipe.name == "my recipe"
    assert recipe.directions == ("de-en",)
    assert (corpus.languages, corpus.train, corpus.dev, corpus.test) == (
        ORIGIN.languages,
        ORIGIN.train,
        ORIGIN.dev,
        ORIGIN.test,
    )


def test_every_setting_has_its_reason_beside_it():
    amount = Amount(1_000, (9_000,))
    text = render_recipe(ORIGIN, amount, propose(amount, []), 500)
    settings = [line for line in text[text.index("[subwords]") :].splitlines() if "=" in line]
    assert len(settings) > 15
    assert all(re.fullmatch(r"\w+ = \S+ +# \S.{10,}", line) for line in settings)
    assert max(map(len, text.splitlines())) <= 120
    assert "# Proposed by `mt-train init` for 1,000 fit pairs with 9,000 target words." in text
