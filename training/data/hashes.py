"""A set of 64-bit hashes at eight bytes each: which of ten million pairs have been there before, in 80 MB."""

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np


def hash_texts(texts: Iterable[str]) -> np.ndarray:
    """A uint64 of each text (N,), the same in every process.

    That any two of n different texts have one hash is n² / 2⁶⁵ likely: 3 in a million for ten million texts.
    """
    return np.frombuffer(b"".join(blake2b(text.encode(), digest_size=8).digest() for text in texts), "<u8")


class HashSet:
    """Sorted arrays, each more than twice as long as the next: adding costs little, a look-up a few searches."""

    def __init__(self) -> None:
        self._arrays: list[np.ndarray] = []

    def __len__(self) -> int:
        return sum(map(len, self._arrays))

    def add(self, hashes: np.ndarray) -> np.ndarray:
        """Adds uint64 hashes (N,), and says of each whether it is new: not in the set, nor earlier in the array."""
        unique, first = np.unique(hashes, return_index=True)
        is_new = np.ones(len(unique), bool)
        for array in self._arrays:
            places = np.minimum(np.searchsorted(array, unique), len(array) - 1)
            is_new &= array[places] != unique
        answer = np.zeros(len(hashes), bool)
        answer[first[is_new]] = True
        self._keep(unique[is_new])
        return answer

    def _keep(self, added: np.ndarray) -> None:
        while self._arrays and len(self._arrays[-1]) <= 2 * len(added):
            added = np.concatenate([self._arrays.pop(), added])
            added.sort(kind="stable")  # for integers a radix or merge sort; both are fast on two sorted halves
        if len(added):
            self._arrays.append(added)
