import asyncio

import pytest

from service.errors import Refusal
from service.settings import Settings
from service.state import Service
from tests.service_fakes import FakeTranslator


def test_before_loading_the_way_to_the_translator_is_closed_with_a_reason():
    with pytest.raises(Refusal, match=r"The translator is being loaded. Try again in a few seconds.") as refusal:
        Service(Settings()).scheduler()
    assert (refusal.value.status, refusal.value.headers) == (503, {"Retry-After": "1"})


def test_a_loaded_translator_has_been_warmed_up_before_it_is_asked():
    service, translator = Service(Settings()), FakeTranslator()
    assert asyncio.run(service.load(lambda _: translator)) is translator
    assert translator.is_warm
    assert service.scheduler().translator is translator


def test_a_translator_that_cannot_be_loaded_leaves_the_way_closed():
    def fail(_):
        raise ValueError("no such bundle")

    service = Service(Settings())
    with pytest.raises(ValueError, match=r"no such bundle"):
        asyncio.run(service.load(fail))
    with pytest.raises(Refusal, match=r"could not be loaded; the server's log says why"):
        service.scheduler()


def test_a_draining_service_takes_nothing_more():
    service = Service(Settings())
    asyncio.run(service.load(lambda _: FakeTranslator()))
    service.drain()
    with pytest.raises(Refusal, match=r"This server is stopping"):
        service.scheduler()
