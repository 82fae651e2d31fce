"""From corpus files to a folder with a recipe: what is written, and what is refused."""

import tomllib
from pathlib import Path

import pytest

from mt.errors import CorpusError, InvalidOption
from tests import tiny
from training.data.corpora import read_set
from training.data.corpus import filter_pairs, read_pairs
from training.init.initialize import Request, initialize
from training.recipe import load_recipe


@pytest.fixture
def write(tmp_path):
    """Writes number names of a range as files NAME.en and NAME.de, and gives their paths."""

    def files(name, numbers=range(300)):
        paths = tmp_path / f"{name}.en", tmp_path / f"{name}.de"
        for path in paths:
            names = tiny.number_names(path.suffix[1:], 400)
            path.write_text("".join(f"{names[number]}\n" for number in numbers), encoding="utf-8")
        return paths

    return files


@pytest.fixture
def start(tmp_path, capsys):
    """Initializes in the folder `new`, gives the recipe's path and what was said."""

    def done(*train, **options):
        said = []
        path = initialize(Request(train, **{"folder": tmp_path / "new", **options}), said.append)
        assert capsys.readouterr().out == ""
        return path, "\n".join(said)

    return done


def train_set(path):
    """The training pairs of a recipe as its trainer will see them, and its dev and test pairs."""
    recipe = load_recipe(path)
    dev, test = (read_set(path.parent, getattr(recipe.corpora[0], name)) for name in ("dev", "test"))
    train, report = filter_pairs(read_set(path.parent, recipe.corpora[0].train), recipe.filter, dev + test)
    return train, dev, test, report


def test_a_corpus_becomes_a_recipe_with_dev_and_test_that_share_no_text_with_train(start, write):
    path, said = start(*write("train", [*range(300), 7, 8]))
    train, dev, test, report = train_set(path)
    assert (len(train), len(dev), len(test)) == (270, 15, 15)
    assert report.dropped["duplicate"] + report.dropped["overlap with dev or test"] == 32
    assert len({source for source, _ in dev + test}) == len({target for _, target in dev + test}) == 30
    recipe = load_recipe(path)
    assert (recipe.name, recipe.directions) == ("new", ("en-de",))
    assert "270 pairs to train on; dev 15 (" in said
    assert "30 pairs are in dev or test" in said
    assert said.endswith(f"Wrote {path}. Next: mt-train all {path}")
    assert (path.parent / "survey.txt").read_text(encoding="utf-8").strip() in said


def test_the_recipe_finds_its_files_beside_it_above_it_and_elsewhere(start, write, tmp_path):
    train = write("train")
    assert load_recipe(start(*train)[0]).corpora[0].train == ("../train.en", "../train.de")
    assert load_recipe(start(*train, folder=tmp_path)[0]).corpora[0].train == ("train.en", "train.de")
    deep = load_recipe(start(*train, folder=tmp_path / "a" / "b")[0])
    assert deep.corpora[0].train == tuple(path.as_posix() for path in train)


def test_the_words_that_are_counted_are_those_that_are_trained_on(start, write):
    path, _ = start(*write("train"), both_directions=True)
    train = train_set(path)[0]
    words = [sum(len(pair[side].split()) for pair in train) for side in (1, 0)]
    head = path.read_text(encoding="utf-8").splitlines()[0]
    assert head.endswith(f"for {len(train)} fit pairs with {words[0]:,} and {words[1]:,} target words.")
    assert load_recipe(path).directions == ("en-de", "de-en")


def test_given_dev_and_test_are_kept_and_their_texts_left_out(start, write):
    dev, test = write("dev", range(290, 310)), write("test", range(310, 330))
    path, said = start(*write("train"), dev=dev, test=test)
    assert sorted(file.name for file in path.parent.iterdir()) == ["recipe.toml", "survey.txt"]
    train, found_dev, found_test, _ = train_set(path)
    assert (found_dev, found_test) == (read_pairs(*dev), read_pairs(*test))
    assert len(train) == 290
    assert "290 pairs to train on" in said


