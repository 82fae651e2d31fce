import asyncio
import json
from urllib.parse import urlencode

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st

from service.errors import Refusal
from service.fields import MAX_FIELDS, read_fields

FORM = "application/x-www-form-urlencoded"


def fields_of(body=b"", kind=None, query=b"", method="POST", lists=()):
    async def receive():
        return {"type": "http.request", "body": body}

    headers = [(b"content-type", kind.encode("latin-1"))] if kind is not None else []
    scope = {"type": "http", "method": method, "path": "/", "query_string": query, "headers": headers}
    return asyncio.run(read_fields(Request(scope, receive), lists))


def multipart(*parts, end=b"--x--\r\n"):
    return b"".join(b"--x\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts) + end


def test_query_and_form_are_merged_whatever_the_method():
    for method in ("GET", "POST"):
        assert fields_of(b"q=a+b", FORM, b"source=en&target=de", method) == {"q": "a b", "source": "en", "target": "de"}


def test_a_request_without_body_and_content_type_is_read_from_its_query():
    assert fields_of(query=b"q=Guten%20Tag%21&api_key=") == {"q": "Guten Tag!", "api_key": ""}


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8", "application/vnd.x+json"])
def test_json_is_read_and_wins_over_the_query(kind):
    assert fields_of(b'{"q": ["a"], "source": null}', kind, b"q=b&target=de") == {
        "q": ["a"],
        "source": None,
        "target": "de",
    }


def test_json_may_begin_with_a_byte_order_mark():
    assert fields_of(b'\xef\xbb\xbf{"q": "a"}', "application/json") == {"q": "a"}


def test_multipart_fields_keep_every_byte_and_files_are_left_out():
    text = "\n\r\n Zeile 1\r\nZeile 2\u2028😀\n\n"
    body = multipart(
        b'name="q"\r\n\r\n' + text.encode(), b'name="source"\r\n\r\nen', b'name="f"; filename="a.txt"\r\n\r\nabc'
    )
    assert fields_of(body, "multipart/form-data; boundary=x") == {"q": text, "source": "en"}


def test_raw_utf_8_in_a_form_or_query_is_understood():
    assert fields_of("q=Größe!".encode(), FORM, "r=ß".encode()) == {"q": "Größe!", "r": "ß"}


def test_a_body_of_another_kind_is_not_looked_at():
    assert fields_of(b"q=a", "text/plain", b"r=b") == {"r": "b"}
    assert fields_of(b"q=a", None) == {}


@given(st.dictionaries(st.text(), st.text()))
def test_a_form_comes_back_byte_for_byte(fields):
    assert fields_of(urlencode(fields).encode(), FORM) == fields


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"[]", "^Invalid JSON format$"),
        (b"null", "^Invalid JSON format$"),
        (b'"text"', "^Invalid JSON format$"),
        (b"", "^Invalid JSON format: Expecting value"),
        (b'{"q": ', "^Invalid JSON format: Expecting value"),
        (b'{"q": "\xff"}', "^Invalid JSON format: 'utf-8' codec can't decode byte 0xff"),
        (json.dumps({"q": "a"}).encode("utf-16"), "^Invalid JSON format: 'utf-8' codec can't decode"),
        (b'{"q": "\xed\xa0\x80"}', "^Invalid JSON format: 'utf-8' codec can't decode"),
        (b'{"q": NaN}', "^Invalid JSON format: NaN is not JSON$"),
        (b'{"q": -Infinity}', "^Invalid JSON format: -Infinity is not JSON$"),
        (b'{"q": ' + b"9" * 5000 + b"}", "^Invalid JSON format: Exceeds the limit"),
        (b'{"q": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", "^Invalid JSON format: it is nested too deeply$"),
        (b'{"q": "a\nb"}', "^Invalid JSON format: Invalid control character"),
    ],
)
def test_json_that_is_no_object_is_refused(body, text):
    with pytest.raises(Refusal, match=text) as refusal:
        fields_of(body, "application/json")
    assert refusal.value.status == 400


@pytest.mark.parametrize("encoded", [b"q=%FF", b"q=\xff", b"q=%ED%A0%80", b"%FF=a"])
def test_a_form_or_query_that_is_not_utf_8_is_refused_with_the_byte(encoded):
    with pytest.raises(Refusal, match=r"the form is not UTF-8 \(byte 0x(ff|ed)\)\. Send UTF-8\."):
        fields_of(encoded, FORM)
    with pytest.raises(Refusal, match=r"the query is not UTF-8 \(byte 0x(ff|ed)\)\. Send UTF-8\."):
        fields_of(query=encoded)


def test_a_multipart_field_that_is_not_utf_8_is_refused():
    with pytest.raises(Refusal, match=r"the form is not UTF-8"):
        fields_of(multipart(b'name="q"\r\n\r\n\xff'), "multipart/form-data; boundary=x")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data"),
        (b"garbage", "multipart/form-data; boundary=x"),
        (multipart(b"\r\n\r\nno name"), "multipart/form-data; boundary=x"),
        (multipart(b'name="q"\r\n\r\na'), "multipart/form-data; boundary=" + "y" * 300),
        (multipart(*[b'name="q"\r\n\r\na'] * (MAX_FIELDS + 1)), "multipart/form-data; boundary=x"),
        (multipart(*[b'name="q"; filename="a"\r\n\r\na'] * (MAX_FIELDS + 1)), "multipart/form-data; boundary=x"),
    ],
)
def test_a_multipart_form_that_cannot_be_read_is_refused(body, kind):
    with pytest.raises(Refusal, match=r"^Invalid request: the multipart form cannot be read: "):
        fields_of(body, kind)


def test_a_form_with_very_many_fields_is_refused():
    with pytest.raises(Refusal, match=r"the form has more than 1,000 fields. Send fewer."):
        fields_of(b"&" * MAX_FIELDS, FORM)
    assert fields_of(b"&" * (MAX_FIELDS - 1), FORM) == {}


@pytest.mark.parametrize(("body", "query"), [(b"q=a&q=b", b""), (b"q=a", b"q=b"), (b"", b"q=a&q=b")])
def test_a_field_with_two_values_is_refused_as_one_would_be_lost(body, query):
    with pytest.raises(Refusal, match=r"q parameter has two values. Give one, or send an array of texts as JSON."):
        fields_of(body, FORM, query)
    assert fields_of(b"q=a&q=a", FORM, b"q=a") == {"q": "a"}


def test_a_field_that_may_be_a_list_keeps_all_its_values_in_order():
    parts = multipart(b'name="q"\r\n\r\nb', b'name="q"\r\n\r\na', b'name="q"\r\n\r\nb')
    for body, kind in ((b"q=b&q=a&q=b", FORM), (parts, "multipart/form-data; boundary=x")):
        assert fields_of(body, kind, b"q=c&x=1", lists={"q"}) == {"q": ["c", "b", "a", "b"], "x": "1"}
    assert fields_of(b'{"q": "a"}', "application/json", b"q=c", lists={"q"}) == {"q": "a"}
