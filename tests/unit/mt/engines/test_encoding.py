"""The encoder whose recurrences are driven: what it gives is what the model's own encoder gives, whoever goes along."""

import numpy as np
import pytest

from mt.engines import encoding
from mt.engines.encoding import encode
from mt.engines.graphs import GraphFiles, Graphs
from tests import tiny

LENGTHS = (9, 6, 6, 1, 3)
FIELDS = ("outputs", "keys", "hidden", "cell")


def draw_sources(lengths=LENGTHS):
    draw = np.random.default_rng(len(lengths))
    return [draw.integers(263, tiny.VOCABULARY, length).tolist() for length in lengths]


@pytest.fixture(scope="module")
def encoders(float32_graphs):
    return {
        "float32": Graphs(GraphFiles(float32_graphs)).encoder,
        "int8": Graphs(GraphFiles(tiny.bundle().litert)).encoder,
    }


@pytest.fixture
def own():
    """What the model in Keras makes of one source."""
    model = tiny.model()

    def remembered(source):
        memory = model.encode(np.array([source]))
        fields = {"outputs": memory.outputs, "keys": memory.keys, **model.initial_state(memory)._asdict()}
        return {name: np.asarray(array) for name, array in fields.items()}

    return remembered


def test_in_float32_it_is_the_models_own_encoder(encoders, own):
    sources = draw_sources()
    found = encode(encoders["float32"], sources)
    for row, source in enumerate(sources):
        assert found["mask"][row].tolist() == [True] * len(source) + [False] * (max(LENGTHS) - len(source))
        for name, wanted in own(source).items():
            length = len(source) if name in ("outputs", "keys") else None
            np.testing.assert_allclose(found[name][row, :length], wanted[0], atol=2e-6, err_msg=name)


@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("most", [1, 12, 20, 2048])
def test_a_source_gives_the_same_alone_and_beside_others_in_whatever_parts(encoders, precision, most, monkeypatch):
    sources, encoder = draw_sources(), encoders[precision]
    monkeypatch.setattr(encoding, "MOST_POSITIONS", most)
    found = encode(encoder, sources)
    assert found["mask"].shape == (len(sources), max(LENGTHS))
    for row, source in enumerate(sources):
        alone = encode(encoder, [source])
        for name in FIELDS:
            length = len(source) if name in ("outputs", "keys") else None
            np.testing.assert_allclose(found[name][row, :length], alone[name][0], atol=1e-6, err_msg=name)


def test_no_more_positions_than_allowed_are_encoded_together(encoders, monkeypatch):
    monkeypatch.setattr(encoding, "MOST_POSITIONS", 12)
    assert [list(map(len, part)) for part in encoding._in_parts(draw_sources())] == [[9], [6, 6], [1, 3]]
    assert [list(map(len, part)) for part in encoding._in_parts(draw_sources((30, 2)))] == [[30], [2]]
    assert encode(encoders["float32"], draw_sources((30, 2)))["outputs"].shape[:2] == (2, 30)
