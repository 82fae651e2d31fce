"""DeepL's dialect as the unmodified official client, older clients and Weblate speak it."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import deepl
import httpx
import pytest

from tests.integration.test_service_server import Server, wait_until
from tests.service_fakes import add_key


@pytest.fixture(scope="module")
def server():
    with Server() as server:
        yield server


@pytest.fixture(scope="module")
def client(server):
    with closing(deepl.DeepLClient("any", server_url=server.url)) as client:
        yield client


@pytest.fixture
def keyed(tmp_path):
    """A server with a key file, and a client whose key is good for ten characters."""
    key = add_key(tmp_path / "keys", characters=10)
    with Server(keys=tmp_path / "keys") as server, closing(deepl.DeepLClient(key, server_url=server.url)) as client:
        yield server, client


def test_a_text_is_translated_with_its_language_and_its_characters(client):
    found = client.translate_text("Größe 😀\n", source_lang="EN", target_lang="DE")
    assert (found.text, found.detected_source_lang, found.billed_characters) == ("GRÖSSE 😀\n", "EN", 8)


def test_the_language_of_a_text_is_found_out(client):
    found = client.translate_text(["Good morning, how are you?", "Guten Morgen!"], target_lang="DE")
    assert [(one.text, one.detected_source_lang) for one in found] == [
        ("GOOD MORNING, HOW ARE YOU?", "EN"),
        ("Guten Morgen!", "DE"),
    ]


def test_texts_are_translated_in_order_and_empty_ones_stay(client):
    texts = ["b", "", "a", "b"]
    assert [found.text for found in client.translate_text(texts, target_lang="DE")] == ["B", "", "A", "B"]
    assert client.translate_text([], target_lang="DE") == []
    assert [found.text for found in client.translate_text([""], target_lang="DE")] == [""]


def test_every_option_of_the_client_that_is_no_promise_is_taken(client):
    found = client.translate_text(
        ["hello"],
        source_lang="en",
        target_lang="pt-br",
        context="a greeting",
        split_sentences=deepl.SplitSentences.NO_NEWLINES,
        preserve_formatting=True,
        formality=deepl.Formality.PREFER_MORE,
        tag_handling_version="v2",
        outline_detection=False,
        model_type=deepl.ModelType.PREFER_QUALITY_OPTIMIZED,
        custom_instructions=["Be kind."],
        extra_body_parameters={"colour": "red"},
    )
    assert found[0].text == "HELLO"


@pytest.mark.parametrize("target", ["EN-US", "EN-GB"])
def test_a_variant_of_a_language_is_translated_into_as_the_language(client, target):
    assert client.translate_text("HALLO", source_lang="DE", target_lang=target).text == "hallo"


def test_languages_are_listed(client):
    assert [(one.code, one.name) for one in client.get_source_languages()] == [("DE", "German"), ("EN", "English")]
    assert [(one.code, one.supports_formality) for one in client.get_target_languages()] == [
        ("DE", False),
        ("EN-GB", False),
        ("EN-US", False),
        ("PT-BR", False),
    ]


def test_usage_without_keys_has_no_end(client):
    usage = client.get_usage()
    assert (usage.character.count, usage.any_limit_reached) == (0, False)


def test_there_are_no_glossaries(client):
    assert (client.get_glossary_languages(), client.list_glossaries(), client.list_multilingual_glossaries()) == (
        [],
        [],
        [],
    )
    with pytest.raises(deepl.DeepLException, match="Unsupported glossary source and target language pair"):
        client.create_glossary("a", "EN", "DE", {"house": "Haus"})
    for ask in (
        client.get_glossary,
        client.get_glossary_entries,
        client.delete_glossary,
        client.get_multilingual_glossary,
        client.delete_multilingual_glossary,
    ):
        with pytest.raises(deepl.GlossaryNotFoundException, match="Glossary not found"):
            ask("1")
    with pytest.raises(deepl.DeepLException, match="message: Glossary not found, detail: This server keeps no glossar"):
        client.translate_text(
            "hello", source_lang="EN", target_lang="DE", glossary="def3a26b-3e84-45b3-84ae-0c0aaf3525f7"
        )


def test_documents_are_refused(client):
    with pytest.raises(
        deepl.DeepLException, match=r"message: Invalid file data., detail: This server translates no doc"
    ):
        client.translate_document_upload(b"hello", filename="a.txt", target_lang="DE")
    with pytest.raises(deepl.DeepLException, match="message: Document not found"):
        client.translate_document_get_status(deepl.DocumentHandle("1", "2"))
    with pytest.raises(deepl.DeepLException, match="Not found"):
        client.translate_document_download(deepl.DocumentHandle("1", "2"))


def test_a_language_that_is_not_there_is_refused_in_deepls_words(client):
    with pytest.raises(
        deepl.DeepLException, match=r"^Bad request, message: Value for 'target_lang' not supported"
    ) as no:
        client.translate_text("hello", target_lang="XX")
    assert (no.value.http_status_code, no.value.should_retry) == (400, False)


def test_a_tone_that_cannot_be_promised_is_refused(client):
    with pytest.raises(deepl.DeepLException, match="'formality' is not supported for given 'target_lang'"):
        client.translate_text("hello", target_lang="DE", formality="more")


def test_what_is_too_large_is_refused_once(client):
    with pytest.raises(
        deepl.DeepLException, match=r"413 Request Entity Too Large, content: .*DeepL's limit is 131,072"
    ):
        client.translate_text("a" * 131_072, target_lang="DE")


def test_what_deepl_has_and_this_server_has_not_is_not_found(client):
    with pytest.raises(
        deepl.DeepLException, match=r"^Not found, message: Not found, detail: There is nothing at /v2/wri"
    ):
        client.rephrase_text("hello")


def test_a_wrong_key_is_refused_everywhere(keyed):
    server, _ = keyed
    with closing(deepl.DeepLClient("wrong", server_url=server.url)) as client:
        for ask in (
            client.get_usage,
            client.get_source_languages,
            client.get_target_languages,
            client.get_glossary_languages,
            client.list_glossaries,
            lambda: client.translate_text("hello", target_lang="DE"),
        ):
            with pytest.raises(deepl.AuthorizationException, match="message: Forbidden, detail: Invalid API key"):
                ask()


def test_a_request_without_a_key_is_forbidden(keyed):
    answer = httpx.get(f"{keyed[0].url}/v2/usage")
    assert (answer.status_code, answer.json()["message"]) == (403, "Forbidden")


def test_a_quota_is_counted_in_characters_and_then_exceeded(keyed):
    _, client = keyed
    assert client.translate_text("Größe 😀", source_lang="EN", target_lang="DE").text == "GRÖSSE 😀"
    usage = client.get_usage()
    assert (usage.character.count, usage.character.limit) == (7, 10)
    with pytest.raises(deepl.QuotaExceededException, match=r"message: Quota exceeded, detail: .* 7 are used") as no:
        client.translate_text("four", target_lang="DE")
    assert not no.value.should_retry
    assert client.translate_text("3 c", target_lang="DE").text == "3 C"
    assert client.get_usage().any_limit_reached


@pytest.mark.parametrize("place", ["form", "query", "bearer"])
def test_older_clients_send_forms_and_the_key_as_a_field(keyed, place):
    server, client = keyed
    key = client.headers["Authorization"].split()[1]
    form = {"text": ["one", "two"], "target_lang": "DE", "preserve_formatting": "1", "split_sentences": "0"}
    sent = {
        "form": {"data": {**form, "auth_key": key}},
        "query": {"data": form, "params": {"auth_key": key}},
        "bearer": {"data": form, "headers": {"Authorization": f"Bearer {key}"}},
    }[place]
    answer = httpx.post(f"{server.url}/v2/translate", **sent)
    assert [item["text"] for item in answer.json()["translations"]] == ["ONE", "TWO"]


def test_weblates_calls_are_answered_below_its_base_url(server):
    headers = {"Authorization": "DeepL-Auth-Key x"}
    with httpx.Client(base_url=f"{server.url}/v2", headers=headers, timeout=5) as weblate:
        sources, targets = (weblate.get("/languages", params={"type": side}).json() for side in ("source", "target"))
        assert {one["language"] for one in sources} == {"DE", "EN"}
        assert {one["language"] for one in targets} == {"DE", "EN-GB", "EN-US", "PT-BR"}
        assert weblate.get("/glossary-language-pairs").json() == {"supported_languages": []}
        fields = {"text": ["one", "two"], "source_lang": "EN", "target_lang": "DE", "formality": "default "}
        answer = weblate.post("/translate", json=fields)
    assert [item["text"] for item in answer.json()["translations"]] == ["ONE", "TWO"]


@pytest.fixture
def hasty():
    """DeepL's client, which waits less long before it asks again, as its documentation says how to."""
    kept, deepl.http_client.min_connection_timeout = deepl.http_client.min_connection_timeout, 0.5
    yield
    deepl.http_client.min_connection_timeout = kept


