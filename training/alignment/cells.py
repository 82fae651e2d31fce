"""Where in a sentence pair a link may be, and how likely each place is: the prior of Dyer et al. 2013.

A target position i of m lies beside the source position j of n at the distance |i / m - j / n|. Links are the likelier
the nearer they lie, exp(-tension · distance), or go to the null word with a fixed probability.
"""

import numpy as np

NULL_PROBABILITY = 0.08  # Dyer et al. 2013, table 1: p0
MOST_TENSION = 40.0  # beyond it a link one position off would be impossible in any sentence
NEWTON_STEPS = 20
Array = np.ndarray


class Cells:
    """The cells (i, j) of all shapes (m, n) that pairs have, one array behind cell 0, which is the null word's."""

    def __init__(self, heights: Array, widths: Array) -> None:
        """Of pairs with so many target words (heights) and so many source words (widths), both at least 1."""
        shapes, self._shape_of_pair = np.unique(np.stack([heights, widths]), axis=1, return_inverse=True)
        rows, sizes = shapes.prod(axis=0), shapes[0]
        self._first_of_shape = 1 + np.cumsum(rows) - rows
        self._columns = np.repeat(shapes[1], sizes)  # of each row of each shape
        self._row_starts = np.cumsum(self._columns) - self._columns
        height, width = np.repeat(shapes[0], rows), np.repeat(shapes[1], rows)
        place = np.arange(rows.sum()) - np.repeat(self._first_of_shape - 1, rows)
        self.distances = np.abs((place // width + 1) / height - (place % width + 1) / width)

    def first(self, pairs: Array) -> Array:
        """The first cell of each of some pairs; the others follow, row by row."""
        return self._first_of_shape[self._shape_of_pair.reshape(-1)[pairs]]

    def prior(self, tension: float) -> Array:
        """The probability of each cell in its row, the null word's first; tension 0 makes all source words equal."""
        weights = np.exp(-tension * self.distances)
        weights *= np.repeat((1 - NULL_PROBABILITY) / self._sums(weights), self._columns)
        return np.concatenate([[NULL_PROBABILITY], weights])

    def best_tension(self, expected: Array, tension: float) -> float:
        """The tension that makes links likeliest of which each cell has as many as expected; `tension` is a guess."""
        links = expected[1:]
        of_row = self._sums(links)
        for _ in range(NEWTON_STEPS):
            weights = np.exp(-tension * self.distances)
            weights /= np.repeat(self._sums(weights), self._columns)
            mean = self._sums(weights * self.distances)
            spread = self._sums(weights * self.distances**2) - mean**2
            slope, curve = of_row @ mean - links @ self.distances, of_row @ spread
            step = slope / max(curve, 1e-12)
            tension = float(np.clip(tension + np.clip(step, -2, 2), 0, MOST_TENSION))
            if abs(step) < 1e-6:
                break
        return tension

    def _sums(self, values: Array) -> Array:
        """Of each row of each shape."""
        return np.add.reduceat(values, self._row_starts)
