"""Recipes: what TOML becomes, and what each mistake is answered with."""

import dataclasses
import math
import re

import pytest

from mt.errors import RecipeError
from tests.training_runs import RECIPE, toml
from training.recipe import PUBLISHED, CorpusConfig, OtherTest, Recipe, SubwordConfig, TrainingConfig, load_recipe
from training.run.schedule import DECAYS

CORPUS = CorpusConfig(("en", "de"), ("train.tsv",), ("dev.tsv",))


def load(tmp_path, text):
    path = tmp_path / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    return load_recipe(path)


@pytest.fixture
def refused(tmp_path):
    """Calls load and gives the message it is refused with."""

    def message(text):
        with pytest.raises(RecipeError) as error:
            load(tmp_path, text)
        return str(error.value).removeprefix(f"{tmp_path}/")

    return message


def test_what_a_recipe_does_not_say_has_its_default(tmp_path):
    recipe = load(tmp_path, RECIPE)
    assert recipe.name == "numbers"
    assert recipe.corpora[0].train == ("train.en", "train.de")
    assert (recipe.subwords, recipe.training) == (SubwordConfig(), TrainingConfig())


def test_every_section_is_read(tmp_path):
    sections = {
        "filter": {"max_words": 9},
        "subwords": {"kind": "bpe"},
        "model": {"embedding": 7},
        "training": {"seed": 5},
        "schedule": {"decay": "inverse_square_root"},
        "search": {"beam": 3},
    }
    values = dataclasses.asdict(load(tmp_path, toml(**sections)))
    assert {name: {key: values[name][key] for key in section} for name, section in sections.items()} == sections


def test_an_integer_stands_for_a_float(tmp_path):
    recipe = load(tmp_path, toml(training={"save_minutes": 2}))
    assert isinstance(recipe.training.save_minutes, float)


def test_directions_give_their_language_pairs_and_each_target_once():
    recipe = Recipe("x", ("en-de", "de-en", "fr-de"), (CORPUS, dataclasses.replace(CORPUS, languages=("fr", "de"))))
    assert recipe.pairs == (("en", "de"), ("de", "en"), ("fr", "de"))
    assert recipe.targets == ("de", "en")


@pytest.mark.parametrize("name", sorted(path.stem for path in PUBLISHED.glob("*.toml")))
def test_each_published_recipe_loads_by_its_name(name, tmp_path):
    assert load_recipe(tmp_path / name).name == name


@pytest.mark.parametrize("section", ["filter", "subwords", "model", "training", "schedule", "search"])
def test_an_unknown_key_of_a_section_is_refused_with_the_known_ones(refused, section):
    known = [field.name for field in dataclasses.fields(getattr(Recipe("x", ("en-de",), (CORPUS,)), section))]
    expected = f"recipe.toml: {section}: unknown key 'qqq'. Known keys: {', '.join(known)}."
    assert refused(toml(**{section: {"qqq": 1}})) == expected


def test_an_unknown_key_of_the_recipe_is_refused_with_the_nearest_and_all_known_ones(refused):
    message = refused("[trainning]\nmax_updates = 1\n" + RECIPE)
    assert message.startswith("recipe.toml: unknown key 'trainning'. Did you mean 'training'? Known keys: name, ")
    assert message.endswith(", schedule, search.")


def test_an_unknown_key_of_a_corpus_is_refused_with_the_nearest(refused):
    assert "corpora: unknown key 'license'. Did you mean 'licence'? Known keys:" in refused(RECIPE + 'license = "x"\n')


@pytest.mark.parametrize("key", ["name", "directions", "languages", "train"])
def test_a_missing_key_is_named(refused, key):
    assert f"the key '{key}' is missing." in refused(re.sub(f"(?m)^{key} = .*\n", "", RECIPE, count=1))


