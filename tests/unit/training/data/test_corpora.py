"""The corpora of a recipe as bitexts: directions, what is held out, what is refused, what is stored."""

import dataclasses
import os

import pytest

from mt.errors import CorpusError
from tests import training_runs
from training.data.corpora import load_corpora
from training.recipe import Recipe, from_values


def write(folder, name, pairs):
    (folder / name).write_text("".join(f"{one}\t{other}\n" for one, other in pairs), encoding="utf-8")


def pairs(start, stop, first="en", second="de"):
    return [(f"{first} {number}", f"{second} {number}") for number in range(start, stop)]


@pytest.fixture
def build(tmp_path):
    """Writes corpora of (languages, train, dev, test) and gives the recipe for them."""

    def recipe(directions, *corpora):
        values = []
        for number, (languages, *sets) in enumerate(corpora):
            files = {part: f"{number}.{part}.tsv" for part in ("train", "dev", "test")[: len(sets)]}
            for part, chosen in zip(files, sets, strict=True):
                write(tmp_path, files[part], chosen)
            values.append({"languages": languages, **{part: [file] for part, file in files.items()}})
        return from_values(Recipe, {"name": "x", "directions": directions, "corpora": values}, "this test")

    return recipe


def found(bitexts):
    """The pairs by direction."""
    pairs = {}
    for bitext in bitexts:
        direction = f"{bitext.source_language}-{bitext.target_language}"
        pairs.setdefault(direction, []).extend(zip(bitext.sources, bitext.targets, strict=True))
    return pairs


def load(recipe, folder):
    return load_corpora(recipe, folder, folder / "cache")


def test_both_directions_hold_the_same_pairs_turned(build, tmp_path):
    recipe = build(["en-de", "de-en"], (["en", "de"], pairs(0, 5), pairs(5, 7)))
    corpora = load(recipe, tmp_path)
    turned = [(target, source) for source, target in pairs(0, 5)]
    assert found(corpora.train) == {"en-de": pairs(0, 5), "de-en": turned}
    assert found(corpora.dev)["de-en"] == [("de 5", "en 5"), ("de 6", "en 6")]


def test_a_synthetic_corpus_trains_only_its_own_directions_and_holds_nothing_out(build, tmp_path):
    recipe = build(
        ["en-de", "de-en"], (["en", "de"], pairs(0, 2), pairs(5, 7)), (["de", "en"], pairs(2, 4, "de", "en"))
    )
    natural, synthetic = recipe.corpora
    synthetic = dataclasses.replace(synthetic, directions=("en-de",), tag="<bt>")
    corpora = load(dataclasses.replace(recipe, corpora=(natural, synthetic)), tmp_path)
    turned = [(target, source) for source, target in pairs(0, 2)]
    assert found(corpora.train) == {"en-de": pairs(0, 4), "de-en": turned}
    assert [bitext.tag for bitext in corpora.train] == ["", "<bt>", ""]
    assert found(corpora.dev)["en-de"] == pairs(5, 7)


def test_corpora_of_the_same_languages_come_together_whatever_their_order(build, tmp_path):
    recipe = build(
        ["de-en"], (["en", "de"], pairs(0, 3), pairs(8, 9)), (["de", "en"], pairs(3, 5, "de", "en"), [("de 9", "en 9")])
    )
    corpora = load(recipe, tmp_path)
    assert found(corpora.train) == {"de-en": pairs(0, 5, "de", "en")}
    assert found(corpora.dev) == {"de-en": pairs(8, 10, "de", "en")}


def test_a_direction_takes_only_the_corpora_of_its_languages(build, tmp_path):
    recipe = build(
        ["en-de", "fr-de"],
        (["en", "de"], pairs(0, 3), pairs(8, 9)),
        (["fr", "de"], pairs(0, 3, "fr"), pairs(8, 9, "fr")),
    )
    assert found(load(recipe, tmp_path).train) == {"en-de": pairs(0, 3), "fr-de": pairs(0, 3, "fr")}


