from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.service_fakes import Client, limited


@pytest.fixture(scope="module")
def client():
    with Client(limited(max_characters=200, max_texts=20)) as client:
        yield client.wait_until_ready()


def test_a_string_is_answered_with_a_string(client):
    answer = client.translate(q="Good morning!")
    assert (answer.status_code, answer.json()) == (200, {"translatedText": "GOOD MORNING!"})
    assert answer.headers["content-type"] == "application/json"


def test_an_array_is_answered_with_an_array_in_the_same_order(client):
    assert client.translate(q=["b", "", "a", " \n", "b"]).json() == {"translatedText": ["B", "", "A", " \n", "B"]}
    assert client.translate(q=["one"]).json() == {"translatedText": ["ONE"]}


def test_an_array_with_an_empty_text_is_fine(client):
    assert client.translate(q=[""]).json() == {"translatedText": [""]}


def test_alternatives_come_beside_the_translation(client):
    assert client.translate(q="a", alternatives=2).json() == {
        "translatedText": "A",
        "alternatives": ["A (2)", "A (3)"],
    }
    assert client.translate(q=["a", "b"], alternatives="1").json() == {
        "translatedText": ["A", "B"],
        "alternatives": [["A (2)"], ["B (2)"]],
    }


@pytest.mark.parametrize("none", [0, "0", "", None])
def test_without_alternatives_the_answer_has_no_such_field(client, none):
    assert client.translate(q="a", alternatives=none).json() == {"translatedText": "A"}


def test_a_cut_translation_is_said_to_be_cut(client):
    assert client.translate(q="CUT").json() == {"translatedText": "CUT", "warnings": ["length_limit"]}
    assert client.translate(q=["a", "CUT"]).json()["warnings"] == [[], ["length_limit"]]


@pytest.mark.parametrize("key", [None, "", "abc", 5])
def test_a_key_is_not_needed_and_unknown_fields_are_ignored(client, key):
    assert client.translate(q="a", api_key=key, colour="red", format="text").status_code == 200


@pytest.mark.parametrize(("source", "target"), [("EN", "De"), ("en", "PT-BR")])
def test_language_codes_may_be_written_in_any_case(client, source, target):
    assert client.translate(q="a", source=source, target=target).json() == {"translatedText": "A"}


FIELDS = {"q": "Line 1\r\nline 2\u2028\n", "source": "en", "target": "de"}
SHOUTED = {"translatedText": "LINE 1\r\nLINE 2\u2028\n"}


@pytest.mark.parametrize(
    "content",
    [
        {"json": FIELDS},
        {"data": FIELDS},
        {"files": {name: (None, value) for name, value in FIELDS.items()}},
        {"params": {**FIELDS, "format": "text", "api_key": "x"}},
        {"params": {"source": "en"}, "data": {"q": FIELDS["q"], "target": "de"}},
    ],
    ids=["json", "form", "multipart", "query", "query and form"],
)
def test_fields_are_found_wherever_they_are_and_keep_their_line_structure(client, content):
    assert client.post("/translate", **content).json() == SHOUTED


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("content", [{}, {"data": {"api_key": "x"}}, {"content": b"[not json"}])
def test_languages_are_listed_with_names_and_targets(client, method, content):
    assert client.request(method, "/languages", **content).json() == [
        {"code": "en", "name": "English", "targets": ["de", "pt-br"]},
        {"code": "de", "name": "German", "targets": ["en"]},
        {"code": "pt-br", "name": "Portuguese (br)", "targets": []},
    ]


