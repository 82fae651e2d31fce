"""An older bundle exported again: the same model, with all that bundles of this version have."""

from dataclasses import fields

from mt.bundle import Bundle, Manifest, read_manifest, seal
from mt.confidence import FILE
from mt.export import export
from training.restore import read_config, restore_model

STAMPS = ("parameters", "search", "versions", "created", "format", "files")  # which an export writes itself


def renew(bundle: Bundle) -> None:
    """Replaces the bundle by one with the same weights, pieces, scores, facts and way to compute confidence.

    BundleError for one without sizes.
    """
    facts = {one.name: getattr(bundle.manifest, one.name) for one in fields(Manifest) if one.name not in STAMPS}
    weights = restore_model(bundle).named_weights()
    kept = {file: file.read_bytes() for file in [bundle.path / FILE] if file.is_file()}
    export(read_config(bundle), weights, bundle.tokenizer, bundle.manifest.search_options, facts, bundle.path)
    for file, content in kept.items():
        file.write_bytes(content)
        seal(bundle.path, read_manifest(bundle.path))
