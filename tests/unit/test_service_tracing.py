import time

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from service.instruments import Instruments
from service.records import Record
from service.settings import SettingsError
from service.tracing import Traces, open_traces, wanted_exporter
from tests.service_fakes import Client, limited

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def exporter():
    return InMemorySpanExporter()


@pytest.fixture
def client(exporter):
    instruments = Instruments(traces=Traces(SimpleSpanProcessor(exporter)))
    with Client(limited(log_texts=True), instruments=instruments) as client:
        yield client.wait_until_ready()


def spans(exporter):
    """Those of the last request, by name."""
    return {span.name: span for span in exporter.get_finished_spans()}


def test_a_request_is_a_span_with_its_wait_and_its_search_inside(client, exporter):
    before = time.time_ns()
    client.translate(q="secret")
    found = spans(exporter)
    assert set(found) == {"POST /translate", "queue", "search"}
    request, queue, search = found["POST /translate"], found["queue"], found["search"]
    assert request.kind == SpanKind.SERVER
    assert request.parent is None
    assert queue.parent.span_id == search.parent.span_id == request.context.span_id
    times = [request.start_time, queue.start_time, queue.end_time, search.start_time, search.end_time, request.end_time]
    assert times == sorted(times)
    # The clocks are read one after the other.
    assert before - 1_000_000 <= times[0]
    assert times[-1] <= time.time_ns() + 1_000_000


def test_a_span_has_the_facts_but_no_text_key_or_address(client, exporter):
    answer = client.translate(q="secret", api_key="secret")
    span = spans(exporter)["POST /translate"]
    assert dict(span.attributes) == {
        "http.request.method": "POST",
        "http.route": "/translate",
        "http.response.status_code": 200,
        "dragoman.request_id": answer.headers["X-Request-ID"],
        "dragoman.characters": 6,
    }
    assert "secret" not in exporter.get_finished_spans()[0].to_json()


def test_the_trace_of_the_caller_is_gone_on_with(client, exporter):
    client.request("GET", "/health", headers={"traceparent": PARENT})
    (span,) = exporter.get_finished_spans()
    assert (f"{span.context.trace_id:x}", f"{span.parent.span_id:016x}") == tuple(PARENT.split("-")[1:3])


@pytest.mark.parametrize("parent", ["", "00-zz-01", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"])
def test_without_a_sound_trace_of_the_caller_one_begins(client, exporter, parent):
    client.request("GET", "/health", headers={"traceparent": parent})
    assert exporter.get_finished_spans()[0].parent is None


def test_only_faults_of_ours_are_errors(exporter):
    traces = Traces(SimpleSpanProcessor(exporter))
    for status in (200, 404, 429, 500, 503):
        traces.send(Record(method="GET", status=status))
    found = [span.status.status_code for span in exporter.get_finished_spans()]
    assert found == [StatusCode.UNSET] * 3 + [StatusCode.ERROR] * 2
    assert exporter.get_finished_spans()[0].name == "GET"


def test_the_service_is_called_by_its_name_or_as_the_operator_says(exporter, monkeypatch):
    def name():
        Traces(SimpleSpanProcessor(exporter)).send(Record())
        return exporter.get_finished_spans()[-1].resource.attributes["service.name"]

    assert name() == "dragoman"
    monkeypatch.setenv("OTEL_SERVICE_NAME", "translator-2")
    assert name() == "translator-2"


def test_closing_hands_out_what_is_left(exporter):
    traces = Traces(SimpleSpanProcessor(exporter))
    traces.close()
    traces.send(Record())
    assert exporter.get_finished_spans() == ()


@pytest.mark.parametrize(
    ("environment", "exporter"),
    [
        ({}, "none"),
        ({"OTEL_SERVICE_NAME": "x"}, "none"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, "none"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, "otlp"),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, "otlp"),
        ({"OTEL_TRACES_EXPORTER": "console"}, "console"),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, "none"),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "otlp"}, "none"),
    ],
)
def test_traces_are_sent_only_where_opentelemetrys_variables_ask_for_them(environment, exporter):
    assert wanted_exporter(environment) == exporter


@pytest.mark.parametrize(
    ("environment", "text"),
    [
        (
            {"OTEL_TRACES_EXPORTER": "zipkin"},
            r"^OTEL_TRACES_EXPORTER is 'zipkin'; it must be one of otlp, console, none\.$",
        ),
        (
            {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            r"^OTEL_EXPORTER_OTLP_PROTOCOL is 'grpc'; it must be http/protobuf, or not be set\.$",
        ),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(environment, text):
    with pytest.raises(SettingsError, match=text):
        wanted_exporter(environment)


def test_nothing_is_opened_unless_it_is_wanted():
    assert open_traces({}) is None
