"""The errors: one root, all of them to be had from mt, each with its meaning."""

import inspect

import pytest

import mt
from mt import errors

DELIBERATE = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]


@pytest.mark.parametrize("kind", DELIBERATE)
def test_an_error_is_a_dragoman_error_that_mt_exports_and_explains(kind):
    assert issubclass(kind, errors.DragomanError)
    assert getattr(mt, kind.__name__) is kind
    assert kind.__name__ in mt.__all__
    assert kind.__doc__


def test_an_error_keeps_its_text():
    assert str(errors.InvalidText("Text 'a' is wrong. Do b.")) == "Text 'a' is wrong. Do b."
