"""What a translation shows of the network that made it."""

import shutil

import numpy as np
import pytest

from mt.engines import Hypothesis, SearchOptions
from mt.engines.inside import Seen
from mt.engines.litert import LiteRTEngine
from mt.errors import InvalidOption
from mt.inside import Inside, look_inside
from mt.tokenizer import BOS, EOS
from mt.translator import Translator
from tests import tiny


class WatchedEngine:
    """Shows zeros, attention to all alike, and what it was asked for."""

    def watch(self, source, target):
        self.asked = source, target
        shapes = (len(source), 1, 2, 4), (len(target), 1, 4), (len(target), len(source))
        encoder, decoder, attention = (np.zeros(shape, np.float32) for shape in shapes)
        return Seen(encoder, decoder, attention + 1 / len(source))


def looked(ids, is_complete, source=(5, 301, EOS)):
    engine = WatchedEngine()
    gained = np.full(len(ids) + is_complete, np.log(0.5), np.float32)
    found = Hypothesis(ids, float(gained.sum()), is_complete, np.zeros((len(ids), 3)), log_probabilities=gained)
    return engine, look_inside(engine, tiny.tokenizer(), source, found)


def test_a_step_reads_the_piece_before_the_one_that_it_chooses():
    engine, inside = looked([310, 311], True)
    assert engine.asked == ((5, 301, EOS), [BOS, 310, 311])
    assert inside.target_pieces == tuple(tiny.tokenizer().pieces([310, 311, EOS]))
    assert inside.source_pieces == tuple(tiny.tokenizer().pieces([5, 301, EOS]))
    np.testing.assert_allclose(inside.probabilities, 0.5)


def test_what_was_cut_has_no_step_for_its_end():
    engine, inside = looked([310, 311], False)
    assert (engine.asked[1], len(inside.target_pieces), inside.decoder.shape) == ([BOS, 310], 2, (2, 1, 4))


def test_what_was_not_begun_in_time_has_no_steps():
    _, inside = looked([], False)
    assert (inside.target_pieces, inside.decoder.shape, inside.attention.shape) == ((), (0, 1, 4), (0, 3))
    assert inside.encoder.shape == (3, 1, 2, 4)


def test_entropy_is_nothing_at_one_piece_alone_and_all_at_all_alike():
    attention = np.array([[0, 1, 0, 0], [0.25] * 4, [0.5, 0.5, 0, 0]], np.float32)
    nothing = np.zeros((3, 1, 4), np.float32)
    inside = Inside(("a",) * 4, ("b",) * 3, nothing, nothing, attention, (0.0,) * 3)
    np.testing.assert_allclose(inside.entropies, [0, np.log(4), np.log(2)], atol=1e-6)
    np.testing.assert_allclose(inside.entropy_shares, [0, 1, 0.5], atol=1e-6)


def test_a_translation_shows_the_inside_of_each_part_when_it_is_asked_for():
    text = "twenty one. " + "one hundred twenty seven " * 6 + "."
    (one,) = tiny.translator().translate([text], "en", "de", inside=True)
    assert [len(explanation.inside) for explanation in one.explanations] == [1, 2]
    assert "split" in one.warnings
    gained = [part.log_probabilities for explanation in one.explanations for part in explanation.inside]
    assert sum(map(sum, gained)) == pytest.approx(one.score, abs=1e-3)
    (plain,) = tiny.translator().translate([text], "en", "de", links=True)
    assert all(explanation.inside == () for explanation in plain.explanations)


def test_a_bundle_of_an_older_version_is_refused_a_look_inside(tmp_path):
    graphs = shutil.copytree(tiny.bundle().litert, tmp_path / "litert")
    (graphs / "inside.tflite").unlink()
    translator = Translator(tiny.bundle(), engine=LiteRTEngine(graphs), search=SearchOptions(1))
    with pytest.raises(
        InvalidOption, match=r"tiny: The bundle was exported by an older version, so its network cannot"
    ):
        translator.translate(["one"], "en", "de", inside=True)
    assert translator.translate(["one"], "en", "de", links=True)[0].explanations
