"""What of a request reaches the translator: the form of its texts, and whether they are protected."""

import pytest

from mt import Form
from tests.service_fakes import Client

ENGLISH = "Good morning, how are you today?"
GERMAN = "Guten Morgen, wie geht es Ihnen heute?"


@pytest.fixture(scope="module")
def client():
    with Client() as client:
        yield client.wait_until_ready()


@pytest.mark.parametrize(
    ("fields", "form"),
    [
        ({}, Form()),
        ({"format": "text", "translate_attributes": ""}, Form()),
        ({"format": "html"}, Form("html")),
        ({"format": "html", "translate_attributes": True}, Form("html", translate_attributes=True)),
        ({"format": "html", "translate_attributes": "false"}, Form("html")),
    ],
)
def test_the_format_reaches_the_translator(client, fields, form):
    assert client.translate(**fields).status_code == 200
    assert client.translator.planned == {"form": form, "protect": True}


def test_what_is_continued_from_a_prefix_is_not_protected(client):
    assert client.translate(prefix="Guten").status_code == 200
    assert client.translator.planned == {"form": Form(), "protect": False}


def test_the_language_of_html_is_that_of_its_words(client):
    text = f"<div class='the morning'><!-- {ENGLISH} --><p lang=x>{GERMAN}</p></div>"
    answer = client.translate(q=text, source="auto", target="en", format="html").json()
    assert answer["detectedLanguage"]["language"] == "de"
