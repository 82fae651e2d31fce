"""The application: dialects, limits and error answers around the models."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from mt import Translator, load_bundle, shipped_bundle
from service.cors import CORS_HEADERS, OpenToAllOrigins
from service.errors import install_handlers
from service.instruments import Instruments
from service.limits import BodyLimit
from service.logs import RequestLog
from service.methods import HeadAsGet
from service.models import Models
from service.routes import deepl, deepl_faults, libretranslate, page, probes, stream
from service.routes import metrics as metrics_route
from service.routes import models as models_route
from service.settings import Settings
from service.state import Service
from service.watch import Watched, Watcher

logger = logging.getLogger(__name__)

DESCRIPTION = """
Translation in the dialects of [LibreTranslate](https://libretranslate.com) and, under `/v2`, of
[DeepL](https://developers.deepl.com): programs that speak them work unchanged. Fields may come as JSON, as a form or in
the query. Every fault is answered with `{"error": "what is wrong"}`, under `/v2` with
`{"message": "what is wrong", "detail": "what to do"}`.
"""


def load_translator(settings: Settings) -> Translator:
    """The translator of the bundle that the settings name, or of the one that is shipped; BundleError without one."""
    threads = 1 if settings.workers > 1 else None  # several processes would only fight for the cores
    bundle = load_bundle(settings.bundle or shipped_bundle())
    search = replace(bundle.manifest.search_options, loop_guard=settings.loop_guard, shortlist=settings.shortlist)
    return Translator(bundle, threads, settings.engine, search)


def _ignore(_: object) -> None:
    """What is done on an event that nobody asked about."""


def _log(error: Exception) -> None:
    logger.error("The translator could not be loaded: %s", error, exc_info=error)


def create_app(
    settings: Settings,
    load: Callable[[Settings], Translator] = load_translator,
    on_ready: Callable[[Models], None] = _ignore,
    on_failure: Callable[[Exception], None] = _log,
    instruments: Instruments | None = None,
) -> FastAPI:
    """The application for these settings; it answers from its start, and translates as soon as `load` is done.

    `load` runs in a thread of its own, with settings that name one bundle. As soon as there is something to serve
    `on_ready` gets it; where the settings cannot be served, `on_failure` gets the error. The
    `instruments` are by default its own.
    """
    instruments = instruments or Instruments()
    service, traces = Service(settings, instruments.metrics), instruments.traces

    async def bring_up() -> bool:
        try:
            await service.load(load)
        except Exception as error:
            on_failure(error)
            return False
        return True

    async def keep_up(loading: Awaitable[bool]) -> None:
        if await loading:
            await service.keep_up(on_ready)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(bring_up())
        keeping = asyncio.create_task(keep_up(loading))
        if settings.workers > 1:
            await loading  # one of several leaves the clients to those that can answer already
        yield
        for task in (loading, keeping):
            task.cancel()
        service.drain()
        if traces is not None:
            await asyncio.to_thread(traces.close)

    # FastAPI, but with the files of /docs served from here instead of another host.
    app = FastAPIOffline(title="dragoman", description=DESCRIPTION, lifespan=lifespan, redirect_slashes=False)
    app.state.service = service
    for dialect in (libretranslate, stream, deepl, models_route, probes, metrics_route, page):
        app.include_router(dialect.router)
    wordings = {"/v2/": deepl_faults.worded, "/v3/": deepl_faults.worded, "": libretranslate.worded}
    install_handlers(app, wordings, CORS_HEADERS)
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes, max_seconds=settings.body_seconds)
    app.add_middleware(OpenToAllOrigins)
    watchers: list[Watcher] = [service.metrics.count, RequestLog(settings.log_texts)]
    if traces is not None:
        watchers.append(traces.send)
    app.add_middleware(Watched, watchers=watchers)
    app.add_middleware(HeadAsGet)
    return app
