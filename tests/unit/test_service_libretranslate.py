import json
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from service.database import open_database
from tests.service_fakes import Client, limited

GERMAN = "Guten Morgen, wie geht es Ihnen heute?"
ENGLISH = "Good morning, how are you today?"


@pytest.fixture(scope="module")
def client():
    with Client(limited(max_characters=200, max_texts=20)) as client:
        yield client.wait_until_ready()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "suggestions.jsonl"


@pytest.fixture
def collector(file):
    with Client(limited(max_characters=20, suggestions=file)) as client:
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
        "score": -0.5,
        "alternatives": ["A (2)", "A (3)"],
        "alternativeScores": [-1.0, -1.5],
    }
    assert client.translate(q=["a", "b"], alternatives="1").json() == {
        "translatedText": ["A", "B"],
        "score": [-0.5, -0.5],
        "alternatives": [["A (2)"], ["B (2)"]],
        "alternativeScores": [[-1.0], [-1.0]],
    }


@pytest.mark.parametrize("none", [0, "0", "", None])
def test_without_alternatives_the_answer_has_no_such_field(client, none):
    assert client.translate(q="a", alternatives=none).json() == {"translatedText": "A"}


def test_a_wider_search_and_a_beginning_may_be_asked_for(client):
    assert client.translate(q="a", beam_size="3", prefix="B", deadline_ms=60_000).json() == {"translatedText": "A"}
    assert (client.translator.wishes["search"].beam, client.translator.wishes["prefix"]) == (3, "B")


def test_at_the_deadline_that_was_asked_for_the_answer_is_what_there_is(client):
    client.translator.gate.clear()
    answer = client.translate(q="what takes long", deadline_ms=10)
    client.translator.gate.set()
    assert answer.json() == {"translatedText": "", "warnings": ["deadline"]}


@pytest.mark.parametrize("nothing", ["", None])
def test_without_them_the_search_is_the_models_own(client, nothing):
    new = f"with {nothing!r}"  # which the cache does not know
    assert client.translate(q=new, beam_size=nothing, prefix=nothing, deadline_ms=nothing).status_code == 200
    assert client.translator.wishes == {"search": client.translator.options(n_best=1), "prefix": ""}


def test_a_cut_translation_is_said_to_be_cut(client):
    assert client.translate(q="CUT").json() == {"translatedText": "CUT", "warnings": ["length_limit"]}
    assert client.translate(q=["a", "CUT"]).json()["warnings"] == [[], ["length_limit"]]


@pytest.mark.parametrize("key", [None, "", "abc", 5])
def test_a_key_is_not_needed_and_unknown_fields_are_ignored(client, key):
    assert client.translate(q="a", api_key=key, colour="red", format="text").status_code == 200


@pytest.mark.parametrize(("source", "target"), [("EN", "De"), ("en", "PT-BR")])
def test_language_codes_may_be_written_in_any_case(client, source, target):
    assert client.translate(q="a", source=source, target=target).json() == {"translatedText": "A"}


def test_the_language_of_a_text_is_found_out(client):
    answer = client.translate(q=ENGLISH, source="auto").json()
    detected = answer.pop("detectedLanguage")
    assert answer == {"translatedText": ENGLISH.upper()}
    assert detected["language"] == "en"
    assert isinstance(detected["confidence"], int)
    assert 90 <= detected["confidence"] <= 100


def test_each_text_of_an_array_has_a_language_of_its_own(client):
    answer = client.translate(q=[GERMAN, ENGLISH, "22", ""], source="Auto", target="en").json()
    assert answer["translatedText"] == [GERMAN.lower(), ENGLISH, "22", ""]
    assert [one["language"] for one in answer["detectedLanguage"]] == ["de", "en", "en", "en"]
    assert [one["confidence"] > 90 for one in answer["detectedLanguage"]] == [True, True, False, False]


def test_a_text_in_the_target_language_comes_back_without_warnings_and_alternatives(client):
    answer = client.translate(q=GERMAN + " CUT", source="auto", target="de", alternatives=1).json()
    assert answer["translatedText"] == GERMAN + " CUT"
    assert (answer["alternatives"], answer["alternativeScores"], "warnings" in answer) == ([], [], False)


@pytest.mark.parametrize(
    "content", [{"json": {"q": [GERMAN, GERMAN]}}, {"data": {"q": GERMAN}}, {"params": {"q": GERMAN}}]
)
def test_detection_lists_languages_with_whole_percentages(client, content):
    (best, *others) = client.post("/detect", **content).json()
    assert best["language"] == "de"
    assert 90 <= best["confidence"] <= 100
    assert all(type(one["confidence"]) is int and one["confidence"] > 0 for one in [best, *others])