@pytest.mark.parametrize(
    ("section", "key", "value", "message"),
    [
        ("training", "max_updates", "many", "training: max_updates must be of type int, got 'many'."),
        ("training", "max_updates", 2.5, "training: max_updates must be of type int, got 2.5."),
        ("training", "max_updates", "true", "training: max_updates must be of type int, got 'true'."),
        ("schedule", "peak_rate", "fast", "schedule: peak_rate must be of type float, got 'fast'."),
        ("subwords", "kind", 1, "subwords: kind must be of type str, got 1."),
        ("filter", "drop_identical", 1, "filter: drop_identical must be of type bool, got 1."),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(refused, section, key, value, message):
    assert refused(toml(**{section: {key: value}})) == f"recipe.toml: {message}"


def test_a_version_that_a_bundle_cannot_have_is_refused(refused):
    expected = "version must have at most 40 letters, digits and ._+-, and no number of ten digits, got '1 a'."
    assert expected in refused('version = "1 a"\n' + RECIPE)


def test_a_truth_value_is_no_number(refused):
    assert "max_updates must be of type int, got True." in refused(RECIPE + "[training]\nmax_updates = true\n")
    assert "peak_rate must be of type float, got False." in refused(RECIPE + "[schedule]\npeak_rate = false\n")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('["en-de", "de-en"]', '"en-de"', "directions must be a list, got 'en-de'."),
        ('["en-de", "de-en"]', "[1]", "directions must be of type str, got 1."),
        ("[[corpora]]", "[corpora]", "corpora must be a list, got {"),
        ('["train.en", "train.de"]', '"train.tsv"', "corpora: train must be a list, got 'train.tsv'."),
    ],
)
def test_a_list_of_the_wrong_type_is_refused(refused, old, new, message):
    assert message in refused(RECIPE.replace(old, new))


def test_a_section_that_is_no_table_is_refused(refused):
    assert "training must be a table, got 5." in refused("training = 5\n" + RECIPE)


