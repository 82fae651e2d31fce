"""The loop guard: translations that loop, look at one place for ever or have an absurd length are searched again.

The thresholds, and how to search again, were tuned on dev sets with the shipped translator: see docs/guard.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np

from mt.engines import Hypothesis, SearchOptions
from mt.repetition import longest_loop, n_grams_again

REASONS = ("repetition", "stuck_attention", "too_long", "too_short", "length_limit")

LEAST_TIMES, LEAST_RUN = 3, 4  # a loop comes three times or oftener, and repeats four pieces or more
MOST_AGAIN = 6  # n-grams that came before, more of them than the source has; seven are no accident
MOST_GAZE = 9  # steps in a row that look most at one piece of the source
LONG_FACTOR, LONG_EXTRA = 2.0, 8  # the most pieces for each of the source's, and besides
SHORT_FACTOR, SHORT_LEAST = 0.25, 8  # the fewest for each distinct one of the source's, which has at least so many

COVERAGE_PENALTY, NO_REPEAT, BEAM = 0.2, 2, 5  # of the second search

Found = list[Hypothesis]
Search = Callable[[Sequence[int], SearchOptions], list[Found]]


def faults(source: Sequence[int], hypothesis: Hypothesis, options: SearchOptions) -> tuple[str, ...]:
    """Which of REASONS there are against a translation of this source, which begins with its tag and ends with EOS.

    What the source does itself, such as to repeat a word, is none, nor is the end that a deadline or max_pieces made.
    Attention that was not kept, as by streams, is not judged.
    """
    if hypothesis.is_late:
        return ()
    pieces, ids = source[1:-1], hypothesis.ids
    found = {
        "repetition": _repeats(pieces, ids),
        "stuck_attention": longest_gaze(hypothesis.attention) > MOST_GAZE and not _loops(pieces),
        "too_long": len(ids) > LONG_FACTOR * len(pieces) + LONG_EXTRA,
        "too_short": _is_short(pieces, ids),
        "length_limit": not hypothesis.is_complete,
    }
    excused = ("too_short", "length_limit") if options.max_pieces else ()
    return tuple(reason for reason in REASONS if found[reason] and reason not in excused)


def _is_short(source: Sequence[int], ids: Sequence[int]) -> bool:
    """Whether a translation says nothing of a source, or hardly anything of a longer one."""
    distinct = len(set(source))
    return bool(distinct) and (not ids or (distinct >= SHORT_LEAST and len(ids) < SHORT_FACTOR * distinct))


def _repeats(source: Sequence[int], ids: Sequence[int]) -> bool:
    """Whether a translation repeats itself, and its source does not."""
    if len(ids) - len(set(ids)) < LEAST_RUN:
        return False
    loop, own = longest_loop(ids), longest_loop(source)
    # A source that says something twice may be said three times, but not oftener.
    is_loop = loop.run >= LEAST_RUN and loop.times >= LEAST_TIMES and loop.times > own.times + (own.times > 1)
    return is_loop or n_grams_again(ids) - n_grams_again(source) > MOST_AGAIN


def _loops(source: Sequence[int]) -> bool:
    """Whether a source says the same again and again, as its translation may, and look at any of it."""
    return longest_loop(source).times >= LEAST_TIMES


def longest_gaze(attention: np.ndarray) -> int:
    """How many steps in a row of (T, S) looked most at one and the same place."""
    places = attention.argmax(axis=1).tolist() if attention.size else []
    return max((sum(1 for _ in group) for _, group in groupby(places)), default=0)


def guarded_search(
    search: Search,
    sources: Sequence[Sequence[int]],
    options: SearchOptions,
    may_repeat: bool = True,
    least_pieces: int = 1,
) -> list[Found]:
    """What `search` finds for sources by their numbers, with the faults of the best.

    Where that has some it is searched again, if it may be: without repeats, or, as the translation of a source that
    loops has to loop, with a bounded length. What has the fewest faults comes first, and what was found last before
    what was found first. A translation drawn at random is not drawn again. No bound is less than `least_pieces`.
    """
    found = [
        _judged(source, hypotheses, options)
        for source, hypotheses in zip(sources, search(range(len(sources)), options), strict=True)
    ]
    if options.sampling or not may_repeat:
        return found

    def search_again(numbers: Sequence[int], way: SearchOptions) -> None:
        for number, second in zip(numbers, search(numbers, way) if numbers else [], strict=True):
            found[number] = _merged(sources[number], found[number], second, options)

    faulty = [number for number, (best, *_) in enumerate(found) if best.faults]
    looping = [number for number in faulty if _loops(sources[number][1:-1])]
    for number in looping:
        search_again([number], _bounded(options, max(len(sources[number]) - 1, least_pieces)))
    still = [number for number in looping if "repetition" in found[number][0].faults]
    search_again([*(number for number in faulty if number not in looping), *still], _unrepeating(options))
    return found


def _judged(source: Sequence[int], found: Found, options: SearchOptions) -> Found:
    return [found[0]._replace(faults=faults(source, found[0], options)), *found[1:]]


def _unrepeating(options: SearchOptions) -> SearchOptions:
    """A second search, in which nothing is said twice."""
    return replace(_covering(options), no_repeat=min(options.no_repeat or NO_REPEAT, NO_REPEAT))


def _bounded(options: SearchOptions, most: int) -> SearchOptions:
    """A second search with at most so many pieces."""
    return replace(_covering(options), max_pieces=min(most, options.max_pieces or most))


def _covering(options: SearchOptions) -> SearchOptions:
    coverage = max(options.coverage_penalty, COVERAGE_PENALTY)
    return replace(options, beam=max(options.beam, BEAM), coverage_penalty=coverage)


def _merged(source: Sequence[int], first: Found, second: Found, options: SearchOptions) -> Found:
    """The hypotheses of both searches, as many as the first was asked for, those with the fewest faults first."""
    distinct: dict[tuple[int, ...], Hypothesis] = {}
    for one in [*(one for one in second if not one.is_late), *first]:
        distinct.setdefault(tuple(one.ids), one._replace(faults=faults(source, one, options)))
    best, *others = sorted(distinct.values(), key=lambda one: len(one.faults))[: options.beam]
    told = dict.fromkeys([*first[0].avoided, *first[0].faults])
    return [best._replace(avoided=tuple(reason for reason in told if reason not in best.faults)), *others]
