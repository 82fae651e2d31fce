"""A real server around a folder of bundles that change while clients ask it without a pause."""

import dataclasses
import gc
import shutil
import threading
import time
import weakref
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn

from mt import Translator, load_bundle, read_manifest
from mt.bundle import seal
from mt.export import export
from service.app import create_app, load_translator
from service.cli import listen, public_address, server_config
from service.settings import Settings
from tests import tiny

TEXT = "one"
CLIENTS = 3
PATIENCE_SECONDS = 60  # for a busy machine


@pytest.fixture(scope="module")
def versions(tmp_path_factory):
    """Two bundles of one name with other weights, and one that leads from French to their English."""
    folder = tmp_path_factory.mktemp("versions")
    renamed(tiny.bundle_folder(), folder / "1.9", version="1.9")
    renamed(tiny.bundle_folder(), folder / "fr-en", name="other", directions=["fr-en"])
    options, facts = tiny.bundle().manifest.search_options, {**tiny.MANIFEST, "version": "1.10"}
    export(tiny.CONFIG, tiny.model(seed=2).named_weights(), tiny.tokenizer(), options, facts, folder / "1.10")
    return folder


def renamed(bundle, path, **facts):
    """A copy of the bundle that says something else of itself."""
    shutil.copytree(bundle, path)
    seal(path, dataclasses.replace(read_manifest(path), **facts))
    return path


class Server:
    """A server in a thread; it keeps no translator alive, but knows which there are."""

    def __init__(self, bundles: Path) -> None:
        settings = Settings(bundles=bundles, bundles_seconds=0.05, engine="litert", log_level="critical")
        self._translators: list[weakref.ref[Translator]] = []
        self.app = create_app(settings, self._load)
        self.server = uvicorn.Server(server_config(self.app, settings))
        self.listener = listen("127.0.0.1", 0)
        self.url = public_address(self.listener)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.listener]})

    def _load(self, settings):
        translator = load_translator(settings)
        self._translators.append(weakref.ref(translator))
        return translator

    def __enter__(self):
        self.thread.start()
        wait_until(lambda: self.server.started)
        return self

    def __exit__(self, *_):
        self.server.should_exit = True
        self.thread.join(PATIENCE_SECONDS)
        assert not self.thread.is_alive()

    @property
    def loaded(self):
        gc.collect()
        return sum(translator() is not None for translator in self._translators)

    def get(self, path):
        return httpx.get(self.url + path, timeout=PATIENCE_SECONDS).json()

    def versions(self):
        return {model["name"]: model["version"] for model in self.get("/models")["models"]}

    def translate(self, client=httpx, text=TEXT, source="en", **fields):
        fields |= {"q": text, "source": source, "target": "de"}
        return client.post(f"{self.url}/translate", json=fields, timeout=PATIENCE_SECONDS)


def wait_until(is_so):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def by(path):
    """What the bundle itself makes of the text."""
    return Translator(load_bundle(path)).translate([TEXT], "en", "de")[0].text


@contextmanager
def constant_requests(server):
    """Counts the statuses and texts of the answers to clients that ask again as soon as they can."""
    answers, is_over = Counter(), threading.Event()

    def ask():
        with httpx.Client() as client:
            while not is_over.is_set():
                try:
                    answer = server.translate(client)
                    answers[answer.status_code, answer.json().get("translatedText")] += 1
                except httpx.HTTPError as error:
                    answers[0, repr(error)] += 1

    threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        is_over.set()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)


def copy_slowly(source, target):
    """As `cp -r` over a network would, the manifest first."""
    for file in sorted((file for file in source.rglob("*") if file.is_file()), key=lambda file: file.suffix != ".json"):
        copied = target / file.relative_to(source)
        copied.parent.mkdir(parents=True, exist_ok=True)
        with copied.open("wb") as stream:
            for part in (file.read_bytes()[:100], file.read_bytes()[100:]):
                stream.write(part)
                stream.flush()
                time.sleep(0.01)


