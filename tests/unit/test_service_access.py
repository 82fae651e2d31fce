import asyncio
import json
import logging
from contextlib import contextmanager
from dataclasses import replace

import pytest
from fastapi import Request
from hypothesis import given, settings
from hypothesis import strategies as st

from service.access import Access, Client, Denied, given_key
from service.database import open_database
from service.errors import Refusal
from service.keys import Keys, Usage
from service.settings import Settings, read_settings
from tests import service_fakes
from tests.service_fakes import add_key

NOON = 1_907_928_000.0  # 2030-06-17T12:00:00Z


def request_from(peer="203.0.113.5", **headers):
    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return Request({"type": "http", "client": (peer, 1) if peer else None, "headers": raw})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys"


class Gate:
    """An Access whose calls are waited for, at a time that tests set."""

    def __init__(self, settings):
        self.now = NOON
        self.access = Access(settings, lambda: self.now)

    def admit(self, characters=0, request=None, **fields):
        return asyncio.run(self.access.admit(request or request_from(), fields, characters))

    def denial(self, *arguments, **fields):
        """What is answered instead: kind, status, text and the seconds to wait."""
        with pytest.raises(Denied) as denied:
            self.admit(*arguments, **fields)
        error = denied.value
        return error.kind, error.status, str(error), (error.headers or {}).get("Retry-After")

    def usage(self, **fields):
        async def ask():
            return await self.access.usage(await self.access.admit(request_from(), fields))

        return asyncio.run(ask())


@contextmanager
def gate(**variables):
    gate = Gate(read_settings({}, {f"MT_{name.upper()}": str(value) for name, value in variables.items()}))
    yield gate
    gate.access.close()


MISSING = ("key_missing", 400, "Please contact the server operator to get an API key", None)
WRONG = ("key_wrong", 403, "Invalid API key", None)


def test_without_keys_or_rates_everyone_is_let_in_and_known_by_the_address():
    with gate() as open_gate:
        assert open_gate.admit(10**9, api_key="anything") == Client("", "203.0.113.5")
        assert open_gate.admit(request=request_from(peer=None)) == Client("", "")


def test_a_key_is_required_where_there_are_keys(path):
    key = add_key(path)
    with gate(keys=path) as closed:
        assert closed.admit(api_key=key) == Client("a", "203.0.113.5")
        assert closed.denial() == MISSING
        assert closed.denial(api_key="x") == WRONG


def test_a_key_that_is_not_required_must_still_be_right(path):
    add_key(path)
    with gate(keys=path, key_required="false") as half_open:
        assert half_open.admit() == Client("", "203.0.113.5")
        assert half_open.denial(api_key="x") == WRONG


@pytest.mark.parametrize("none", [None, ""])
def test_a_key_that_is_null_or_empty_is_none(path, none):
    add_key(path)
    with gate(keys=path) as closed:
        assert closed.denial(api_key=none, auth_key=none) == MISSING
        assert closed.denial(request=request_from(authorization="Bearer ")) == MISSING


@pytest.mark.parametrize("odd", [5, 0, True, False, [], {}, ["x"], "\x00", "\ud800", "é" * 56, "x" * 100_000])
def test_odd_values_are_wrong_keys(path, odd):
    add_key(path)
    with gate(keys=path) as closed:
        assert closed.denial(api_key=odd) == WRONG


@pytest.mark.parametrize("scheme", ["Bearer", "bearer ", "DeepL-Auth-Key", "DEEPL-AUTH-KEY", "  Bearer"])
def test_a_key_may_come_as_authorization(path, scheme):
    key = add_key(path)
    with gate(keys=path) as closed:
        assert closed.admit(request=request_from(authorization=f"{scheme} {key} ")).name == "a"
        assert closed.denial(request=request_from(authorization=f"{scheme} {key[:-1]}")) == WRONG
        assert closed.denial(request=request_from(authorization=key)) == MISSING


