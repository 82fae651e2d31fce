import json
from pathlib import Path

import numpy as np
import pytest

from mt.errors import CorpusError
from tests.bench.cases import CASES
from tests.bench.corpus import SOURCE_SYLLABLES, SOURCE_WORDS, TARGET_RATIO, generate, prepare, read, spell
from tests.bench.padded import load
from tests.bench.worker import BATCHES
from tests.training_runs import write_corpus


def logarithms(texts):
    return np.log([len(text.split()) for text in texts])


def test_the_same_seed_gives_the_same_text_and_another_one_another():
    assert generate(5) == generate(5)
    assert generate(5) != generate(5, seed=2)


def test_lengths_follow_the_stated_distribution():
    sources, targets = map(logarithms, generate(2_000))
    # Whole words move both by some hundredths.
    assert (sources.mean(), sources.std()) == pytest.approx(SOURCE_WORDS, abs=0.03)
    assert ((targets - sources).mean(), (targets - sources).std()) == pytest.approx(TARGET_RATIO, abs=0.03)


def test_each_number_has_a_word_of_its_own_and_frequent_words_are_short():
    words = [spell(number, SOURCE_SYLLABLES) for number in range(5_000)]
    assert len(set(words)) == 5_000
    assert [len(word) for word in words] == sorted(len(word) for word in words)


def test_the_batches_hold_as_many_pieces_as_the_case_says_and_are_described(tmp_path):
    case = CASES["check"]
    facts = prepare(case, generate(case.pairs), tmp_path, batches=3)
    batches = load(tmp_path / BATCHES)
    assert facts["pieces"] == [batch.pieces for batch in batches]
    assert all(batch.pieces <= case.batch_pieces for batch in batches)
    assert max(batch.labels.max() for batch in batches) < case.vocabulary
    assert len((tmp_path / "source.txt").read_text(encoding="utf-8").splitlines()) == case.pairs
    assert json.dumps(facts)


def test_a_folder_with_two_training_files_is_a_corpus(tmp_path):
    sources, targets = read(write_corpus(tmp_path, train=3))
    assert (sources[1], targets[1]) == ("eins", "one")


def test_a_folder_without_two_training_files_is_refused_with_what_it_has(tmp_path):
    Path(tmp_path / "train.en").touch()
    with pytest.raises(CorpusError, match=r"two files train\.\*, .* has train\.en\."):
        read(tmp_path)
