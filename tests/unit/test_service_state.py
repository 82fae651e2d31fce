import asyncio

import pytest

from mt import BundleError
from service.access import Access
from service.database import KeyFileError
from service.errors import Refusal
from service.jobs import Job
from service.settings import Settings
from service.state import NOTHING, Service
from tests.service_fakes import FakeTranslator
from tests.stub_bundles import put_bundle


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


def test_a_folder_that_is_none_is_told_before_anything_is_loaded(tmp_path):
    service = Service(Settings(bundles=tmp_path / "none"))
    with pytest.raises(BundleError, match=r"MT_BUNDLES is .*/none, which is no folder\. Give one that holds bundles\."):
        asyncio.run(service.load(lambda _: pytest.fail("loaded")))


def test_an_empty_folder_is_waited_for_and_each_bundle_loaded_with_settings_of_its_own(tmp_path):
    service, loaded = Service(Settings(bundles=tmp_path, bundles_seconds=0)), []

    def load(settings):
        loaded.append((settings.bundle, settings.bundles))
        return FakeTranslator()

    async def wait():
        assert len(await service.load(load)) == 0
        assert service.obstacle == NOTHING
        ready = asyncio.Event()
        keeping = asyncio.create_task(service.keep_up(lambda _: ready.set()))
        put_bundle(tmp_path / "one", "fake-en-de")
        await asyncio.wait_for(ready.wait(), 5)
        keeping.cancel()

    asyncio.run(wait())
    assert loaded == [(tmp_path / "one", None)]
    assert service.obstacle == ""


def test_a_look_that_fails_by_a_fault_of_our_own_is_logged_and_repeated(tmp_path, caplog):
    class Broken:
        looks = 0

        async def look(self):
            self.looks += 1
            raise ZeroDivisionError("broken")

    async def keep_up():
        service = Service(Settings(bundles_seconds=0), upkeep=Broken())
        keeping = asyncio.create_task(service.keep_up(print))
        while service.upkeep.looks < 3:
            await asyncio.sleep(0)
        keeping.cancel()

    asyncio.run(keep_up())
    assert caplog.text.count("ZeroDivisionError: broken") >= 2


def test_one_bundle_is_not_looked_at_again():
    service = Service(Settings())
    asyncio.run(service.load(lambda _: FakeTranslator()))
    heard = []
    asyncio.run(asyncio.wait_for(service.keep_up(heard.append), 5))
    assert heard == [service.models()]


def test_what_a_replaced_model_has_found_is_not_kept():
    service, translator = Service(Settings()), FakeTranslator()
    job = Job(("a", "b"), "en", "de")

    async def translate():
        await service.load(lambda _: translator)
        await service.translate(job)
        await service.translate(job)
        before = list(translator.finished)
        service.catalogue.put(FakeTranslator())
        assert service.models().get(translator.name).translator.finished == []
        await service.translate(job)
        return before, service.models().get(translator.name).translator.finished

    before, behind = asyncio.run(translate())
    assert before == behind == ["a", "b"]


def test_a_model_that_serves_no_more_is_loaded_in_no_process():
    service = Service(Settings())
    asyncio.run(service.load(lambda _: FakeTranslator()))
    service.catalogue.put(FakeTranslator())
    assert b'dragoman_model_loaded{model="fake-en-de"} 1.0' in service.read_metrics("")[0]
    service.catalogue.remove(FakeTranslator.name)
    assert b'dragoman_model_loaded{model="fake-en-de"} 0.0' in service.read_metrics("")[0]
