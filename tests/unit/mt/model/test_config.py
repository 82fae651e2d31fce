"""Model sizes: what cannot be built is refused."""

import pytest

from mt.errors import RecipeError
from mt.model import ModelConfig


@pytest.mark.parametrize("name", ["embedding", "encoder_hidden", "encoder_layers", "decoder_hidden", "decoder_layers"])
def test_a_size_below_one_is_refused_with_its_name_and_value(name):
    with pytest.raises(RecipeError, match=rf"model\.{name} must be at least 1, got 0\."):
        ModelConfig(**{name: 0})


def test_an_unknown_attention_is_refused_with_the_known_ones():
    with pytest.raises(RecipeError, match=r"one of multiplicative, additive, got 'local'\."):
        ModelConfig(attention="local")


@pytest.mark.parametrize("name", ["dropout", "word_dropout"])
@pytest.mark.parametrize("rate", [-0.1, 1.0, float("nan")])
def test_a_dropout_outside_its_range_is_refused_with_its_name(name, rate):
    with pytest.raises(RecipeError, match=rf"model\.{name} must be at least 0 and below 1, got {rate}\."):
        ModelConfig(**{name: rate})


def test_the_defaults_and_the_limits_of_the_range_are_accepted():
    assert ModelConfig() == ModelConfig(dropout=0.3)
    assert ModelConfig(embedding=1, encoder_hidden=1, decoder_hidden=1, dropout=0).dropout == 0


def test_what_an_older_bundle_does_not_say_is_off_and_its_embeddings_are_tied():
    config = ModelConfig(embedding=8, encoder_hidden=8, decoder_hidden=8, attention="additive", dropout=0.1)
    assert (config.word_dropout, config.variational_dropout, config.layer_normalization) == (0, False, False)
    assert config.tied_embeddings
