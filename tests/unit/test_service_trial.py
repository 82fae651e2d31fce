import math

import pytest

from mt import BundleError, Translation
from service.trial import TEXTS, try_out
from tests import tiny
from tests.stub_bundles import StubTranslator, stub


class Tried(StubTranslator):
    """Finds translations of these scores."""

    def __init__(self, *scores):
        super().__init__(stub("x", "en-de de-en").manifest)
        self.asked, self.is_warm = [], False
        self._found = [Translation("", score) for score in scores]

    def warm_up(self):
        self.is_warm = True

    def translate(self, texts, source, target):
        self.asked.append((texts, source, target))
        return self._found


def test_a_translator_is_warmed_up_and_tried_in_every_direction():
    translator = Tried(-1.0, 0.0)
    try_out(translator)
    assert translator.is_warm
    assert translator.asked == [(TEXTS, "en", "de"), (TEXTS, "de", "en")]


@pytest.mark.parametrize("score", [math.nan, -math.inf])
def test_a_translator_with_scores_that_are_no_numbers_is_refused(score):
    with pytest.raises(
        BundleError, match=r"x from 'en' to 'de' scores test sentences \[-1.0, (nan|-inf)\]: its weights"
    ):
        try_out(Tried(-1.0, score))


def test_a_real_translator_passes():
    try_out(tiny.translator())
