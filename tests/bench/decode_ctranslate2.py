"""CTranslate2 with a Transformer of random weights, in int8; it is made to give exactly PIECES pieces.

Width, depth and parameters are about ours; CTranslate2 takes no less time for as many parameters in narrower layers.
"""

import platform
from pathlib import Path
from typing import NamedTuple

import ctranslate2
import numpy as np
from ctranslate2.specs import TransformerSpec
from ctranslate2.specs.attention_spec import MultiHeadAttentionSpec
from ctranslate2.specs.common_spec import LayerNormSpec, LinearSpec
from ctranslate2.specs.transformer_spec import FeedForwardSpec

from tests.bench.cases import CASES, SEED
from tests.bench.decode_cases import PIECES, DecodeSpec, make_sources
from tests.bench.decode_worker import Contestant, Sources, search_jobs, serve


class Size(NamedTuple):
    """A Transformer whose embeddings and softmax share one matrix."""

    width: int
    inner: int  # of the feed-forward layers
    layers: int  # of the encoder, and as many of the decoder
    heads: int


SIZES = {"M": Size(512, 1024, 2, 8), "small": Size(256, 1024, 2, 4), "check": Size(32, 64, 1, 2)}


def build(path: Path) -> Contestant:
    """The model written into the spec's folder and loaded again."""
    spec = DecodeSpec.read(path)
    vocabulary = CASES[spec.case].vocabulary
    pieces = ["<blank>", "<unk>", "<s>", "</s>", *(f"piece{number}" for number in range(4, vocabulary))]
    folder = Path(spec.folder) / "ctranslate2"
    parameters = write_model(SIZES[spec.case], pieces, folder)
    translator = ctranslate2.Translator(str(folder), compute_type="int8", inter_threads=1, intra_threads=spec.threads)

    def search(sources: Sources, beam: int) -> list[int]:
        texts = [[pieces[number] for number in source] for source in sources]
        found = translator.translate_batch(
            texts, beam_size=beam, min_decoding_length=PIECES, max_decoding_length=PIECES
        )
        return [len(one.hypotheses[0]) for one in found]

    facts = {
        "name": f"CTranslate2 {translator.compute_type}, Transformer",
        "parameters": parameters,
        "threads": spec.threads,
        "versions": {"python": platform.python_version(), "ctranslate2": ctranslate2.__version__},
    }
    return Contestant(search_jobs(search, make_sources(vocabulary)), facts)


def write_model(size: Size, pieces: list[str], folder: Path) -> int:
    """Writes the model, quantized, and gives its number of parameters."""
    spec = TransformerSpec.from_config(size.layers, size.heads)
    Filler(size, len(pieces)).fill(spec)
    spec.register_source_vocabulary(pieces)
    spec.register_target_vocabulary(pieces)
    spec.validate()
    arrays = {id(one.array): one.array for one in spec.variables().values() if not one.is_scalar()}
    spec.optimize(quantization="int8")
    folder.mkdir()
    spec.save(str(folder))
    return sum(array.size for array in arrays.values())


class Filler:
    """Draws the weights of a model."""

    def __init__(self, size: Size, vocabulary: int) -> None:
        self._size, self._vocabulary = size, vocabulary
        self._draw = np.random.default_rng(SEED)

    def fill(self, spec: TransformerSpec) -> None:
        """Sets all weights of a spec."""
        width = self._size.width
        matrix = self._matrix(self._vocabulary, width)
        spec.encoder.embeddings[0].weight = spec.decoder.embeddings.weight = spec.decoder.projection.weight = matrix
        spec.decoder.projection.bias = np.zeros(self._vocabulary, np.float32)
        for side in (spec.encoder, spec.decoder):
            self._fill_norm(side.layer_norm)
            for layer in side.layer:
                self._fill_attention(layer.self_attention, [3 * width, width])
                self._fill_feed_forward(layer.ffn)
        for layer in spec.decoder.layer:
            self._fill_attention(layer.attention, [width, 2 * width, width])

    def _fill_attention(self, spec: MultiHeadAttentionSpec, outputs: list[int]) -> None:
        self._fill_norm(spec.layer_norm)
        for linear, output in zip(spec.linear, outputs, strict=True):
            self._fill_linear(linear, output, self._size.width)

    def _fill_feed_forward(self, spec: FeedForwardSpec) -> None:
        self._fill_norm(spec.layer_norm)
        self._fill_linear(spec.linear_0, self._size.inner, self._size.width)
        self._fill_linear(spec.linear_1, self._size.width, self._size.inner)

    def _fill_linear(self, spec: LinearSpec, outputs: int, inputs: int) -> None:
        spec.weight, spec.bias = self._matrix(outputs, inputs), np.zeros(outputs, np.float32)

    def _fill_norm(self, spec: LayerNormSpec) -> None:
        spec.gamma, spec.beta = np.ones(self._size.width, np.float32), np.zeros(self._size.width, np.float32)

    def _matrix(self, outputs: int, inputs: int) -> np.ndarray:
        return self._draw.normal(0, inputs**-0.5, (outputs, inputs)).astype(np.float32)


if __name__ == "__main__":
    serve(build)