@pytest.mark.parametrize("second", [["en", "de"], ["de", "en"]])
def test_what_one_corpus_holds_out_no_other_trains_on(build, tmp_path, second):
    turned = second[0] == "de"
    recipe = build(
        ["en-de", "de-en"],
        (["en", "de"], pairs(0, 9), pairs(20, 21), pairs(21, 22)),
        (second, [*pairs(18, 30, *second), ("de 5", "en 5") if turned else ("en 5", "de 5")], pairs(3, 4, *second)),
    )
    corpora = load(recipe, tmp_path)
    sources = {source for bitext in corpora.train for source in bitext.sources}
    # 20 and 21 are dev and test of the first corpus, 3 is dev of the second.
    assert not sources & {f"{language} {number}" for language in ("en", "de") for number in (3, 20, 21)}
    assert {"en 18", "de 2"} <= sources
    dropped = [report.dropped["overlap with dev or test"] for report in corpora.reports.values()]
    assert dropped == [1, 2]


def test_a_pair_overlaps_if_only_one_of_its_sides_is_held_out(build, tmp_path):
    train = [("en 1", "de 1"), ("en 1 again", "de 9"), ("en 9", "de 1 again")]
    corpora = load(build(["de-en"], (["en", "de"], train, pairs(9, 10))), tmp_path)
    assert found(corpora.train) == {"de-en": [("de 1", "en 1")]}


def test_sources_are_normalized_and_dev_targets_stay_what_they_are(build, tmp_path):
    recipe = build(
        ["en-de"], (["en", "de"], [("One\u00a0 two", "Eins\u00a0 zwei")], [("Three\u00a0 four", "Drei\u00a0 vier")])
    )
    corpora = load(recipe, tmp_path)
    assert found(corpora.train) == {"en-de": [("One two", "Eins zwei")]}
    assert found(corpora.dev) == {"en-de": [("Three four", "Drei\u00a0 vier")]}


def test_each_training_sentence_is_a_text_once_whatever_the_directions(build, tmp_path):
    both = build(["en-de", "de-en"], (["en", "de"], pairs(0, 4), pairs(8, 9)))
    texts = list(load(both, tmp_path).texts())
    assert sorted(texts) == sorted(text for pair in pairs(0, 4) for text in pair)


def test_corpora_of_equal_length_are_all_among_the_texts(build, tmp_path):
    recipe = build(
        ["en-de", "de-en", "fr-de", "de-fr"],
        (["en", "de"], pairs(0, 4), pairs(8, 9)),
        (["de", "en"], pairs(4, 8, "de", "en"), pairs(9, 10, "de", "en")),
        (["fr", "de"], pairs(0, 8, "fr", "DE"), pairs(9, 10, "fr", "DE")),
    )
    texts = list(load(recipe, tmp_path).texts())
    expected = [text for pair in pairs(0, 8) + pairs(0, 8, "fr", "DE") for text in pair]
    assert sorted(texts) == sorted(expected)


def test_the_reports_are_kept_by_the_names_of_the_corpora(build, tmp_path):
    corpora = load(build(["en-de"], (["en", "de"], [*pairs(0, 4), ("", "x")], pairs(8, 9))), tmp_path)
    facts = corpora.as_dict()["corpus 1"]
    assert (facts["read"], facts["kept"], facts["dropped"]["empty side"]) == (5, 4, 1)


def test_a_corpus_of_which_nothing_is_left_is_refused_with_what_became_of_it(build, tmp_path):
    recipe = build(["en-de"], (["en", "de"], [("", "x"), ("en 8", "y")], pairs(8, 9)))
    with pytest.raises(CorpusError) as error:
        load(recipe, tmp_path)
    lines = str(error.value).splitlines()
    assert lines[0] == "No pair of corpus 1 is fit for training. What became of them:"
    table = {line[:26].strip(): int(line[26:]) for line in lines[1:]}
    assert {name: count for name, count in table.items() if count} == {
        "pairs read": 2,
        "empty side": 1,
        "overlap with dev or test": 1,
    }


