"""The lexicon of a bundle: which pieces a source allows, and a file that is kept whole."""

import numpy as np
import pytest

from mt.bundle import load_bundle, read_manifest, seal
from mt.errors import BundleError
from mt.lexicon import FILE, FORMAT, Lexicon
from mt.tokenizer import EOS
from tests import tiny


def table(rows):
    return tiny.table(rows, frequent=[300])


@pytest.fixture
def lexicon():
    return Lexicon.of({"de": table({-1: {310: 0.5}, 280: {290: 0.75, 292: 0.25}})}, tiny.tokenizer())


def source(*pieces, language="de"):
    return [tiny.tokenizer().tag(language), *pieces, EOS]


def test_a_source_allows_its_own_pieces_theirs_and_those_that_are_frequent_or_come_of_nothing(lexicon):
    tag = tiny.tokenizer().tag("de")
    assert np.flatnonzero(lexicon.allowed(source(280))).tolist() == sorted([EOS, tag, 280, 290, 292, 300, 310])
    assert np.flatnonzero(lexicon.allowed(source(281))).tolist() == sorted([EOS, tag, 281, 300, 310])


def test_a_language_without_a_table_allows_all(lexicon):
    assert lexicon.allowed(source(280, language="en")) is None


def test_probabilities_are_those_of_the_table_the_null_words_first(lexicon):
    found = lexicon.tables["de"].probability([280, 281], [290, 292, 310, 311])
    assert found.tolist() == [[0, 0.75, 0], [0, 0.25, 0], [0.5, 0, 0], [0, 0, 0]]
    assert table({}).probability([280], [290]).tolist() == [[0, 0]]
    assert lexicon.tables["de"].probability([], []).shape == (0, 1)


def test_a_bundle_keeps_it(bundle_copy, lexicon):
    assert load_bundle(bundle_copy).lexicon is None
    lexicon.save(bundle_copy / FILE)
    seal(bundle_copy, read_manifest(bundle_copy))
    found = load_bundle(bundle_copy).lexicon
    assert found.allowed(source(280)).tolist() == lexicon.allowed(source(280)).tolist()
    assert found.tables["de"].probability([280], [290]).tolist() == [[0, 0.75]]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"format": FORMAT + 1}, f"it has format {FORMAT + 1}, and this version reads {FORMAT}"),
        ({"de/starts": np.zeros(9, np.int32)}, "it is of 7 pieces, and the vocabulary has 340"),
        ({"de/pieces": np.zeros(0, np.uint16)}, "its rows do not fit together"),
        ({"de/frequent": np.array([340], np.uint16)}, "it names pieces that the vocabulary has not"),
        ({"languages": np.array(["fr"])}, "fr/starts"),
    ],
)
def test_a_file_that_is_damaged_is_named_with_what_is_wrong(lexicon, tmp_path, change, complaint):
    lexicon.save(tmp_path / FILE)
    with np.load(tmp_path / FILE) as arrays:
        np.savez(tmp_path / FILE, **{**arrays, **change})
    with pytest.raises(BundleError, match=rf"{FILE} is damaged: .*{complaint}.* Run `mt-train lexicon`"):
        Lexicon.load(tmp_path / FILE, tiny.tokenizer())


def test_what_is_no_such_file_is_damaged(tmp_path):
    (tmp_path / FILE).write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(BundleError, match=r"is damaged: .* Run `mt-train lexicon`"):
        Lexicon.load(tmp_path / FILE, tiny.tokenizer())
