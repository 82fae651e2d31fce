"""Traces by OpenTelemetry, when its own variables ask for them: of each request, its wait and its search.

All of a request is known when it is over, so its spans are made then, with the times that they had. OpenTelemetry is
imported only here, and only when it is wanted.
"""

import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from threading import Thread
from typing import TYPE_CHECKING

from service.records import Record
from service.settings import SettingsError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
EXPORTERS = ("otlp", "console", "none")
PROTOCOL = "http/protobuf"
PACKAGES = {"otlp": "opentelemetry.exporter.otlp.proto.http", "console": "opentelemetry.sdk"}
# How long a stopping server tries to send the last spans.
CLOSE_SECONDS = 2.0


class Traces:
    """Sends the spans of each request to a processor of OpenTelemetry's SDK."""

    def __init__(self, processor: "SpanProcessor"):
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider

        # The operator's names win over ours.
        resource = Resource.create({"service.name": "dragoman"}).merge(OTELResourceDetector().detect())
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        provider.add_span_processor(processor)
        self._processor = processor
        self._tracer = provider.get_tracer("dragoman")

    def send(self, record: Record) -> None:
        """Nothing; a span of the request, which is over, and one of each of its phases are on their way."""
        from opentelemetry import trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        at = _calendar()
        start = self._tracer.start_span
        parent = TraceContextTextMapPropagator().extract({"traceparent": record.parent})
        name = f"{record.method} {record.route}".strip()
        span = start(name, parent, trace.SpanKind.SERVER, _facts(record), start_time=at(record.began))
        within = trace.set_span_in_context(span)
        for phase in record.phases:
            start(phase.name, within, start_time=at(phase.began)).end(at(phase.ended))
        if record.status >= 500:
            span.set_status(trace.StatusCode.ERROR)
        span.end(at(record.ended))

    def close(self) -> None:
        """Nothing; what can be sent within two seconds is sent."""
        # The SDK itself would wait up to half a minute for a collector that does not answer.
        closing = Thread(target=self._processor.shutdown, daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)


def _facts(record: Record) -> dict[str, str | int]:
    """OpenTelemetry's names for what is known, and ours for what it has none for."""
    facts: dict[str, str | int] = {
        "http.request.method": record.method,
        "http.response.status_code": record.status,
        "dragoman.request_id": record.identifier,
        "dragoman.characters": record.characters,
    }
    return facts | ({"http.route": record.route} if record.route else {})


def _calendar() -> Callable[[float], int]:
    """What turns a time of `time.monotonic` into nanoseconds since 1970, as the clocks stand now."""
    zero = time.time_ns() - time.monotonic_ns()
    return lambda moment: zero + round(moment * 1e9)


def wanted_exporter(environment: Mapping[str, str]) -> str:
    """One of EXPORTERS, `none` unless a variable asks for another; SettingsError for one that is not there."""
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return "none"
    has_endpoint = any(environment.get(name) for name in ENDPOINTS)
    exporter = environment.get("OTEL_TRACES_EXPORTER") or ("otlp" if has_endpoint else "none")
    if exporter not in EXPORTERS:
        raise SettingsError(f"OTEL_TRACES_EXPORTER is {exporter!r}; it must be one of {', '.join(EXPORTERS)}.")
    for name in PROTOCOLS:
        if exporter == "otlp" and (protocol := environment.get(name)) not in (None, "", PROTOCOL):
            raise SettingsError(f"{name} is {protocol!r}; it must be {PROTOCOL}, or not be set.")
    if exporter != "none" and not _is_installed(PACKAGES[exporter]):
        raise SettingsError(
            "OTEL_* variables ask for traces, but OpenTelemetry is not installed. "
            "Run `pip install 'dragoman[otel]'`, or set OTEL_TRACES_EXPORTER=none."
        )
    return exporter


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False


def open_traces(environment: Mapping[str, str]) -> Traces | None:
    """The traces that OTEL_* variables ask for, if they do; the SDK reads the others of them. Raises SettingsError."""
    exporter = wanted_exporter(environment)
    if exporter == "none":
        return None
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter

    chosen: SpanExporter = ConsoleSpanExporter()
    if exporter == "otlp":
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        chosen = OTLPSpanExporter()
    return Traces(BatchSpanProcessor(chosen))
