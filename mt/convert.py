"""A SavedModel's encoder and decoder step to LiteRT graphs."""

from pathlib import Path

from mt.engines.chatter import without_chatter
from mt.engines.graphs import ENDING, outputs_of
from mt.engines.tensorflow import import_tensorflow


def convert(saved_model: Path, folder: Path, quantized: bool = True) -> None:
    """Writes the LiteRT graphs of the signatures of those names that the SavedModel has into a new folder.

    Quantized, weights are int8 with a scale a channel, and activations are quantized row by row as they come
    (dynamic range); else all is float32.
    """
    tf = import_tensorflow()
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    loaded = tf.saved_model.load(str(saved_model))
    folder.mkdir(parents=True)
    for name, signature in loaded.signatures.items():
        outputs = outputs_of(name)
        if not outputs:
            continue
        assert tuple(sorted(signature.structured_outputs)) == outputs, sorted(signature.structured_outputs)
        # Converted with its variables, a graph would fail at run time (READ_VARIABLE).
        frozen = convert_variables_to_constants_v2(signature)
        converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen], trackable_obj=loaded)
        if quantized:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        with without_chatter():
            graph = converter.convert()
        (folder / f"{name}{ENDING}").write_bytes(graph)
