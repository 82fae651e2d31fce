import asyncio

import pytest

from service.access import Access
from service.database import KeyFileError
from service.errors import Refusal
from service.settings import Settings
from service.state import Service
from tests.service_fakes import FakeTranslator


def test_before_loading_the_way_to_the_translator_is_closed_with_a_reason():
    with pytest.raises(Refusal, match=r"The translator is being loaded. Try again in a few seconds.") as refusal:
        Service(Settings()).models()
    assert (refusal.value.status, refusal.value.headers) == (503, {"Retry-After": "1"})


def test_a_loaded_translator_has_been_warmed_up_before_it_is_asked():
    service, translator = Service(Settings()), FakeTranslator()
    (model,) = asyncio.run(service.load(lambda _: translator))
    assert model.translator is translator
    assert translator.is_warm
    assert list(service.models()) == [model]


def test_before_loading_the_gate_is_closed_and_then_it_is_open():
    service = Service(Settings())
    with pytest.raises(Refusal, match=r"The translator is being loaded") as refusal:
        service.access()
    assert refusal.value.status == 503
    asyncio.run(service.load(lambda _: FakeTranslator()))
    assert isinstance(service.access(), Access)
    service.drain()


def test_a_key_file_that_cannot_be_used_is_told_before_anything_is_loaded(tmp_path):
    service = Service(Settings(keys=tmp_path / "none"))
    with pytest.raises(KeyFileError, match=r"There is no key file"):
        asyncio.run(service.load(lambda _: pytest.fail("loaded")))
    with pytest.raises(Refusal, match=r"could not be loaded"):
        service.access()


def test_a_translator_that_cannot_be_loaded_leaves_the_way_closed():
    def fail(_):
        raise ValueError("no such bundle")

    service = Service(Settings())
    with pytest.raises(ValueError, match=r"no such bundle"):
        asyncio.run(service.load(fail))
    with pytest.raises(Refusal, match=r"could not be loaded; the server's log says why"):
        service.models()


def test_a_draining_service_takes_nothing_more():
    service = Service(Settings())
    asyncio.run(service.load(lambda _: FakeTranslator()))
    service.drain()
    with pytest.raises(Refusal, match=r"This server is stopping"):
        service.models()
