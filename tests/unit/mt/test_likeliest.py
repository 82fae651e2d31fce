"""The likeliest pieces found by blocks are those that sorting all of them finds."""

import numpy as np
import pytest
import tensorflow as tf

from mt.export import likeliest


# Four blocks of 85, 80 of 100, and a prime number, which has no blocks.
@pytest.mark.parametrize("vocabulary", [340, 8000, 337])
@pytest.mark.parametrize("count", [1, 5, 100, 337])
@pytest.mark.parametrize("shape", [(1, 1), (2, 3)])
def test_the_largest_come_first_with_their_places(vocabulary, count, shape):
    drawn = np.random.default_rng(count).permutation(np.prod(shape) * vocabulary).reshape(*shape, vocabulary)
    drawn = drawn.astype(np.float32)
    compiled = tf.function(
        likeliest, input_signature=[tf.TensorSpec((None, None, vocabulary)), tf.TensorSpec((), tf.int32)]
    )
    best, places = compiled(drawn, count)
    wanted = np.argsort(-drawn, axis=-1)[..., :count]
    np.testing.assert_array_equal(places, wanted)
    np.testing.assert_array_equal(best, np.take_along_axis(drawn, wanted, axis=-1))
