"""Which settings fit an amount of text: vocabulary, model, regularization, batches and length of the training.

Sennrich & Zhang 2019, "Revisiting Low-Resource Neural Machine Translation": with little text, a small vocabulary,
small batches, strong dropout of units and of whole words, tied embeddings, label smoothing. How strong is measured:
what keeps a model from learning by heart also keeps it from learning within an hour.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mt.errors import CorpusError
from mt.text.scripts import count_scripts
from training.recipe import SubwordConfig
from training.subwords import train_tokenizer


class SizeClass(NamedTuple):
    """The settings for corpora of up to so many target words."""

    words: float
    vocabulary: int
    embedding: int
    encoder_hidden: int
    decoder_hidden: int
    layers: int  # of the encoder, and of the decoder
    dropout: float
    word_dropout: float
    batch_pieces: int
    peak_rate: float
    passes: int  # over the corpus


# Measured on 2 cores: the recipes multi30k-en-de (29,000 pairs, 37.3 BLEU) and tatoeba-en-de (161,000) have been tuned,
# and the classes around them have their settings. With an equal number of target pieces, batches of 2,000 give 30 BLEU
# where 4,000 give 26, and 1,000 to 1,500 are right below 200,000 pairs (1.2 million words). With 5,000 pairs (32,000
# words) and 2.6 million target pieces of training, the first class gives 17.3 BLEU; 2,000 pieces, sizes of 192 and 384,
# dropout 0.3, word dropout 0.1 and batches of 800 give 16.5; 6,000 pieces and dropout 0.1 give 17.6 (one seed each:
# docs/benchmarks.md). Dropout 0.5 with pieces sampled (Kudo 2018) learns far too slowly for that. The classes between
# follow. About 7 target words a pair in Tatoeba, 11 in Multi30k, 20 in IWSLT'15 and in news.
SIZE_CLASSES = (
    #         words   voc.  emb. enc. dec. layers drop. words batch  rate  passes
    SizeClass(60_000, 4_000, 256, 256, 512, 1, 0.20, 0.0, 1_200, 2e-3, 44),
    SizeClass(120_000, 4_000, 256, 256, 512, 1, 0.20, 0.0, 1_200, 2e-3, 36),
    SizeClass(250_000, 4_000, 256, 256, 512, 1, 0.20, 0.0, 1_200, 2e-3, 30),
    SizeClass(600_000, 4_000, 256, 256, 512, 1, 0.20, 0.0, 1_200, 2e-3, 26),
    SizeClass(1_500_000, 6_000, 256, 256, 512, 1, 0.10, 0.0, 1_200, 2e-3, 14),
    SizeClass(4_000_000, 8_000, 256, 256, 512, 1, 0.10, 0.0, 2_000, 2e-3, 9),
    SizeClass(12_000_000, 8_000, 384, 384, 768, 1, 0.10, 0.0, 3_000, 2e-3, 6),
    SizeClass(math.inf, 12_000, 512, 512, 1_024, 2, 0.10, 0.0, 4_000, 2e-3, 4),
)
_PIECES_A_WORD = 1.4  # with these vocabularies and punctuation
_LEAST_UPDATES = 2_000
_VALIDATIONS = 20  # a run
_COVERAGE, _COVERAGE_OF_HAN = 0.9999, 0.9995  # SentencePiece's advice for Chinese and Japanese
_USUAL_CHARACTERS = 256  # of two languages with alphabets; the vocabularies above have room for them
_LEAST_VOCABULARY = 300  # what a recipe allows
_ROOM = 16  # pieces that the texts must give beyond the vocabulary, for what the user may add or leave out
_SMALLER = 0.9  # times the vocabulary is tried next
_LARGEST = re.compile(r"<= (\d+)")  # how SentencePiece names the largest that is possible


class Amount(NamedTuple):
    """The text that a model learns from: fit pairs, and the target words of each of its directions."""

    pairs: int
    words: tuple[int, ...]


@dataclass(frozen=True)
class Settings:
    """What a recipe says beyond its corpora."""

    size: SizeClass
    vocabulary: int
    character_coverage: float
    max_updates: int
    validate_every: int
    warmup_updates: int


def choose_class(words: float) -> SizeClass:
    """The size class of a corpus by its target words."""
    return next(size for size in SIZE_CLASSES if words <= size.words)


def propose(amount: Amount, alphabets: Iterable[Counter[str]]) -> Settings:
    """The settings for an amount of text in some alphabets (the count of each character of each side)."""
    size = choose_class(sum(amount.words) / len(amount.words))
    characters = sum(alphabets, Counter[str]())
    coverage = _COVERAGE_OF_HAN if "Han" in count_scripts(characters) else _COVERAGE
    more = max(0, _count_covering(characters, coverage) - _USUAL_CHARACTERS)
    pieces = sum(amount.words) * _PIECES_A_WORD
    epoch = (pieces + amount.pairs * len(amount.words)) / size.batch_pieces  # every target ends in one piece more
    updates = max(_LEAST_UPDATES, math.ceil(size.passes * epoch / 100) * 100)
    return Settings(
        size=size,
        vocabulary=size.vocabulary + math.ceil(more / 100) * 100,
        character_coverage=coverage,
        max_updates=updates,
        validate_every=max(100, round(updates / _VALIDATIONS / 10) * 10),
        warmup_updates=max(200, min(1_000, round(updates / 15 / 50) * 50)),
    )


def fit_vocabulary(vocabulary: int, coverage: float, texts: Sequence[str], languages: Sequence[str]) -> int:
    """The vocabulary, or a smaller one if these texts, normalized and without duplicates, do not give as many pieces.

    Raises CorpusError when they do not even give the smallest that a recipe may have.
    """
    words = Counter(word for text in texts for word in text.split())
    if sum(count > 1 for count in words.values()) >= 2 * vocabulary:
        return vocabulary  # each of these words alone could be a piece
    while True:
        try:
            train_tokenizer(texts, languages, SubwordConfig(vocabulary=vocabulary + _ROOM, character_coverage=coverage))
        except CorpusError as error:
            if vocabulary == _LEAST_VOCABULARY:
                raise CorpusError(
                    f"The {len(texts):,} different sentences do not even give {vocabulary} pieces, the smallest "
                    f"vocabulary. Add more, and more varied, text. ({error})"
                ) from error
            named = _LARGEST.search(str(error))
            largest = int(named.group(1)) if named else vocabulary
            vocabulary = max(_LEAST_VOCABULARY, min(largest - _ROOM, math.floor(_SMALLER * vocabulary)))
        else:
            return vocabulary


def _count_covering(characters: Counter[str], share: float) -> int:
    """How many of the commonest characters make up a share of all."""
    missing = share * characters.total()
    count = 0
    for _, times in characters.most_common():
        if missing <= 0:
            break
        missing -= times
        count += 1
    return count