@pytest.mark.parametrize("text", ["123", "😀", "\n", "!?"])
def test_a_text_without_letters_is_in_no_language(client, text):
    assert client.post("/detect", data={"q": text}).json() == [{"confidence": 0, "language": "en"}]


def test_a_text_in_none_of_the_languages_has_low_confidences(client):
    assert all(one["confidence"] < 10 for one in client.post("/detect", json={"q": "今日は良い天気ですね"}).json())


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "Invalid request: missing q parameter"),
        ({"q": 5}, "Invalid request: q parameter must be a string or an array of strings, not a number"),
        ({"q": "a" * 201}, "Invalid request: request (201) exceeds text limit (200)"),
    ],
)
def test_what_cannot_be_detected_is_refused(client, fields, text):
    answer = client.post("/detect", json=fields)
    assert (answer.status_code, answer.json()) == (400, {"error": text})


SUGGESTION = {"q": "Zeile\u2028 1", "s": "Line 1 😀", "source": "De", "target": "en"}


@pytest.mark.parametrize("form", ["json", "data", "params"])
def test_a_suggestion_is_kept_as_a_line_of_json(collector, file, form):
    for source in ("De", "auto"):
        answer = collector.post("/suggest", **{form: {**SUGGESTION, "source": source}})
        assert (answer.status_code, answer.json()) == (200, {"success": True})
    kept = [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n")[:-1]]
    assert [one.pop("time")[-6:] for one in kept] == ["+00:00"] * 2
    assert kept == [{**SUGGESTION, "source": source} for source in ("de", "auto")]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"s": ""}, "Invalid request: missing s parameter"),
        ({"q": ["a"]}, "Invalid request: q parameter must be a string, not an array"),
        ({"source": "zz"}, "zz is not supported"),
        ({"target": "auto"}, "auto is not supported"),
        ({"q": "a" * 13}, "Invalid request: request (21) exceeds text limit (20)"),
    ],
)
def test_a_suggestion_that_says_nothing_is_refused(collector, file, fields, text):
    answer = collector.post("/suggest", json=SUGGESTION | fields)
    assert (answer.status_code, answer.json()) == (400, {"error": text})
    assert file.read_bytes() == b""


def test_without_a_file_suggestions_are_switched_off(client):
    answer = client.post("/suggest", json=SUGGESTION)
    assert (answer.status_code, answer.json()) == (403, {"error": "Suggestions are disabled on this server."})
    assert client.get("/frontend/settings").json()["suggestions"] is False


def test_a_page_is_told_what_it_has_to_know(collector):
    assert collector.get("/frontend/settings").json() == {
        "charLimit": 20,
        "frontendTimeout": 500,
        "apiKeys": False,
        "keyRequired": False,
        "suggestions": True,
        "filesTranslation": False,
        "supportedFilesFormat": [],
        "language": {"source": {"code": "en", "name": "English"}, "target": {"code": "de", "name": "German"}},
    }


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
        {"code": "de", "name": "German", "targets": ["en", "pt-br"]},
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
    ({"source": "x" * 100_000}, "x" * 40 + "… is not supported"),
    ({"source": "\ud800"}, "? is not supported"),
    ({"source": "\x00"}, "\x00 is not supported"),
    ({"target": "en"}, "English (en) is not available as a target language from English (en)"),
    ({"source": "pt-BR"}, "German (de) is not available as a target language from Portuguese (br) (pt-br)"),
    ({"format": "xml"}, "xml format is not supported"),
    ({"translate_attributes": "maybe"}, "Invalid request: translate_attributes parameter must be true or false"),
    ({"translate_attributes": 1}, "Invalid request: translate_attributes parameter must be true or false"),
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
    ({"alternatives": -1}, "Invalid request: alternatives parameter must be >= 0 and <= 3, not -1"),
    ({"alternatives": 4}, "Invalid request: alternatives parameter must be >= 0 and <= 3, not 4"),
    ({"alternatives": 10**4000}, f"Invalid request: alternatives parameter must be >= 0 and <= 3, not 1{'0' * 39}…"),
    ({"alternatives": "9" * 5000}, "Invalid request: alternatives parameter is not a number: " + "9" * 40 + "…"),
    ({"alternatives": "two"}, "Invalid request: alternatives parameter is not a number: two"),
    ({"alternatives": 1.5}, "Invalid request: alternatives parameter is not a number: 1.5"),
    ({"alternatives": True}, "Invalid request: alternatives parameter is not a number: a boolean"),
    ({"beam_size": 0}, "Invalid request: beam_size parameter must be >= 1 and <= 4, not 0"),
    ({"beam_size": "17"}, "Invalid request: beam_size parameter must be >= 1 and <= 4, not 17"),
    ({"beam_size": {}}, "Invalid request: beam_size parameter is not a number: an object"),
    ({"deadline_ms": -5}, "Invalid request: deadline_ms parameter must be >= 1 and <= 3600000, not -5"),
    ({"deadline_ms": "soon"}, "Invalid request: deadline_ms parameter is not a number: soon"),
    ({"prefix": 5}, "Invalid request: prefix parameter must be a string, not a number"),
    ({"prefix": False}, "Invalid request: prefix parameter must be a string, not a boolean"),
    ({"prefix": "a", "q": ["a", "b"]}, "Invalid request: prefix parameter goes with one text, not with 2"),
    ({"prefix": "a" * 201}, "Invalid request: request (201) exceeds text limit (200)"),
    ({"source": "auto", "target": "zz"}, "zz is not supported"),
    ({"source": "auto", "q": ""}, "Invalid request: missing q parameter"),
    ({"alternatives": [1]}, "Invalid request: alternatives parameter is not a number: an array"),
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
    """Whether an answer is what was asked for, or a refusal in the dialect's form."""
    body = answer.json()
    if answer.status_code == 200:
        return isinstance(body, list) or "translatedText" in body
    return 400 <= answer.status_code < 500 and set(body) == {"error"} and isinstance(body["error"], str)


