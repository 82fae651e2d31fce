"""`confidence`, and what it is answered with."""

import pytest

from tests.service_fakes import Client


@pytest.fixture(scope="module")
def client():
    with Client() as client:
        yield client.wait_until_ready()


def test_a_text_has_a_number_and_an_array_one_for_each(client):
    assert client.translate(q="a", confidence=True).json() == {"translatedText": "A", "confidence": 0.7123}
    assert client.translate(q=["a", ""], confidence="true").json()["confidence"] == [0.7123, None]


def test_by_way_of_a_third_language_nothing_is_known(client):
    assert client.translate(q="a", source="de", target="pt-br", confidence=True).json()["confidence"] is None


@pytest.mark.parametrize("flag", [False, "false", "", None])
def test_unless_asked_for_the_answer_is_that_of_libretranslate(client, flag):
    assert client.translate(q="a", confidence=flag).json() == {"translatedText": "A"}


@pytest.mark.parametrize("value", ["maybe", [], {"a": 1}, 2])
def test_confidence_is_true_or_false(client, value):
    answer = client.translate(confidence=value)
    assert answer.status_code == 400
    assert answer.json() == {"error": "Invalid request: confidence parameter must be true or false"}
