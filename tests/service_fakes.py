"""What the service's tests put in the place of a model and of a network."""

import asyncio
import json
import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import httpx
import numpy as np

from mt import BundleError, Conditions, Explanation, Form, Hypothesis, Inside, InvalidText, Manifest, SearchOptions
from service.app import create_app
from service.database import open_database
from service.keys import Key, Keys
from service.settings import Settings

Ids = tuple[int, ...]
SURE = 0.71234  # the confidence in every translation


@dataclass(frozen=True)
class FakeTranslation:
    text: str
    score: float = -0.5
    alternatives: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    alternative_scores: tuple[float, ...] = ()
    links: tuple[object, ...] = ()
    confidence: float | None = None
    explanations: tuple[Explanation, ...] = ()


@dataclass(frozen=True)
class FakePlan:
    sources: list[Ids]
    links: bool = False
    inside: bool = False


class FakeTranslator:
    """Shouts from English to German and whispers back; texts with CUT and LATE are said to be so.

    While the gate is closed, translations wait for it, or until they are given up; `began` counts them, `finished`
    holds the texts of those that came to their end, `wishes` the options of the last one, `planned` how it was planned.
    """

    name = "fake-en-de"
    directions = (("en", "de"), ("de", "en"), ("en", "pt-br"))
    max_n_best = 4
    fingerprint = "fake"
    engine_name = "fake"
    manifest = Manifest(name, ["en-de", "de-en", "en-pt-br"], version="1.2", created="2030-01-02T03:04:05+00:00")
    best_batch, calls_at_once = 1, 1

    def __init__(self) -> None:
        self.is_warm = False
        self.gate = threading.Event()
        self.gate.set()
        self.began = threading.Semaphore(0)
        self.finished: list[str] = []
        self.wishes: dict[str, Any] = {}
        self.planned: dict[str, Any] = {}

    def warm_up(self) -> None:
        self.is_warm = True

    def options(self, *, n_best: int) -> SearchOptions:
        return SearchOptions(beam=n_best)

    def prefix_ids(self, prefix: str, plans: Sequence[FakePlan]) -> list[int]:
        return list(map(ord, prefix))

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[FakeTranslation]:
        return [self._translation(text, source, 1) for text in texts]

    def plan(self, text: str, source: str, target: str, *, form: Form, protect: bool, **shown: bool) -> FakePlan:
        self.planned = {"form": form, "protect": protect}
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise InvalidText(f"Text {[text]} holds half a surrogate pair. Send whole characters.")
        return FakePlan([(source == "en", *map(ord, text))] if text else [], **shown)

    def search(self, sources: Sequence[Ids], options: SearchOptions, conditions: Conditions) -> list[list[Hypothesis]]:
        assert conditions.is_over
        self.began.release()
        while not self.gate.wait(0.002):
            if conditions.is_over():
                return [[Hypothesis.none_in_time(len(source))] for source in sources]
        self.finished += ["".join(map(chr, source[1:])) for source in sources]
        self.wishes = {"search": options, "prefix": "".join(map(chr, conditions.prefixes[0]))}
        return [[Hypothesis(list(source), -0.5, True, np.zeros((0, 1)))] for source in sources]

    def assemble(self, plan: FakePlan, found: Mapping[Ids, Sequence[Hypothesis]], n_best: int) -> FakeTranslation:
        if not plan.sources:
            return FakeTranslation("")
        (best,) = found[plan.sources[0]]
        if best.is_late:
            return FakeTranslation("", warnings=("deadline",))
        is_loud, *codes = best.ids
        text = "".join(map(chr, codes))
        translation = self._translation(text, "en" if is_loud else "de", n_best)
        explanation = word_by_word(text, translation.text)
        if plan.inside:
            explanation = replace(explanation, inside=(letter_by_letter(text, translation.text),))
        return replace(translation, explanations=(explanation,) if plan.links else ())

    def stream(self, text: str, source: str, target: str, **wishes: Any) -> "FakeStream":
        self.wishes = wishes
        if "\ud800" in text:
            raise InvalidText(f"Text {text!r} holds half a surrogate pair. Send whole characters.")
        return FakeStream(self, self._translation(text, source, 1))

    def _translation(self, text: str, source: str, n_best: int) -> FakeTranslation:
        loud = text.upper() if source == "en" else text.lower()
        alternatives = tuple(f"{loud} ({rank})" for rank in range(2, n_best + 1))
        scores = tuple(-0.5 * rank for rank in range(2, n_best + 1))
        warnings = ("length_limit",) * ("CUT" in text) + ("deadline",) * ("LATE" in text)
        facts = {"alternatives": alternatives, "warnings": warnings, "alternative_scores": scores}
        return FakeTranslation(loud, **facts, confidence=SURE)


