"""The model and its searches are the same under JAX, where JAX is installed."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from mt.model import ModelConfig, Seq2Seq
from mt.search import beam_search, greedy_search, length_limits

PROGRAM = "import json; from tests.integration.test_backends import facts; print(json.dumps(facts()))"


def facts():
    """Logits of some targets, and what searches find, of a model with weights by chance."""
    model = Seq2Seq(ModelConfig(embedding=12, encoder_hidden=8, decoder_hidden=12, decoder_layers=2), 40)
    draw, old = np.random.default_rng(1), model.named_weights()
    model.assign_weights({name: draw.normal(0, 0.5, one.shape).astype(np.float32) for name, one in old.items()})
    source, target = np.array([[5, 6, 7, 8, 3], [9, 4, 3, 0, 0]], np.int32), np.array([[2, 11], [2, 13]], np.int32)
    memory, limits = model.encode(source), length_limits(np.array([5, 3], np.int32))
    searched = [lambda ids, state: model.step(ids, state, memory), model.initial_state(memory), limits, 5]
    found = greedy_search(*searched), beam_search(*searched, 3)
    return {
        "logits": np.asarray(model.logits(model(source, target))).tolist(),
        "scores": [np.asarray(one.scores).tolist() for one in found],
        "ids": [np.asarray(one.ids).tolist() for one in found],
    }


@pytest.mark.skipif(not find_spec("jax"), reason="jax is not installed")
def test_under_jax_a_model_gives_what_it_gives_under_tensorflow():
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    found, expected = json.loads(done.stdout.splitlines()[-1]), facts()
    assert found["ids"] == expected["ids"]
    np.testing.assert_allclose(found["logits"], expected["logits"], atol=1e-5)
    for ours, theirs in zip(found["scores"], expected["scores"], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
