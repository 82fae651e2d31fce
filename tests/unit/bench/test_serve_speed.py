import asyncio
import json
from itertools import islice

import pytest

from tests import tiny
from tests.bench.serve_client import Client, Reply, at_rate, in_turn, request
from tests.bench.serve_speed import in_turns, overload_figures, parse, peer_figures, percentile_ms, pieces_a_piece
from tests.bench.serve_texts import sentences

DIRECTION = ("en", "de")


def replies(*milliseconds, status=200):
    return [Reply(status, one / 1000, "1" if status == 429 else "") for one in milliseconds]


@pytest.fixture(scope="module")
def translator():
    return tiny.translator()


def asked(ask):
    """What `ask` of a client gives, and the texts that a server got which refuses all that begin with an n."""
    texts = []

    async def answer(reader, writer):
        while head := await reader.readline():
            length = int((await reader.readuntil(b"\r\n\r\n")).rsplit(b": ", 1)[1])
            texts.append(json.loads(await reader.readexactly(length))["q"])
            is_refused = texts[-1].startswith("n")
            status = b"429 Too Many\r\nRetry-After: 7" if is_refused else b"200 OK"
            writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\n{}")
            assert head.startswith(b"POST /translate")
        writer.close()

    async def scenario():
        async with await asyncio.start_server(answer, "127.0.0.1") as server:
            client = Client(server.sockets[0].getsockname()[1], DIRECTION)
            found = await ask(client)
            client.close()
            await asyncio.sleep(0.001)
            return found

    return asyncio.run(scenario()), texts


def test_a_client_notes_status_and_retry_after():
    async def ask(client):
        return [await client.ask(text) for text in ("yes", "no")]

    found, texts = asked(ask)
    assert [(reply.status, reply.retry_after) for reply in found] == [(200, ""), (429, "7")]
    assert texts == ["yes", "no"]


def test_each_connection_asks_again_as_soon_as_it_has_its_answer():
    found, texts = asked(lambda client: in_turn(client, sentences(), 2, 0.02))
    assert len(found) == len(texts) >= 2
    assert len(set(texts)) == len(texts)


def test_servers_are_asked_in_turns():
    async def ask(client):
        return await in_turns({"ours": client._port, "peer": client._port}, DIRECTION, sentences(), 0.01)

    speeds, texts = asked(ask)
    assert {name: len(found) for name, found in speeds.items()} == {"ours": 3, "peer": 3}
    assert texts


def test_ours_is_told_in_multiples_of_its_peer():
    figures = peer_figures({"ours": [10, 30, 20], "peer": [5, 10, 20]})
    assert figures == {"peer_a_second": 10, "times_the_peer": 2, "times_the_peer_by_round": "2.00, 3.00, 1.00"}


def test_the_peers_translations_are_as_long_as_ours(translator):
    (source,) = translator.plan("seventy one", *DIRECTION).sources
    ((best, *_),) = translator.search([source], translator.options())
    assert pieces_a_piece(translator, DIRECTION, ["seventy one"]) == len(best.ids) / len(source)


def test_requests_come_at_the_rate_that_was_asked_for():
    found, texts = asked(lambda client: at_rate(client, iter("abcdefghij"), 200, 0.05))
    assert (len(found), sorted(texts)) == (10, list("abcdefghij"))


def test_a_request_says_how_long_it_is():
    head, body = request("Größe", DIRECTION).split(b"\r\n\r\n")
    assert head.endswith(f"Content-Length: {len(body)}".encode())


def test_percentiles_are_times_that_came():
    assert percentile_ms(replies(*range(1, 101)), 99) == pytest.approx(99)
    assert percentile_ms(replies(3, 1, 2), 50) == pytest.approx(2)
    assert percentile_ms([], 50) == 0


def test_an_overload_is_told_by_status():
    figures = overload_figures([*replies(5, 6), *replies(1, 2, 3, status=429)])
    assert figures["overload_statuses"] == {200: 2, 429: 3}
    assert figures["overload_without_retry"] == 0
    assert figures["overload_429_p99_ms"] == pytest.approx(3)


def test_sentences_come_from_a_file_over_and_over(tmp_path):
    (tmp_path / "lines").write_text("One.\n\nTwo.\n")
    assert list(islice(sentences(tmp_path / "lines"), 3)) == ["One.", "Two.", "One."]


def test_a_source_that_is_no_file_is_refused(capsys):
    with pytest.raises(SystemExit):
        parse(["--source", "/nowhere/at.all"])
    assert "--source must be a file, got /nowhere/at.all" in capsys.readouterr().err
