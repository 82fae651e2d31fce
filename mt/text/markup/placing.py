"""Where the tags of a run go in its translation: with their words, and always nested as they were.

An element keeps its parent. A pair goes around the stretch of its parent's that its words became, from the first to the
last; brothers whose words became mingled words get the longest stretch of each that no other takes part in. What has no
words stays at the beginning or end of its parent if it stood there, and else stands beside the word it stood beside.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from mt.text.markup.links import Piece
from mt.text.markup.run import Element, Run, words


class Place(NamedTuple):
    """An element at target[start:stop]; nothing of it if it has no words, or lost them."""

    start: int
    stop: int
    element: Element


class _Claim(NamedTuple):
    start: int
    stop: int
    is_changed: bool  # a word that was copied is a better witness, so its claims come first
    child: int


def place(run: Run, target: str, found: Sequence[Piece]) -> tuple[list[tuple[int, int]], bool]:
    """(place in the target, index of the marker) of all markers in order, and whether one has a place by guess."""
    placer = _Placer(run, target, found)
    placer.walk(run.root, 0, len(target))
    return placer.order, placer.has_guessed


class _Placer:
    """A walk down the tree of a run, which is never deeper than structure.MAX_DEPTH."""

    def __init__(self, run: Run, target: str, found: Sequence[Piece]):
        self.run = run
        self.target = target
        self.pieces = found
        self.starts = [piece.source_start for piece in found]
        self.order: list[tuple[int, int]] = []
        self.has_guessed = False

    def walk(self, parent: Element, start: int, stop: int) -> None:
        for child_start, child_stop, child in self._children(parent, start, stop):
            self.order.append((child_start, child.opening))
            if not child.is_item:
                self.walk(child, child_start, child_stop)
                self.order.append((child_stop, child.closing))

    def _children(self, parent: Element, start: int, stop: int) -> list[Place]:
        pairs = [child for child in parent.children if not child.is_item]
        places = self._pair_places(parent, pairs, start, stop)
        taken = sorted(places[child.opening] for child in pairs if child.opening in places)
        found = []
        for child in parent.children:
            if child.opening in places:
                found.append(Place(*places[child.opening], child))
            else:
                at = self._point(child, parent, (start, stop), taken)
                found.append(Place(at, at, child))
        # Where a pair begins, what has no width comes before it; elements of no width keep their order.
        return sorted(found, key=lambda one: (one.start, one.start < one.stop, one.element.opening))

    def _pair_places(self, parent: Element, pairs: list[Element], start: int, stop: int) -> dict[int, tuple[int, int]]:
        """The stretches of the pairs that have one, by their markers."""
        if len(pairs) == 1 and (pairs[0].start, pairs[0].stop) == (parent.start, parent.stop):
            return {pairs[0].opening: (start, stop)}
        claims = sorted(
            _Claim(max(piece.start, start), min(piece.stop, stop), not piece.is_copy, number)
            for number, child in enumerate(pairs)
            for piece in self.pieces[bisect_left(self.starts, child.start) : bisect_left(self.starts, child.stop)]
        )
        best: dict[int, tuple[int, int, int]] = {}
        for weight, number, first, last in _stretches(claims, self.target):
            if number not in best or weight > best[number][0]:
                best[number] = (weight, first, last)
        return {pairs[number].opening: (first, last) for number, (_, first, last) in best.items()}

    def _point(self, child: Element, parent: Element, span: tuple[int, int], taken: list[tuple[int, int]]) -> int:
        """The place of an element without width."""
        if child.is_item and child.start <= parent.start:
            return span[0]
        if child.is_item and child.stop >= parent.stop:
            return span[1]
        at, is_behind = self._beside(child)
        at = min(max(at, span[0]), span[1])
        number = bisect_right(taken, (at,)) - 1
        if number >= 0 and taken[number][0] < at < taken[number][1]:
            return taken[number][is_behind]
        return at

    def _beside(self, child: Element) -> tuple[int, bool]:
        """The place behind the word before it, or before the word behind it; True for the former."""
        before, behind = self.run.gap_of[child.opening], self.run.gap_of[child.closing]
        index = bisect_left(self.starts, child.start)
        left = self.pieces[index - 1] if index else None
        index = bisect_left(self.starts, child.stop)
        right = self.pieces[index] if index < len(self.pieces) else None
        is_left_near = left is not None and left.source_stop >= before.start
        is_right_near = right is not None and right.source_start <= behind.stop
        leans_right = child.stop == behind.stop and child.start > before.start
        self.has_guessed |= not child.is_item or not (is_left_near or is_right_near)
        if right and is_right_near and (leans_right or not is_left_near):
            return right.start, False
        if left:
            return left.stop, True
        return (right.start, False) if right else (len(self.target), True)


def _stretches(claims: Sequence[_Claim], target: str) -> list[tuple[int, int, int, int]]:
    """(claimed characters, child, start, stop) of the stretches in which one child alone claims anything."""
    found: list[list[int]] = []
    covered = 0
    for claimed, stop, _, child in claims:
        start, _ = words(target, max(claimed, covered), stop)
        if start >= stop:
            continue
        if found and found[-1][1] == child:
            found[-1][0] += stop - start
            found[-1][3] = stop
        else:
            found.append([stop - start, child, start, stop])
        covered = stop
    return [(weight, child, start, stop) for weight, child, start, stop in found]
