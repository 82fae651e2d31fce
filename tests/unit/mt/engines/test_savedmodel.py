"""The TensorFlow engine: a few fixed shapes, whatever comes."""

from itertools import product

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.engines import Conditions, SearchOptions
from mt.engines.savedmodel import BATCHES, BEAMS, WIDTHS, SavedModelDecoder, SavedModelEngine, _fixed_shape
from mt.engines.steered import steered_search
from mt.errors import BundleError
from mt.tokenizer import EOS, PAD

SOURCES = st.lists(st.lists(st.integers(4, 99), min_size=1, max_size=WIDTHS[-1]), min_size=1, max_size=BATCHES[-1])


@given(SOURCES)
def test_sources_of_any_number_and_length_fit_one_of_the_fixed_shapes(sources):
    array = _fixed_shape(sources)
    assert array.shape[0] in BATCHES
    assert array.shape[1] in WIDTHS
    for row, source in zip(array, sources, strict=False):
        assert row.tolist() == source + [PAD] * (len(row) - len(source))
    assert all(row.tolist() == [EOS] + [PAD] * (len(row) - 1) for row in array[len(sources) :])


class Signatures:
    """`encode` and, when it is called, `step` of no model: the lower a piece, the likelier; the fourth best is EOS."""

    def __init__(self):
        self.structured_outputs = {"log_probabilities": tf.TensorSpec((None, None, 9))}
        self.shapes = set()  # of steps: sources, hypotheses, width

    def encode(self, source_ids):
        fields = {"outputs": (1, source_ids.shape[1], 4), "keys": (1, source_ids.shape[1], 2)}
        fields |= {"hidden": (1, 1, 2, 3), "cell": (1, 1, 2, 3)}
        return {name: tf.ones(shape) for name, shape in fields.items()}

    def __call__(self, ids, mask, count, **fields):
        self.shapes.add((*ids.shape, mask.shape[1]))
        assert fields["hidden"].shape == fields["cell"].shape == (*ids.shape, 2, 3)
        assert fields["outputs"].shape[:2] == fields["keys"].shape[:2] == mask.shape
        table = tf.tile(tf.constant([[[*[-1e9] * EOS, -4.0, *range(-1, -6, -1)]]], tf.float32), (*ids.shape, 1))
        best, best_ids = tf.math.top_k(table, count)
        attention = tf.ones((*ids.shape, mask.shape[1]))
        found = {"log_probabilities": table, "best_log_probabilities": best, "best_ids": best_ids}
        return {**found, "attention": attention, "next_hidden": fields["hidden"], "next_cell": fields["cell"]}


@settings(max_examples=5)
@given(SOURCES, st.integers(1, 16))
def test_a_driven_step_has_one_of_the_fixed_shapes(sources, beam):
    signatures = Signatures()

    def begin(some, _):
        return SavedModelDecoder(signatures.encode, signatures, tf.constant, some)

    found = steered_search(begin, sources, SearchOptions(beam, max_pieces=3), Conditions([[5, 8]] * len(sources)))
    assert signatures.shapes <= set(product(BATCHES, BEAMS, WIDTHS))
    for source, hypotheses in zip(sources, found, strict=True):
        assert [one.ids[:2] for one in hypotheses] == [[5, 8]] * len(hypotheses)
        assert {one.attention.shape[1] for one in hypotheses} == {len(source)}
        assert hypotheses[0].score == -2 - 5 + (-4 if beam >= 4 else -1)


def test_a_folder_without_a_saved_model_is_refused(tmp_path):
    with pytest.raises(BundleError, match=rf"TensorFlow cannot load the SavedModel {tmp_path}: "):
        SavedModelEngine(tmp_path, SearchOptions(5))


@pytest.fixture(scope="module")
def older_saved_model(tmp_path_factory):
    """One with the searches of its export alone, which find nothing."""

    def find(source_ids):
        counts = tf.zeros((tf.shape(source_ids)[0], 0), tf.int32)
        return {"lengths": counts, "scores": tf.cast(counts, tf.float32)}

    search = tf.function(find, input_signature=[tf.TensorSpec((None, None), tf.int32, name="source_ids")])
    path = tmp_path_factory.mktemp("older")
    tf.saved_model.save(tf.Module(), str(path), signatures={"serving_default": search, "greedy": search})
    return path


@pytest.mark.parametrize("options", [SearchOptions(5), SearchOptions(1), SearchOptions(1, length_penalty=0.5)])
def test_a_saved_model_without_a_step_has_the_searches_of_its_export(older_saved_model, options):
    assert SavedModelEngine(older_saved_model, SearchOptions(5)).search([[4, EOS]], options) == [[]]


@pytest.mark.parametrize(
    "options", [SearchOptions(4), SearchOptions(5, length_penalty=0.5), SearchOptions(1, no_repeat=2)]
)
def test_any_other_search_of_it_is_refused_with_what_to_do(older_saved_model, options):
    with pytest.raises(BundleError, match=r"knows no search but greedy search and that with .*beam=5.* bundle again\."):
        SavedModelEngine(older_saved_model, SearchOptions(5)).search([[4, EOS]], options)
