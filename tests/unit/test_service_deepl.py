import asyncio
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mt import Form
from service.errors import Refusal
from service.routes.deepl import in_time
from service.routes.deepl_order import read_form, read_job
from service.settings import Settings
from tests.service_fakes import Client, limited


@pytest.fixture(scope="module")
def client():
    with Client(limited(max_characters=200, max_texts=60)) as client:
        yield client.wait_until_ready()


def texts(answer):
    assert answer.status_code == 200, answer.text
    return [item["text"] for item in answer.json()["translations"]]


def test_each_text_is_answered_with_its_language_and_its_characters_in_the_same_order(client):
    answer = client.deepl(text=["Größe 😀", "", "a"], source_lang="EN", show_billed_characters=True)
    assert answer.json() == {
        "translations": [
            {"detected_source_language": "EN", "text": "GRÖSSE 😀", "billed_characters": 7},
            {"detected_source_language": "EN", "text": "", "billed_characters": 0},
            {"detected_source_language": "EN", "text": "A", "billed_characters": 1},
        ]
    }


def test_no_text_is_answered_with_none_and_an_empty_one_with_an_empty_one(client):
    assert client.deepl(text=[]).json() == {"translations": []}
    assert texts(client.deepl(text=[""])) == [""]
    assert texts(client.deepl(text="one")) == ["ONE"]


def test_more_texts_are_taken_than_deepl_takes(client):
    assert len(texts(client.deepl(text=["a"] * 60))) == 60


def test_a_cut_translation_is_said_to_be_cut(client):
    first, second = client.deepl(text=["CUT", "a"]).json()["translations"]
    assert first["warnings"] == ["length_limit"]
    assert "warnings" not in second


FORM = "text=a&text=&text=b%0Ac&target_lang=de&preserve_formatting=1&split_sentences=0&ignore_tags=x,y&ignore_tags=z"


@pytest.mark.parametrize("is_query", [True, False])
def test_forms_and_queries_may_hold_several_texts(client, is_query):
    form = {"content": FORM, "headers": {"Content-Type": "application/x-www-form-urlencoded"}}
    query = "?auth_key=x&context=here"
    answer = client.post(f"/v2/translate{query}{'&' + FORM if is_query else ''}", **({} if is_query else form))
    assert texts(answer) == ["A", "", "B\nC"]


ACCEPTED = [
    {"source_lang": None},
    {"source_lang": ""},
    {"source_lang": "en"},
    {"source_lang": "EN-US"},
    {"target_lang": "de"},
    {"target_lang": "PT-BR"},
    {"target_lang": "pt"},
    {"formality": "default "},
    {"formality": "prefer_more"},
    {"formality": " Prefer_Less"},
    {"formality": None},
    {"formality": ""},
    {"split_sentences": "nonewlines"},
    {"split_sentences": "0"},
    {"split_sentences": 1},
    {"split_sentences": False},
    {"preserve_formatting": True, "outline_detection": "0", "show_billed_characters": "false"},
    {"preserve_formatting": None, "outline_detection": ""},
    {"context": "a\ud800", "model_type": "latency_optimized", "tag_handling_version": "v2"},
    {"custom_instructions": ["Be brief."], "colour": {"red": [1]}},
    {"ignore_tags": ["x"], "splitting_tags": "a, b", "non_splitting_tags": []},
    {"glossary_id": "", "glossary_ids": [], "tag_handling": None},
]


@pytest.mark.parametrize("fields", ACCEPTED, ids=range(len(ACCEPTED)))
def test_what_deepl_takes_is_taken(client, fields):
    assert texts(client.deepl(**fields)) == ["HELLO"]


