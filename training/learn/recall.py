"""The task: say which token was marked at the start, when the cue comes many random tokens later."""

from typing import NamedTuple

import numpy as np

TOKENS = 8  # kinds of token; guessing is right once in so many
MARK, CUE = TOKENS, TOKENS + 1  # features beside the tokens' own
WIDTH = TOKENS + 2


class Examples(NamedTuple):
    """Sequences, and what is to be said behind each."""

    sequences: np.ndarray  # (B, T, WIDTH) float32: a one-hot token, with MARK at the first; CUE alone at the last
    answers: np.ndarray  # (B,) int32, the marked token


def draw_examples(random: np.random.Generator, distance: int, count: int) -> Examples:
    """`count` sequences whose cue stands `distance` steps behind the marked token: distance + 1 steps each.

    What lies between is drawn from the same tokens, so one must keep the first and not the latest; the idea is that of
    Hochreiter & Schmidhuber 1997, §5.2.
    """
    tokens = random.integers(TOKENS, size=(count, distance + 1))
    sequences = np.zeros((count, distance + 1, WIDTH), np.float32)
    np.put_along_axis(sequences, tokens[:, :, None], 1, axis=2)
    sequences[:, 0, MARK] = 1
    sequences[:, -1] = 0
    sequences[:, -1, CUE] = 1
    return Examples(sequences, tokens[:, 0].astype(np.int32))


def mixed_distances(random: np.random.Generator, longest: int, count: int) -> list[int]:
    """`count` distances from 1 to `longest`, each power of two as often as the next: short ones come often."""
    return [int(distance) for distance in np.exp(random.uniform(0, np.log(longest + 1), count))]