ARRAY_OR_STRING = "Invalid request: q parameter must be a string or an array of strings, not "
REFUSED = [
    ({"q": ""}, "Invalid request: missing q parameter"),
    ({"q": []}, "Invalid request: missing q parameter"),
    ({"q": None}, "Invalid request: missing q parameter"),
    ({"source": ""}, "Invalid request: missing source parameter"),
    ({"target": None}, "Invalid request: missing target parameter"),
    ({"source": "zz"}, "zz is not supported"),
    ({"target": "zz"}, "zz is not supported"),
    ({"source": "auto"}, "auto is not supported"),
    ({"source": "x" * 100_000}, "x" * 40 + "… is not supported"),
    ({"source": "\ud800"}, "? is not supported"),
    ({"source": "\x00"}, "\x00 is not supported"),
    ({"target": "en"}, "English (en) is not available as a target language from English (en)"),
    ({"source": "pt-BR"}, "German (de) is not available as a target language from Portuguese (br) (pt-br)"),
    ({"format": "xml"}, "xml format is not supported"),
    ({"format": "html"}, "html format is not supported"),
    ({"format": 5}, "Invalid request: format parameter must be a string, not a number"),
    ({"source": 5}, "Invalid request: source parameter must be a string, not a number"),
    ({"target": ["de"]}, "Invalid request: target parameter must be a string, not an array"),
    ({"q": 5}, ARRAY_OR_STRING + "a number"),
    ({"q": 1.5}, ARRAY_OR_STRING + "a number"),
    ({"q": False}, ARRAY_OR_STRING + "a boolean"),
    ({"q": {}}, ARRAY_OR_STRING + "an object"),
    ({"q": ["a", 5]}, ARRAY_OR_STRING + "an array with a number"),
    ({"q": ["a", ["b"]]}, ARRAY_OR_STRING + "an array with an array"),
    ({"q": [None]}, ARRAY_OR_STRING + "an array with null"),
    ({"q": "a" * 201}, "Invalid request: request (201) exceeds text limit (200)"),
    ({"q": ["a" * 100, "b" * 101]}, "Invalid request: request (201) exceeds text limit (200)"),
    ({"q": [""] * 21}, "Invalid request: request (21 texts) exceeds list limit (20)"),
    ({"q": "a\ud800"}, "Text ['a\\ud800'] holds half a surrogate pair. Send whole characters."),
    ({"alternatives": -1}, "Invalid request: alternatives parameter must be >= 0 and <= 3"),
    ({"alternatives": 4}, "Invalid request: alternatives parameter must be >= 0 and <= 3"),
    ({"alternatives": 10**4000}, "Invalid request: alternatives parameter must be >= 0 and <= 3"),
    ({"alternatives": "9" * 5000}, "Invalid request: alternatives parameter is not a number"),
    ({"alternatives": "two"}, "Invalid request: alternatives parameter is not a number"),
    ({"alternatives": 1.5}, "Invalid request: alternatives parameter is not a number"),
    ({"alternatives": True}, "Invalid request: alternatives parameter is not a number"),
    ({"alternatives": [1]}, "Invalid request: alternatives parameter is not a number"),
]


@pytest.mark.parametrize(("fields", "text"), REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_translated_is_refused_in_libretranslates_words(client, fields, text):
    answer = client.translate(**fields)
    assert (answer.status_code, answer.json()) == (400, {"error": text})


@pytest.mark.parametrize("missing", ["q", "source", "target"])
def test_a_missing_field_is_named(client, missing):
    fields = {name: value for name, value in FIELDS.items() if name != missing}
    for content in ({"json": fields}, {"data": fields}, {"params": fields}):
        answer = client.post("/translate", **content)
        assert (answer.status_code, answer.json()) == (400, {"error": f"Invalid request: missing {missing} parameter"})


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"[]", "Invalid JSON format"),
        (b"{", "Invalid JSON format: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "Invalid JSON format: it is nested too deeply"),
    ],
)
def test_malformed_json_is_refused(client, body, text):
    answer = client.post("/translate", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()) == (400, {"error": text})


def test_control_characters_and_emoji_are_the_translators_matter(client):
    assert client.translate(q="a\x00\x07😀").json() == {"translatedText": "A\x00\x07😀"}


def is_proper(answer):
    """Whether an answer is a translation, or a refusal in the dialect's form."""
    body = answer.json()
    if answer.status_code == 200:
        return "translatedText" in body
    return 400 <= answer.status_code < 500 and set(body) == {"error"} and isinstance(body["error"], str)


many_times = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(["q", "source", "target", "format", "alternatives", "api_key", "other"])
likely = st.sampled_from(["en", "de", "text", "1", "", 2, ["a", "b"], "\ud800"])


@many_times
@given(fields=st.dictionaries(names, likely | json_values))
@example(fields={"q": ["\ud800"], "source": "en", "target": "de"})
def test_no_json_makes_the_server_fail(client, fields):
    assert is_proper(client.post_json("/translate", fields))


kinds = st.sampled_from(
    ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/plain", ""]
)


@many_times
@given(body=st.binary(max_size=60), kind=kinds, query=st.binary(max_size=30))
@example(body=b"--b\r\n", kind="multipart/form-data; boundary=b", query=b"%")
@example(body=b"q=%C3&source=en", kind="application/x-www-form-urlencoded", query=b"%FF=%FF")
def test_no_bytes_make_the_server_fail(client, body, kind, query):
    url = "/translate?" + quote_from_bytes(query, safe="=&+%")
    assert is_proper(client.post(url, content=body, headers={"Content-Type": kind}))