@pytest.mark.parametrize(
    ("section", "key", "value", "message"),
    [
        ("subwords", "kind", "word", "subwords.kind must be 'unigram' or 'bpe', got 'word'."),
        ("subwords", "vocabulary", 299, "subwords.vocabulary must be at least 300 (256 are bytes), got 299."),
        ("subwords", "sentences", 0, "subwords.sentences must be at least 1, got 0."),
        ("subwords", "character_coverage", 0.97, "subwords.character_coverage must be from 0.98 to 1, got 0.97."),
        ("subwords", "sampling", 1.5, "subwords.sampling must be between 0 and 1, got 1.5."),
        ("training", "max_updates", 0, "training.max_updates must be at least 1, got 0."),
        ("training", "batch_pieces", 0, "training.batch_pieces must be at least 1, got 0."),
        ("training", "max_pieces", 1, "training.max_pieces must be at least 2, got 1."),
        ("training", "validate_every", 0, "training.validate_every must be at least 1, got 0."),
        ("training", "validation_sentences", 0, "training.validation_sentences must be at least 1, got 0."),
        ("training", "patience", 0, "training.patience must be at least 1, got 0."),
        ("training", "keep_best", -1, "training.keep_best must be at least 1, got -1."),
        ("training", "label_smoothing", 1, "training.label_smoothing must be at least 0 and below 1, got 1.0."),
        ("training", "precision", "half", "training.precision must be auto, bfloat16 or float32, got 'half'."),
        ("training", "seed", -1, "training.seed must be from 0 to 4294967295, got -1."),
        ("training", "clip_norm", 0, "training.clip_norm must be above 0, got 0.0."),
        ("training", "save_minutes", -1, "training.save_minutes must be at least 0, got -1.0."),
        ("training", "accumulate", 0, "training.accumulate must be at least 1, got 0."),
        ("training", "r_drop", -1, "training.r_drop must be at least 0 and finite, got -1.0."),
        ("training", "r_drop", math.inf, "training.r_drop must be at least 0 and finite, got inf."),
        ("training", "guided_attention", -1, "training.guided_attention must be at least 0 and finite, got -1.0."),
        ("training", "average", "mean", "training.average must be checkpoints or ema, got 'mean'."),
        ("training", "ema_decay", 0, "training.ema_decay must be above 0 and below 1, got 0.0."),
        ("training", "ema_decay", 1, "training.ema_decay must be above 0 and below 1, got 1.0."),
        ("search", "beam", 0, "search.beam must be from 1 to 16, got 0."),
        ("search", "beam", 17, "search.beam must be from 1 to 16, got 17."),
        ("search", "length_penalty", -0.5, "search.length_penalty must be at least 0, got -0.5."),
        ("schedule", "warmup_updates", 0, "schedule.warmup_updates must be at least 1, got 0."),
        ("schedule", "peak_rate", 0, "schedule.peak_rate must be above 0, got 0.0."),
        ("schedule", "final_rate", 1, "schedule.final_rate must be from 0 to the peak_rate, got 1.0."),
        ("schedule", "decay", "linear", f"schedule.decay must be one of {', '.join(DECAYS)}, got 'linear'."),
        ("schedule", "factor", 0, "schedule.factor must be above 0 and below 1, got 0.0."),
        ("schedule", "factor", 1, "schedule.factor must be above 0 and below 1, got 1.0."),
        ("schedule", "plateau_patience", 0, "schedule.plateau_patience must be at least 1, got 0."),
    ],
)
def test_a_value_outside_its_range_is_refused_with_the_value(refused, section, key, value, message):
    assert refused(toml(**{section: {key: value}})) == message


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ("subwords", "sampling"),
        ("training", "clip_norm"),
        ("training", "label_smoothing"),
        ("training", "save_minutes"),
        ("training", "ema_decay"),
        ("schedule", "peak_rate"),
        ("schedule", "final_rate"),
        ("schedule", "factor"),
        ("search", "length_penalty"),
    ],
)
def test_nan_is_outside_every_range(refused, section, key):
    assert refused(toml(**{section: {key: float("nan")}})).endswith("got nan.")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('["en-de", "de-en"]', "[]", "A recipe needs at least one direction and one [[corpora]]."),
        ('"de-en"', '"ende"', "A direction is two language codes such as 'en-de', got 'ende'."),
        ('"de-en"', '"en-"', "A direction is two language codes such as 'en-de', got 'en-'."),
        ('"de-en"', '"en-de-at"', "A direction is two language codes such as 'en-de', got 'en-de-at'."),
        ('"de-en"', '"fr-en"', "No corpus has both languages of the direction 'fr-en'."),
        ('"de-en"', '"en-en"', "No corpus has both languages of the direction 'en-en'."),
        ('"de-en"', '"en-de"', "The direction 'en-de' is there 2 times; each must be another one."),
        ('"numbers"', '"a/b"', "A recipe's name becomes the name of a folder, so it needs one without '/': got 'a/b'."),
        ('"numbers"', '""', "A recipe's name becomes the name of a folder, so it needs one without '/': got ''."),
        ('= ["en", "de"]', '= ["en"]', "corpora.languages must be two different languages, got ['en']."),
        ('= ["en", "de"]', '= ["en", "en"]', "corpora.languages must be two different languages, got ['en', 'en']."),
        ('"this test"', '"this test"\nweight = 0', "corpora.weight must be above 0 and at most 1000, got 0.0."),
        ('"this test"', '"this test"\nweight = nan', "corpora.weight must be above 0 and at most 1000, got nan."),
        ('["train.en", "train.de"]', "[]", "corpora.train must be two text files or one TSV file, got []."),
        ('["dev.en", "dev.de"]', "[]", "The direction 'en-de' has no dev set. Give one to a corpus of its languages."),
        (
            '["dev.en", "dev.de"]',
            '["a", "b", "c"]',
            "corpora.dev must be two text files or one TSV file, got ['a', 'b', 'c'].",
        ),
        (
            '["test.en", "test.de"]',
            '["a", "b", "c"]',
            "corpora.test must be two text files or one TSV file, got ['a', 'b', 'c'].",
        ),
    ],
)
def test_values_that_do_not_go_together_are_refused(refused, old, new, message):
    assert refused(RECIPE.replace(old, new)) == message


def test_a_plateau_that_outlasts_the_patience_is_refused(refused):
    assert refused(toml(training={"patience": 3}, schedule={"decay": "plateau", "plateau_patience": 3})) == (
        "schedule.plateau_patience must be below training.patience, got 3 and 3: "
        "training would end before the learning rate could fall."
    )


