"""A trained model and its tokenizer to a bundle: the SavedModel first, everything else from it."""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from mt.bundle import SAVED_MODEL, Manifest, seal
from mt.model import ModelConfig, Seq2Seq
from mt.search import SearchResult, beam_search, greedy_search, length_limits
from mt.tokenizer import Tokenizer

IDS = tf.TensorSpec((None, None), tf.int32, name="source_ids")


@dataclass(frozen=True)
class SearchOptions:
    """How the exported beam search ranks: its beam, and alpha of Wu et al. 2016, §7."""

    beam: int
    length_penalty: float


def export(
    config: ModelConfig,
    weights: Mapping[str, np.ndarray],
    tokenizer: Tokenizer,
    search: SearchOptions,
    manifest: Mapping[str, Any],
    path: Path,
) -> None:
    """Writes a bundle directory, complete or not at all; an older one in its place is replaced.

    `manifest` holds what the model is, for Manifest's fields: name, description, directions, recipe, corpora, ….
    """
    model = rebuild(config, weights, tokenizer.size)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".export-") as folder:
        partial = Path(folder) / "bundle"
        save_graph(model, tokenizer, search, partial / SAVED_MODEL)
        facts = {**manifest, "parameters": model.count_params(), "search": asdict(search)}
        seal(partial, Manifest.of(facts, versions={"tensorflow": tf.__version__, "keras": keras.__version__}))
        if path.exists():
            shutil.rmtree(path)
        partial.rename(path)


def rebuild(config: ModelConfig, weights: Mapping[str, np.ndarray], vocabulary: int) -> Seq2Seq:
    """The model in float32, whatever precision it was trained in."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        model = Seq2Seq(config, vocabulary)
    finally:
        keras.config.set_dtype_policy(before)
    model.assign_weights(weights)
    return model


def search_eagerly(model: Seq2Seq, source_ids: Any, options: SearchOptions | None) -> SearchResult:
    """What the exported searches compute, on the live model: a beam search, or greedy search without options."""
    memory = model.encode(source_ids)
    limits = length_limits(ops.sum(ops.cast(memory.mask, "int32"), axis=1))

    def step(ids: Any, state: Any) -> Any:
        return model.step(ids, state, memory)

    state, width = model.initial_state(memory), ops.shape(source_ids)[1]
    if options is None:
        return greedy_search(step, state, limits, width)
    return beam_search(step, state, limits, width, options.beam, options.length_penalty)


def save_graph(model: Seq2Seq, tokenizer: Tokenizer, options: SearchOptions, path: Path) -> None:
    """Writes the SavedModel: signatures `serving_default` (beam search) and `greedy`, and the pieces in its assets.

    Both take `source_ids` (B, S) int32 (target-language tag, pieces, EOS; PAD behind) and give `ids` (B, K, T),
    `lengths` (B, K), `scores` (B, K), `is_complete` (B, K) and `attention` (B, K, T, S), as mt.search.SearchResult.
    """
    module = tf.Module()
    module.weights = [variable.value for variable in model.trainable_variables]
    signatures = {}
    for name, chosen in (("serving_default", options), ("greedy", None)):

        def search(source_ids: Any, chosen: SearchOptions | None = chosen) -> dict[str, Any]:
            return search_eagerly(model, source_ids, chosen)._asdict()

        signatures[name] = tf.function(search, autograph=False).get_concrete_function(IDS)
    with tempfile.TemporaryDirectory() as folder:
        pieces = Path(folder) / "sentencepiece.model"
        pieces.write_bytes(tokenizer.model)
        module.pieces = tf.saved_model.Asset(str(pieces))
        tf.saved_model.save(module, str(path), signatures=signatures)
