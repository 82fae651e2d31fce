"""What a parallel corpus is like: read in one stream, with 40 bytes kept of each pair."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from mt.text import normalize
from mt.text.scripts import count_words
from training.data.corpus import REASONS, FilterConfig, Pair, find_fault
from training.data.hashes import hash_texts
from training.init.regions import Region, find_regions, length_correlation
from training.init.suspicion import SUSPICIONS, Profile, learn_profile

SAMPLE_PAIRS = 20_000  # that say what is usual
CHUNK_PAIRS = 4_000
SHOWN_LINES = 5  # of each finding
QUANTILES = (0.1, 0.5, 0.9, 1.0)
_FIT = len(REASONS)  # the code of a pair without a reason against it


@dataclass(frozen=True)
class Finding:
    """How many pairs something was found in, and the first line numbers, counted from 1."""

    count: int
    lines: tuple[int, ...]


@dataclass(frozen=True)
class Side:
    """One side of a corpus; of the pairs as they are, good and bad."""

    words: int
    characters: int
    quantiles: tuple[int, ...]  # words of a sentence, at QUANTILES
    alphabet: Counter[str]  # how often there is each character


@dataclass(frozen=True)
class Survey:
    """What a corpus is like, and a few numbers of each pair: row n is line n + 1."""

    sides: tuple[Side, Side]
    sample: list[Pair]  # as in the files, evenly from the whole corpus
    faults: dict[str, Finding]  # by REASONS: what training leaves out
    suspicions: dict[str, Finding]  # by SUSPICIONS: what training takes, and a person should look at
    variants: tuple[Finding, Finding]  # sources with several targets, and targets with several sources
    regions: list[Region]
    correlation: float | None  # of the lengths of the sides
    hashes: tuple[np.ndarray, np.ndarray]  # of the normalized sides (N,)
    target_words: np.ndarray  # (N,)
    source_words: np.ndarray  # (N,)
    fit: np.ndarray  # (N,) bool, without duplicates
    suspicious: np.ndarray  # (N,) bool, of the fit ones, by themselves or in a region

    @property
    def pairs(self) -> int:
        """How many pairs the corpus has."""
        return len(self.fit)

    def overlap(self, held_out: Iterable[Pair]) -> np.ndarray:
        """Which pairs (N,) share a side with one that is held out, as training's filter will see it."""
        pairs = [(normalize(source), normalize(target)) for source, target in held_out]
        sides = [hash_texts(source for source, _ in pairs), hash_texts(target for _, target in pairs)]
        return np.isin(self.hashes[0], sides[0]) | np.isin(self.hashes[1], sides[1])


def take_sample(pairs: Iterable[Pair], size: int = SAMPLE_PAIRS) -> list[Pair]:
    """All pairs, or of more than `size` every second, fourth, … one: at least half of `size`, evenly spread."""
    sample: list[Pair] = []
    step = 1
    for number, pair in enumerate(pairs):
        if number % step == 0:
            if len(sample) == size:
                del sample[1::2]
                step *= 2
            if number % step == 0:
                sample.append(pair)
    return sample


def survey(pairs: Iterable[Pair], sample: list[Pair], config: FilterConfig) -> Survey:
    """The survey of a corpus, from its pairs and a sample of them (take_sample), both as in the files."""
    profile = learn_profile([(normalize(source), normalize(target)) for source, target in sample])
    alphabets = Counter[str](), Counter[str]()
    chunks = list(_columns(pairs, profile, config, alphabets))
    # Rows: fault, suspicion, words of both sides, characters of both sides.
    fault, suspicion, *sizes = np.concatenate([numbers for numbers, _ in chunks], axis=1)
    hashes = tuple(np.concatenate([sides[side] for _, sides in chunks]) for side in (0, 1))
    is_new = _first_of_each(fault == _FIT, hashes[0] * np.uint64(0x9E3779B97F4A7C15) + hashes[1])
    fault[(fault == _FIT) & ~is_new] = REASONS.index("duplicate")
    fit = fault == _FIT
    regions = find_regions(sizes[2], sizes[3])
    suspicious = suspicion < len(SUSPICIONS)
    for region in regions:
        suspicious[region.first - 1 : region.last] = True
    return Survey(
        sides=(_side(sizes[0], sizes[2], alphabets[0]), _side(sizes[1], sizes[3], alphabets[1])),
        sample=sample,
        faults={reason: _finding(fault == code) for code, reason in enumerate(REASONS)},
        suspicions={reason: _finding(fit & (suspicion == code)) for code, reason in enumerate(SUSPICIONS)},
        variants=(_variants(fit, hashes[0]), _variants(fit, hashes[1])),
        regions=regions,
        correlation=length_correlation(sizes[2], sizes[3]),
        hashes=(hashes[0], hashes[1]),
        target_words=sizes[1],
        source_words=sizes[0],
        fit=fit,
        suspicious=fit & suspicious,
    )


def _columns(
    pairs: Iterable[Pair], profile: Profile, config: FilterConfig, alphabets: tuple[Counter[str], Counter[str]]
) -> Iterator[tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]]:
    """The numbers (6, N) and the hashes of some thousands of pairs at a time; characters are added to the alphabets."""
    remaining = iter(pairs)
    while chunk := list(islice(remaining, CHUNK_PAIRS)):
        normalized = [(normalize(source), normalize(target)) for source, target in chunk]
        rows = [_judge(raw, pair, profile, config) for raw, pair in zip(chunk, normalized, strict=True)]
        sides = list(zip(*normalized, strict=True))
        for alphabet, texts in zip(alphabets, sides, strict=True):
            alphabet.update("".join(texts).replace(" ", ""))
        yield np.array(rows, np.int32).T, (hash_texts(sides[0]), hash_texts(sides[1]))


def _judge(raw: Pair, pair: Pair, profile: Profile, config: FilterConfig) -> tuple[int, ...]:
    """Codes of the fault and of the suspicion, then words and characters of both sides."""
    fault = find_fault(raw, pair, config)
    suspicion = None if fault else profile.suspicion(pair)
    codes = REASONS.index(fault) if fault else _FIT, SUSPICIONS.index(suspicion) if suspicion else len(SUSPICIONS)
    return *codes, count_words(pair[0]), count_words(pair[1]), len(pair[0]), len(pair[1])


def _side(words: np.ndarray, characters: np.ndarray, alphabet: Counter[str]) -> Side:
    quantiles = tuple(int(value) for value in np.quantile(words, QUANTILES, method="inverted_cdf"))
    return Side(int(words.sum()), int(characters.sum()), quantiles, alphabet)


def _finding(found: np.ndarray) -> Finding:
    return Finding(int(found.sum()), tuple(int(row) + 1 for row in np.flatnonzero(found)[:SHOWN_LINES]))


def _first_of_each(chosen: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Which of the chosen rows (N,) are the first with their key."""
    rows = np.flatnonzero(chosen)
    _, first = np.unique(keys[rows], return_index=True)
    is_first = np.zeros(len(keys), bool)
    is_first[rows[first]] = True
    return is_first


def _variants(fit: np.ndarray, hashes: np.ndarray) -> Finding:
    """Texts of one side that are in several different pairs, each counted once, at the line of its first pair."""
    rows = np.flatnonzero(fit)
    _, first, counts = np.unique(hashes[rows], return_index=True, return_counts=True)
    lines = np.sort(rows[first[counts > 1]]) + 1
    return Finding(len(lines), tuple(map(int, lines[:SHOWN_LINES])))
