"""An older bundle exported again: the same model, with all that bundles of this version have."""

from dataclasses import fields

from mt.bundle import Bundle, Manifest, read_manifest, seal
from mt.confidence import FILE as CONFIDENCE
from mt.export import export
from mt.lexicon import FILE as LEXICON
from training.restore import read_config, restore_model

STAMPS = ("parameters", "search", "versions", "created", "format", "files")  # which an export writes itself


def renew(bundle: Bundle) -> None:
    """Replaces the bundle by one with the same weights, pieces, scores, facts, lexicon and way to compute confidence.

    BundleError for one without sizes.
    """
    facts = {one.name: getattr(bundle.manifest, one.name) for one in fields(Manifest) if one.name not in STAMPS}
    weights = restore_model(bundle).named_weights()
    own = [bundle.path / name for name in (CONFIDENCE, LEXICON)]
    kept = {file: file.read_bytes() for file in own if file.is_file()}
    export(read_config(bundle), weights, bundle.tokenizer, bundle.manifest.search_options, facts, bundle.path)
    for file, content in kept.items():
        file.write_bytes(content)
        seal(bundle.path, read_manifest(bundle.path))