def test_no_request_fails_while_bundles_are_added_replaced_refused_and_removed(versions, tmp_path):
    bundles, (old, new) = tmp_path / "bundles", (by(versions / "1.9"), by(versions / "1.10"))
    assert old != new
    shutil.copytree(versions / "1.9", bundles / "first")
    with Server(bundles) as server:
        wait_until(lambda: server.versions() == {"tiny": "1.9"})
        with constant_requests(server) as answers:
            wait_until(lambda: answers[200, old] > 5)
            copy_slowly(versions / "1.10", bundles / "second")
            wait_until(lambda: server.versions() == {"tiny": "1.10"})
            assert server.translate().json()["translatedText"] == new  # which the cache does not know yet
            wait_until(lambda: server.loaded == 1)

            third = renamed(versions / "1.10", bundles / ".third", version="2.0")
            (third / "litert" / "step.tflite").write_bytes(b"damaged")
            third.rename(bundles / "third")
            wait_until(lambda: server.get("/models")["refused"])
            (refused,) = server.get("/models")["refused"]
            assert (refused["folder"], refused["version"]) == ("third", "2.0")
            assert refused["reason"].startswith("The bundle's file third/litert/step.tflite is damaged")
            assert str(tmp_path) not in str(server.get("/models"))
            assert server.versions() == {"tiny": "1.10"}

            shutil.rmtree(bundles / "third")
            (bundles / "second").rename(tmp_path / "away")
            wait_until(lambda: server.versions() == {"tiny": "1.9"})
            seen = answers[200, old]
            wait_until(lambda: answers[200, old] > seen + 5 and server.loaded == 1)
        assert set(answers) == {(200, old), (200, new)}


def test_a_bundle_that_joins_opens_ways_through_two_models(versions, tmp_path):
    bundles = tmp_path / "bundles"
    shutil.copytree(versions / "1.9", bundles / "tiny")
    with Server(bundles) as server:
        wait_until(lambda: server.versions() == {"tiny": "1.9"})
        assert server.translate(source="fr").json() == {"error": "fr is not supported"}
        shutil.copytree(versions / "fr-en", bundles / "other")
        wait_until(lambda: "other" in server.versions())
        (french,) = [language for language in server.get("/languages") if language["code"] == "fr"]
        assert french["targets"] == ["en", "de"]
        answer = server.translate(source="fr").json()
        first, second = Translator(load_bundle(versions / "fr-en")), Translator(load_bundle(versions / "1.9"))
        (english,) = first.translate([TEXT], "fr", "en")
        (german,) = second.translate([english.text], "en", "de")
        assert (answer["pivot"], answer["translatedText"]) == ("en", german.text)


def test_a_server_whose_folder_is_empty_is_alive_and_ready_as_soon_as_a_bundle_is_there(versions, tmp_path):
    bundles = tmp_path / "bundles"
    bundles.mkdir()
    with Server(bundles) as server:
        wait_until(lambda: "/models says why" in server.get("/ready").get("error", ""))
        assert server.get("/health") == {"status": "ok"}
        shutil.copytree(versions / "1.9", bundles / "tiny")
        wait_until(lambda: server.get("/ready") == {"status": "ready", "models": ["tiny"]})


@pytest.mark.parametrize("is_on", [True, False])
def test_the_loop_guard_is_on_or_off_as_the_settings_say(is_on):
    settings = Settings(bundle=tiny.bundle_folder(), engine="litert", loop_guard=is_on)
    assert load_translator(settings).options().loop_guard is is_on


@pytest.mark.parametrize("is_on", [True, False])
def test_a_shortlist_is_had_as_the_settings_say(is_on):
    settings = Settings(bundle=tiny.bundle_folder(), engine="litert", shortlist=is_on)
    assert load_translator(settings).options().shortlist is is_on
