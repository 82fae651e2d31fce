"""What a recipe takes from the bundle that its `from` names, and what it may not ask for."""

import re

import pytest

from mt.bundle import shipped_bundle
from mt.errors import RecipeError
from tests import tiny, training_runs
from training.finetuning import find_bundle, learned_from, load_original
from training.recipe import load_recipe

DATA = tiny.bundle_folder().parent


def load(tmp_path, start="tiny", **sections):
    path = tmp_path / "recipe.toml"
    path.write_text(f'from = "{start}"\n' + training_runs.toml(**sections), encoding="utf-8")
    return load_recipe(path, DATA)


def refused(tmp_path, start="tiny", **sections):
    with pytest.raises(RecipeError) as error:
        load(tmp_path, start, **sections)
    return str(error.value)


def test_sizes_and_vocabulary_are_those_of_the_bundle(tmp_path):
    recipe = load(tmp_path)
    assert (recipe.start, recipe.model, recipe.subwords.vocabulary) == ("tiny", tiny.CONFIG, tiny.VOCABULARY)


def test_dropout_and_sampling_may_be_others(tmp_path):
    recipe = load(tmp_path, model={"dropout": 0.7, "embedding": tiny.CONFIG.embedding}, subwords={"sampling": 0.2})
    assert (recipe.model.dropout, recipe.subwords.sampling) == (0.7, 0.2)
    assert recipe.model.encoder_hidden == tiny.CONFIG.encoder_hidden


def test_a_bundle_is_looked_for_below_the_data_folder_and_the_shipped_one_by_its_name(tmp_path):
    assert find_bundle("a/b", tmp_path) == tmp_path / "a" / "b"
    assert find_bundle("tatoeba-en-de", tmp_path) == shipped_bundle()
    (tmp_path / "tatoeba-en-de").mkdir()
    assert find_bundle("tatoeba-en-de", tmp_path) == tmp_path / "tatoeba-en-de"


def test_another_vocabulary_is_refused(tmp_path):
    expected = "subwords.kind has no use with from = 'tiny', which keeps the bundle's vocabulary. Remove it; "
    assert refused(tmp_path, subwords={"kind": "unigram"}).startswith(expected)


def test_other_sizes_are_refused_with_both(tmp_path):
    expected = "model.embedding is 512, but from = 'tiny' begins with a model where it is 16. Remove it: "
    assert refused(tmp_path, model={"embedding": 512}).startswith(expected)


def test_another_attention_is_refused(tmp_path):
    assert "where it is 'multiplicative'. Remove it" in refused(tmp_path, model={"attention": "additive"})


def test_what_is_no_bundle_is_refused_with_the_key(tmp_path):
    assert refused(tmp_path, "none").startswith(f"from = 'none': There is no bundle at {DATA / 'none'}.")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("from = 5\n", "recipe.toml: from must be of type str, got 5."),
        ('from = "tiny"\nmodel = 5\n', "recipe.toml: model must be a table, got 5."),
        ('start = "tiny"\n', "recipe.toml: unknown key 'start'."),
        ('form = "tiny"\n', "recipe.toml: unknown key 'form'. Did you mean 'from'?"),
    ],
)
def test_messages_say_from(tmp_path, text, message):
    (tmp_path / "recipe.toml").write_text(text + training_runs.RECIPE, encoding="utf-8")
    with pytest.raises(RecipeError, match=re.escape(message)):
        load_recipe(tmp_path / "recipe.toml", DATA)


def test_a_target_language_without_a_tag_is_refused_with_those_that_have_one():
    assert load_original("tiny", DATA, ["de", "en"]).manifest.name == "tiny"
    message = (
        "from = 'tiny' keeps the bundle's vocabulary, which has no tag for the target language 'fr', only for de, en."
    )
    with pytest.raises(RecipeError, match=message):
        load_original("tiny", DATA, ["de", "fr"])


def test_a_corpus_that_the_original_learned_from_too_is_listed_once():
    earlier = tiny.MANIFEST["corpora"]
    other = {"name": "another", "pairs": 3}
    assert learned_from(tiny.bundle(), [other]) == [*earlier, other]
    assert learned_from(tiny.bundle(), [other, *earlier]) == [other, *earlier]
    assert learned_from(None, [other]) == [other]
