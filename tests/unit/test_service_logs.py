import json
import logging
import sys
from contextvars import copy_context

import pytest

from service.logs import JsonFormatter, RequestLog, TextFormatter
from service.records import Phase, Record, begin_record
from tests.service_fakes import Client, limited

SECRETS = ("hallo wörld", "mt_0d4f5bb1a2c3", "HALLO")
RECORD = Record(
    "call-7", "POST", "/translate", 200, began=10.0, ended=10.1234, client="weblate", characters=5, texts=["hello"]
)


class Lines(logging.Handler):
    """What was logged, as a formatter writes it."""

    def __init__(self, formatter):
        super().__init__()
        self.setFormatter(formatter)
        self.written = []

    def emit(self, record):
        self.written.append(self.format(record))


@pytest.fixture
def lines(request):
    """The lines of the service's loggers at the level info."""
    handler, logger = Lines(getattr(request, "param", JsonFormatter)()), logging.getLogger("service")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler.written
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def within(record, work, *arguments):
    """What the work gives, done while the record is the current one."""

    def do():
        begin_record(record)
        return work(*arguments)

    return copy_context().run(do)


def logged(record, lines, shows_texts=False):
    within(record, RequestLog(shows_texts), record)
    return json.loads(lines[-1])


def test_a_request_is_one_json_line(lines):
    fields = logged(RECORD, lines)
    assert fields.pop("time")[-1] == "Z"
    assert fields == {
        "level": "info",
        "logger": "service.logs",
        "message": "POST /translate 200",
        "request_id": "call-7",
        "method": "POST",
        "route": "/translate",
        "status": 200,
        "milliseconds": 123.4,
        "characters": 5,
        "client": "weblate",
    }


@pytest.mark.parametrize("lines", [TextFormatter], indirect=True)
def test_a_request_is_one_line_for_people(lines):
    within(RECORD, RequestLog(shows_texts=False), RECORD)
    (line,) = lines
    said = 'info POST /translate 200 request_id="call-7" milliseconds=123.4 characters=5 client="weblate"'
    assert line.partition(" ")[2] == said


def test_a_line_says_what_else_is_known_of_a_request(lines):
    phases = [Phase("queue", 0.0, 0.5), Phase("search", 0.5, 2.0)]
    fields = logged(Record(route="", status=429, phases=phases, refusal="queue", has_left=True), lines)
    assert (fields["queue_milliseconds"], fields["search_milliseconds"]) == (500.0, 1500.0)
    assert (fields["refusal"], fields["client_left"]) == ("queue", True)
    assert not {"route", "client"} & set(fields)


def test_texts_are_logged_only_where_that_is_asked_for(lines):
    assert "texts" not in logged(RECORD, lines)
    assert logged(RECORD, lines, shows_texts=True)["texts"] == ["hello"]


@pytest.mark.parametrize("lines", [JsonFormatter, TextFormatter], indirect=True)
def test_no_text_and_no_key_of_any_request_is_logged(lines):
    with Client() as client:
        client.wait_until_ready()
        client.translate(q=SECRETS[0], api_key=SECRETS[1])
        client.translate(q=SECRETS[0], source=SECRETS[0])
        client.get(f"/{SECRETS[0]}", params={"q": SECRETS[0], "api_key": SECRETS[1]})
    assert len(lines) == 3
    assert not [line for line in lines for secret in SECRETS if secret in line or json.dumps(secret)[1:-1] in line]


def test_a_request_is_logged_with_its_characters_and_its_texts_if_wanted(lines):
    with Client(limited(log_texts=True)) as client:
        client.wait_until_ready().translate(q=["hello", "you\ud800"])
    fields = json.loads(lines[-1])
    assert (fields["status"], fields["characters"], fields["texts"]) == (400, 9, ["hello", "you\ud800"])


def test_requests_are_not_logged_at_the_level_of_warnings(lines):
    logging.getLogger("service").setLevel(logging.WARNING)
    RequestLog(shows_texts=True)(RECORD)
    assert lines == []


@pytest.fixture
def failure():
    try:
        raise ZeroDivisionError("bug")
    except ZeroDivisionError:
        line = logging.LogRecord("service.app", logging.ERROR, __file__, 1, "%s failed", ("GET",), sys.exc_info())
    return line


def test_a_failure_is_one_json_line_with_its_traceback(failure):
    text = within(RECORD, JsonFormatter().format, failure)
    fields = json.loads(text)
    assert "\n" not in text
    assert (fields["level"], fields["message"], fields["request_id"]) == ("error", "GET failed", "call-7")
    assert fields["traceback"].endswith("ZeroDivisionError: bug")


def test_a_failure_is_shown_to_people_with_its_traceback_below(failure):
    lines = TextFormatter().format(failure).splitlines()
    assert "error GET failed" in lines[0]
    assert lines[-1] == "ZeroDivisionError: bug"
