"""A bundle's live model again: to train it further, or to search with it and others together."""

from typing import Any

import numpy as np
import tensorflow as tf

from mt.bundle import MANIFEST, Bundle
from mt.errors import BundleError, RecipeError
from mt.export import rebuild
from mt.model import ModelConfig, Seq2Seq


def restore_model(bundle: Bundle) -> Seq2Seq:
    """The model in float32, with the weights that its SavedModel keeps.

    Raises BundleError when the manifest does not say the model's sizes, or says others than those of the weights.
    """
    config = read_config(bundle)
    names = list(Seq2Seq(config, bundle.tokenizer.size).named_weights())
    weights = _read_weights(bundle)
    if len(weights) != len(names):
        raise BundleError(
            f"{bundle.path} has {len(weights)} weights, a model of the sizes in its manifest has {len(names)}. "
            "Export it again with `mt-train export`."
        )
    return rebuild(config, dict(zip(names, weights, strict=True)), bundle.tokenizer.size)


def read_config(bundle: Bundle) -> ModelConfig:
    """The sizes of a bundle's model."""
    sizes: Any = bundle.manifest.recipe.get("model")
    try:
        return ModelConfig(**sizes)
    except (TypeError, RecipeError) as error:
        raise BundleError(
            f"{bundle.path / MANIFEST} does not say the sizes of the model (recipe: model is {sizes!r}). "
            "Export the bundle again with `mt-train export`."
        ) from error


def _read_weights(bundle: Bundle) -> list[np.ndarray]:
    """The weights in the order in which mt.export.save_graphs kept them; much faster than to load the graphs."""
    reader = tf.train.load_checkpoint(str(bundle.saved_model / "variables" / "variables"))
    weights: list[np.ndarray] = []
    while reader.has_tensor(name := f"weights/{len(weights)}/.ATTRIBUTES/VARIABLE_VALUE"):
        weights.append(reader.get_tensor(name))
    return weights