KNOWN = "this server has DE, EN, PT-BR."
REFUSED = [
    ({"target_lang": "ZZ"}, "Value for 'target_lang' not supported.", f"It is 'ZZ'; {KNOWN}"),
    ({"target_lang": None}, "Value for 'target_lang' not supported.", f"It is None; {KNOWN}"),
    ({"target_lang": "PT-PT"}, "Value for 'target_lang' not supported.", f"It is 'PT-PT'; {KNOWN}"),
    ({"target_lang": ["DE"]}, "Value for 'target_lang' not supported.", f"It is ['DE']; {KNOWN}"),
    ({"target_lang": "Z" * 9000}, "Value for 'target_lang' not supported.", f"It is '{'Z' * 39}…; {KNOWN}"),
    ({"target_lang": "DE\ud800"}, "Value for 'target_lang' not supported.", f"It is 'DE\\ud800'; {KNOWN}"),
    ({"source_lang": "ZZ"}, "Value for 'source_lang' not supported.", "It is 'ZZ'; this server has DE, EN."),
    ({"source_lang": 5}, "Value for 'source_lang' not supported.", "It is 5; this server has DE, EN."),
    ({"source_lang": "DE"}, "Value for 'source_lang' not supported.", "DE can be translated from EN, not DE."),
    ({"text": None}, "Parameter 'text' not specified.", "Give a text, or in JSON an array of texts."),
    ({"text": 5}, "Value for 'text' not supported.", "It must be a string or an array of strings."),
    ({"text": ["a", None]}, "Value for 'text' not supported.", "It must be a string or an array of strings."),
    ({"text": {"a": "b"}}, "Value for 'text' not supported.", "It must be a string or an array of strings."),
    (
        {"formality": "more"},
        "'formality' is not supported for given 'target_lang'.",
        "No model of this server knows it. Use prefer_more, or leave it out.",
    ),
    ({"formality": "rude"}, "Value for 'formality' not supported.", "It is 'rude'; leave it out."),
    ({"formality": 1}, "Value for 'formality' not supported.", "It is 1; leave it out."),
    (
        {"split_sentences": "2"},
        "Value for 'split_sentences' not supported.",
        "It is '2'; it must be 0 or 1, or in JSON true or false.",
    ),
    (
        {"preserve_formatting": [1]},
        "Value for 'preserve_formatting' not supported.",
        "It is [1]; it must be 0 or 1, or in JSON true or false.",
    ),
    ({"tag_handling": "md"}, "Value for 'tag_handling' not supported.", "It is 'md'; it must be xml or html."),
    (
        {"ignore_tags": [5]},
        "Value for 'ignore_tags' not supported.",
        "It must be an array of names of tags, or names with commas between them.",
    ),
    (
        {"glossary_id": "def3a26b-3e84-45b3-84ae-0c0aaf3525f7"},
        "Use of a glossary requires the source_lang parameter to be specified",
        "This server keeps no glossaries. Leave glossary_id out.",
    ),
    *(
        (
            {"source_lang": "EN", **given},
            "Value for 'glossary_id' not supported.",
            f"It is {shown}. This server keeps no glossaries. Leave glossary_id out.",
        )
        for given, shown in [({"glossary_id": "1"}, "'1'"), ({"glossary_ids": [{}]}, "{}"), ({"glossary_id": 5}, "5")]
    ),
]


@pytest.mark.parametrize(("fields", "message", "detail"), REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_translated_is_refused_in_deepls_words(client, fields, message, detail):
    answer = client.deepl(**fields)
    assert (answer.status_code, answer.json()) == (400, {"message": message, "detail": detail})


GLOSSARY = "def3a26b-3e84-45b3-84ae-0c0aaf3525f7"
NO_GLOSSARY = {"message": "Glossary not found", "detail": "This server keeps no glossaries. Leave glossary_id out."}


@pytest.mark.parametrize("fields", [{"glossary_id": GLOSSARY}, {"glossary_ids": [GLOSSARY.upper()]}])
def test_a_glossary_is_not_found(client, fields):
    answer = client.deepl(source_lang="EN", **fields)
    assert (answer.status_code, answer.json()) == (404, NO_GLOSSARY)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"text": ["\ud800"]}, "unpaired surrogate"),
        ({"ignore_tags": ["<x>"]}, "ignore_tags holds names of tags without brackets, such as 'x'; got '<x>'."),
    ],
)
def test_what_the_core_refuses_is_a_bad_request(client, fields, text):
    answer = client.deepl(**fields)
    assert (answer.status_code, list(answer.json())) == (400, ["message"])
    assert text in answer.json()["message"]


@pytest.mark.parametrize("kind", ["xml", "html"])
def test_the_markup_reaches_the_translator(client, kind):
    assert client.deepl(tag_handling=kind, ignore_tags=["x"]).status_code == 200
    assert client.translator.planned == {"form": Form(kind, ["x"]), "protect": True}


def test_xml_that_is_not_well_formed_is_a_bad_request(client):
    answer = client.deepl(text=["<a>"], source_lang=None, tag_handling="xml")
    assert answer.status_code == 400
    assert "line 1" in answer.json()["message"]


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"text": ["a"] * 61}, "The request has 61 texts; this server takes 60 at once."),
        ({"text": ["a" * 201]}, "The texts have 201 characters; this server takes 200 at once."),
        (
            {"context": "a" * 131_072},
            "The request body is 131,127 bytes; DeepL's limit is 131,072. Send the texts in parts.",
        ),
    ],
)
def test_what_is_too_long_is_too_large(client, fields, detail):
    answer = client.deepl(**fields)
    assert (answer.status_code, answer.json()) == (413, {"message": "Request Entity Too Large", "detail": detail})


def test_the_markup_of_texts_is_read_from_json_and_form_alike():
    form = Form("xml", ("x", "y"), ("b",), ("p", "q"), "nonewlines", False)
    fields = {"tag_handling": "xml", "split_sentences": "nonewlines"}
    lists = {"ignore_tags": ["x", "y"], "non_splitting_tags": ["b"], "splitting_tags": ["p", "q"]}
    assert read_form({**fields, **lists, "outline_detection": False}) == form
    joined = {name: [",".join(names)] for name, names in lists.items()}
    assert read_form({**fields, **joined, "outline_detection": "0"}) == form
    assert read_form({}) == Form()


