import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from service.database import open_database
from service.metrics import Metrics
from service.rates import read_rates
from service.records import Phase, Record
from service.scheduling.queue import Counts
from tests.service_fakes import Client, limited

TOKEN = {"Authorization": "Bearer s3cret"}


def numbers(text):
    """Every sample by its name and labels, written as Prometheus writes them."""
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {sample.name + "".join(f",{value}" for value in sample.labels.values()): sample.value for sample in samples}


def numbers_of(metrics):
    return numbers(metrics.text("")[0].decode())


@pytest.fixture
def client():
    with Client() as client:
        yield client.wait_until_ready()


def test_a_request_is_counted_by_route_and_status(client):
    client.translate(q="hello")
    client.translate(q=["you", "and me"])
    client.translate(q="x", source="xx")
    found = numbers(client.get("/metrics").text)
    assert found["dragoman_requests_total,/translate,200"] == 2
    assert found["dragoman_requests_total,/translate,400"] == 1
    assert found["dragoman_request_seconds_count,/translate"] == 3
    assert found["dragoman_characters_total"] == len("helloyouand me")
    assert found["dragoman_queue_seconds_count"] == found["dragoman_search_seconds_count"] == 2
    assert found["dragoman_batch_size_sum"] == 3
    assert (found["dragoman_queue_length"], found["dragoman_model_loaded,fake-en-de"]) == (0, 1)


def test_faults_of_translations_are_counted_once():
    metrics, counts = Metrics(), Counts()
    for _ in range(2):
        counts.loops["repetition", "avoided"] += 2
        metrics.count_queue(0, counts)
        metrics.count_queue(0, counts)
    assert numbers_of(metrics)["dragoman_loops_total,avoided,repetition"] == 4


def test_addresses_where_nothing_is_are_counted_as_one(client):
    for path in ("/a", "/b", "/translate/c"):
        client.get(path)
    found = numbers(client.get("/metrics").text)
    assert found["dragoman_requests_total,other,404"] == 3
    assert not [name for name in found if "/a" in name or "/b" in name or "/c" in name]


def test_a_route_is_named_whatever_the_method(client):
    for method in ("HEAD", "GET", "POST"):
        client.request(method, "/health")
    found = numbers(client.get("/metrics").text)
    assert (found["dragoman_requests_total,/health,200"], found["dragoman_requests_total,/health,405"]) == (2, 1)


def test_the_routes_of_other_dialects_are_named_whole(client):
    client.post("/v2/usage")
    client.post("/v2/glossaries/secret")
    found = numbers(client.get("/metrics").text)
    assert [name for name in found if name.startswith("dragoman_requests_total,/v2/usage,")]
    assert not [name for name in found if "secret" in name]


def test_no_text_key_or_address_is_in_the_numbers(client):
    client.translate(q="a secret", api_key="mt_secret")
    client.get("/secret", headers={"X-Request-ID": "secret"})
    text = client.get("/metrics").text
    assert "secret" not in text
    assert "127.0.0.1" not in text


def test_a_request_that_comes_too_often_is_counted_as_refused():
    with Client(limited(rate=read_rates("1 per 1 day"))) as client:
        client.wait_until_ready().translate()
        client.translate()
        assert numbers(client.get("/metrics").text)["dragoman_refused_requests_total,rate"] == 1


def test_a_request_without_the_key_that_is_needed_is_counted_as_refused(tmp_path):
    open_database(tmp_path / "keys.db", may_make=True).close()
    with Client(limited(keys=tmp_path / "keys.db")) as client:
        client.wait_until_ready().translate()
        assert numbers(client.get("/metrics").text)["dragoman_refused_requests_total,key_missing"] == 1


def test_a_request_while_nothing_is_loaded_is_counted_as_unavailable():
    with Client() as client:
        client.app.state.service.drain()
        client.translate()
        found = numbers(client.get("/metrics").text)
    assert found["dragoman_refused_requests_total,unavailable"] == 1


def test_a_client_that_left_and_the_phases_are_counted():
    metrics = Metrics()
    record = Record(route="/translate", status=499, has_left=True, characters=5, phases=[Phase("queue", 1.0, 1.3)])
    metrics.count(record)
    found = numbers_of(metrics)
    assert (found["dragoman_cancelled_requests_total"], found["dragoman_characters_total"]) == (1, 0)
    assert found["dragoman_queue_seconds_sum"] == pytest.approx(0.3)


def test_the_wait_of_a_request_that_found_the_queue_full_is_not_counted():
    metrics = Metrics()
    metrics.count(Record(status=429, refusal="queue", phases=[Phase("queue", 1.0, 1.0)]))
    found = numbers_of(metrics)
    assert (found["dragoman_queue_seconds_count"], found["dragoman_refused_requests_total,queue"]) == (0, 1)


def test_batches_and_what_waits_are_told_by_the_engine():
    metrics, counts = Metrics(), Counts(decoded=1, cached=5)
    metrics.count_batch(3, waiting=40, counts=counts)
    counts.decoded, counts.cancelled = 9, 2
    metrics.count_batch(32, waiting=8, counts=counts)
    found = numbers_of(metrics)
    assert (found["dragoman_batch_size_count"], found["dragoman_batch_size_sum"]) == (2, 35)
    assert found["dragoman_queue_length"] == 8
    outcomes = [
        found[f"dragoman_sentences_total,{outcome}"] for outcome in ("decoded", "cached", "cancelled", "shared")
    ]
    assert outcomes == [9, 5, 2, 0]


def test_what_became_of_the_sentences_of_several_models_is_added_up():
    metrics, first, second = Metrics(), Counts(decoded=5), Counts(decoded=2)
    for counts in (first, second, first, second):
        metrics.count_queue(0, counts)
    assert numbers_of(metrics)["dragoman_sentences_total,decoded"] == 7


def test_sentences_of_the_cache_are_counted_as_soon_as_they_are_asked_for():
    with Client(limited(cache_bytes=2**20)) as client:
        client.wait_until_ready()
        for _ in range(3):
            client.translate(q="hello")
        found = numbers(client.get("/metrics").text)
    counts = [found[f"dragoman_sentences_total,{outcome}"] for outcome in ("decoded", "cached")]
    assert counts == [1, 2]
    assert found["dragoman_search_seconds_count"] == 1


def test_two_applications_do_not_count_together(client):
    with Client() as other:
        other.wait_until_ready().translate()
        assert "dragoman_requests_total,/translate,200" not in numbers(client.get("/metrics").text)


def test_the_format_is_the_one_asked_for(client):
    assert client.get("/metrics").headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.text.endswith("# EOF\n")


@given(st.text(st.characters(codec="latin-1"), max_size=20) | st.sampled_from(["text/plain;version=:", "*/*;q=x"]))
def test_any_header_is_answered_with_some_format(accept):
    assert Metrics().text(accept)[1].startswith(("text/plain", "application/openmetrics-text"))


@pytest.mark.parametrize("header", ["", "s3cret", "Bearer s3cre", "Bearer", "Basic s3cret", b"Bearer \xff\xfe"])
def test_who_has_not_the_token_is_told_so(header):
    with Client(limited(metrics_token="s3cret")) as client:
        answer = client.get("/metrics", headers={"Authorization": header})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json() == {"error": "This needs `Authorization: Bearer` and the token of MT_METRICS_TOKEN."}


def test_who_has_the_token_gets_the_numbers_also_while_loading():
    with Client(limited(metrics_token="s3cret")) as client:
        assert client.get("/metrics", headers=TOKEN).status_code == 200
