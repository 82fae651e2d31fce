"""The encoder without TensorFlow: its layers' recurrences, driven position by position over graphs without loops.

LiteRT's loops are slow, and not to be trusted with its fastest kernels (see mt.engines.graphs.LOOPING).
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from mt.engines.tiles import Runnable

Array = np.ndarray
Sources = Sequence[Sequence[int]]
CLOSED = np.float32(-1e9)  # a sum that shuts every gate, so that a state stays zero
MOST_POSITIONS = 2048  # of the sources encoded together; their sums take 16 KiB each in a layer of 2 x 512


class Layer(NamedTuple):
    """Of an encoder's layer both ways."""

    sums: Runnable  # pieces, or the outputs below, to what its gates owe them
    read: Runnable  # one position each way


class EncoderGraphs(NamedTuple):
    """What mt.export.encoding_in_parts makes, as graphs."""

    layers: Sequence[Layer]
    remember: Runnable


def encode(graphs: EncoderGraphs, sources: Sources) -> dict[str, Array]:
    """`outputs` (B, S, M), `keys` (B, S, A) and `mask` (B, S) of sources, and the `hidden` and `cell` (B, 1, L H) to
    begin with.

    Sources of like length should follow each other: they are encoded together.
    """
    width = max(map(len, sources))
    found = [_encode_together(graphs, some) for some in _in_parts(sources)]
    fields = ("outputs", "keys", "mask", "hidden", "cell")
    encoded = {name: [_widened(part[name], width) for part in found] for name in fields[:3]}
    encoded |= {name: [part[name] for part in found] for name in fields[3:]}
    return {name: parts[0] if len(parts) == 1 else np.concatenate(parts) for name, parts in encoded.items()}


def _in_parts(sources: Sources) -> Iterator[Sources]:
    """The sources in their order, some at a time: at most MOST_POSITIONS, or one source."""
    start = 0
    for stop in range(1, len(sources) + 1):
        widest = max(map(len, sources[start : stop + 1]))
        if stop == len(sources) or (stop + 1 - start) * widest > MOST_POSITIONS:
            yield sources[start:stop]
            start = stop


def _widened(array: Array, width: int) -> Array:
    """An array (B, S, …) as (B, width, …), with zeros behind."""
    more = width - array.shape[1]
    return np.pad(array, [(0, 0), (0, more), *[(0, 0)] * (array.ndim - 2)]) if more else array


def _encode_together(graphs: EncoderGraphs, sources: Sources) -> dict[str, Array]:
    lengths = np.array([len(source) for source in sources])
    mask = np.arange(lengths.max()) < lengths[:, None]
    ids = np.zeros(mask.shape, np.int32)
    ids[mask] = np.concatenate([np.asarray(source, np.int32) for source in sources])
    outputs = _read_layer(graphs.layers[0], {"source_ids": ids}, mask)
    for layer in graphs.layers[1:]:
        outputs = outputs + _read_layer(layer, {"outputs": outputs}, mask)
    names = ("outputs", "keys", "hidden", "cell")
    found = graphs.remember.run({"outputs": outputs, "mask": mask}, names)
    return {**dict(zip(names, found, strict=True)), "mask": mask}


def _read_layer(layer: Layer, inputs: dict[str, Array], mask: Array) -> Array:
    """The outputs (B, S, 2 H) of a layer: one LSTM from left to right, one from the end of each source to its start."""
    (sums,) = layer.sums.run(inputs, ("sums",))
    forward, backward = np.split(sums, 2, axis=2)
    backward[~mask] = CLOSED
    batch, length, width = mask.shape[0], mask.shape[1], sums.shape[2] // 8
    outputs = np.empty((batch, length, 2 * width), np.float32)
    hidden = cell = np.zeros((batch, 2 * width), np.float32)
    in_order = np.concatenate([forward, backward[:, ::-1]], axis=2)
    for place in range(length):
        position = {"sums": in_order[:, place], "hidden": hidden, "cell": cell}
        hidden, cell = layer.read.run(position, ("next_hidden", "next_cell"))
        outputs[:, place, :width], outputs[:, length - 1 - place, width:] = hidden[:, :width], hidden[:, width:]
    return outputs
