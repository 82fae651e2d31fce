"""A whole translator small enough for a test: number names as text, a tokenizer, a model and a bundle of them.

The model's weights are drawn at random, so its translations mean nothing, but they end, and each input has its own.
"""

import atexit
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path

import numpy as np
from num2words import num2words

from mt.bundle import Bundle, load_bundle
from mt.engines import SearchOptions
from mt.export import export, rebuild
from mt.lexicon import Lexicon, Table
from mt.model import ModelConfig, Seq2Seq
from mt.tokenizer import EOS, Tokenizer
from mt.translator import Translator
from training.recipe import SubwordConfig
from training.subwords import train_tokenizer

VOCABULARY = 340
TAGS_AND_BYTES = slice(EOS + 1, EOS + 1 + 2 + 256)
BEAM = 4
CONFIG = ModelConfig(embedding=16, encoder_hidden=12, encoder_layers=2, decoder_hidden=20, decoder_layers=2)
MANIFEST = {
    "name": "tiny",
    "description": "Number names, for tests",
    "directions": ["en-de", "de-en"],
    "max_source_pieces": 24,
    "recipe": {"model": asdict(CONFIG), "subwords": {"vocabulary": VOCABULARY, "kind": "unigram"}},
    "corpora": [{"name": "num2words", "pairs": 300, "licence": "none needed", "attribution": "this test"}],
}


@cache
def number_names(language: str, most: int = 300) -> tuple[str, ...]:
    """The names of 0 to most - 1, a text that a test may make as long as it likes."""
    return tuple(num2words(number, lang=language) for number in range(most))


@cache
def tokenizer(kind: str = "unigram") -> Tokenizer:
    """Number names in English and German, cut into at most 340 pieces."""
    texts = number_names("en") + number_names("de")
    return train_tokenizer(texts, ["de", "en"], SubwordConfig(vocabulary=VOCABULARY, kind=kind))


def table(rows: Mapping[int, Mapping[int, float]], frequent: Sequence[int] = ()) -> Table:
    """A lexicon's table of rows by source piece, {target piece: probability}; the null word's by -1."""
    lists = [sorted(rows.get(piece, {}).items()) for piece in range(-1, tokenizer().size)]
    entries = np.array([entry for one in lists for entry in one]).reshape(-1, 2)
    starts = np.cumsum([0, *map(len, lists)]).astype(np.int32)
    pieces, probabilities = entries[:, 0].astype(np.uint16), entries[:, 1].astype(np.float16)
    return Table(starts, pieces, probabilities, np.array(frequent, np.uint16))


def lexicon(words: Mapping[str, str]) -> Lexicon:
    """Of English words that are the German ones, and the reverse: any piece of the one comes of any of the other."""
    rows: dict[str, dict[int, dict[int, float]]] = {"de": {}, "en": {}}
    for english, german in words.items():
        ids = dict(zip(("en", "de"), tokenizer().encode([english, german]), strict=True))
        for source, target in (("en", "de"), ("de", "en")):
            for piece in ids[source]:
                rows[target].setdefault(piece, {}).update(dict.fromkeys(ids[target], 1 / len(ids[target])))
    return Lexicon.of({language: table(own) for language, own in rows.items()}, tokenizer())


@cache
def model(config: ModelConfig = CONFIG, vocabulary: int = VOCABULARY, seed: int = 1) -> Seq2Seq:
    """A float32 model with weights drawn from the seed, the same for all tests: they must not change it."""
    return rebuild(config, weights(Seq2Seq(config, vocabulary), seed), vocabulary)


def weights(model: Seq2Seq, seed: int = 1) -> dict[str, np.ndarray]:
    """Random weights for a model, large enough that it prefers some pieces, with a fair chance for EOS.

    A model with the tiny tokenizer's vocabulary speaks in number names, not in bytes or tags.
    """
    draw = np.random.default_rng(seed)
    drawn = {name: draw.normal(0, 0.5, old.shape).astype(np.float32) for name, old in model.named_weights().items()}
    bias = next(weight for name, weight in drawn.items() if name.endswith("output_bias"))
    bias[EOS] += 1.5
    if model.vocabulary == VOCABULARY:
        bias[TAGS_AND_BYTES] -= 20.0
    return drawn


def export_bundle(path: Path, **facts: object) -> Path:
    """The folder, with the tiny model's bundle in it; facts replace those of MANIFEST. Takes some seconds."""
    options = SearchOptions(beam=BEAM, length_penalty=1.0)
    export(CONFIG, model().named_weights(), tokenizer(), options, {**MANIFEST, **facts}, path)
    return path


@cache
def bundle_folder() -> Path:
    """The folder of a bundle exported once for all tests, which must leave it as it is."""
    folder = Path(tempfile.mkdtemp(prefix="tiny-bundle-"))
    atexit.register(shutil.rmtree, folder)
    return export_bundle(folder / "tiny")


@cache
def bundle() -> Bundle:
    """The bundle of all tests, loaded."""
    return load_bundle(bundle_folder())


@cache
def translator() -> Translator:
    """A translator of the bundle of all tests."""
    return Translator(bundle())
