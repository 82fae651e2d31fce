"""Several models that translate together: their probabilities are averaged at every step of the search.

One model is an ensemble too, searched in ways that its bundle does not have: another beam, or pieces drawn at random.
"""

import hashlib
import math
from collections import namedtuple
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops

from mt.bundle import Bundle, load_bundle, read_manifest
from mt.engines import Hypothesis
from mt.engines.savedmodel import WIDTHS, search_in_fixed_shapes
from mt.errors import BundleError
from mt.export import IDS, SearchOptions
from mt.model import DecoderState, Seq2Seq
from mt.search import Sampling, Step, beam_search, greedy_search, length_limits, sampling_search
from mt.tokenizer import PAD
from mt.translator import Translator
from training.restore import restore_model

Tensor = Any
FIELDS = len(DecoderState._fields)
UNIFORMS = tf.TensorSpec((None, None), tf.float32, name="uniforms")


@dataclass(frozen=True)
class Draws:
    """Translations drawn at random: how, and the seed of the random numbers.

    A source has numbers of its own, by the seed and its pieces, so that its draw depends on no other source.
    """

    sampling: Sampling
    seed: int = 1

    def uniforms(self, source_ids: np.ndarray) -> np.ndarray:
        """Random numbers in [0, 1) (B, T) for sources (B, S), as many as their length limits may ask for."""
        most = int(length_limits(np.array([source_ids.shape[1]]))[0])
        rows = [np.random.default_rng([self.seed, *row[row != PAD]]).random(most) for row in source_ids]
        return np.array(rows, np.float32)


class EnsembleEngine:
    """Searches of several models as one, on the live models, in the fixed shapes of the SavedModel's engine."""

    max_source_pieces = WIDTHS[-1]

    def __init__(self, models: Sequence[Seq2Seq], options: SearchOptions | Draws) -> None:
        """The models have one vocabulary; `options` say what a search is that is not greedy."""
        self._models, self._options = models, options
        self._greedy = tf.function(self._search_greedily, input_signature=(IDS,), autograph=False)
        self._beam = tf.function(self._search_beam, input_signature=(IDS,), autograph=False)
        self._sample = tf.function(self._draw, input_signature=(IDS, UNIFORMS), autograph=False)

    def search(self, sources: Sequence[Sequence[int]], greedy: bool = False) -> list[list[Hypothesis]]:
        """The hypotheses of each source (1 to max_source_pieces ids), best first."""
        options = self._options

        def run(ids: np.ndarray) -> dict[str, Any]:
            if greedy:
                found: dict[str, Any] = self._greedy(ids)
            elif isinstance(options, Draws):
                found = self._sample(ids, options.uniforms(ids))
            else:
                found = self._beam(ids)
            return found

        return search_in_fixed_shapes(run, sources)

    def _search_greedily(self, source_ids: Tensor) -> dict[str, Tensor]:
        step, state, limits, width = self._begin(source_ids)
        return greedy_search(step, state, limits, width)._asdict()

    def _search_beam(self, source_ids: Tensor) -> dict[str, Tensor]:
        assert isinstance(self._options, SearchOptions), self._options
        step, state, limits, width = self._begin(source_ids)
        beam, alpha = self._options.beam, self._options.length_penalty
        return beam_search(step, state, limits, width, beam, alpha)._asdict()

    def _draw(self, source_ids: Tensor, uniforms: Tensor) -> dict[str, Tensor]:
        assert isinstance(self._options, Draws), self._options
        sampling = self._options.sampling
        sampling = replace(sampling, top_k=min(sampling.top_k, self._models[0].vocabulary))
        step, state, limits, width = self._begin(source_ids)
        return sampling_search(step, state, limits, width, uniforms, sampling)._asdict()

    def _begin(self, source_ids: Tensor) -> tuple[Step, Any, Tensor, Tensor]:
        """What every search begins with: step, state, limits and the width of the sources."""
        lengths = ops.sum(ops.cast(ops.not_equal(source_ids, PAD), "int32"), axis=1)
        return *begin(self._models, source_ids), length_limits(lengths), ops.shape(source_ids)[1]