@pytest.mark.usefixtures("hasty")
def test_a_slow_text_is_translated_once_although_the_client_asks_again(caplog):
    caplog.set_level("INFO", "deepl")
    with (
        Server() as server,
        ThreadPoolExecutor(1) as threads,
        closing(deepl.DeepLClient("any", server_url=server.url)) as client,
    ):
        server.translator.gate.clear()
        asking = threads.submit(client.translate_text, "slow", target_lang="DE")
        wait_until(lambda: "Starting retry 1" in caplog.text)
        server.translator.gate.set()
        assert asking.result().text == "SLOW"
        assert server.translator.finished == ["slow"]
        assert server.translator.began.acquire(blocking=False)
        assert not server.translator.began.acquire(blocking=False)


def test_a_client_that_is_told_to_slow_down_comes_again_and_is_served(caplog):
    caplog.set_level("INFO", "deepl")
    with (
        Server(queue_size=0) as server,
        ThreadPoolExecutor(2) as threads,
        closing(deepl.DeepLClient("any", server_url=server.url)) as client,
    ):
        server.translator.gate.clear()
        first = threads.submit(server.post, "first")
        assert server.translator.began.acquire(timeout=10)
        second = threads.submit(client.translate_text, "second", target_lang="DE")
        wait_until(lambda: "Starting retry 1" in caplog.text)
        server.translator.gate.set()
        assert (first.result().status_code, second.result().text) == (200, "SECOND")
    assert server.translator.finished == ["first", "second"]
