"""What Prometheus reads at `/metrics`: numbers about all requests, and no addresses, keys or texts."""

import os
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.values import MultiProcessValue

from service.records import Record
from service.scheduling.queue import Counts

# Any address where there is nothing, as each could be another.
OTHER = "other"
# What Prometheus asks for, and what every version of it understands.
OPEN_METRICS = "application/openmetrics-text"
PLAIN = "text/plain; version=0.0.4; charset=utf-8"

# Seconds: a short sentence needs 0.01, a chapter half a minute.
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
# Those of Counts that are not requests: found in the cache, on their way already, decoded, given up.
OUTCOMES = ("cached", "shared", "decoded", "cancelled")
SENTENCES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """The numbers of this process, or of several: see `shared`."""

    def __init__(self, folder: Path | None = None) -> None:
        self._registry = registry = CollectorRegistry()
        self._folder = folder
        self._counted: WeakKeyDictionary[Counts, dict[Any, int]] = WeakKeyDictionary()  # of each model's sentences
        self.requests = Counter(
            "dragoman_requests", "Requests, by the template of their address", ["route", "status"], registry=registry
        )
        self.refused = Counter(
            "dragoman_refused_requests", "Requests not let in, by the reason", ["reason"], registry=registry
        )
        self.cancelled = Counter(
            "dragoman_cancelled_requests", "Requests whose client left before it had the answer", registry=registry
        )
        self.characters = Counter(
            "dragoman_characters", "Unicode code points in the texts of requests that succeeded", registry=registry
        )
        self.sentences = Counter(
            "dragoman_sentences", "Sentences, by what became of them", ["outcome"], registry=registry
        )
        self.loops = Counter(
            "dragoman_loops",
            "Sentences whose first translation looped or had another fault, by what it was and whether it is left",
            ["reason", "outcome"],
            registry=registry,
        )
        self.total = _seconds("dragoman_request_seconds", "A request from its head to its last byte", registry, "route")
        self.queue = _seconds("dragoman_queue_seconds", "How long a request waited for its first search", registry)
        self.search = _seconds("dragoman_search_seconds", "A request from its first search to its last", registry)
        self.batch = Histogram(
            "dragoman_batch_size", "Sentences that are decoded in one call", buckets=SENTENCES, registry=registry
        )
        # Added up over the processes that live.
        self.waiting = Gauge(
            "dragoman_queue_length", "Sentences that wait to be decoded", multiprocess_mode="livesum", registry=registry
        )
        self.loaded = Gauge(
            "dragoman_model_loaded",
            "In how many processes the model is ready",
            ["model"],
            multiprocess_mode="livesum",
            registry=registry,
        )

    @classmethod
    def shared(cls, folder: Path, place: int) -> "Metrics":
        """Those of all processes that have a place in this folder, summed; each process makes one of these at most.

        A process that takes the place of a dead one goes on with its counters, so there are no more files than places.
        """
        # prometheus_client takes both from globals of its own.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
        values.ValueClass = MultiProcessValue(lambda: place)
        return cls(folder)

    def count(self, record: Record) -> None:
        """Nothing; the request, which is over, is counted."""
        route = record.route or OTHER
        self.requests.labels(route, record.status).inc()
        self.total.labels(route).observe(record.ended - record.began)
        if record.has_left:
            self.cancelled.inc()
        if record.status < 400:
            self.characters.inc(record.characters)
        if record.refusal:
            self.refused.labels(record.refusal).inc()
            return
        for name, seconds in record.seconds.items():
            {"queue": self.queue, "search": self.search}[name].observe(seconds)

    def count_batch(self, size: int, waiting: int, counts: Counts) -> None:
        """Nothing; the engine begins with so many sentences; for the others see `count_queue`."""
        self.batch.observe(size)
        self.count_queue(waiting, counts)

    def count_queue(self, waiting: int, counts: Counts) -> None:
        """Nothing; so many sentences wait now, and that is what became of all those of one model so far."""
        self.waiting.set(waiting)
        now = {outcome: getattr(counts, outcome) for outcome in OUTCOMES}
        before, loops = self._counted.get(counts, {}), dict(counts.loops)
        for outcome, count in now.items():
            self.sentences.labels(outcome).inc(count - before.get(outcome, 0))
        for labels, count in loops.items():
            self.loops.labels(*labels).inc(count - before.get(labels, 0))
        self._counted[counts] = {**now, **loops}

    def text(self, accept: str) -> tuple[bytes, str]:
        """All numbers, in the format that the header `Accept` asks for, and its Content-Type."""
        registry = self._registry
        if self._folder is not None:
            registry = CollectorRegistry()
            MultiProcessCollector(registry, path=str(self._folder))
        # Not choose_encoder, which fails on senseless headers.
        if OPEN_METRICS in accept:
            return openmetrics.generate_latest(registry), openmetrics.CONTENT_TYPE_LATEST
        return generate_latest(registry), PLAIN


def _seconds(name: str, text: str, registry: CollectorRegistry, *labels: str) -> Histogram:
    return Histogram(name, f"{text}, in seconds", labels, buckets=SECONDS, registry=registry)


def forget_dead(folder: Path, place: int) -> None:
    """Nothing; what the process at this place had loaded or waiting is not so any more."""
    mark_process_dead(place, str(folder))