@given(st.binary())
def test_no_bytes_of_an_authorization_make_the_server_fail(header):
    request = Request({"type": "http", "headers": [(b"authorization", header)]})
    assert given_key(request, {}) is None or isinstance(given_key(request, {}), str)


@pytest.fixture(scope="module")
def closed_client(tmp_path_factory):
    path = tmp_path_factory.mktemp("keys") / "keys"
    add_key(path)
    with service_fakes.Client(service_fakes.limited(keys=path)) as client:
        yield client.wait_until_ready()


odd_values = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()) | st.just("\ud800")
# What a server lets through as a header's value: anything but control characters.
header_bytes = st.binary().map(lambda value: bytes(byte for byte in value if byte >= 32 and byte != 127).strip())


@settings(max_examples=60, deadline=None)
@given(field=odd_values, scheme=st.sampled_from([b"", b"Bearer ", b"DeepL-Auth-Key "]), header=header_bytes)
def test_no_key_makes_the_server_fail(closed_client, field, scheme, header):
    body = json.dumps({"q": "a", "source": "en", "target": "de", "api_key": field})
    headers = {b"Content-Type": b"application/json", b"Authorization": (scheme + header).strip()}
    answer = closed_client.post("/translate", content=body, headers=headers)
    has_none = field in (None, "") and not (scheme and header)
    assert (answer.status_code, answer.json()["error"]) == (MISSING if has_none else WRONG)[1:3]


def test_fields_win_over_authorization_and_another_scheme_is_no_key():
    assert given_key(request_from(authorization="Bearer b"), {"api_key": "a"}) == "a"
    assert given_key(request_from(authorization="Bearer b"), {"api_key": "", "auth_key": "c"}) == "c"
    assert given_key(request_from(authorization="Bearer b"), {"api_key": None}) == "b"
    assert given_key(request_from(authorization="Basic b"), {}) is None


def test_an_address_without_a_key_keeps_to_the_rate():
    with gate(rate="2 per 1 minute") as slow:
        slow.admit()
        slow.now += 20.5
        slow.admit()
        assert slow.denial() == ("rate", 429, "Slowdown: 2 per 1 minute", "40")
        assert slow.admit(request=request_from("203.0.113.6")).address == "203.0.113.6"
        slow.now += 39.5
        slow.admit()


def test_a_key_has_its_own_rate_or_none_whatever_the_address(path):
    slow_key, free_key = add_key(path, "slow", rate="1 per 1 minute"), add_key(path, "free")
    with gate(keys=path, key_required="no", rate="1 per 1 day") as lifted:
        assert {lifted.admit(api_key=free_key).name for _ in range(5)} == {"free"}
        lifted.admit(api_key=slow_key)
        again = request_from("198.51.100.1")
        assert lifted.denial(request=again, api_key=slow_key) == ("rate", 429, "Slowdown: 1 per 1 minute", "60")
        lifted.admit()
        assert lifted.denial() == ("rate", 429, "Slowdown: 1 per 1 day", "86400")


def test_wrong_keys_are_tried_no_faster_than_the_rate(path):
    add_key(path)
    with gate(keys=path, rate="2 per 1 minute") as slow:
        assert [slow.denial(api_key="x")[0] for _ in range(3)] == ["key_wrong", "key_wrong", "rate"]


def test_a_key_named_like_an_address_shares_no_rate_with_it():
    assert Client("203.0.113.5", "").account != Client("", "203.0.113.5").account
    assert Client("a", "203.0.113.5").account == Client("a", "203.0.113.6").account


def test_the_address_behind_a_trusted_proxy_is_the_one_that_counts():
    with gate(rate="1 per 1 minute", trusted_proxies="10.0.0.0/8") as behind:
        for address in ("198.51.100.1", "198.51.100.2"):
            assert behind.admit(request=request_from("10.0.0.1", x_forwarded_for=address)).address == address
        made_up = request_from("10.0.0.1", x_forwarded_for="1.2.3.4, 198.51.100.1")
        assert behind.denial(request=made_up)[0] == "rate"


