"""The model of a case with weights drawn at random, as a SavedModel and as LiteRT graphs; none of its searches ends.

EOS is so unlikely that every translation is cut at the limit, which is PIECES: the limit of what is driven from outside
is an option, that of the SavedModel's own searches is written into their graphs here.
"""

import json
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from mt.convert import convert
from mt.export import IDS, choosing, encoding, encoding_in_parts, short_stepping, stepping
from mt.model import Seq2Seq
from mt.search import beam_search, greedy_search
from mt.tokenizer import EOS
from tests.bench.cases import CASES, SEED
from tests.bench.decode_cases import BEAM, PIECES
from tests.bench.ours import model_config

SAVED_MODEL = "savedmodel"
NEVER = -1e3  # the bias of EOS


def main() -> None:
    """Writes the models of the case and into the folder on the command line, and their facts as `model.json`."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    case = CASES[name]
    keras.utils.set_random_seed(SEED)
    model = Seq2Seq(model_config(case), case.vocabulary)
    bias = np.zeros(case.vocabulary, np.float32)
    bias[EOS] = NEVER
    model.output_bias.assign(bias)
    save(model, folder / SAVED_MODEL)
    for precision in ("int8", "float32"):
        convert(folder / SAVED_MODEL, folder / precision, quantized=precision == "int8")
    facts = {"parameters": model.count_params(), "step_weights": step_weights(model)}
    (folder / "model.json").write_text(json.dumps(facts), encoding="utf-8")


def save(model: Seq2Seq, path: Path) -> None:
    """Writes a SavedModel with the signatures of mt.export."""
    module = tf.Module()
    module.weights = [variable.value for variable in model.trainable_variables]
    signatures = {"encode": encoding(model), "step": stepping(model), **encoding_in_parts(model)}
    signatures |= {"choose": choosing(model), "short_step": short_stepping(model)}
    signatures |= {"serving_default": searching(model, BEAM), "greedy": searching(model, beam=1)}
    tf.saved_model.save(module, str(path), signatures=signatures)


def searching(model: Seq2Seq, beam: int) -> Any:
    """A signature such as `serving_default`, that stops at PIECES."""

    def search(source_ids: Any) -> dict[str, Any]:
        memory = model.encode(source_ids)

        def step(ids: Any, state: Any) -> Any:
            return model.step(ids, state, memory)

        state, width = model.initial_state(memory), ops.shape(source_ids)[1]
        limits = ops.full((ops.shape(source_ids)[0],), PIECES, dtype="int32")
        if beam == 1:
            return greedy_search(step, state, limits, width)._asdict()
        return beam_search(step, state, limits, width, beam)._asdict()

    return tf.function(search, autograph=False).get_concrete_function(IDS)


def step_weights(model: Seq2Seq) -> int:
    """How many weights one step of the decoder multiplies with: its LSTMs, the readout, the rows of the softmax.

    Left out is what is computed once a source (keys and first states), and biases.
    """
    matrices = [model.output_matrix, model.decoder.readout.kernel]
    for lstm in model.decoder.lstms:
        matrices += [weight for weight in lstm.trainable_variables if len(weight.shape) == 2]
    return sum(int(np.prod(matrix.shape)) for matrix in matrices)


if __name__ == "__main__":
    main()
