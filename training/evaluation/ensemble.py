"""Several models that translate together: their probabilities are averaged at every step of the search."""

import hashlib
import math
from collections import namedtuple
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops

from mt.bundle import Bundle, load_bundle, read_manifest
from mt.engines import Hypothesis, SearchOptions
from mt.engines.savedmodel import BATCHES, WIDTHS, search_in_fixed_shapes
from mt.errors import BundleError
from mt.export import IDS
from mt.model import DecoderState, Seq2Seq
from mt.sampling import Sampling
from mt.search import Ranking, Step, beam_search, greedy_search, length_limits, sampling_search, text_pieces
from mt.tokenizer import PAD
from mt.translator import Translator
from training.restore import restore_model

Tensor = Any
FIELDS = len(DecoderState._fields)
UNIFORMS = tf.TensorSpec((None, None), tf.float32, name="uniforms")


class EnsembleEngine:
    """Searches of several models as one, on the live models, in the fixed shapes of the SavedModel's engine."""

    max_source_pieces = WIDTHS[-1]
    best_batch, calls_at_once = BATCHES[-1], 1
    is_steerable = False

    def __init__(self, models: Sequence[Seq2Seq]) -> None:
        """The models have one vocabulary."""
        self._models = models
        self._searches: dict[SearchOptions, Any] = {}  # compiled, each when it is first needed

    def search(
        self,
        sources: Sequence[Sequence[int]],
        options: SearchOptions,
        prefixes: Sequence[Sequence[int]] = (),
        is_over: Callable[[], bool] | None = None,
    ) -> list[list[Hypothesis]]:
        """As mt.engines.Engine says, without prefixes, a deadline, max_pieces and no_repeat; loops go on in it."""
        assert not prefixes, prefixes
        assert not is_over, "a deadline"
        assert (options.max_pieces, options.no_repeat) == (None, 0), options
        if options not in self._searches:
            self._searches[options] = self._compile(options)
        search, sampling = self._searches[options], options.sampling

        def run(ids: np.ndarray) -> dict[str, Any]:
            found: dict[str, Any] = search(ids, _uniforms(sampling, ids)) if sampling else search(ids)
            return found

        return search_in_fixed_shapes(run, sources)

    def _compile(self, options: SearchOptions) -> Any:
        """A function from ids (B, S), and random numbers (B, T) to draw with, to the fields of a SearchResult."""
        if options.sampling:
            sampling = replace(options.sampling, top_k=min(options.sampling.top_k, self._models[0].vocabulary))

            def draw(source_ids: Tensor, uniforms: Tensor) -> dict[str, Tensor]:
                return sampling_search(*self._begin(source_ids), uniforms, sampling)._asdict()

            return tf.function(draw, input_signature=(IDS, UNIFORMS), autograph=False)

        def search(source_ids: Tensor) -> dict[str, Tensor]:
            start = self._begin(source_ids)
            if options.beam == 1:
                return greedy_search(*start)._asdict()
            ranking = Ranking(options.length_penalty, options.coverage_penalty, text_pieces(source_ids))
            return beam_search(*start, options.beam, ranking)._asdict()

        return tf.function(search, input_signature=(IDS,), autograph=False)

    def _begin(self, source_ids: Tensor) -> tuple[Step, Any, Tensor, Tensor]:
        """What every search begins with: step, state, limits and the width of the sources."""
        lengths = ops.sum(ops.cast(ops.not_equal(source_ids, PAD), "int32"), axis=1)
        return *begin(self._models, source_ids), length_limits(lengths), ops.shape(source_ids)[1]


def _uniforms(sampling: Sampling, source_ids: np.ndarray) -> np.ndarray:
    """Random numbers in [0, 1) (B, T) for sources (B, S), as many as their length limits may ask for."""
    most = int(length_limits(np.array([source_ids.shape[1]]))[0])
    return np.array([sampling.generator(row[row != PAD]).random(most) for row in source_ids], np.float32)


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
    sampling: Sampling | None = None  # instead of a beam search

    def open(self) -> Translator:
        """Their translator; a bundle alone is run by its own graphs.

        Raises BundleError when vocabularies differ, or when there is no direction that all of them translate.
        """
        bundles = [load_bundle(path) for path in self.bundles]
        joined = _join(bundles)
        search = self._search(joined.manifest.search_options)
        if len(bundles) == 1:
            return Translator(joined, search=search)
        engine = EnsembleEngine([restore_model(bundle) for bundle in bundles])
        return Translator(joined, engine=engine, search=search)

    def _search(self, own: SearchOptions) -> SearchOptions:
        """How the bundles are searched, the first of which has this way of its own."""
        if self.sampling:
            return SearchOptions(beam=1, sampling=self.sampling)
        return replace(own, beam=self.beam or own.beam)

    def describe(self) -> dict[str, Any]:
        """What decides the translations, for JSON."""
        manifests = [read_manifest(path) for path in self.bundles]
        names = [f"{manifest.name}, exported {manifest.created}" for manifest in manifests]
        if self.sampling:
            how = asdict(self.sampling)
            return {"bundles": names, "seed": how.pop("seed"), "sampling": how}
        return {"bundles": names, "beam": self._search(manifests[0].search_options).beam}


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
