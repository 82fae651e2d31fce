"""Languages of a corpus: by the names of its files, or by the option."""

from pathlib import Path

import pytest

from mt.errors import InvalidOption
from training.init.languages import find_languages, languages_of_names


def paths(*names):
    return tuple(Path("some.folder") / name for name in names)


@pytest.mark.parametrize(
    ("names", "languages"),
    [
        (["train.de", "train.en"], ("de", "en")),
        (["train.de.gz", "train.en.xz"], ("de", "en")),
        (["train_de.txt", "train_EN.txt"], ("de", "en")),
        (["news.de-en.de", "news.de-en.en"], ("de", "en")),
        (["de.txt", "en.txt"], ("de", "en")),
        (["dev2010.vi", "dev2010.en"], ("vi", "en")),
        (["corpus.de-en.tsv"], ("de", "en")),
        (["corpus.de-en.tsv.gz"], ("de", "en")),
        (["corpus.en.tsv"], None),
        (["corpus.tsv"], None),
        (["train.src", "train.trg"], None),
        (["train.de", "train.txt"], None),
        (["a.de", "b.de"], None),
        ([], None),
    ],
)
def test_the_names_of_files_tell_languages_or_nothing(names, languages):
    assert languages_of_names(paths(*names)) == languages


def test_the_option_goes_before_the_names():
    assert find_languages(paths("train.src", "train.trg"), "NDS-pt_BR") == ("nds", "pt_br")
    assert find_languages(paths("a.no", "b.en"), "nb-en") == ("nb", "en")


def test_names_that_tell_nothing_need_the_option():
    with pytest.raises(InvalidOption, match=r"cannot be told from train\.src and train\.trg: .*Give --languages de-en"):
        find_languages(paths("train.src", "train.trg"))


@pytest.mark.parametrize("option", ["de", "de-en-fr", "de-de", "-en", "deutsch-en", "xx-en", "d-en"])
def test_an_option_that_is_no_pair_of_languages_is_refused_with_its_value(option):
    with pytest.raises(InvalidOption, match=f"two different language codes such as de-en, .* got '{option}'"):
        find_languages(paths("train.src", "train.trg"), option)


def test_an_option_against_the_names_is_refused_with_the_remedy():
    with pytest.raises(InvalidOption, match=r"en-de says the opposite of the files a\.de and a\.en\. Give .* de-en,"):
        find_languages(paths("a.de", "a.en"), "en-de")
