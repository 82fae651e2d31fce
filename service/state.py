"""What the routes share: the settings, and the models as soon as there is one."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import Request

from mt import BundleError
from service.access import Access
from service.auto import Guess, guess_languages, translate_detected
from service.detection import Detector, load_predict
from service.errors import Refusal
from service.jobs import AUTO, Job, Outcome
from service.journey import travel
from service.metrics import Metrics
from service.models import Model, Models
from service.records import current_record
from service.scheduler import STOPPING, Scheduler
from service.scheduling.cache import HypothesisCache
from service.settings import Settings
from service.streams import Streams
from service.suggestions import Suggestions
from service.trial import try_out
from service.upkeep import Upkeep

if TYPE_CHECKING:
    from mt import Translator

logger = logging.getLogger(__name__)

LOADING = "The translator is being loaded. Try again in a few seconds."
FAILED = "The translator could not be loaded; the server's log says why."
NOTHING = "No bundle can be served now; /models says why. Try again later."

Load = Callable[[Settings], "Translator"]


@dataclass
class Service:
    """The models' life behind the routes: loading, ready, draining; or failed."""

    settings: Settings
    metrics: Metrics = field(default_factory=Metrics)
    suggestions: Suggestions | None = None  # None where none are kept
    upkeep: Upkeep | None = None  # None where one bundle is served, whatever becomes of its folder
    _stop: str = LOADING  # why nothing can be translated, whatever models there are
    _access: Access | None = None
    catalogue: Models = field(init=False)  # what serves, maybe nothing
    streams: Streams = field(init=False)

    def __post_init__(self) -> None:
        self._cache = HypothesisCache(self.settings.cache_bytes)
        self.catalogue = Models(self._schedule, self._note_end)
        self.streams = Streams(self.settings.max_streams)

    def _schedule(self, translator: "Translator") -> Scheduler:
        # One of several processes has one core to itself.
        threads = self.settings.threads or (1 if self.settings.workers > 1 else 0)
        linger_seconds = self.settings.linger_seconds
        scheduler = Scheduler(translator, self.settings.queue_size, threads, self._cache, linger_seconds=linger_seconds)
        scheduler.on_batch = lambda size, _, counts: self.metrics.count_batch(size, self.catalogue.waiting, counts)
        self.metrics.loaded.labels(translator.name).set(1)
        return scheduler

    def _note_end(self, model: Model) -> None:
        """Nothing; what a model has found that serves no more is counted, and not kept."""
        self._cache.forget(model.translator.fingerprint)
        self.metrics.count_queue(self.catalogue.waiting, model.scheduler.counts)
        if self.catalogue.get(model.translator.name) is None:
            self.metrics.loaded.labels(model.translator.name).set(0)

    @property
    def obstacle(self) -> str:
        """Why nothing can be translated now; "" when it can."""
        return self._stop or ("" if len(self.catalogue) else NOTHING)

    def models(self) -> Models:
        """What serves, at least one model; raises Refusal 503 while nothing can be translated."""
        if self.obstacle:
            raise Refusal(503, self.obstacle, {"Retry-After": "1"})
        return self.catalogue

    def access(self) -> Access:
        """The gate for clients; raises Refusal 503 while nothing can be translated."""
        if self._access is None:
            raise Refusal(503, self.obstacle, {"Retry-After": "1"})
        return self._access

    def detector(self) -> Detector:
        """What tells languages; raises Refusal 503 while nothing can be translated."""
        return Detector(self.models().languages, load_predict())

    async def load(self, load: Load) -> Models:
        """What serves: the translators that `load` gives in a thread, tried out; none of an empty folder of bundles.

        From then on requests are let in, as soon as there is one. Raises KeyFileError when the key file cannot be used,
        and what is wrong with the bundle, or with the folder of bundles, of the settings.
        """
        try:
            self._access = await asyncio.to_thread(Access, self.settings)
            await asyncio.to_thread(self._prepare)
            if self.settings.bundles is None:
                self.catalogue.put(await asyncio.to_thread(_tried_out, load, self.settings))
            else:
                await self._first_look(load, self.settings.bundles)
        except Exception:
            self._stop = FAILED
            raise
        self._stop = ""
        return self.catalogue

    async def keep_up(self, on_ready: Callable[[Models], object]) -> None:
        """Nothing for one bundle; for a folder of them, never anything: what serves is what it holds.

        `on_ready` gets what serves as soon as it is something.
        """
        while not len(self.catalogue):
            await self._look_again()
        on_ready(self.catalogue)
        while self.upkeep:
            await self._look_again()

    def _prepare(self) -> None:
        load_predict()
        if self.settings.suggestions is not None:
            self.suggestions = Suggestions(self.settings.suggestions)

    async def _first_look(self, load: Load, folder: Path) -> None:
        if not folder.is_dir():
            raise BundleError(f"MT_BUNDLES is {folder}, which is no folder. Give one that holds bundles.")

        def load_from(place: Path) -> "Translator":
            return _tried_out(load, replace(self.settings, bundle=place, bundles=None))

        self.upkeep = Upkeep(folder, self.catalogue, load_from)
        await self.upkeep.look()

    async def _look_again(self) -> None:
        assert self.upkeep
        await asyncio.sleep(self.settings.bundles_seconds)
        try:
            await self.upkeep.look()
        except Exception:
            logger.exception("Looking for new bundles failed; what serves goes on.")

    async def translate(self, job: Job) -> list[Outcome]:
        """What becomes of each text of the job, in order.

        Raises Refusal 503 while nothing can be translated, and 429 where Scheduler.translate does, and
        UnsupportedLanguage where there is no way to the target.
        """
        models, record = self.models(), current_record()
        record.texts = record.texts or job.texts  # not those of a part, as which a job may come here again
        if job.source == AUTO:
            return await translate_detected(job, await self.guess_languages(job), self.translate)
        return await travel(models.legs(job.source, job.target), job)

    async def guess_languages(self, job: Job) -> list[Guess]:
        """The language to translate each text of the job from; raises Refusal 503 while nothing can be translated."""
        return await guess_languages(job, self.detector(), self.models().directions)

    def read_metrics(self, accept: str) -> tuple[bytes, str]:
        """What Metrics.text gives, up to date."""
        for model in self.catalogue:
            self.metrics.count_queue(self.catalogue.waiting, model.scheduler.counts)
        return self.metrics.text(accept)

    def drain(self) -> None:
        """Nothing; requests are refused from now on."""
        self._stop = STOPPING
        self.streams.close()
        self.catalogue.close()
        if self._access is not None:
            self._access.close()


def _tried_out(load: Load, settings: Settings) -> "Translator":
    """In a thread: a translator that is warm and has shown that it translates."""
    translator = load(settings)
    try_out(translator)
    return translator


def service_of(request: Request) -> Service:
    """The state of the application that the request came to."""
    service: Service = request.app.state.service
    return service
