import socket

import pytest

from service.app import create_app
from service.cli import greeting, listen, main, public_address, server_config
from service.models import Models
from service.settings import Settings
from tests.service_fakes import FakeTranslator
from tests.stub_bundles import StubScheduler, stub


def test_the_help_lists_every_variable(capsys):
    with pytest.raises(SystemExit, match=r"0"):
        main(["--help"])
    printed = capsys.readouterr().out
    assert all(name in printed for name in ("--host", "--port", "--bundle", "MT_QUEUE_SIZE", "MT_KEEP_ALIVE_SECONDS"))


def test_a_bad_setting_is_one_line_and_status_2(capsys):
    assert main(["--port", "http"]) == 2
    assert capsys.readouterr().err == "mt-serve: MT_PORT is 'http'; it must be a whole number from 0 to 65,535.\n"


def test_a_busy_port_is_one_line_and_status_2(capsys):
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        assert main(["--port", str(port)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"mt-serve: cannot listen on 127.0.0.1:{port}: Address already in use.")


def test_a_host_that_is_not_here_is_one_line_and_status_2(capsys):
    assert main(["--host", "192.0.2.1"]) == 2
    assert capsys.readouterr().err.startswith("mt-serve: cannot listen on 192.0.2.1:8000: ")


def test_idle_connections_are_kept_75_seconds_and_requests_are_not_logged():
    config = server_config(create_app(Settings()), Settings())
    assert (config.timeout_keep_alive, config.timeout_graceful_shutdown, config.access_log) == (75, 30, False)


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]")])
def test_the_address_shown_is_one_that_can_be_reached(host, shown):
    with listen(host, 0) as listener:
        assert public_address(listener) == f"http://{shown}:{listener.getsockname()[1]}"


def test_the_greeting_holds_a_command_for_the_model_that_is_served():
    models = Models(StubScheduler)
    models.put(FakeTranslator())
    text = greeting(models, "http://127.0.0.1:8000")
    assert text.startswith("fake-en-de translates en → de, de → en, en → pt-br at http://127.0.0.1:8000 (")
    assert text.endswith("curl -d q='Good morning!' -d source=en -d target=de http://127.0.0.1:8000/translate")


def test_the_greeting_names_all_models():
    models = Models(StubScheduler)
    for name, directions in (("a", "de-en"), ("b", "en-fr")):
        models.put(stub(name, directions))
    assert greeting(models, "http://a").startswith("a and b translate de → en, en → fr at http://a (")
