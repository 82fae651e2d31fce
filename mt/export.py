"""A trained model and its tokenizer to a bundle: the SavedModel first, everything else from it."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from mt.bundle import LITERT, SAVED_MODEL, Manifest, seal
from mt.convert import convert
from mt.engines import SearchOptions
from mt.model import DecoderState, Memory, ModelConfig, Seq2Seq
from mt.search import Ranking, SearchResult, beam_search, greedy_search, length_limits, text_pieces
from mt.tokenizer import Tokenizer

IDS = tf.TensorSpec((None, None), tf.int32, name="source_ids")
BLOCKS = range(100, 40, -1)  # widths of what is searched for the likeliest pieces, the first that divides a vocabulary


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
        save_graphs(model, tokenizer, search, partial / SAVED_MODEL)
        convert(partial / SAVED_MODEL, partial / LITERT)
        own_search = {"beam": search.beam, "length_penalty": search.length_penalty}
        own_search |= {"coverage_penalty": search.coverage_penalty} if search.coverage_penalty else {}
        facts = {**manifest, "parameters": model.count_params(), "search": own_search}
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
    ranking = Ranking(options.length_penalty, options.coverage_penalty, text_pieces(source_ids))
    return beam_search(step, state, limits, width, options.beam, ranking)


def save_graphs(model: Seq2Seq, tokenizer: Tokenizer, options: SearchOptions, path: Path) -> None:
    """Writes the SavedModel, with the pieces in its assets.

    Signatures `serving_default` (beam search) and `greedy` take `source_ids` (B, S) int32 (target-language tag, pieces,
    EOS; PAD behind) and give `ids` (B, K, T), `lengths` (B, K), `scores` (B, K), `is_complete` (B, K), `attention`
    (B, K, T, S) and `log_probabilities` (B, K, T), as mt.search.SearchResult. `encode` and `step` are what a search is
    made of: see `encoding` and `stepping`; `sums_1`, `read_1`, `sums_2`, … and `remember` are `encode` in parts: see
    `encoding_in_parts`. `choose` and `short_step` are for a search among the pieces of a shortlist: see `choosing` and
    `short_stepping`. `inside` shows what happens in the network: see `watching`.
    """
    module = tf.Module()
    module.weights = [variable.value for variable in model.trainable_variables]
    signatures = {"encode": encoding(model), "step": stepping(model), "inside": watching(model)}
    signatures |= encoding_in_parts(model)
    signatures |= {"choose": choosing(model), "short_step": short_stepping(model)}
    for name, chosen in (("serving_default", options), ("greedy", None)):

        def search(source_ids: Any, chosen: SearchOptions | None = chosen) -> dict[str, Any]:
            return search_eagerly(model, source_ids, chosen)._asdict()

        signatures[name] = tf.function(search, autograph=False).get_concrete_function(IDS)
    with tempfile.TemporaryDirectory() as folder:
        pieces = Path(folder) / "sentencepiece.model"
        pieces.write_bytes(tokenizer.model)
        module.pieces = tf.saved_model.Asset(str(pieces))
        tf.saved_model.save(module, str(path), signatures=signatures)


def encoding(model: Seq2Seq) -> Any:
    """The signature `encode`: one source, `source_ids` (1, S), to what its decoding starts from.

    `outputs` (1, S, M) and `keys` (1, S, A) are its Memory, `hidden` and `cell` (1, 1, L H) its first DecoderState.
    """

    def encode(source_ids: Any) -> dict[str, Any]:
        return _remembered(model, model.encode(source_ids))

    one = tf.TensorSpec((1, None), tf.int32, name="source_ids")
    return tf.function(encode, autograph=False).get_concrete_function(one)


def encoding_in_parts(model: Seq2Seq) -> dict[str, Any]:
    """The signatures that encode several sources without a loop, for who drives the recurrence; layers count from 1.

    `sums_1` makes of `source_ids` (B, S) the `sums` (B, S, 8 H) of the first layer's gates, forward and backward,
    without what they owe to a state; `sums_2` and so on, of the `outputs` (B, S, M) of the layers below. `read_1` and
    so on read one position each way: `sums` (B, 8 H), `hidden` and `cell` (B, 2 H) to `next_hidden` and
    `next_cell`. `remember` makes of the sum of the layers' `outputs` and their `mask` (B, S) what `encode` gives.
    """
    config, encoder = model.config, model.encoder
    many = (None, None)
    outputs = tf.TensorSpec((*many, 2 * config.encoder_hidden), name="outputs")
    mask = tf.TensorSpec(many, tf.bool, name="mask")
    sums = tf.TensorSpec((None, 8 * config.encoder_hidden), name="sums")
    states = [tf.TensorSpec((None, 2 * config.encoder_hidden), name=name) for name in ("hidden", "cell")]

    def remember(outputs: Any, mask: Any) -> dict[str, Any]:
        return _remembered(model, model.decoder.remember(encoder.output_norm(outputs), mask))

    found = {"remember": tf.function(remember, autograph=False).get_concrete_function(outputs, mask)}
    for layer, part in enumerate(encoder.layers):

        def first(source_ids: Any) -> dict[str, Any]:
            return {"sums": encoder.sums(0, model.embed(source_ids))}

        def further(outputs: Any, layer: int = layer) -> dict[str, Any]:
            return {"sums": encoder.sums(layer, outputs)}

        def read(sums: Any, hidden: Any, cell: Any, part: Any = part) -> dict[str, Any]:
            return dict(zip(("next_hidden", "next_cell"), part.step(sums, hidden, cell), strict=True))

        add = tf.function(further if layer else first, autograph=False)
        found[f"sums_{layer + 1}"] = add.get_concrete_function(outputs if layer else IDS)
        found[f"read_{layer + 1}"] = tf.function(read, autograph=False).get_concrete_function(sums, *states)
    return found


def watching(model: Seq2Seq) -> Any:
    """The signature `inside`: `source_ids` (1, S) and `target_ids` (1, T), to what Seq2Seq.watch gives."""
    specs = (tf.TensorSpec((1, None), tf.int32, name=name) for name in ("source_ids", "target_ids"))
    return tf.function(model.watch, autograph=False).get_concrete_function(*specs)


def stepping(model: Seq2Seq) -> Any:
    """The signature `step`: the last pieces `ids` (B, K) and `hidden` and `cell` (B, K, L H) of K hypotheses a source.

    Their sources are `outputs` (B, S, M), `keys` (B, S, A) and `mask` (B, S), which is False behind their ends. Gives
    natural-log `log_probabilities` (B, K, V) of the next piece, of which `best_log_probabilities` and `best_ids`
    (B, K, `count`) are the likeliest, best first, and `attention` (B, K, S), `next_hidden` and `next_cell`.
    """

    def step(ids: Any, count: Any, state: DecoderState, memory: Memory) -> dict[str, Any]:
        return _outputs(count, *model.step(ids, state, memory))

    return tf.function(step, autograph=False).get_concrete_function(*_step_inputs(model.config))


def choosing(model: Seq2Seq) -> Any:
    """The signature `choose`: the ids of some pieces, `candidates` (N,), to what `short_step` needs of them.

    That is their rows of the output `matrix` (N, E) and their `biases` (N,).
    """

    def choose(candidates: Any) -> dict[str, Any]:
        matrix = tf.convert_to_tensor(model.output_matrix)
        # Rows of one peak: in int8 a table that is gathered from has one scale, an output layer one for each row.
        peaks = tf.maximum(tf.reduce_max(tf.abs(matrix), axis=1), tiny)
        # Other than of `gather`, the converter leaves the tables of `gather_nd` in float32.
        places = candidates[:, None]
        rows = tf.gather(matrix / peaks[:, None], candidates) * tf.gather_nd(peaks, places)[:, None]
        return {"matrix": rows, "biases": tf.gather_nd(tf.convert_to_tensor(model.output_bias), places)}

    tiny = np.finfo(np.float32).tiny
    some = tf.TensorSpec((None,), tf.int32, name="candidates")
    return tf.function(choose, autograph=False).get_concrete_function(some)


def short_stepping(model: Seq2Seq) -> Any:
    """The signature `short_step`: as `step`, with N pieces as the whole vocabulary, of which `choose` gave the weights.

    Its inputs are those of `step`, `matrix` (N, E) and `biases` (B, N), which are hugely negative where a source bars a
    piece. In its outputs V is N, and `best_ids` are the pieces' places in the matrix; only `ids` are of the whole
    vocabulary.
    """

    def short_step(
        ids: Any, count: Any, state: DecoderState, memory: Memory, matrix: Any, biases: Any
    ) -> dict[str, Any]:
        return _outputs(count, *model.short_step(ids, state, memory, matrix, biases))

    weights = tf.TensorSpec((None, model.config.embedding), name="matrix"), tf.TensorSpec((None, None), name="biases")
    inputs = *_step_inputs(model.config), *weights
    return tf.function(short_step, autograph=False).get_concrete_function(*inputs)


def _remembered(model: Seq2Seq, memory: Memory) -> dict[str, Any]:
    return {"outputs": memory.outputs, "keys": memory.keys, **model.initial_state(memory)._asdict()}


def _outputs(count: Any, log_probabilities: Any, attention: Any, state: DecoderState) -> dict[str, Any]:
    best, best_ids = likeliest(log_probabilities, count)
    return {
        "log_probabilities": log_probabilities,
        "best_log_probabilities": best,
        "best_ids": best_ids,
        "attention": attention,
        "next_hidden": state.hidden,
        "next_cell": state.cell,
    }


def likeliest(log_probabilities: Any, count: Any) -> tuple[Any, Any]:
    """The `count` largest (B, K, count) of (B, K, V), largest first, and their places.

    They lie in the blocks with the largest maxima, so that LiteRT, which sorts slowly, need not sort them all.
    """
    vocabulary = log_probabilities.shape[-1] or 0
    width = next((width for width in BLOCKS if vocabulary and vocabulary % width == 0), 0)
    if not width:
        best, best_ids = tf.math.top_k(log_probabilities, count)
        return best, best_ids
    blocks = tf.reshape(log_probabilities, (-1, vocabulary // width, width))
    _, chosen = tf.math.top_k(tf.reduce_max(blocks, axis=2), tf.minimum(count, vocabulary // width))
    left = tf.reshape(tf.gather(blocks, chosen, batch_dims=1), (tf.shape(blocks)[0], -1))
    best, places = tf.math.top_k(left, count)
    best_ids = tf.gather(chosen, places // width, batch_dims=1) * width + places % width
    shape = tf.concat([tf.shape(log_probabilities)[:2], [count]], axis=0)
    return tf.reshape(best, shape), tf.reshape(best_ids, shape)


def _step_inputs(config: ModelConfig) -> tuple[Any, ...]:
    many = (None, None)
    states = (*many, config.decoder_layers * config.decoder_hidden)
    return (
        tf.TensorSpec(many, tf.int32, name="ids"),
        tf.TensorSpec((), tf.int32, name="count"),
        DecoderState(tf.TensorSpec(states, name="hidden"), tf.TensorSpec(states, name="cell")),
        Memory(
            tf.TensorSpec((*many, 2 * config.encoder_hidden), name="outputs"),
            tf.TensorSpec((*many, config.decoder_hidden), name="keys"),
            tf.TensorSpec(many, tf.bool, name="mask"),
        ),
    )