def begin(models: Sequence[Seq2Seq], source_ids: Tensor) -> tuple[Step, Any]:
    """The step of an ensemble on sources (B, S), and its state before the first piece.

    A step's probability of a piece is the mean of the models' own, and so is its attention.
    """
    memories = [model.encode(source_ids) for model in models]
    kind = _state_type(len(models))
    starts = [model.initial_state(memory) for model, memory in zip(models, memories, strict=True)]

    def step(ids: Tensor, state: Any) -> tuple[Tensor, Tensor, Any]:
        own = [DecoderState(*state[place : place + FIELDS]) for place in range(0, len(state), FIELDS)]
        steps = [model.step(ids, one, memory) for model, one, memory in zip(models, own, memories, strict=True)]
        log_probabilities, attention, states = zip(*steps, strict=True)
        mean = ops.logsumexp(ops.stack(log_probabilities), axis=0) - math.log(len(models))
        return mean, ops.mean(ops.stack(attention), axis=0), kind(*(field for one in states for field in one))

    return step, kind(*(field for one in starts for field in one))


def _state_type(models: int) -> Any:
    """The states of all models in one flat NamedTuple, whose fields a search can reorder."""
    return namedtuple("EnsembleState", [f"{name}{number}" for number in range(models) for name in DecoderState._fields])


@dataclass(frozen=True)
class Ensemble:
    """The bundles that translate together, at least one, and how they are searched."""

    bundles: tuple[Path, ...]
    beam: int | None = None  # None = the first bundle's
    draws: Draws | None = None  # instead of a beam search

    def open(self) -> Translator:
        """Their translator; a bundle alone and searched in its own way is run by its own graphs.

        Raises BundleError when vocabularies differ, or when there is no direction that all of them translate.
        """
        bundles = [load_bundle(path) for path in self.bundles]
        joined = _join(bundles)
        search = joined.manifest.search
        if len(bundles) == 1 and not self.draws and self.beam in (None, search["beam"]):
            return Translator(joined)
        options = self.draws or SearchOptions(self.beam or search["beam"], float(search.get("length_penalty", 1.0)))
        return Translator(joined, engine=EnsembleEngine([restore_model(bundle) for bundle in bundles], options))

    def describe(self) -> dict[str, Any]:
        """What decides the translations, for JSON."""
        manifests = [read_manifest(path) for path in self.bundles]
        names = [f"{manifest.name}, exported {manifest.created}" for manifest in manifests]
        search = asdict(self.draws) if self.draws else {"beam": self.beam or manifests[0].search["beam"]}
        return {"bundles": names, **search}


def _join(bundles: Sequence[Bundle]) -> Bundle:
    """The first bundle, with the directions and lengths that all of them have."""
    first, *others = bundles
    directions = first.manifest.directions
    for other in others:
        hashes = [hashlib.sha256(bundle.tokenizer.model).hexdigest()[:12] for bundle in (first, other)]
        if hashes[0] != hashes[1]:
            raise BundleError(
                f"{first.path} and {other.path} have different vocabularies (sha256 {hashes[0]}… and {hashes[1]}…). "
                "An ensemble needs bundles of one vocabulary: train one of them with `from` the other."
            )
        directions = [name for name in directions if name in other.manifest.directions]
    if not directions:
        listed = "; ".join(f"{bundle.path} has {', '.join(bundle.manifest.directions)}" for bundle in bundles)
        raise BundleError(f"There is no direction that all bundles of the ensemble translate: {listed}.")
    longest = min(bundle.manifest.max_source_pieces for bundle in bundles)
    return replace(first, manifest=replace(first.manifest, directions=directions, max_source_pieces=longest))