def test_characters_of_a_month_are_counted_and_bounded(path):
    key = add_key(path, characters=1_000)
    with gate(keys=path) as counting:
        counting.admit(990, api_key=key)
        assert counting.denial(20, api_key=key) == (
            "quota",
            403,
            "Quota exceeded: of 1,000 characters a month, 990 are used; this request has 20. Wait for the next month, "
            "or ask the server operator for more.",
            None,
        )
        assert counting.usage(api_key=key) == Usage(990, 1_000)
        counting.now += 14 * 86_400
        assert counting.usage(api_key=key) == Usage(0, 1_000)
        counting.admit(20, api_key=key)


def test_of_a_client_without_a_key_no_characters_are_counted(path):
    add_key(path)
    with gate(keys=path, key_required="false") as half_open:
        half_open.admit(1_000)
        assert half_open.usage() == Usage(0, None)


def test_a_request_that_fails_costs_no_characters_and_one_that_succeeds_does(path):
    key = add_key(path, characters=100)

    async def carry_out(access, error):
        async with access.admitted(request_from(), {"api_key": key}, 60) as client:
            assert client.name == "a"
            if error:
                raise error

    with gate(keys=path) as counting:
        for error in (Refusal(429, "full"), ZeroDivisionError(), asyncio.CancelledError()):
            with pytest.raises(type(error)):
                asyncio.run(carry_out(counting.access, error))
            assert counting.usage(api_key=key) == Usage(0, 100)
        asyncio.run(carry_out(counting.access, None))
        assert counting.usage(api_key=key) == Usage(60, 100)


def test_a_key_that_is_added_or_revoked_while_the_server_runs_counts_at_once(path):
    add_key(path)
    with gate(keys=path) as closed:
        key = add_key(path, "late")
        assert closed.admit(api_key=key).name == "late"
        connection = open_database(path)
        Keys(connection).revoke("late")
        connection.close()
        assert closed.denial(api_key=key) == WRONG


def test_a_key_file_that_fails_later_is_logged_and_nobody_let_in(path, caplog):
    key = add_key(path)
    with gate(keys=path) as failing:
        destroyer = open_database(path)
        destroyer.execute("DROP TABLE hits")
        destroyer.execute("DROP TABLE usage")
        with (
            caplog.at_level(logging.ERROR),
            pytest.raises(Refusal, match=r"Keys and rates cannot be checked") as refusal,
        ):
            failing.admit(1, api_key=key)
        assert (refusal.value.status, refusal.value.headers) == (503, {"Retry-After": "5"})
        assert "keys failed: no such table: usage" in caplog.text
        destroyer.close()


def test_what_cannot_be_given_back_is_logged(path, caplog):
    key = add_key(path)

    async def fail_with_the_file(access):
        async with access.admitted(request_from(), {"api_key": key}, 60):
            destroyer = open_database(path)
            destroyer.execute("DROP TABLE usage")
            destroyer.close()
            raise ZeroDivisionError

    with caplog.at_level(logging.ERROR):
        with gate(keys=path) as failing, pytest.raises(ZeroDivisionError):
            asyncio.run(fail_with_the_file(failing.access))
        assert "keys failed: no such table: usage" in caplog.text


def test_a_closed_gate_says_that_the_server_stops(path):
    key = add_key(path)
    with gate(keys=path) as closed:
        closed.access.close()
        with pytest.raises(Refusal, match=r"This server is stopping\. Try again elsewhere or later\.") as refusal:
            closed.admit(api_key=key)
    assert refusal.value.status == 503


def test_without_a_rate_or_keys_no_file_is_touched(tmp_path):
    access = Access(replace(Settings(), keys=None))
    assert asyncio.run(access.admit(request_from(), {})).name == ""
    access.close()
    assert list(tmp_path.iterdir()) == []