many_times = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NAMES = [
    "q",
    "s",
    "source",
    "target",
    "format",
    "alternatives",
    "beam_size",
    "deadline_ms",
    "prefix",
    "api_key",
    "other",
]
names = st.sampled_from(NAMES)
PATHS = ["/translate", "/detect", "/suggest"]
likely = st.sampled_from(["en", "de", "auto", "text", "1", "", 2, ["a", "b"], "\ud800"])


@many_times
@given(path=st.sampled_from(PATHS), fields=st.dictionaries(names, likely | json_values))
@example(path="/translate", fields={"q": ["\ud800"], "source": "en", "target": "de"})
@example(path="/translate", fields={"q": ["\ud800"], "source": "auto", "target": "de"})
@example(path="/detect", fields={"q": ["\ud800"]})
@example(path="/detect", fields={"q": "a\x00b\n"})
def test_no_json_makes_the_server_fail(client, path, fields):
    assert is_proper(client.post_json(path, fields))


kinds = st.sampled_from(
    ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/plain", ""]
)


@many_times
@given(path=st.sampled_from(PATHS), body=st.binary(max_size=60), kind=kinds, query=st.binary(max_size=30))
@example(path="/translate", body=b"--b\r\n", kind="multipart/form-data; boundary=b", query=b"%")
@example(path="/detect", body=b"q=%C3&source=en", kind="application/x-www-form-urlencoded", query=b"%FF=%FF")
def test_no_bytes_make_the_server_fail(client, path, body, kind, query):
    url = f"{path}?{quote_from_bytes(query, safe='=&+%')}"
    assert is_proper(client.post(url, content=body, headers={"Content-Type": kind}))


def test_detecting_and_suggesting_keep_to_the_rate_and_need_a_key_like_translating(tmp_path):
    open_database(tmp_path / "keys", may_make=True).close()
    with Client(limited(keys=tmp_path / "keys", suggestions=tmp_path / "kept")) as client:
        client.wait_until_ready()
        for path in ("/translate", "/detect", "/suggest"):
            keyless = client.post(path, json=SUGGESTION)
            assert (keyless.status_code, keyless.json()["error"][:21]) == (400, "Please contact the se")
            wrong = client.post(path, json={**SUGGESTION, "api_key": "x"})
            assert (wrong.status_code, wrong.json()) == (403, {"error": "Invalid API key"})
        settings = client.get("/frontend/settings").json()
        assert (settings["apiKeys"], settings["keyRequired"]) == (True, True)


def test_where_no_model_translates_directly_the_answer_says_by_way_of_what(client):
    answer = client.translate(q="Hallo CUT", source="de", target="pt-br", alternatives=1).json()
    assert (answer["translatedText"], answer["alternatives"]) == ("HALLO CUT", ["HALLO CUT (2)"])
    assert (answer["pivot"], answer["score"], answer["alternativeScores"]) == ("en", -1.0, [-1.5])
    assert answer["warnings"] == ["length_limit"]


def test_of_several_texts_each_says_by_way_of_what(client):
    answer = client.translate(q=["Wo ist der Bahnhof?", "Where is the station?"], source="auto", target="pt-br").json()
    assert answer["pivot"] == ["en", None]


def test_without_a_language_in_between_an_answer_says_nothing_of_it(client):
    assert "pivot" not in client.translate(source="auto", q=["hello", "what is this?"]).json()
