"""Sampled pieces: their distribution is the one that is claimed, and the same seed draws the same in every process."""

import math
import random
import subprocess
import sys
from collections import Counter
from itertools import product, takewhile

import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st

from mt.regularization import SPACE, PieceSampler
from tests import tiny

WORD = SPACE + "zwanzig"


def processor(kind="unigram"):
    return sentencepiece.SentencePieceProcessor(model_proto=tiny.tokenizer(kind).model)


@pytest.fixture(scope="module")
def pieces():
    """The log-probability of every piece of the unigram vocabulary that is text."""
    found = processor()
    numbers = range(tiny.TAGS_AND_BYTES.stop, found.get_piece_size())
    return {found.id_to_piece(number): found.get_score(number) for number in numbers}


def all_ways(word, pieces):
    """Every way to cut a word into pieces, by brute force over its inner places."""
    for cuts in product([False, True], repeat=len(word) - 1):
        parts, start = [], 0
        for end in [place for place, is_cut in enumerate(cuts, start=1) if is_cut] + [len(word)]:
            parts.append(word[start:end])
            start = end
        if all(part in pieces for part in parts):
            yield tuple(parts)


@pytest.mark.parametrize("alpha", [0.1, 0.5, 1.0])
def test_a_segmentation_is_drawn_with_the_weight_of_its_probability_to_the_alpha(pieces, alpha):
    weights = {way: math.exp(alpha * sum(pieces[part] for part in way)) for way in all_ways(WORD, pieces)}
    assert len(weights) > 10
    draws, found = 5_000, processor()
    sampled = PieceSampler(found).sample([WORD[1:]] * draws, alpha, seed=1)
    counts = Counter(tuple(found.id_to_piece(row)) for row in sampled)
    assert set(counts) <= set(weights)
    for way, weight in weights.items():
        share = weight / sum(weights.values())
        # Five standard deviations of a binomial distribution.
        assert counts[way] == pytest.approx(share * draws, abs=5 * math.sqrt(share * draws) + 1)


def test_a_large_alpha_leaves_the_likeliest_pieces():
    texts = list(tiny.number_names("de")[:50])
    assert PieceSampler(processor()).sample(texts, 1_000.0, seed=1) == tiny.tokenizer().encode(texts)


def test_bpe_without_dropout_merges_as_sentencepiece_does():
    texts = [*tiny.number_names("de"), "nie gesehen", "ß👍x"]
    assert PieceSampler(processor("bpe")).sample(texts, 0.0, seed=1) == tiny.tokenizer("bpe").encode(texts)


def test_bpe_with_full_dropout_spells():
    sampled = PieceSampler(processor("bpe")).sample(["drei"], 1.0, seed=1)
    assert tiny.tokenizer("bpe").pieces(sampled[0]) == [SPACE, *"drei"]


def test_the_more_dropout_the_more_pieces():
    texts = list(tiny.number_names("de"))
    sampler = PieceSampler(processor("bpe"))
    counts = [sum(map(len, sampler.sample(texts, dropout, seed=1))) for dropout in (0.0, 0.1, 0.3, 0.6, 1.0)]
    assert counts == sorted(set(counts))


@given(st.sampled_from(["unigram", "bpe"]), st.text("aeinrsvwz ß👍\u4e00"), st.floats(0, 1), st.integers(0, 2**70))
def test_what_is_drawn_spells_the_text(kind, text, alpha, seed):
    words = " ".join(text.split())
    sampled = tiny.tokenizer(kind).sample([words], alpha, seed)
    assert tiny.tokenizer(kind).decode(sampled) == [words]


def test_a_text_does_not_depend_on_what_was_drawn_before():
    fresh, used = PieceSampler(processor()), PieceSampler(processor())
    names = list(tiny.number_names("en"))
    used.sample(random.Random(1).sample(names, 100), 0.9, seed=7)
    assert used.sample(names, 0.3, seed=1) == fresh.sample(names, 0.3, seed=1)


@pytest.mark.parametrize("kind", ["unigram", "bpe"])
def test_another_process_draws_the_same(kind, tmp_path):
    (tmp_path / "pieces.model").write_bytes(tiny.tokenizer(kind).model)
    texts = list(takewhile(lambda name: name != "fifty", tiny.number_names("en")))
    program = (
        "import sys; from pathlib import Path; from mt.tokenizer import Tokenizer; "
        "print(Tokenizer.load(Path(sys.argv[1])).sample(sys.argv[2:], 0.3, 5))"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "pieces.model"), *texts]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert printed.strip() == str(tiny.tokenizer(kind).sample(texts, 0.3, 5))
