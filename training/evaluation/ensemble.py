"""Several models that translate together: their probabilities are averaged at every step of the search."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mt.bundle import Bundle, load_bundle, read_manifest
from mt.engines import NO_CONDITIONS, Conditions, Hypothesis, SearchOptions
from mt.engines.driven import Continuations, Decoder, Floats, Ids
from mt.engines.savedmodel import SavedModelDecoder, SavedModelEngine
from mt.engines.steered import BATCH, steered_search
from mt.errors import BundleError
from mt.sampling import Sampling
from mt.translator import Translator


class EnsembleEngine:
    """Searches and streams of several engines as one: the mean of their probabilities decides about every piece."""

    best_batch, calls_at_once, is_steerable = BATCH, 1, True

    def __init__(self, engines: Sequence[SavedModelEngine]) -> None:
        """The engines have one vocabulary."""
        self._engines = engines
        self.max_source_pieces = min(engine.max_source_pieces for engine in engines)

    def search(
        self, sources: Sequence[Sequence[int]], options: SearchOptions, conditions: Conditions = NO_CONDITIONS
    ) -> list[list[Hypothesis]]:
        """As mt.engines.Engine says."""
        with ExitStack() as stack:

            def begin(batch: Sequence[Sequence[int]], _: Sequence[Sequence[int]]) -> Decoder:
                decoder = self.begin(batch)
                stack.enter_context(self.awake(decoder))
                return decoder

            return steered_search(begin, sources, options, conditions)

    def begin(self, sources: Sequence[Sequence[int]]) -> "EnsembleDecoder":
        """As mt.engines.stream.SteppingEngine says."""
        return EnsembleDecoder([engine.begin(sources) for engine in self._engines])

    @contextmanager
    def awake(self, decoder: "EnsembleDecoder") -> Iterator[None]:
        """As mt.engines.stream.SteppingEngine says."""
        with ExitStack() as stack:
            for engine, own in zip(self._engines, decoder.decoders, strict=True):
                stack.enter_context(engine.awake(own))
            yield


class EnsembleDecoder:
    """A mt.engines.driven.Decoder of several: probabilities and attention are the means of their own."""

    def __init__(self, decoders: Sequence[SavedModelDecoder]) -> None:
        self.decoders = decoders

    def step(self, ids: Ids, count: int) -> Continuations:
        """The `count` likeliest pieces behind the last ones (B, K), fewer where there are no more."""
        looked = [decoder.step(ids, 1).attention for decoder in self.decoders]
        table = self.log_probabilities()
        best = np.argpartition(-table, min(count, table.shape[2]) - 1, axis=2)[:, :, :count]
        found = np.take_along_axis(table, best, axis=2)
        order = np.argsort(-found, axis=2, kind="stable")
        found, best = (np.take_along_axis(field, order, axis=2) for field in (found, best))
        return Continuations(found, best, np.mean(looked, axis=0))

    def log_probabilities(self) -> Floats:
        """Those of all pieces (B, K, V), as the last step saw them."""
        tables = np.stack([decoder.log_probabilities() for decoder in self.decoders])
        most: Floats = tables.max(axis=0)
        return most + np.log(np.exp(tables - most).mean(axis=0))

    def keep(self, rows: Ids, places: Ids) -> None:
        """Goes on with these of the sources (B',), and of each with the hypotheses in these places (B', K')."""
        for decoder in self.decoders:
            decoder.keep(rows, places)


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
        own = [SavedModelEngine(one.saved_model, one.manifest.search_options) for one in bundles]
        return Translator(joined, engine=EnsembleEngine(own), search=search)

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
