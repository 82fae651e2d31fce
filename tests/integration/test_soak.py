"""`make soak` for a few seconds, and what it complains of."""

import http.server
import threading

import pytest

from tests import soak
from tests.served import Standing
from tests.soak import Sample, growth, left_behind
from tests.soak_visits import GOOD_WISHES, Failed, Refused, Visitor


def samples(*megabytes):
    return [Sample(second, Standing(1_000_000 * found, 10, 3)) for second, found in enumerate(megabytes)]


def test_a_few_seconds_of_all_visits_leave_nothing_behind(capsys):
    # Far too short for memory to be at its height before the warm-up ends.
    assert soak.main(["--minutes", "0.15", "--warm-up", "0.1", "--growth", "100"]) == 0
    header, *lines, memory, end = capsys.readouterr().out.splitlines()
    assert header.split() == ["minute", "requests", "refused", "failed", "MB", "descriptors", "threads"]
    assert int(lines[-1].split()[1].replace(",", "")) > 30
    assert memory.startswith("Memory: ")
    assert end == "Nothing failed, and nothing was left behind."


def test_a_warm_up_that_is_too_long_is_refused(capsys):
    with pytest.raises(SystemExit):
        soak.parse(["--minutes", "5"])
    assert "--warm-up must be less than --minutes 5, got 5" in capsys.readouterr().err


@pytest.mark.parametrize("later", [[100] * 10, [100] * 5 + [101] * 5, [100, 500] + [100] * 8, [103] * 5 + [100] * 5])
def test_memory_that_stays_is_fine_whatever_it_was_in_the_warm_up(later):
    assert growth(samples(10, 20, *later), 2, 2.0) == []


@pytest.mark.parametrize("later", [[100] * 5 + [103] * 5, range(100, 200)])
def test_memory_that_grows_is_complained_of(later):
    assert growth(samples(10, 20, *later), 2, 2.0) == ["The memory grew by more than 2 %."]


def test_what_is_left_behind_is_complained_of():
    start = Standing(1, 10, 3)
    assert left_behind(start, Standing(1, 26, 19)) == []
    assert left_behind(start, Standing(1, 27, 200)) == [
        "There are 27 descriptors after all clients have left; there were 10 at the start.",
        "There are 200 threads after all clients have left; there were 3 at the start.",
    ]


class Nonsense(http.server.BaseHTTPRequestHandler):
    """Answers everything with the same wrong answer."""

    def answer(self):
        self.send_response(self.server.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, *_):
        pass


Nonsense.do_GET = Nonsense.do_POST = Nonsense.answer


@pytest.fixture
def nonsense():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Nonsense) as server:
        threading.Thread(target=server.serve_forever, args=[0.01]).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize("wish", [Visitor.translate_json, Visitor.translate_as_deepl, Visitor.read_stream])
@pytest.mark.parametrize("status", [200, 500])
def test_a_wrong_answer_is_a_failure(nonsense, status, wish):
    nonsense.status = status
    visitor = Visitor(f"http://127.0.0.1:{nonsense.server_port}", 1, {}, [])
    with pytest.raises(Failed, match=wish.__name__):
        visitor.fulfil(wish)
    visitor.close()


@pytest.mark.parametrize("wish", [wish for wish in GOOD_WISHES if wish is not Visitor.dawdle])
def test_a_server_that_is_too_busy_refuses_and_does_not_fail(nonsense, wish):
    nonsense.status = 429
    visitor = Visitor(f"http://127.0.0.1:{nonsense.server_port}", 1, {}, [])
    with pytest.raises(Refused):
        visitor.fulfil(wish)
    visitor.close()
