"""The text of a measurement, its vocabulary and its batches: made once, the same for everybody.

Without a corpus of the user's the text is generated: two languages of made-up words whose frequencies follow Zipf's
law, the frequent ones short, in sentences as long as Multi30k's captions. Sentences are translated word by word.
"""

import argparse
import json
from contextlib import closing
from itertools import islice
from pathlib import Path

import numpy as np

from mt.errors import CorpusError
from mt.text import normalize
from tests.bench.cases import SEED, Case, Spec
from tests.bench.padded import make_padded, save
from tests.bench.worker import BATCHES
from training.data.corpus import stream_pairs
from training.data.dataset import Batching, Bitext, Dataset
from training.recipe import SubwordConfig
from training.subwords import train_tokenizer

WORDS = 20_000  # of a made-up language
# Mean and standard deviation of the logarithm, in Multi30k's English captions and of their German lengths divided by
# theirs; 11.9 words on average.
SOURCE_WORDS = (2.43, 0.31)
TARGET_RATIO = (-0.08, 0.17)
SOURCE_SYLLABLES = tuple(first + vowel for first in "bdfgklmnprst" for vowel in "aeiou")
TARGET_SYLLABLES = tuple(first + vowel for first in "hjlmnrsvwxz" for vowel in "äeöüy")
SOURCE, TARGET = "xx", "yy"  # names for the two languages, whichever they are
MAX_PIECES = 120  # of a source or a target
MOST_PAIRS = 50_000  # that are read of a corpus; more would say nothing more about speed

Texts = list[str]


def generate(pairs: int, seed: int = SEED) -> tuple[Texts, Texts]:
    """Sources and targets, the same for the same seed."""
    generator = np.random.default_rng(seed)
    ranks = np.arange(1, WORDS + 1)
    shares = 1 / ranks / np.sum(1 / ranks)
    lengths = np.maximum(1, generator.lognormal(*SOURCE_WORDS, pairs).round().astype(int))
    others = np.maximum(1, (lengths * generator.lognormal(*TARGET_RATIO, pairs)).round().astype(int))
    words = generator.choice(WORDS, lengths.sum(), p=shares)
    ends = np.cumsum(lengths)
    sources, targets = [], []
    for end, length, other in zip(ends.tolist(), lengths.tolist(), others.tolist(), strict=True):
        sentence = words[end - length : end]
        sources.append(" ".join(spell(word, SOURCE_SYLLABLES) for word in sentence.tolist()))
        # A longer translation begins anew, a shorter one ends early.
        targets.append(" ".join(spell(word, TARGET_SYLLABLES) for word in np.resize(sentence, other).tolist()))
    return sources, targets


def spell(number: int, syllables: tuple[str, ...]) -> str:
    """A word of its own for each number, of one syllable for the first ones, then of two, and so on."""
    word = ""
    while number >= 0:
        number, last = divmod(number, len(syllables))
        word = syllables[last] + word
        number -= 1
    return word


def read(folder: Path) -> tuple[Texts, Texts]:
    """The first pairs of the two files train.* of a folder; the source is the one whose name comes first."""
    files = sorted(folder.glob("train.*"))
    if len(files) != 2:
        names = ", ".join(file.name for file in files) or "none"
        raise CorpusError(f"A corpus is two files train.*, such as train.en and train.de; {folder} has {names}.")
    first = islice(stream_pairs(*files), MOST_PAIRS)
    pairs = [(normalize(source), normalize(target)) for source, target in first]
    return [source for source, _ in pairs], [target for _, target in pairs]


def prepare(case: Case, texts: tuple[Texts, Texts], folder: Path, batches: int) -> dict[str, object]:
    """Writes texts, vocabulary and the first batches of an epoch into a folder, and says what they are like."""
    for name, lines in zip(("source", "target"), texts, strict=True):
        (folder / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    subwords = SubwordConfig(vocabulary=case.vocabulary)
    tokenizer = train_tokenizer([*texts[0], *texts[1]], [TARGET], subwords)
    (folder / "sentencepiece.model").write_bytes(tokenizer.model)
    dataset = Dataset([Bitext(SOURCE, TARGET, *texts)], tokenizer, Batching(case.batch_pieces, MAX_PIECES, SEED))
    with closing(dataset.batches()) as made:
        padded = [make_padded(batch.source, batch.target) for _, batch in islice(made, batches)]
    save(padded, folder / BATCHES)
    lengths = np.concatenate([np.count_nonzero(one.target, axis=1) for one in padded])
    places = sum(one.target.size for one in padded)
    return {
        "pairs": len(texts[0]),
        "pieces": [one.pieces for one in padded],
        "target_pieces_mean": float(lengths.mean()),
        "target_pieces_deviation": float(lengths.std()),
        "padding": 1 - sum(one.pieces for one in padded) / places,
    }


def main() -> None:
    """Prepares a spec's folder and writes `corpus.json` there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("spec", type=Path)
    parser.add_argument("--batches", type=int, required=True)
    parser.add_argument("--data", type=Path, help="a folder with two files train.*; the first 50,000 pairs are read")
    options = parser.parse_args()
    spec = Spec.read(options.spec)
    texts = read(options.data) if options.data else generate(spec.case.pairs)
    folder = Path(spec.folder)
    facts = prepare(spec.case, texts, folder, options.batches)
    facts["text"] = (
        str(options.data)
        if options.data
        else "generated: Zipf's law over 20,000 words, log-normal lengths as Multi30k's"
    )
    (folder / "corpus.json").write_text(json.dumps(facts), encoding="utf-8")


if __name__ == "__main__":
    main()
