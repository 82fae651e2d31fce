"""What the routes share: the settings, and the translator as soon as there is one."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastapi import Request

from service.access import Access
from service.errors import Refusal
from service.jobs import Job, Outcome
from service.scheduler import STOPPING, Scheduler
from service.scheduling.cache import HypothesisCache
from service.settings import Settings
from service.streams import Streams

if TYPE_CHECKING:
    from mt import Translator

logger = logging.getLogger(__name__)

LOADING = "The translator is being loaded. Try again in a few seconds."
FAILED = "The translator could not be loaded; the server's log says why."


@dataclass
class Service:
    """A translator's life behind the routes: loading, ready, draining; or failed."""

    settings: Settings
    obstacle: str = LOADING  # why nothing can be translated now; "" when it can
    _scheduler: Scheduler | None = None
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
        cache = HypothesisCache(self.settings.cache_bytes)
        self._scheduler = Scheduler(translator, self.settings.queue_size, self.settings.threads, cache)
        self.obstacle = ""
        return translator

    def _warm(self, load: "Callable[[Settings], Translator]") -> "Translator":
        translator = load(self.settings)
        translator.warm_up()
        return translator

    async def translate(self, job: Job) -> list[Outcome]:
        """What becomes of each text of the job, in order.

        Raises Refusal 503 while nothing can be translated, and 429 where Scheduler.translate does.
        """
        return [Outcome(translation, job.source) for translation in await self.scheduler().translate(job)]

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