def test_a_patience_below_the_plateaus_is_fine_with_another_decay(tmp_path):
    assert load(tmp_path, toml(training={"patience": 1})).training.patience == 1


SYNTHETIC = """
[[corpora]]
languages = ["en", "de"]
train = ["bt.tsv"]
directions = ["en-de"]
tag = "<bt>"
"""


def test_a_synthetic_corpus_needs_no_dev_and_trains_the_directions_that_it_names(tmp_path):
    recipe = load(tmp_path, RECIPE + SYNTHETIC)
    natural, synthetic = recipe.corpora
    assert recipe.tags == ("<bt>",)
    assert [natural.trains(*pair) for pair in (("en", "de"), ("de", "en"), ("en", "fr"))] == [True, True, False]
    assert [synthetic.trains(*pair) for pair in (("en", "de"), ("de", "en"))] == [True, False]


@pytest.mark.parametrize("tag", ["bt", "<2de>", "<s>", "<pad>", "<unk>", "<b t>", "<BT>"])
def test_a_tag_that_cannot_be_a_piece_of_its_own_is_refused(refused, tag):
    message = f"corpora.tag must be a name in angle brackets such as <bt>, got '{tag}'."
    assert refused(RECIPE + SYNTHETIC.replace("<bt>", tag)) == message


def test_directions_of_a_corpus_lie_between_its_languages(refused):
    message = "corpora.directions may only lie between en and de, got 'en-fr'."
    assert refused(RECIPE + SYNTHETIC.replace('["en-de"]', '["en-fr"]')) == message


def test_each_direction_needs_a_corpus_that_trains_it(refused):
    message = "No corpus has both languages of the direction 'de-en' for training; look at corpora.directions."
    assert refused(RECIPE + 'directions = ["en-de"]\n') == message


OTHER = '[[also_test]]\nlanguages = ["de", "en"]\nfiles = ["news.tsv"]\n'


def test_other_test_sets_are_read(tmp_path):
    assert load(tmp_path, RECIPE + OTHER).also_test == (OtherTest(("de", "en"), ("news.tsv",)),)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('["de", "en"]', '["de"]', "also_test.languages must be two different languages, got ['de']."),
        ('["news.tsv"]', "[]", "also_test.files must be two text files or one TSV file, got []."),
        ('["de", "en"]', '["de", "fr"]', "No direction uses the also_test of de and fr. Remove it, or add one."),
    ],
)
def test_other_test_sets_that_cannot_be_scored_are_refused(refused, old, new, message):
    assert refused(RECIPE + OTHER.replace(old, new)) == message


def test_two_corpora_of_one_name_are_refused(refused):
    corpus = RECIPE[RECIPE.index("[[corpora]]") :]
    assert refused(RECIPE + corpus) == "The corpus 'num2words' is there 2 times; each must be another one."


def test_a_corpus_that_no_direction_uses_is_refused(refused):
    french = RECIPE[RECIPE.index("[[corpora]]") :].replace('["en", "de"]', '["en", "fr"]').replace("num2words", "other")
    assert refused(RECIPE + french) == "No direction uses the corpus of en and fr. Remove it, or add one."


@pytest.mark.parametrize("content", [b"name = ", b'name = "\xe4"'])
def test_what_is_no_toml_is_refused(tmp_path, content):
    path = tmp_path / "recipe.toml"
    path.write_bytes(content)
    with pytest.raises(RecipeError, match=r"recipe\.toml is not valid TOML: "):
        load_recipe(path)


def test_a_missing_recipe_is_answered_with_the_published_ones(tmp_path):
    with pytest.raises(RecipeError) as error:
        load_recipe(tmp_path / "none")
    published = ", ".join(sorted(path.stem for path in PUBLISHED.glob("*.toml")))
    assert str(error.value) == f"There is no recipe '{tmp_path / 'none'}'. Give a TOML file, or one of: {published}."


def test_a_folder_is_no_recipe(tmp_path):
    with pytest.raises(RecipeError, match=f"Cannot read the recipe {tmp_path}: Is a directory"):
        load_recipe(tmp_path)
