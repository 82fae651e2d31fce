"""What clients do to a server in a soak: ask well, ask badly, dawdle, and leave midway."""

import json
import random
import socket
import struct
import time
from collections.abc import Callable
from itertools import islice

import httpx

from tests.bad_requests import GOOD, LIBRETRANSLATE, STREAM, BadRequest, as_json, bad_requests, broken_requests
from tests.bench.serve_texts import sentences
from tests.wire import connect, exchange, receive, request

KNOWN_TEXTS = 200  # whose translations must stay the same
PATHS = ("/languages", "/v2/languages?type=target", "/v2/usage", "/frontend/settings", "/ready", "/openapi.json")
TOO_BUSY = {429, 503}


class Refused(Exception):
    """A good request that the server had no time for."""


class Failed(Exception):
    """A visit that did not go as it must."""


class Visitor:
    """One client after another, each with a wish drawn by chance."""

    def __init__(self, url: str, seed: int, translations: dict[str, str], bad: list[BadRequest]):
        """`translations` are those that all visitors have seen of the known texts."""
        self.draw = random.Random(seed)
        self._url, self._port = url, int(url.rpartition(":")[2])
        self._translations, self._bad = translations, bad
        self._known = list(islice(sentences(), KNOWN_TEXTS))
        self._endless = sentences(seed=seed)
        self._client = self._new_client()

    def visit(self) -> None:
        """Nothing; one of WISHES is fulfilled as it must be. Raises Refused and Failed."""
        self.fulfil(self.draw.choice(WISHES))

    def fulfil(self, wish: "Wish") -> None:
        """Nothing; raises Refused when the server had no time, and Failed when it answered as it must not."""
        try:
            wish(self)
        except (OSError, httpx.HTTPError, ValueError, LookupError, TypeError) as error:
            raise Failed(f"{wish.__name__}: {error!r}") from error

    def close(self) -> None:
        """Nothing; the connections are closed."""
        self._client.close()

    def begin_anew(self) -> None:
        """Closes the connections that are kept, and asks for the health over a new one."""
        self._client.close()
        self._client = self._new_client()
        self._ask("GET", "/health")

    def translate_json(self) -> None:
        """A text that somebody may have asked for."""
        text = self.draw.choice(self._known)
        found = self._ask("POST", LIBRETRANSLATE, json={"q": text, "source": "en", "target": "de"})["translatedText"]
        self._check(self._translations.setdefault(text, found) == found, f"another translation of {text!r}: {found!r}")

    def translate_form(self) -> None:
        """A new text."""
        found = self._ask("POST", LIBRETRANSLATE, data={"q": next(self._endless), "source": "en", "target": "de"})
        self._check(bool(found["translatedText"]), "no translation")

    def translate_array(self) -> None:
        """Texts in languages to be found out, with alternatives."""
        texts = [next(self._endless), "", "Guten Morgen, wie geht es dir?"]
        fields = {"q": texts, "source": "auto", "target": "en", "alternatives": 1}
        found = self._ask("POST", LIBRETRANSLATE, json=fields)
        self._check(found["translatedText"][:2] == texts[:2] and len(found["translatedText"]) == 3, found)

    def translate_as_deepl(self) -> None:
        """Texts by DeepL's dialect."""
        fields = {"text": [next(self._endless), "Hello!"], "target_lang": "DE"}
        found = self._ask("POST", "/v2/translate", json=fields, headers={"Authorization": "DeepL-Auth-Key any"})
        self._check(len(found["translations"]) == 2, found)

    def translate_markup(self) -> None:
        """HTML and XML, with what must not change."""
        text = f"<p>{next(self._endless)} <b>Write to me@example.org!</b></p>"
        fields = {"text": [text], "target_lang": "DE", "source_lang": "EN", "tag_handling": "xml"}
        xml = self._ask("POST", "/v2/translate", json=fields)["translations"][0]["text"]
        fields = {"q": text, "source": "en", "target": "de", "format": "html"}
        html = self._ask("POST", LIBRETRANSLATE, data=fields)["translatedText"]
        for found in (xml, html):
            self._check(all(found.count(one) == 1 for one in ("<p>", "</b>", "me@example.org")), found)

    def look_around(self) -> None:
        """An address that translates nothing."""
        self._ask("GET", self.draw.choice(PATHS))
        self._check(bool(self._client.get("/metrics").text), "no metrics")

    def detect(self) -> None:
        """The language of a text."""
        (found, *_) = self._ask("POST", "/detect", data={"q": next(self._endless)})
        self._check(found["language"] == "en", found)

    def read_stream(self) -> None:
        """A stream to its end."""
        reply = exchange(self._port, self._stream_request())
        self._check_status(reply.status)
        last = reply.body.decode().strip().rpartition("data: ")[2]
        self._check(bool(json.loads(last)["translatedText"]), last)

    def ask_badly(self) -> None:
        """A request that cannot be carried out."""
        bad = self.draw.choice(self._bad)
        reply = exchange(self._port, bad.sent)
        self._check(reply.status in bad.statuses | TOO_BUSY, f"{bad.name}: {reply.status} {reply.body[:200]!r}")

    def dawdle(self) -> None:
        """A good request that is sent in parts."""
        sent = self._request()
        with connect(self._port) as connection:
            for start in range(0, len(sent), 50):
                connection.sendall(sent[start : start + 50])
                time.sleep(0.05)
            self._check_status(receive(connection).status)

    def leave(self) -> None:
        """A request whose client leaves before, while or after it is sent; in order or not."""
        sent = self.draw.choice((self._request(), self._stream_request()))
        with connect(self._port) as connection:
            connection.sendall(sent[: self.draw.choice((0, 20, len(sent) - 5, len(sent), len(sent)))])
            if self.draw.random() < 0.5:
                time.sleep(self.draw.random() / 10)
            if self.draw.random() < 0.5:  # with a reset
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def half_close(self) -> None:
        """A request whose client says that nothing more will come."""
        sent = self._request()
        with connect(self._port) as connection:
            connection.sendall(sent[: self.draw.choice((20, len(sent) - 5, len(sent)))])
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65_536):
                pass

    def leave_stream(self) -> None:
        """A stream of which only the beginning is read."""
        with connect(self._port) as connection:
            connection.sendall(self._stream_request())
            connection.recv(300)

    def _new_client(self) -> httpx.Client:
        return httpx.Client(base_url=self._url, timeout=60, trust_env=False)

    def _request(self) -> bytes:
        return request(LIBRETRANSLATE, as_json(LIBRETRANSLATE, q=next(self._endless)))

    def _stream_request(self) -> bytes:
        return request(STREAM, as_json(STREAM, q=f"{next(self._endless)} {next(self._endless)}"))

    def _ask(self, method: str, path: str, **content: object) -> object:
        answer = self._client.request(method, path, **content)
        self._check_status(answer.status_code, answer.text)
        return answer.json()

    def _check_status(self, status: int, said: str = "") -> None:
        if status in TOO_BUSY:
            raise Refused
        self._check(status == 200, f"{status} {said[:200]}")

    @staticmethod
    def _check(is_right: bool, found: object) -> None:
        if not is_right:
            raise ValueError(found)


Wish = Callable[[Visitor], None]
GOOD_WISHES: tuple[Wish, ...] = (
    Visitor.begin_anew,
    Visitor.translate_json,
    Visitor.translate_form,
    Visitor.translate_array,
    Visitor.translate_as_deepl,
    Visitor.translate_markup,
    Visitor.look_around,
    Visitor.detect,
    Visitor.read_stream,
    Visitor.dawdle,
)
BAD_WISHES: tuple[Wish, ...] = (Visitor.ask_badly, Visitor.leave, Visitor.half_close, Visitor.leave_stream)
WISHES = GOOD_WISHES + 2 * BAD_WISHES


def all_bad() -> list[BadRequest]:
    """The bad requests to all addresses; of those with 10 MB, which take most of the time, only the first."""
    found = [bad for path in GOOD for bad in (*bad_requests(path), *broken_requests(path))]
    long = [bad for bad in found if len(bad.sent) > 1_000_000]
    return [bad for bad in found if bad not in long[1:]]
