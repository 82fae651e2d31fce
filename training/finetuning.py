"""What a recipe takes from the bundle its `from` names: vocabulary, sizes and, in training.run.trainer, weights."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mt.bundle import Bundle, load_bundle, read_manifest, shipped_bundle
from mt.errors import BundleError, RecipeError
from mt.model.config import ModelConfig


def find_bundle(name: str, folder: Path) -> Path:
    """The bundle's folder: a path relative to `folder`, or the name of the bundle that is shipped."""
    shipped, path = shipped_bundle(), folder / name
    return shipped if name == shipped.name and not path.exists() else path


def load_original(name: str, data: Path, targets: Sequence[str]) -> Bundle:
    """The bundle that `from` names; RecipeError unless its vocabulary has a tag for each target language."""
    bundle = load_bundle(find_bundle(name, data))
    for target in targets:
        if target not in bundle.tokenizer.languages:
            raise RecipeError(
                f"from = '{name}' keeps the bundle's vocabulary, which has no tag for the target language '{target}', "
                f"only for {', '.join(bundle.tokenizer.languages)}. Take that direction out, or train without `from`."
            )
    return bundle


def learned_from(original: Bundle | None, corpora: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The corpora that a model has learned from, as its manifest lists them: the original's, then others."""
    earlier = original.manifest.corpora if original else ()
    return [*(corpus for corpus in earlier if corpus not in corpora), *corpora]


def inherit(values: dict[str, Any], data: Path) -> dict[str, Any]:
    """The values of a recipe, with `[model]` and `[subwords]` of the bundle that `from` names where it says nothing.

    Raises RecipeError when the recipe asks for another vocabulary or for other sizes; dropout and subwords.sampling are
    not part of a model and may differ.
    """
    name = values.get("from")
    if not name or not isinstance(name, str):
        return values
    try:
        bundle = read_manifest(find_bundle(name, data)).recipe
    except BundleError as error:
        raise RecipeError(f"from = '{name}': {error}") from error
    model, subwords = values.get("model", {}), values.get("subwords", {})
    if not isinstance(model, dict) or not isinstance(subwords, dict):
        return values
    _require_vocabulary_kept(name, subwords)
    _require_sizes_kept(name, model, bundle.get("model", {}))
    sections = {"model": {**bundle.get("model", {}), **model}, "subwords": {**bundle.get("subwords", {}), **subwords}}
    return {**values, **sections}


def _require_vocabulary_kept(name: str, subwords: Mapping[str, Any]) -> None:
    for key in subwords:
        if key != "sampling":
            raise RecipeError(
                f"subwords.{key} has no use with from = '{name}', which keeps the bundle's vocabulary. Remove it; of "
                "[subwords] only sampling goes with `from`."
            )


def _require_sizes_kept(name: str, model: Mapping[str, Any], sizes: Mapping[str, Any]) -> None:
    # What an older bundle does not say has its default.
    kept = {**asdict(ModelConfig()), **sizes}
    for key, value in model.items():
        if "dropout" not in key and value != kept.get(key, value):
            raise RecipeError(
                f"model.{key} is {value!r}, but from = '{name}' begins with a model where it is {kept[key]!r}. "
                "Remove it: the sizes come from the bundle."
            )
