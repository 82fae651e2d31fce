import threading

from tests.service_fakes import Client, FakeTranslator

LOADING = {"error": "The translator is being loaded. Try again in a few seconds."}


class SlowTranslator(FakeTranslator):
    def __init__(self):
        super().__init__()
        self.may_load = threading.Event()

    def warm_up(self):
        assert self.may_load.wait(5)


def test_while_loading_the_service_is_alive_but_not_ready():
    translator = SlowTranslator()
    with Client(translator=translator) as client:
        assert client.get("/health").json() == {"status": "ok"}
        for path in ("/ready", "/languages"):
            answer = client.get(path)
            assert (answer.status_code, answer.json(), answer.headers["retry-after"]) == (503, LOADING, "1")
        assert (client.translate().status_code, client.translate().json()) == (503, LOADING)
        translator.may_load.set()
        answer = client.wait_until_ready().get("/ready")
        assert (answer.status_code, answer.json()) == (200, {"status": "ready", "models": ["fake-en-de"]})


def test_a_stopping_service_is_alive_but_not_ready():
    with Client() as client:
        client.wait_until_ready().app.state.service.drain()
        assert client.get("/health").status_code == 200
        answer = client.get("/ready")
        assert (answer.status_code, answer.json()["error"][:23]) == (503, "This server is stopping")
