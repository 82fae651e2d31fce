"""Texts in Beam: each becomes a translation or a failure, in its place, whatever stands beside it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt import BundleError, InvalidOption, InvalidText, SearchOptions, Translation, UnsupportedLanguage
from mt.bulk import BYTES_AT_ONCE, LINES_AT_ONCE
from tests import tiny

pytest.importorskip("apache_beam", reason="apache-beam is not installed; it is in the extra `beam`")

from mt.beam.translate import Failure, Translate, TranslatorHandler, keyed

HANDLER = TranslatorHandler(None, "en", "de")


class Shouter:
    """Translates to capitals, but no text with a surrogate, which is deliberate, and no "bug"."""

    def translate(self, texts, *_, **__):
        for text in texts:
            if not text.isprintable():
                raise InvalidText(f"Text {text} cannot be shouted.")
            if text == "bug":
                raise ZeroDivisionError("a bug")
        return [Translation(text.upper(), 0.0) for text in texts]


@pytest.fixture
def handler():
    return TranslatorHandler(str(tiny.bundle_folder()), "en", "de")


def shout(*texts):
    """What becomes of each, in one batch."""
    return HANDLER.run_inference([keyed(text)[1] for text in texts], Shouter())


@given(st.lists(st.text(st.characters()) | st.binary(max_size=3) | st.just("bug"), min_size=1, max_size=8))
def test_each_text_becomes_what_it_becomes_alone(texts):
    assert shout(*texts) == [shout(text)[0] for text in texts]


@given(st.text(st.characters()).filter(str.isprintable).filter(lambda text: text != "bug"))
def test_a_string_and_its_bytes_become_the_same(text):
    assert shout(text, text.encode("utf-8")) == [Translation(text.upper(), 0.0)] * 2


@given(st.text(st.characters()) | st.binary())
def test_what_comes_of_any_text_can_be_written_as_utf_8(text):
    key, _ = keyed(text)
    (outcome,) = shout(text)
    for written in (key, *(vars(outcome).values() if isinstance(outcome, Failure) else [])):
        written.encode("utf-8")


def test_a_failure_says_what_is_wrong():
    surrogate, latin, bug = shout("a\ud800", b"\xe4h", "bug")
    assert surrogate == Failure(r"a\xed\xa0\x80", "InvalidText", r"Text a\xed\xa0\x80 cannot be shouted.")
    assert (latin.source, latin.message) == (
        r"\xe4h",
        "Text is not UTF-8 (byte 0xe4 at place 1). Convert it first, for example with `iconv -f LATIN1 -t UTF-8`.",
    )
    assert bug == Failure("bug", "ZeroDivisionError", "a bug")


def test_a_text_without_a_key_is_its_own():
    assert [*map(keyed, ["a", b"a\xff", (1, "a"), (("b", 2), b"\xff")])] == [
        ("a", b"a"),
        (r"a\xff", b"a\xff"),
        (1, b"a"),
        (("b", 2), b"\xff"),
    ]


def test_translations_are_those_of_the_translator(handler):
    texts = ["seventy", "", "twelve. Ninety.", "seven"]
    for options in ({"n_best": 2}, {"greedy": True}, {"search": SearchOptions(beam=3, no_repeat=2)}):
        made = replace(handler, **options).run_inference([text.encode() for text in texts], tiny.translator())
        assert made == tiny.translator().translate(texts, "en", "de", **options)


def test_a_handler_loads_a_translator_of_its_bundle(handler):
    assert handler.load_model().directions == tiny.translator().directions


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"bundle": "/none"}, BundleError, "There is no bundle at /none"),
        ({"target": "fr"}, UnsupportedLanguage, "does not translate from 'en' to 'fr'"),
        ({"n_best": 17}, InvalidOption, "from 1 to 16, got 17"),
        ({"engine": "steam"}, InvalidOption, "steam"),
    ],
)
def test_what_concerns_all_texts_is_refused_before_the_first(handler, changes, error, message):
    with pytest.raises(error, match=message):
        replace(handler, **changes).load_model()


@pytest.mark.parametrize(
    ("text", "most"), [(b"", LINES_AT_ONCE), (b"short", LINES_AT_ONCE), (b"\xff" * 1_024, 16), (b"x" * 2_048, 8)]
)
def test_a_batch_is_bounded_in_texts_and_in_bytes(text, most):
    options = HANDLER.batch_elements_kwargs()
    assert options["min_batch_size"] == options["max_batch_size"] == BYTES_AT_ONCE
    assert options["element_size_fn"](("key", text)) * most == BYTES_AT_ONCE


def test_the_shipped_bundle_is_looked_for_where_it_is_needed():
    assert Translate(None, "en", "de").handler == HANDLER
