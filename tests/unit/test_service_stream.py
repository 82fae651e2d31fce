import json
import logging

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.service_fakes import Client, limited


@pytest.fixture(scope="module")
def client():
    with Client(limited(max_characters=200)) as client:
        yield client.wait_until_ready()


def stream(client, **fields):
    return client.post_json("/translate/stream", {"q": "hi\n☺", "source": "en", "target": "de", **fields})


def events_of(answer):
    """Each event's type and data."""
    events = []
    for block in answer.text.removesuffix("\n\n").split("\n\n"):
        *kind, data = block.split("\n")
        events.append((kind[0].removeprefix("event: ") if kind else "message", json.loads(data.removeprefix("data: "))))
    return events


def test_a_translation_comes_piece_by_piece_and_in_the_end_whole(client):
    answer = stream(client)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert answer.headers["access-control-allow-origin"] == "*"
    *pieces, end = events_of(answer)
    assert pieces == [("message", {"text": letter}) for letter in "HI\n☺"]
    assert end == ("end", {"translatedText": "HI\n☺"})


def test_the_language_is_found_out_and_a_text_in_the_target_language_comes_back(client):
    text = "Guten Morgen, wie geht es Ihnen?"
    *_, (kind, end) = events_of(stream(client, q=text, source="auto", target="en"))
    assert (kind, end["translatedText"], end["detectedLanguage"]["language"]) == ("end", text.lower(), "de")
    *pieces, (_, end) = events_of(stream(client, q=text, source="auto", target="de"))
    assert (pieces, end["translatedText"]) == ([("message", {"text": text})], text)


def test_a_beginning_and_a_deadline_may_be_asked_for(client):
    assert stream(client, prefix="H", deadline_ms=500, beam_size=1).status_code == 200
    assert client.translator.wishes == {"prefix": "H", "deadline": 0.5}


def test_where_no_model_translates_directly_the_second_one_is_streamed(client):
    *pieces, end = events_of(stream(client, q="Ja CUT", source="de", target="pt-br", deadline_ms=9_000, prefix="J"))
    assert pieces == [("message", {"text": letter}) for letter in "JA CUT"]
    assert end == ("end", {"translatedText": "JA CUT", "pivot": "en", "warnings": ["length_limit"]})
    assert client.translator.wishes["prefix"] == "J"
    assert 0 < client.translator.wishes["deadline"] <= 9


def test_the_last_event_has_the_warnings(client):
    assert events_of(stream(client, q="CUT"))[-1] == ("end", {"translatedText": "CUT", "warnings": ["length_limit"]})


@pytest.mark.parametrize("place", ["data", "params"])
def test_fields_may_come_as_a_form_or_in_the_query(client, place):
    answer = client.post("/translate/stream", **{place: {"q": "A", "source": "DE", "target": "en"}})
    assert events_of(answer) == [("message", {"text": "a"}), ("end", {"translatedText": "a"})]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"q": ""}, "Invalid request: missing q parameter"),
        ({"q": ["a"]}, "Invalid request: q parameter must be a string here, not an array: a stream has one text"),
        ({"q": "a" * 201}, "Invalid request: request (201) exceeds text limit (200)"),
        ({"q": "a\ud800"}, "Text 'a\\ud800' holds half a surrogate pair. Send whole characters."),
        ({"source": "zz"}, "zz is not supported"),
        ({"beam_size": 2}, "Invalid request: beam_size parameter must be 1 here: a stream is searched greedily"),
        ({"explain": True}, "Invalid request: explain parameter must be false here: a stream keeps no attention"),
        ({"alternatives": 1}, "Invalid request: alternatives parameter must be 0 here: a stream has one translation"),
        (
            {"format": "html"},
            "Invalid request: format parameter must be text here: tags are placed in the end",
        ),
    ],
)
def test_what_cannot_be_streamed_is_refused_as_by_translate(client, fields, text):
    answer = stream(client, **fields)
    assert (answer.status_code, answer.json()) == (400, {"error": text})


def test_a_fault_before_the_first_event_is_an_ordinary_answer(client, caplog):
    with caplog.at_level(logging.CRITICAL):
        answer = stream(client, q="☠")
    assert (answer.status_code, list(answer.json())) == (500, ["error"])


def test_a_later_fault_is_an_event(client, caplog):
    with caplog.at_level(logging.CRITICAL):
        answer = stream(client, q="ab☠c")
    assert answer.status_code == 200
    assert events_of(answer)[:2] == [("message", {"text": "A"}), ("message", {"text": "B"})]
    ((kind, data),) = events_of(answer)[2:]
    assert (kind, data["error"][:33]) == ("error", "The server failed on this request")


def test_places_are_free_again_after_translations_and_faults(client):
    assert client.app.state.service.streams.open == 0


def test_a_stream_is_refused_while_all_places_are_taken():
    with Client(limited(max_streams=0)) as client:
        answer = stream(client.wait_until_ready())
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert answer.json()["error"].startswith("Slowdown: as many streams are open as this server will have at once (0)")


VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.lists(st.text())
NAMES = st.sampled_from(["q", "source", "target", "format", "alternatives", "other"])
LIKELY = st.sampled_from(["en", "de", "text", "", 0, "\ud800"])


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(fields=st.dictionaries(NAMES, LIKELY | VALUES))
@example(fields={"q": "\ud800", "source": "en", "target": "de"})
@example(fields={"q": "\r\ndata: x", "source": "en", "target": "de"})
def test_no_fields_make_the_server_fail(client, fields):
    answer = client.post_json("/translate/stream", fields)
    if answer.status_code == 200:
        assert events_of(answer)[-1][0] == "end"
    else:
        assert (answer.status_code, list(answer.json())) == (400, ["error"])


def test_only_a_post_is_a_stream(client):
    assert client.get("/translate/stream").status_code == 405


def test_the_documentation_has_an_example_of_a_request_and_of_the_events(client):
    described = client.get("/openapi.json").json()["paths"]["/translate/stream"]["post"]
    example = described["requestBody"]["content"]["application/json"]["example"]
    assert client.post("/translate/stream", json=example).status_code == 200
    assert "alternatives" not in {one["name"] for one in described["parameters"]}
    assert list(described["responses"]["200"]["content"]) == ["text/event-stream"]
    assert "event: end" in described["responses"]["200"]["content"]["text/event-stream"]["example"]
    assert {"400", "413", "429", "503"} <= set(described["responses"])
