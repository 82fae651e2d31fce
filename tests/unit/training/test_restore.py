"""A bundle's live model again."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from mt.errors import BundleError
from tests import tiny
from training.restore import read_config, restore_model


def with_recipe(recipe):
    bundle = tiny.bundle()
    return replace(bundle, manifest=replace(bundle.manifest, recipe=recipe))


def with_model(**sizes):
    return with_recipe({"model": asdict(replace(tiny.CONFIG, **sizes))})


def test_a_restored_model_has_the_weights_that_were_exported():
    restored, exported = restore_model(tiny.bundle()).named_weights(), tiny.model().named_weights()
    assert list(restored) == list(exported)
    for name, weight in exported.items():
        np.testing.assert_array_equal(restored[name], weight)


def test_its_sizes_are_those_of_the_recipe_that_it_was_made_by():
    assert read_config(tiny.bundle()) == tiny.CONFIG


@pytest.mark.parametrize("recipe", [{}, {"model": 5}, {"model": {"width": 1}}, {"model": {"embedding": 0}}])
def test_a_manifest_that_does_not_say_the_sizes_is_refused(recipe):
    with pytest.raises(
        BundleError, match=r"does not say the sizes of the model \(recipe: model is .*Export the bundle"
    ):
        restore_model(with_recipe(recipe))


def test_a_manifest_with_another_number_of_layers_is_refused_with_both_numbers():
    with pytest.raises(BundleError, match=r"has \d+ weights, a model of the sizes in its manifest has \d+\. Export it"):
        restore_model(with_model(encoder_layers=1, decoder_layers=1))


def test_a_manifest_with_other_widths_is_refused():
    with pytest.raises(BundleError, match="These weights are of another model"):
        restore_model(with_model(embedding=18))
