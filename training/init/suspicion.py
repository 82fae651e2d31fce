"""Pairs that a person should look at: each compared with what is usual in its corpus."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np

from mt.text.scripts import count_scripts, script
from training.data.corpus import Pair

# In the order of the checks; a pair counts for the first that holds.
SUSPICIONS = (
    "no letters",
    "unexpected script",
    "sides swapped",
    "both sides one language",
    "unusual length ratio",
    "different numbers",
)
_USUAL_SHARE = 0.05  # of a side's letters that makes a script one of the side
_RARE = 5  # a word or letter seen less often in the sample says nothing
_LEAST_WEIGHT, _MOST_WEIGHT = 1.0, 3.0  # natural log-odds of a word or letter
_CERTAIN = 6.0  # two of the strongest words or letters, or more weaker ones
_SMOOTHING_CHARACTERS = 10  # on either length, for ratios of short texts vary most
_LEAST_DEVIATION = math.log(2)
_SPREADS = 5.0
_LEAST_SPREAD = 0.1
_NORMAL_SPREAD = 1.4826  # standard deviation of a normal distribution over its median absolute deviation
_WORD = re.compile(r"\w+")
_THOUSANDS = re.compile(r"(?<=\d)[.,' \u00a0\u2019\u202f](?=\d{3}(?!\d))")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Profile:
    """What is usual in a corpus."""

    weights: Mapping[str, float]  # log-odds of words and letters: positive on the source side, negative on the target's
    scripts: tuple[frozenset[str], frozenset[str]]  # of the source side and the target side
    log_ratio: float  # source over target characters, the median
    spread: float  # of the log ratio

    def suspicion(self, pair: Pair) -> str | None:
        """The first of SUSPICIONS that holds for a normalized pair without faults, None for an ordinary one."""
        letters = [[name for name in map(script, side) if name] for side in pair]
        if not all(letters):
            return "no letters"
        usual = self.scripts[0] | self.scripts[1]
        if any(2 * sum(map(usual.__contains__, side)) < len(side) for side in letters):
            return "unexpected script"
        source_is_other, target_is_other = self._lean(pair[0]) < -_CERTAIN, self._lean(pair[1]) > _CERTAIN
        if source_is_other or target_is_other:
            return "sides swapped" if source_is_other and target_is_other else "both sides one language"
        if abs(_log_ratio(pair) - self.log_ratio) > max(_LEAST_DEVIATION, _SPREADS * self.spread):
            return "unusual length ratio"
        numbers = _numbers(pair[0]), _numbers(pair[1])
        # One side may spell its numbers out.
        return "different numbers" if all(numbers) and numbers[0] != numbers[1] else None

    def _lean(self, text: str) -> float:
        """How much a text looks like the source side; below 0 like the target side."""
        return sum(map(self.weights.get, _features(text), repeat(0.0)))


def learn_profile(sample: Sequence[Pair]) -> Profile:
    """What is usual in a sample of normalized pairs, some of which may be faulty; of at least one pair."""
    sides = [source for source, _ in sample], [target for _, target in sample]
    ratios = np.array([_log_ratio(pair) for pair in sample])
    spread = _NORMAL_SPREAD * float(np.median(np.abs(ratios - np.median(ratios))))
    return Profile(
        _weights(_count_features(sides[0]), _count_features(sides[1])),
        (_side_scripts(sides[0]), _side_scripts(sides[1])),
        float(np.median(ratios)),
        max(_LEAST_SPREAD, spread),
    )


def _weights(source: Counter[str], target: Counter[str]) -> dict[str, float]:
    """The log-odds of what tells the sides apart, so that a text has few of them to look up."""
    weights = {}
    totals = math.log(max(1, source.total())) - math.log(max(1, target.total()))
    for feature in source.keys() | target.keys():
        if source[feature] + target[feature] >= _RARE:
            weight = math.log((source[feature] + 0.5) / (target[feature] + 0.5)) - totals
            if abs(weight) >= _LEAST_WEIGHT:
                weights[feature] = max(-_MOST_WEIGHT, min(_MOST_WEIGHT, weight))
    return weights


def _features(text: str) -> set[str]:
    """The words and the letters of a text, each once."""
    lowered = text.lower()
    return {*_WORD.findall(lowered), *lowered}


def _count_features(texts: Iterable[str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(_features(text))
    return counts


def _side_scripts(texts: Iterable[str]) -> frozenset[str]:
    """The scripts that a side is usually written in."""
    characters: Counter[str] = Counter()
    for text in texts:
        characters.update(text)
    scripts = count_scripts(characters)
    return frozenset(name for name, count in scripts.items() if count >= _USUAL_SHARE * scripts.total())


def _log_ratio(pair: Pair) -> float:
    return math.log((len(pair[0]) + _SMOOTHING_CHARACTERS) / (len(pair[1]) + _SMOOTHING_CHARACTERS))


def _numbers(text: str) -> list[int]:
    """The numbers of a text in digits, thousands without their separators, in ascending order."""
    if not _NUMBER.search(text):
        return []
    return sorted(int(number) for number in _NUMBER.findall(_THOUSANDS.sub("", text)))
