"""The model card of a bundle (Mitchell et al. 2019), from its manifest."""

from collections.abc import Mapping
from typing import Any


def model_card(manifest: Mapping[str, Any]) -> str:
    """Markdown for people: what the model is, what it was trained on, how good it is and what it is not for."""
    parts = [f"# {manifest['name']}", manifest["description"], _facts(manifest)]
    parts += ["## Training data", *(_corpus(corpus) for corpus in manifest["corpora"])]
    if manifest["scores"]:
        parts += ["## Scores", *(_score(score) for score in manifest["scores"])]
    parts += [
        "## Limits",
        "The model translates sentence by sentence and knows only the kind of text it was trained on. It can leave "
        "out, add or invert meaning without a sign; have a person check what matters.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _facts(manifest: Mapping[str, Any]) -> str:
    search, training = manifest["search"], manifest["training"]
    rows = [f"- Version: {manifest['version']}"] if manifest["version"] else []
    rows += [
        f"- Directions: {', '.join(manifest['directions'])}",
        f"- Model: LSTM encoder-decoder with attention, {manifest['parameters']:,} parameters",
        f"- Search: beam {search.get('beam')}, length penalty {search.get('length_penalty')}",
        f"- Made: {manifest['created']} with {', '.join(f'{k} {v}' for k, v in manifest['versions'].items())}",
    ]
    if training:
        rows.append(
            f"- Training: {training['updates']:,} updates, {training['seconds'] / 60:.0f} minutes, "
            f"{training['precision']}, {training['hardware']}"
        )
    return "\n".join(rows)


def _corpus(corpus: Mapping[str, Any]) -> str:
    return (
        f"- {corpus['name']}: {corpus['pairs']:,} sentence pairs\n"
        f"  - Licence: {corpus['licence'] or 'not stated'}\n"
        f"  - Attribution: {corpus['attribution'] or 'not stated'}"
    )


def _score(score: Mapping[str, Any]) -> str:
    rows = [f"{score['direction']}, {score['test_set']}, {score['sentences']:,} sentences:", ""]
    rows += [f"- {metric['name']} {metric['value']:.1f} `{metric['signature']}`" for metric in score["metrics"]]
    return "\n".join(rows)
