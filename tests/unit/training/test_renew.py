"""A bundle exported again is the same model, and says the same of itself."""

import shutil

import numpy as np

from mt.bundle import load_bundle, read_manifest, seal
from mt.confidence import FILE
from mt.translator import Translator
from tests import tiny
from training.renew import renew
from training.restore import restore_model

NO_CONFIDENCE = '{"format": 0}'  # of another version


def test_a_renewed_bundle_translates_as_before_and_keeps_its_facts(tmp_path):
    folder = tmp_path / "tiny"
    shutil.copytree(tiny.bundle_folder(), folder)
    (folder / FILE).write_text(NO_CONFIDENCE)
    seal(folder, read_manifest(folder))
    before, text = load_bundle(folder), ["twenty one"]
    wanted = Translator(before).translate(text, "en", "de")
    weights = restore_model(before).named_weights()
    renew(before)
    after = load_bundle(folder)
    assert (after.manifest.name, after.manifest.corpora) == (before.manifest.name, before.manifest.corpora)
    assert after.manifest.search_options == before.manifest.search_options
    assert (folder / FILE).read_text() == NO_CONFIDENCE
    assert Translator(after).translate(text, "en", "de") == wanted
    for name, weight in restore_model(after).named_weights().items():
        np.testing.assert_array_equal(weight, weights[name])
