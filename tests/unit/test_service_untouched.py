"""What must not change, through every way into the service: around an engine that finds anything at all."""

from collections import Counter
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.text.markup.html_tokens import html_tokens
from mt.text.markup.xml_tokens import xml_tokens
from mt.translator import Translator
from tests import tiny
from tests.inventing import InventingEngine
from tests.service_fakes import Client, limited
from tests.unit.mt.test_protected import ITEMS, MIXED, count_of, items_of
from tests.unit.text.test_markup_properties import BROKEN, XML, joined, parents, tags

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# Nothing that a model could translate, nor an item.
UNTRANSLATABLE = st.text(st.characters(exclude_categories=["L", "M", "N", "So", "Sk", "Cs"]), max_size=30)

OF_ITEMS = st.lists(st.sampled_from([*ITEMS, "\n", "\r\n", " \n\n "]), min_size=1, max_size=12).map(" ".join)


@pytest.fixture(scope="module")
def client():
    # Without a cache, each example is a search of its own.
    with Client(limited(cache_bytes=0), Translator(tiny.bundle(), engine=InventingEngine(1))) as client:
        yield client.wait_until_ready()


def by_json(client, texts):
    fields = {"q": texts, "source": "en", "target": "de", "alternatives": 1}
    found = client.post_json("/translate", fields).json()
    others = found["alternatives"]
    return [(text, [one, *more]) for text, one, more in zip(texts, found["translatedText"], others, strict=True)]


def by_form(client, texts):
    for text in texts:
        body = urlencode({"q": text, "source": "en", "target": "de"})
        yield text, [client.post("/translate", content=body, headers=FORM).json()["translatedText"]]


def by_deepl(client, texts):
    found = client.post_json("/v2/translate", {"text": texts, "source_lang": "EN", "target_lang": "DE"}).json()
    return zip(texts, [[one["text"]] for one in found["translations"]], strict=True)


def by_deepls_form(client, texts):
    body = urlencode([*(("text", text) for text in texts), ("source_lang", "EN"), ("target_lang", "DE")])
    found = client.post("/v2/translate", content=body, headers=FORM).json()
    return zip(texts, [[one["text"]] for one in found["translations"]], strict=True)


WAYS = pytest.mark.parametrize("way", [by_json, by_form, by_deepl, by_deepls_form])


@WAYS
@settings(max_examples=30)
@given(texts=st.lists(MIXED.filter(bool), min_size=1, max_size=3))
def test_everything_that_must_not_change_is_there_as_often(client, way, texts):
    for text, found in way(client, texts):
        for item, count in Counter(items_of(text)).items():
            assert all(count_of(item, one) >= count for one in found)


@WAYS
@settings(max_examples=30)
@given(texts=st.lists(MIXED.filter(bool), min_size=1, max_size=3))
def test_lines_stay_lines(client, way, texts):
    for text, found in way(client, texts):
        assert all(len(one.split("\n")) == len(text.split("\n")) for one in found)


@WAYS
@settings(max_examples=30)
@given(texts=st.lists(UNTRANSLATABLE.filter(bool), min_size=1, max_size=3))
def test_a_text_without_words_comes_back_to_the_byte(client, way, texts):
    for text, (found, *_) in way(client, texts):
        assert found == text


@WAYS
@settings(max_examples=30)
@given(
    texts=st.lists(st.lists(st.sampled_from([*ITEMS, "\n", "\r\n", " \n\n "]), min_size=1).map(" ".join), min_size=1)
)
def test_a_text_of_items_comes_back_to_the_byte(client, way, texts):
    for text, (found, *_) in way(client, texts):
        assert found == text


SPACES = " \t\n\r\u00a0\u2028\u3000"


@WAYS
@settings(max_examples=30)
@given(before=st.text(st.sampled_from(SPACES), max_size=4), after=st.text(st.sampled_from(SPACES), max_size=4))
def test_white_space_around_a_text_stays(client, way, before, after):
    ((_, (found, *_)),) = way(client, [f"{before}one{after}"])
    assert found.startswith(before)
    assert found.endswith(after)


def html_by_json(client, text, _):
    return client.translate(q=text, format="html").json()["translatedText"]


def html_by_form(client, text, _):
    fields = {"q": text, "source": "en", "target": "de", "format": "html"}
    return client.post("/translate", content=urlencode(fields), headers=FORM).json()["translatedText"]


def html_by_deepl(client, text, options):
    return tagged(client, text, options, "html")


def xml_by_deepl(client, text, options):
    return tagged(client, text, options, "xml")


def tagged(client, text, options, kind):
    answer = client.deepl(text=[text], source_lang="EN", tag_handling=kind, **options).json()
    return answer["translations"][0]["text"]


MARKED_WAYS = pytest.mark.parametrize("way", [html_by_json, html_by_form, html_by_deepl, xml_by_deepl])
DEEPL_OPTIONS = st.fixed_dictionaries(
    {
        "split_sentences": st.sampled_from(["0", "1", "nonewlines"]),
        "ignore_tags": st.sampled_from([[], ["x"], ["b", "i"]]),
        "outline_detection": st.booleans(),
    }
)


@MARKED_WAYS
@settings(max_examples=30)
@given(text=XML.map(joined), options=DEEPL_OPTIONS)
def test_well_formed_tags_are_equal_and_keep_their_parents(client, way, text, options):
    found = way(client, text, options)
    assert parents(found) == parents(text)
    assert tags(found, xml_tokens) == tags(text, xml_tokens)


@pytest.mark.parametrize("way", [html_by_json, html_by_form, html_by_deepl])
@settings(max_examples=30)
@given(text=BROKEN.filter(bool), options=DEEPL_OPTIONS)
def test_broken_html_keeps_its_tags_and_gets_no_others(client, way, text, options):
    found = way(client, text, options)
    assert tags(found, html_tokens) == tags(text, html_tokens)


@MARKED_WAYS
@settings(max_examples=30)
@given(text=XML.map(lambda pieces: "".join(piece for piece, is_text in pieces if not is_text)), options=DEEPL_OPTIONS)
def test_markup_without_words_comes_back_to_the_byte(client, way, text, options):
    assert way(client, text, options) == text