def test_an_unknown_kind_of_languages_is_refused(client):
    answer = client.get("/v2/languages?type=both")
    assert (answer.status_code, answer.json()) == (
        400,
        {
            "message": "Parameter 'type' is invalid. 'source' and 'target' are valid values.",
            "detail": "It is 'both'; leave it out for source languages.",
        },
    )


def test_without_keys_there_is_no_limit_to_be_used_up(client):
    for method in ("GET", "POST"):
        assert client.request(method, "/v2/usage").json() == {"character_count": 0, "character_limit": 10**12}


def test_there_are_no_glossaries(client):
    assert client.get("/v2/glossary-language-pairs").json() == {"supported_languages": []}
    for version in ("v2", "v3"):
        assert client.get(f"/{version}/glossaries").json() == {"glossaries": []}
        created = client.post_json(f"/{version}/glossaries", {"name": "a"})
        assert (created.status_code, created.json()) == (
            400,
            {
                "message": "Unsupported glossary source and target language pair",
                "detail": "This server keeps no glossaries. Do without.",
            },
        )


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v2/glossaries/1"),
        ("DELETE", "/v2/glossaries/1"),
        ("GET", "/v2/glossaries/1/entries"),
        ("PATCH", "/v3/glossaries/1"),
        ("PUT", "/v3/glossaries/1/dictionaries"),
        ("GET", "/v3/glossaries/1/entries?source_lang=en&target_lang=de"),
        ("DELETE", "/v3/glossaries/1/dictionaries?source_lang=en&target_lang=de"),
    ],
)
def test_no_glossary_is_found(client, method, path):
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()) == (404, NO_GLOSSARY)


def test_documents_are_refused_and_not_found(client):
    answer = client.post("/v2/document", data={"target_lang": "DE"}, files={"file": ("a.txt", b"hello")})
    assert (answer.status_code, answer.json()) == (
        400,
        {
            "message": "Invalid file data.",
            "detail": "This server translates no documents. Send their texts to /v2/translate.",
        },
    )
    for path in ("/v2/document/1", "/v2/document/1/result"):
        answer = client.post_json(path, {"document_key": "a"})
        assert (answer.status_code, answer.json()["message"]) == (404, "Document not found")


def test_a_translation_that_was_not_finished_in_time_is_refused_rather_than_sent_in_part(client):
    answer = client.deepl(text=["a", "LATE"])
    detail = "This request could not be translated within 9 seconds. Try again, or send fewer texts at once."
    assert (answer.status_code, answer.json()) == (429, {"message": "Too many requests", "detail": detail})
    assert answer.headers["retry-after"] == "1"


def test_a_search_ends_before_the_client_gives_up(client):
    fields = {"text": ["a"], "source_lang": "EN", "target_lang": "DE"}
    job = read_job(fields, client.translator.directions, Settings())
    assert (job.deadline_seconds, job.wants_whole) == (8.5, True)


def test_work_that_takes_longer_than_the_client_waits_is_refused():
    with pytest.raises(
        Refusal, match=r"not be translated within 0 seconds\. Try again, or send fewer texts"
    ) as refusal:
        asyncio.run(in_time(asyncio.sleep(10), 0))
    assert (refusal.value.status, refusal.value.headers) == (429, {"Retry-After": "1"})


def is_proper(answer):
    """Whether an answer is a translation, or a refusal that DeepL's client can read."""
    body = answer.json()
    if answer.status_code == 200:
        return "translations" in body
    return (
        400 <= answer.status_code < 500
        and {"message"} <= set(body)
        and all(isinstance(one, str) for one in body.values())
    )


many_times = settings(max_examples=60, deadline=None)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(
    ["text", "target_lang", "source_lang", "formality", "glossary_id", "tag_handling", "ignore_tags", "auth_key", "x"]
)
likely = st.sampled_from(["EN", "DE", "1", "", 2, True, ["a", "b"], "\ud800", "xml"])


@many_times
@given(fields=st.dictionaries(names, likely | json_values))
@example(fields={"text": ["\ud800"], "target_lang": "DE"})
@example(fields={"text": ["a"], "target_lang": "DE", "split_sentences": 10**4000})
def test_no_json_makes_the_server_fail(client, fields):
    assert is_proper(client.post_json("/v2/translate", {"text": ["a"], "target_lang": "DE", **fields}))
    assert is_proper(client.post_json("/v2/translate", fields))


@many_times
@given(
    body=st.binary(max_size=60), query=st.binary(max_size=30), kind=st.sampled_from(["x-www-form-urlencoded", "json"])
)
@example(body=b"text=%C3&target_lang=DE", query=b"%FF=%FF", kind="x-www-form-urlencoded")
def test_no_bytes_make_the_server_fail(client, body, query, kind):
    url = "/v2/translate?" + quote_from_bytes(query, safe="=&+%")
    assert is_proper(client.post(url, content=body, headers={"Content-Type": f"application/{kind}"}))
