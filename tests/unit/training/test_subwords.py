"""The vocabulary that is learned from a corpus."""

import pytest

from mt.errors import CorpusError
from mt.tokenizer import Tokenizer
from tests import tiny
from training.recipe import SubwordConfig
from training.subwords import train_tokenizer

TEXTS = tiny.number_names("en") + tiny.number_names("de")


@pytest.mark.parametrize("kind", ["unigram", "bpe"])
def test_the_vocabulary_has_the_size_and_the_tags_that_were_asked_for(kind):
    tokenizer = train_tokenizer(TEXTS, ["de", "en"], SubwordConfig(vocabulary=330, kind=kind))
    assert tokenizer.size == 330
    assert tokenizer.languages == ("de", "en")


@pytest.mark.parametrize("kind", ["unigram", "bpe"])
def test_every_text_comes_back_even_one_of_characters_never_seen(kind):
    tokenizer = train_tokenizer(TEXTS, ["de"], SubwordConfig(vocabulary=330, kind=kind))
    texts = [*TEXTS[:50], "Größe 10 € 字 👍", "<2de> </s>"]
    assert tokenizer.decode(tokenizer.encode(texts)) == texts


def test_a_corpus_tag_is_a_piece_that_no_text_has():
    tokenizer = train_tokenizer(TEXTS, ["de"], SubwordConfig(vocabulary=330), ["<bt>"])
    (ids,) = tokenizer.encode(["<bt> eins"])
    assert tokenizer.controls["<bt>"] not in ids
    assert (tokenizer.languages, tokenizer.size) == (("de",), 330)


def test_the_same_corpus_gives_the_same_vocabulary():
    config = SubwordConfig(vocabulary=tiny.VOCABULARY)
    first, second = (train_tokenizer(iter(TEXTS), ["de", "en"], config) for _ in range(2))
    assert Tokenizer(first.model).encode(TEXTS) == second.encode(TEXTS)


def test_a_corpus_too_small_for_the_vocabulary_is_refused_with_its_size():
    with pytest.raises(CorpusError, match=r"does not give a vocabulary of 8,000 pieces: .* a smaller number\."):
        train_tokenizer(TEXTS, ["de"], SubwordConfig(vocabulary=8_000))


def test_a_vocabulary_too_small_for_the_characters_is_refused():
    letters = [" ".join(map(chr, range(0x4E00, 0x4E80)))]
    with pytest.raises(CorpusError, match="does not give a vocabulary of 300 pieces"):
        train_tokenizer(letters, ["de"], SubwordConfig(vocabulary=300))