def word_by_word(text: str, translation: str) -> Explanation:
    """Of a translation whose words come from those of the text in the same order, but for one that is `lost`.

    One that is `unsure` has little confidence, one that is `kept` has none.
    """
    source_words, target_words = ([one.span() for one in re.finditer(r"\S+", each)] for each in (text, translation))
    links = [(place, place) for place, (start, end) in enumerate(source_words) if text[start:end] != "lost"]
    attention = np.eye(len(target_words), len(source_words), dtype=np.float32)
    words = tuple(source_words), tuple(target_words)
    gained = (-0.5,) * len(target_words)
    spans = (0, len(text)), (0, len(translation)), *words
    confidences = {"unsure": 0.2, "kept": None}
    own = tuple(confidences.get(text[slice(*word)], 0.9) for word in source_words)[: len(target_words)]
    return Explanation(
        *spans,
        attention,
        tuple(links),
        source_pieces=words[0],
        target_pieces=words[1],
        piece_log_probabilities=gained,
        log_probabilities=gained,
        end_log_probability=-0.25,
        confidence=SURE,
        word_confidences=own,
    )


def letter_by_letter(text: str, translation: str) -> Inside:
    """What happens where each letter becomes one, whatever it is."""
    sources, steps = len(text) + 2, len(translation) + 1
    encoder = np.linspace(0, 1, sources * 2 * 4, dtype=np.float32).reshape(sources, 1, 2, 4)
    decoder = np.linspace(0, 1, steps * 4, dtype=np.float32).reshape(steps, 1, 4)
    attention = np.full((steps, sources), 1 / sources, np.float32)
    pieces = ("<2de>", *text, "</s>"), (*translation, "</s>")
    return Inside(*pieces, encoder, decoder, attention, (-0.5,) * steps)


class FakeStream:
    """Gives out nothing first, then a translation letter by letter, each when the gate is open; breaks at a skull."""

    def __init__(self, translator: FakeTranslator, translation: FakeTranslation) -> None:
        self.translation = translation
        self._translator = translator
        self._items = ["", *translation.text]

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        if not self._items:
            raise StopIteration
        self._translator.began.release()
        assert self._translator.gate.wait(10)
        item = self._items.pop(0)
        if item == "☠":
            raise ZeroDivisionError("skull")
        self._translator.finished.append(item)
        return item


class Client:
    """A client inside the application's process, whose loop runs only while a call is answered."""

    def __init__(self, settings: Settings | None = None, translator: Any = None, **events: Any):
        self.translator = translator or FakeTranslator()
        self.app = create_app(settings or Settings(), load=lambda _: self.translator, **events)
        self._runner = asyncio.Runner()
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        self._http = httpx.AsyncClient(transport=transport, base_url="http://testserver")
        self._lifespan = self.app.router.lifespan_context(self.app)

    def __enter__(self) -> Self:
        self.run(self._lifespan.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self._lifespan.__aexit__(None, None, None))
        self._runner.close()

    def run(self, work: Any) -> Any:
        return self._runner.run(work)

    def wait_until_ready(self) -> Self:
        async def wait() -> None:
            while self.app.state.service.obstacle:
                await asyncio.sleep(0.001)

        self.run(asyncio.wait_for(wait(), 5))
        return self

    def request(self, method: str, path: str, **content: Any) -> httpx.Response:
        return self.run(self._http.request(method, path, **content))

    def get(self, path: str, **content: Any) -> httpx.Response:
        return self.request("GET", path, **content)

    def post(self, path: str, **content: Any) -> httpx.Response:
        return self.request("POST", path, **content)

    def translate(self, **fields: Any) -> httpx.Response:
        return self.post_json("/translate", {"q": "hello", "source": "en", "target": "de", **fields})

    def deepl(self, **fields: Any) -> httpx.Response:
        return self.post_json("/v2/translate", {"text": ["hello"], "target_lang": "DE", **fields})

    def post_json(self, path: str, content: Any) -> httpx.Response:
        # Not httpx's own JSON, which cannot send half a surrogate pair.
        return self.post(path, content=json.dumps(content), headers={"Content-Type": "application/json"})


def limited(**limits: Any) -> Settings:
    """The default settings with other limits."""
    return replace(Settings(), **limits)


class SlowTranslator(FakeTranslator):
    """Says so when it begins to translate, and takes half a second."""

    def search(self, *arguments: Any) -> list[list[Hypothesis]]:
        print("translating", flush=True)
        time.sleep(0.5)
        return super().search(*arguments)


def load_slow(settings: Settings) -> SlowTranslator:
    """What a program of a test loads: a slow translator, or for a bundle that is named its failure."""
    if settings.bundle is not None:
        raise {"bug": ZeroDivisionError("bug")}.get(settings.bundle.name, BundleError("/no/bundle has no manifest."))
    return SlowTranslator()


def add_key(path: Path, name: str = "a", **limits: Any) -> str:
    """A new key in a file of keys, which is made if need be."""
    connection = open_database(path, may_make=True)
    key = Keys(connection).add(Key(name, **limits))
    connection.close()
    return key
