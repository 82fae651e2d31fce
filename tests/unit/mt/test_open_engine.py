"""Which engine is taken: the fastest that the bundle holds and the machine has, or the one asked for, or a reason."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mt.bundle import Bundle, Manifest, load_bundle, read_manifest, seal
from mt.engines import SearchOptions
from mt.engines.litert import LiteRTEngine
from mt.engines.savedmodel import SavedModelEngine
from mt.errors import BundleError, InvalidOption
from mt.lexicon import FILE, Lexicon, Table
from mt.open_engine import choose_engine, open_engine
from mt.tokenizer import EOS
from tests import tiny


def bundle(*folders):
    files = {f"{folder}/some.file": "0" for folder in folders}
    return Bundle(Path("some/bundle"), Manifest("some", ["en-de"], files=files), tiny.tokenizer())


def has(*modules):
    return lambda name: name in modules


BOTH = has("ai_edge_litert", "tensorflow")


def test_the_fastest_engine_is_taken():
    assert choose_engine(bundle("litert", "savedmodel"), is_installed=BOTH) == ("litert", "the fastest")


def test_a_bundle_without_its_graphs_is_run_by_the_next_engine_and_it_is_said_why():
    choice = choose_engine(bundle("savedmodel"), is_installed=BOTH)
    assert choice == ("savedmodel", "litert: the bundle has no folder litert; export it again")


def test_without_its_package_an_engine_is_passed_over_and_it_is_said_why():
    choice = choose_engine(bundle("litert", "savedmodel"), is_installed=has("tensorflow"))
    assert choice == ("savedmodel", "litert: ai-edge-litert is not installed; pip install ai-edge-litert")


def test_the_engine_asked_for_is_taken():
    assert choose_engine(bundle("litert", "savedmodel"), "savedmodel", BOTH) == ("savedmodel", "asked for")


def test_an_engine_asked_for_that_cannot_run_the_bundle_is_refused_with_every_reason():
    with pytest.raises(
        BundleError,
        match=r"The engine litert cannot run some/bundle: the bundle has no folder litert; export it again; "
        r"ai-edge-litert is not installed; pip install ai-edge-litert\.",
    ):
        choose_engine(bundle("savedmodel"), "litert", has("tensorflow"))


def test_a_bundle_that_no_engine_can_run_is_refused_with_the_reason_of_each():
    with pytest.raises(BundleError, match=r"No engine can run some/bundle\. litert: .*\. savedmodel: tensorflow is"):
        choose_engine(bundle("savedmodel"), is_installed=has())


def test_an_unknown_engine_is_refused_with_the_known_ones():
    with pytest.raises(InvalidOption, match=r"The engine must be one of auto, litert, savedmodel, got 'gpu'\."):
        choose_engine(bundle("litert"), "gpu", BOTH)


@pytest.mark.parametrize(("name", "kind"), [("litert", LiteRTEngine), ("savedmodel", SavedModelEngine)])
def test_an_engine_is_opened_by_its_name(name, kind):
    assert isinstance(open_engine(tiny.bundle(), name), kind)


def test_a_bundle_with_a_lexicon_is_searched_within_it(bundle_copy):
    starts = np.zeros(tiny.VOCABULARY + 2, np.int32)
    table = Table(starts, np.zeros(0, np.uint16), np.zeros(0, np.float16), np.array([300, 301], np.uint16))
    Lexicon.of({"de": table}, tiny.tokenizer()).save(bundle_copy / FILE)
    seal(bundle_copy, read_manifest(bundle_copy))
    source = [tiny.tokenizer().tag("de"), 280, EOS]
    ((found,),) = open_engine(load_bundle(bundle_copy), "litert").search([source], SearchOptions(1, shortlist=True))
    assert set(found.ids) <= {300, 301, *source}


def test_a_bundle_with_a_damaged_graph_is_refused(bundle_copy):
    (bundle_copy / "litert" / "step.tflite").write_bytes(b"nothing")
    with pytest.raises(BundleError, match=rf"LiteRT cannot load the graph {bundle_copy}/litert/step.tflite: .*again\."):
        open_engine(replace(tiny.bundle(), path=bundle_copy), "litert")
