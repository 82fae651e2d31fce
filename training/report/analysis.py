"""What one score hides: translations by the length of their source, by the rarity of words, the best and the worst.

The tables by length and by training frequency follow compare-mt (Neubig et al. 2019, §2).
"""

import string
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sacrebleu.metrics import BLEU, CHRF

from mt.text import normalize

# The last length or frequency of each group; one more group holds what lies above.
LENGTHS = (5, 10, 15, 20, 30, 40, 60)
FREQUENCIES = (0, 1, 4, 9, 99, 999)
WITHOUT_SPACES = ("ja", "km", "lo", "my", "th", "zh")  # languages whose words are not set apart: characters count
_EDGES = string.punctuation + "«»‹›„“”‚‘’…–—¿¡、。，！？；：「」『』（）।"  # noqa: RUF001 - other scripts' signs are meant


class Sample(NamedTuple):
    """One sentence of a test set and its translation."""

    source: str
    reference: str
    translation: str
    chrf: float  # percent, of this sentence alone


class LengthGroup(NamedTuple):
    """The sentences whose sources have about the same number of words."""

    words: str  # such as "6 to 10"; the first is "up to 5"
    sentences: int
    bleu: float
    chrf: float


class FrequencyGroup(NamedTuple):
    """The target words that training has seen about as often."""

    frequency: str  # such as "2 to 4"
    wanted: int  # words of the references
    produced: int  # words of the translations
    matched: int  # words of a reference that its translation has too, each as often as it has it

    @property
    def recall(self) -> float:
        """How many of the wanted words were produced, percent."""
        return 100 * self.matched / max(1, self.wanted)

    @property
    def precision(self) -> float:
        """How many of the produced words were wanted, percent."""
        return 100 * self.matched / max(1, self.produced)

    @property
    def f1(self) -> float:
        """The harmonic mean of both, percent."""
        return 200 * self.matched / max(1, self.wanted + self.produced)


def split_words(text: str, language: str) -> list[str]:
    """The words of a text without the punctuation around them; characters where words are not set apart."""
    if language.partition("-")[0] in WITHOUT_SPACES:
        return [character for character in text if not character.isspace() and character not in _EDGES]
    return [word for token in text.split() if (word := token.strip(_EDGES))]


def count_words(texts: Iterable[str], language: str, wanted: Iterable[str]) -> Counter[str]:
    """How often each of the wanted words is in the texts; no others are kept, however large the corpus."""
    chosen = frozenset(wanted)
    return Counter(word for text in texts for word in split_words(text, language) if word in chosen)


def all_words(texts: Iterable[str], language: str) -> set[str]:
    """Each word of the texts, normalized as for training."""
    return {word for text in texts for word in split_words(normalize(text), language)}


def by_length(samples: Sequence[Sample], language: str) -> list[LengthGroup]:
    """Scores of the samples by the number of words in their sources, shortest first; no empty groups."""
    groups: dict[int, list[Sample]] = {}
    for sample in samples:
        count = len(split_words(sample.source, language))
        groups.setdefault(bisect_left(LENGTHS, count), []).append(sample)
    bleu, chrf = BLEU(), CHRF()
    found = []
    for number, group in sorted(groups.items()):
        texts = [sample.translation for sample in group], [[sample.reference for sample in group]]
        scores = float(bleu.corpus_score(*texts).score), float(chrf.corpus_score(*texts).score)
        found.append(LengthGroup(_span(LENGTHS, number), len(group), *scores))
    return found


def by_frequency(samples: Sequence[Sample], language: str, frequencies: Counter[str]) -> list[FrequencyGroup]:
    """How well the words of the references are produced, by how often training has seen them, rarest first."""
    wanted, produced, matched = ([0] * (len(FREQUENCIES) + 1) for _ in range(3))
    for sample in samples:
        reference = Counter(split_words(normalize(sample.reference), language))
        translation = Counter(split_words(normalize(sample.translation), language))
        for totals, words in ((wanted, reference), (produced, translation), (matched, reference & translation)):
            for word, count in words.items():
                totals[bisect_left(FREQUENCIES, frequencies[word])] += count
    rows = zip(wanted, produced, matched, strict=True)
    return [FrequencyGroup(_span(FREQUENCIES, number), *row) for number, row in enumerate(rows) if row[0] or row[1]]


def make_samples(sources: Sequence[str], references: Sequence[str], translations: Sequence[str]) -> list[Sample]:
    """Each sentence that has a reference, with its own chrF2."""
    metric = CHRF()
    return [
        Sample(source, reference, translation, float(metric.sentence_score(translation, [reference]).score))
        for source, reference, translation in zip(sources, references, translations, strict=True)
        if reference.strip()
    ]


def best_and_worst(samples: Sequence[Sample], count: int = 10) -> tuple[list[Sample], list[Sample]]:
    """The best, best first, and the worst, worst first, by chrF; of equal ones the longer, which tell more.

    No sample is there twice, or in both: of fewer than twice `count` samples either gets half.
    """
    samples = list(dict.fromkeys(samples))
    count = min(count, len(samples) // 2)
    ranked = sorted(samples, key=lambda sample: (-sample.chrf, -len(sample.source)))
    worst = sorted(ranked[count:], key=lambda sample: (sample.chrf, -len(sample.source)))
    return ranked[:count], worst[:count]


def brevity_penalty(samples: Sequence[Sample]) -> tuple[float, float]:
    """BLEU's brevity penalty, and the length of the translations over that of the references in its tokens."""
    texts = [sample.translation for sample in samples], [[sample.reference for sample in samples]]
    result = BLEU().corpus_score(*texts)
    return float(result.bp), result.sys_len / max(1, result.ref_len)


def _span(ends: Sequence[int], number: int) -> str:
    """The name of a group, such as "6 to 10"."""
    if number == 0:
        return f"up to {ends[0]}" if ends[0] else "0"
    first = ends[number - 1] + 1
    if number == len(ends):
        return f"{first:,} or more"
    return f"{first:,}" if first == ends[number] else f"{first:,} to {ends[number]:,}"