def test_a_set_that_is_taken_shares_no_text_with_one_that_is_given(start, write):
    path, _ = start(*write("train"), test=write("test", range(200)))
    train, dev, test, _ = train_set(path)
    assert not {source for source, _ in dev} & {source for source, _ in test + train}


def test_files_given_in_the_other_order_are_turned_where_their_names_tell(start, write):
    path, _ = start(*write("train"), dev=write("dev", range(20))[::-1])
    assert load_recipe(path).corpora[0].dev == ("../dev.en", "../dev.de")


def test_a_tsv_corpus_works_as_well(start, tmp_path):
    names = zip(tiny.number_names("en"), tiny.number_names("de"), strict=True)
    file = tmp_path / "numbers.en-de.tsv"
    file.write_text("".join(f"{source}\t{target}\n" for source, target in names), encoding="utf-8")
    path, _ = start(file)
    train, dev, _, _ = train_set(path)
    assert load_recipe(path).corpora[0].languages == ("en", "de")
    assert len(train) + 2 * len(dev) == 300


def test_the_folder_and_the_recipe_are_named_like_the_languages(start, write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("train")
    path, said = start(Path("train.en"), Path("train.de"), folder=None)
    assert path == Path("en-de/recipe.toml")
    assert tomllib.loads(path.read_text(encoding="utf-8"))["name"] == "en-de"
    assert said.endswith("Next: mt-train all en-de/recipe.toml")


def test_an_existing_recipe_is_overwritten_only_by_force(start, write):
    train = write("train")
    path, said = start(*train)
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(
        InvalidOption, match=r"recipe\.toml is there already\. Give --force to overwrite it, or another"
    ):
        start(*train)
    assert path.read_text(encoding="utf-8") == "mine"
    assert start(*train, force=True) == (path, said)


def test_a_set_of_the_users_own_is_never_overwritten(start, write, tmp_path):
    train = write("train")
    write("dev", range(5))
    with pytest.raises(InvalidOption, match=r"dev\.en is there already"):
        start(*train, folder=tmp_path)
    with pytest.raises(InvalidOption, match=r"dev\.en would be overwritten, but it is one of the files given"):
        start(*write("dev"), folder=tmp_path, force=True)


def test_too_few_fit_pairs_are_refused_with_their_number(start, write):
    with pytest.raises(CorpusError, match=r"Only 99 of the 120 pairs are fit for training; at least 100 are needed"):
        start(*write("train", [*range(99), *range(21)]))


def test_pairs_that_all_share_a_side_leave_nothing_to_hold_out(start, tmp_path):
    files = tmp_path / "train.en", tmp_path / "train.de"
    files[0].write_text("the same\n" * 200, encoding="utf-8")
    files[1].write_text("".join(f"{name}\n" for name in tiny.number_names("de")[:200]), encoding="utf-8")
    with pytest.raises(CorpusError, match=r"Only 1 pairs share neither .*Give them with --dev and --test, or add"):
        start(*files)


def test_dev_and_test_that_leave_nothing_are_refused(start, write):
    with pytest.raises(CorpusError, match=r"Only 10 pairs share no sentence with dev or test, .* Give smaller"):
        start(*write("train"), dev=write("dev", range(10, 300)), test=write("test", range(300, 310)))


def test_three_files_for_a_set_are_refused(start, write):
    with pytest.raises(InvalidOption, match="--dev takes one TSV file or two text files, got 3"):
        start(*write("train"), dev=(Path("a"), Path("b"), Path("c")))


def test_a_tsv_set_with_its_columns_turned_is_refused(start, write):
    with pytest.raises(
        InvalidOption, match=r"dev\.de-en\.tsv has its columns in the order de-en; the corpus is en-de\."
    ):
        start(*write("train"), dev=(Path("dev.de-en.tsv"),))


def test_nothing_is_written_when_the_corpus_is_refused(start, write, tmp_path):
    source, target = write("train")
    target.write_text("eins\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="The sides differ in length"):
        start(source, target)
    assert not (tmp_path / "new").exists()