def test_each_corpus_is_a_bitext_of_its_own_with_its_weight(build, tmp_path):
    recipe = build(
        ["en-de", "de-en"],
        (["en", "de"], pairs(0, 3), pairs(8, 9)),
        (["de", "en"], pairs(3, 5, "de", "en"), pairs(9, 10)),
    )
    second = dataclasses.replace(recipe.corpora[1], weight=2.5)
    recipe = dataclasses.replace(recipe, corpora=(recipe.corpora[0], second))
    found = [
        (bitext.source_language, len(bitext.sources), bitext.sources[0], bitext.weight)
        for bitext in load(recipe, tmp_path).train
    ]
    assert found == [("en", 3, "en 0", 1.0), ("en", 2, "en 3", 2.5), ("de", 3, "de 0", 1.0), ("de", 2, "de 3", 2.5)]


def stored_times(folder):
    """When each file of the cache was written."""
    return {path: path.stat().st_mtime_ns for path in (folder / "cache").rglob("*") if path.is_file()}


def test_a_corpus_that_was_read_is_found_again(build, tmp_path):
    recipe = build(["en-de"], (["en", "de"], [*pairs(0, 5), ("", "x")], pairs(8, 9)))
    first = load(recipe, tmp_path)
    times = stored_times(tmp_path)
    second = load(recipe, tmp_path)
    assert stored_times(tmp_path) == times
    assert found(second.train) == found(first.train)
    assert second.as_dict() == first.as_dict()


@pytest.mark.parametrize("part", ["train", "dev", "test"])
def test_a_changed_file_is_noticed_and_the_corpus_read_anew(build, tmp_path, part):
    recipe = build(["en-de"], (["en", "de"], pairs(0, 5), pairs(8, 9), pairs(9, 10)))
    assert len(found(load(recipe, tmp_path).train)["en-de"]) == 5
    write(tmp_path, f"0.{part}.tsv", pairs(3, 7) if part == "train" else pairs(2, 4))
    assert found(load(recipe, tmp_path).train)["en-de"] == (
        pairs(3, 7) if part == "train" else [*pairs(0, 2), *pairs(4, 5)]
    )


def test_another_time_of_a_file_or_another_filter_lets_the_corpus_be_read_anew(build, tmp_path):
    recipe = build(["en-de"], (["en", "de"], [*pairs(0, 5), ("a", "a")], pairs(8, 9)))
    load(recipe, tmp_path)
    times = stored_times(tmp_path)
    os.utime(tmp_path / "0.train.tsv", ns=(1, 1))
    load(recipe, tmp_path)
    assert stored_times(tmp_path) != times
    keeping = dataclasses.replace(recipe, filter=dataclasses.replace(recipe.filter, drop_identical=False))
    assert found(load(keeping, tmp_path).train)["en-de"][-1] == ("a", "a")


def test_of_a_large_corpus_the_same_texts_are_drawn_each_time_from_both_sides(build, tmp_path):
    recipe = build(["en-de", "de-en"], (["en", "de"], pairs(0, 200), pairs(300, 301)))
    corpora = load(recipe, tmp_path)
    assert corpora.sentences == 400
    drawn = list(corpora.texts(100))
    assert drawn == list(load(recipe, tmp_path).texts(100))
    assert [len({text for text in drawn if text.startswith(language)}) for language in ("en", "de")] == [50, 50]
    assert list(corpora.texts(400)) == list(corpora.texts())


def test_texts_in_memory_are_drawn_too():
    corpora = training_runs.corpora(("en-de",), pairs=100)
    drawn = list(corpora.texts(20))
    assert len(set(drawn)) == 20
    assert set(drawn) < {*corpora.train[0].sources, *corpora.train[0].targets}
