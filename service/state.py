"""What the routes share: the settings, and the translator as soon as there is one."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastapi import Request

from service.access import Access
from service.auto import Guess, guess_languages, translate_detected
from service.detection import Detector, load_predict
from service.errors import Refusal
from service.jobs import AUTO, Job, Outcome
from service.metrics import Metrics
from service.records import current_record
from service.scheduler import STOPPING, Scheduler
from service.scheduling.cache import HypothesisCache
from service.settings import Settings
from service.streams import Streams
from service.suggestions import Suggestions

if TYPE_CHECKING:
    from mt import Translator

logger = logging.getLogger(__name__)

LOADING = "The translator is being loaded. Try again in a few seconds."
FAILED = "The translator could not be loaded; the server's log says why."


@dataclass
class Service:
    """A translator's life behind the routes: loading, ready, draining; or failed."""

    settings: Settings
    metrics: Metrics = field(default_factory=Metrics)
    obstacle: str = LOADING  # why nothing can be translated now; "" when it can
    suggestions: Suggestions | None = None  # None where none are kept
    _scheduler: Scheduler | None = None
    _detector: Detector | None = None
    _access: Access | None = None
    streams: Streams = field(init=False)

    def __post_init__(self) -> None:
        self.streams = Streams(self.settings.max_streams)

    def scheduler(self) -> Scheduler:
        """The way to the translator; raises Refusal 503 while nothing can be translated."""
        if self.obstacle or self._scheduler is None:
            raise Refusal(503, self.obstacle, {"Retry-After": "1"})
        return self._scheduler

    def access(self) -> Access:
        """The gate for clients; raises Refusal 503 while nothing can be translated."""
        if self._access is None:
            raise Refusal(503, self.obstacle, {"Retry-After": "1"})
        return self._access

    def detector(self) -> Detector:
        """What tells languages; raises Refusal 503 while nothing can be translated."""
        if self._detector is None:
            raise Refusal(503, self.obstacle, {"Retry-After": "1"})
        return self._detector

    async def load(self, load: "Callable[[Settings], Translator]") -> "Translator":
        """The translator that `load` gives in a thread, warmed up; from then on requests are let in.

        Raises KeyFileError when the key file cannot be used.
        """
        try:
            self._access = await asyncio.to_thread(Access, self.settings)
            translator = await asyncio.to_thread(self._warm, load)
        except Exception:
            self.obstacle = FAILED
            raise
        self._scheduler = self._opened(translator)
        self.metrics.loaded.labels(translator.name).set(1)
        self.obstacle = ""
        return translator

    def _warm(self, load: "Callable[[Settings], Translator]") -> "Translator":
        translator = load(self.settings)
        translator.warm_up()
        languages = dict.fromkeys(code for direction in translator.directions for code in direction)
        self._detector = Detector(list(languages), load_predict())
        if self.settings.suggestions is not None:
            self.suggestions = Suggestions(self.settings.suggestions)
        return translator

    def _opened(self, translator: "Translator") -> Scheduler:
        cache = HypothesisCache(self.settings.cache_bytes)
        # One of several processes has one core to itself.
        threads = self.settings.threads or (1 if self.settings.workers > 1 else 0)
        scheduler = Scheduler(translator, self.settings.queue_size, threads, cache)
        scheduler.on_batch = self.metrics.count_batch
        return scheduler

    async def translate(self, job: Job) -> list[Outcome]:
        """What becomes of each text of the job, in order.

        Raises Refusal 503 while nothing can be translated, and 429 where Scheduler.translate does.
        """
        record, scheduler = current_record(), self.scheduler()
        record.texts = record.texts or job.texts  # not those of a part, as which a job may come here again
        if job.source == AUTO:
            return await translate_detected(job, await self.guess_languages(job), self.translate)
        return [Outcome(translation, job.source) for translation in await scheduler.translate(job)]

    async def guess_languages(self, job: Job) -> list[Guess]:
        """The language to translate each text of the job from; raises Refusal 503 while nothing can be translated."""
        return await guess_languages(job, self.detector(), self.scheduler().translator.directions)

    def read_metrics(self, accept: str) -> tuple[bytes, str]:
        """What Metrics.text gives, up to date."""
        if self._scheduler is not None:
            self.metrics.count_queue(self._scheduler.waiting, self._scheduler.counts)
        return self.metrics.text(accept)

    def drain(self) -> None:
        """Nothing; requests are refused from now on."""
        self.obstacle = STOPPING
        self.streams.close()
        if self._scheduler is not None:
            self._scheduler.close()
        if self._access is not None:
            self._access.close()


def service_of(request: Request) -> Service:
    """The state of the application that the request came to."""
    service: Service = request.app.state.service
    return service
