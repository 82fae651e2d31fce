"""Steps that follow a script in the place of a model, and slow searches in plain Python that follow the same script.

Where nothing but NumPy is searched with, nothing else is imported.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np

from mt.engines.driven import Continuations
from mt.ranking import BEHIND, LEAST_COVERAGE, NEVER
from mt.sampling import Sampling
from mt.tokenizer import BOS, EOS

ROOT = 0


class ScriptState(NamedTuple):
    """The node of each hypothesis, (B, K)."""

    node: Any


@dataclass(frozen=True)
class Script:
    """A machine that stands on a node after every piece, and says there how likely each next piece is."""

    log_probabilities: np.ndarray  # (B, N, V); each source has its own
    following: np.ndarray  # (N, V) the node after a piece; BOS stays on the root
    width: int = 2  # of the attention

    @property
    def start(self) -> ScriptState:
        from keras import ops

        return ScriptState(ops.full((self.log_probabilities.shape[0], 1), ROOT, dtype="int32"))

    def step(self, ids: Any, state: ScriptState) -> tuple[Any, Any, ScriptState]:
        """The attention (B, K, width) is what `seen_at` gives."""
        from keras import ops

        nodes, vocabulary = self.following.shape
        node = ops.take(ops.reshape(self.following, (-1,)), state.node * vocabulary + ids)
        rows = ops.arange(self.log_probabilities.shape[0], dtype="int32")[:, None] * nodes
        probabilities = ops.take(ops.reshape(self.log_probabilities, (-1, vocabulary)), rows + node, axis=0)
        return probabilities, ops.take(seen_at(np.arange(nodes), self.width), node, axis=0), ScriptState(node)


def seen_at(nodes: np.ndarray, width: int) -> np.ndarray:
    """The attention (…, width) at nodes: their numbers, 1, and eighths that differ from node to node."""
    eighths = [nodes * column % 5 / 8 for column in range(2, width)]
    return np.stack([nodes, np.ones_like(nodes), *eighths], axis=-1)[..., :width].astype(np.float32)


class ScriptDecoder:
    """A script as a mt.engines.driven.Decoder; the attention (B, K, width) is what `seen_at` gives."""

    def __init__(self, script: Script, width: int = 2) -> None:
        self._tables, self._following, self._width = script.log_probabilities, script.following, width
        self._nodes = np.full((len(self._tables), 1), ROOT)
        self._last = self._tables[:, :1]
        self.steps: list[tuple[int, int]] = []  # sources and hypotheses a source of each step made

    def step(self, ids: np.ndarray, count: int) -> Continuations:
        self.steps.append(ids.shape)
        self._nodes = self._following[self._nodes, ids]
        self._last = np.take_along_axis(self._tables, self._nodes[:, :, None], axis=1)
        best = np.argsort(-self._last, axis=2, kind="stable")[:, :, :count]
        seen = seen_at(self._nodes, self._width)
        return Continuations(np.take_along_axis(self._last, best, axis=2), best, seen)

    def log_probabilities(self) -> np.ndarray:
        return self._last

    def keep(self, rows: np.ndarray, places: np.ndarray) -> None:
        self._tables, self._nodes = self._tables[rows], self._nodes[rows[:, None], places]


class Found(NamedTuple):
    """A hypothesis of a slow search; sums are float32, added in the order of the fast ones."""

    ids: tuple[int, ...]
    score: np.float32
    is_complete: bool
    nodes: tuple[int, ...]  # where the machine stood when it chose each piece

    def rank(self, alpha: float) -> np.float32:
        length = len(self.ids) + self.is_complete
        penalty = np.float32((5 + length) / 6) ** np.float32(alpha)
        return self.score / penalty + np.float32(0 if self.is_complete else BEHIND)


@dataclass(frozen=True)
class SlowSearch:
    """Searches of one source of a script, by lists and loops."""

    script: Script
    source: int
    limit: int
    prefix: tuple[int, ...] = ()  # that every hypothesis begins with
    no_repeat: int = 0  # the size of n-grams that come once at most

    def extensions(self, live: list[Found]) -> list[Found]:
        """Every hypothesis with every next piece, the likeliest first; equals stay in order."""
        found = []
        for one in live:
            node = self.node_after(one.ids)
            for piece, gained in enumerate(self.script.log_probabilities[self.source, node]):
                if not self.allows(one.ids, piece):
                    continue
                score = np.float32(one.score + gained)
                if piece == EOS:
                    found.append(Found(one.ids, score, True, one.nodes))
                else:
                    found.append(Found((*one.ids, piece), score, False, (*one.nodes, node)))
        return sorted((one for one in found if one.score > NEVER / 2), key=lambda one: -one.score)

    def allows(self, ids: tuple[int, ...], piece: int) -> bool:
        if len(ids) < len(self.prefix):
            return piece == self.prefix[len(ids)]
        size, longer = self.no_repeat, (*ids, piece)
        return not size or longer[-size:] not in [ids[start : start + size] for start in range(len(ids) - size + 1)]

    def node_after(self, ids: tuple[int, ...]) -> int:
        node = int(self.script.following[ROOT, BOS])
        for piece in ids:
            node = int(self.script.following[node, piece])
        return node

    def greedy(self) -> Found:
        best = self.nothing
        while not best.is_complete and len(best.ids) < self.limit:
            best = self.extensions([best])[0]
        return best

    def sample(self, sampling: Sampling, uniforms: Iterator[float]) -> Found:
        """Each random number stands in the share of one of the likeliest pieces, laid end to end."""
        found = self.nothing
        while not found.is_complete and len(found.ids) < self.limit:
            candidates = self.extensions([found])[: sampling.top_k]
            shares = [math.exp((one.score - found.score) / sampling.temperature) for one in candidates]
            drawn = next(uniforms) * sum(shares)
            found = next(one for one, edge in zip(candidates, accumulate(shares), strict=True) if drawn < edge)
        return found

    def beam(self, beam: int, alpha: float, beta: float = 0.0) -> list[Found]:
        """Best first; a hypothesis that ends takes a place of the beam away, a limit cuts what is live."""
        live, finished = [self.nothing], []
        while live and len(live[0].ids) < self.limit:
            chosen = self.extensions(live)[: beam - len(finished)]
            finished += [one for one in chosen if one.is_complete]
            live = [one for one in chosen if not one.is_complete]
        return sorted(finished + live, key=lambda one: -(one.rank(alpha) + self.coverage(one, beta)))

    def coverage(self, one: Found, beta: float) -> np.float32:
        """The coverage penalty of a hypothesis, over all of the source but its first and last piece."""
        nodes = [*one.nodes, *[self.node_after(one.ids)] * one.is_complete]
        attended = seen_at(np.array(nodes), self.script.width).sum(axis=0)[1:-1]
        return np.float32(beta) * np.log(np.clip(attended, np.float32(LEAST_COVERAGE), 1)).sum()

    def everything(self) -> list[Found]:
        """Every hypothesis there is up to the limit."""
        found, live = [], [self.nothing]
        while live and len(live[0].ids) < self.limit:
            longer = self.extensions(live)
            found += [one for one in longer if one.is_complete]
            live = [one for one in longer if not one.is_complete]
        return found + live

    @cached_property
    def nothing(self) -> Found:
        return Found((), np.float32(0), False, ())


def random_script(sources: int, vocabulary: int, seed: int, nodes: int = 12, width: int = 2) -> Script:
    """Whole and half numbers as log-probabilities, so that sums are exact and many are equal; BOS and PAD are never."""
    draw = np.random.default_rng(seed)
    table = -draw.integers(1, 12, (sources, nodes, vocabulary)).astype(np.float32) / 2
    table[:, :, :EOS] = NEVER
    table[draw.random(table.shape) < 0.1] = NEVER
    table[:, :, EOS] = np.maximum(table[:, :, EOS], -8)  # a way out of every node
    following = draw.integers(0, nodes, (nodes, vocabulary)).astype(np.int32)
    following[:, BOS] = ROOT
    return Script(table, following, width)


def speller(words: Mapping[str, float]) -> tuple[Script, str]:
    """A script that spells these words with these probabilities, and its alphabet, whose first letter is piece 4."""
    alphabet = "".join(sorted(set("".join(words))))
    prefixes = sorted({word[:length] for word in words for length in range(len(word) + 1)})
    table = np.full((1, len(prefixes), EOS + 1 + len(alphabet)), NEVER, np.float32)
    following = np.zeros(table.shape[1:], np.int32)
    for node, prefix in enumerate(prefixes):
        share = _probability(words, prefix)
        if prefix in words:
            table[0, node, EOS] = np.log(words[prefix] / share)
        for piece, letter in enumerate(alphabet, start=EOS + 1):
            if prefix + letter in prefixes:
                table[0, node, piece] = np.log(_probability(words, prefix + letter) / share)
                following[node, piece] = prefixes.index(prefix + letter)
    return Script(table, following), alphabet


def _probability(words: Mapping[str, float], prefix: str) -> float:
    return sum(probability for word, probability in words.items() if word.startswith(prefix))
