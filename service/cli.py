"""`mt-serve`: the service as a program."""

import argparse
import os
import socket
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI

from service import keys_cli
from service.app import create_app, load_translator
from service.connections import Connection
from service.instruments import Instruments
from service.logs import configure_logging
from service.metrics import Metrics
from service.models import Models
from service.settings import Settings, SettingsError, read_settings, settings_table
from service.signals import end_at_once
from service.supervisor import supervise
from service.tracing import open_traces, wanted_exporter
from service.worker import Failure, explained

if TYPE_CHECKING:
    from mt import Translator

# How long a queue of new connections the kernel keeps; uvicorn's default.
BACKLOG = 2_048


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0 when it served until stopped, 2 when it could not begin, 1 for a fault of our own."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments[:1] == ["keys"]:
        return keys_cli.main(arguments[1:])
    try:
        settings = read_settings(chosen_variables(arguments))
        wanted_exporter(os.environ)
    except SettingsError as error:
        return _complain(error)
    return serve(settings)


def chosen_variables(arguments: Sequence[str] | None) -> dict[str, str]:
    """The variables that the command line sets; it exits when it has printed its help, or cannot be understood."""
    parser = argparse.ArgumentParser(
        prog="mt-serve",
        description="Serve a translator over HTTP, in the dialects of LibreTranslate and DeepL; "
        "`mt-serve keys` manages API keys.",
        epilog=f"Environment variables, which the options override:\n\n{settings_table()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", help="the address to listen on (MT_HOST)")
    parser.add_argument("--port", help="the port to listen on (MT_PORT)")
    parser.add_argument("--bundle", help="the bundle directory to serve (MT_BUNDLE)")
    parser.add_argument("--bundles", help="a folder of bundle directories to serve (MT_BUNDLES)")
    parser.add_argument("--workers", help="how many processes translate (MT_WORKERS)")
    options = vars(parser.parse_args(arguments))
    return {f"MT_{name.upper()}": value for name, value in options.items() if value is not None}


def serve(settings: Settings, load: "Callable[[Settings], Translator]" = load_translator) -> int:
    """The exit status after serving until a signal comes, or until loading fails; prints where it serves."""
    try:
        listener = listen(settings.host, settings.port)
    except OSError as error:
        return _complain(
            f"cannot listen on {settings.host}:{settings.port}: {_reason(error)}. "
            "Free that address, or choose another with --host and --port."
        )
    _say("Loading the translator …")
    if settings.workers > 1:
        configure_logging(settings)
        failure = supervise(partial(run_server, settings, load, listener), listener, settings, _say)
    else:
        failure = run_server(settings, load, listener, Metrics(), _say)
    if failure is None:
        return 0
    print(failure.text, file=sys.stderr, flush=True)
    return failure.status


def run_server(
    settings: Settings,
    load: "Callable[[Settings], Translator]",
    listener: socket.socket,
    metrics: Metrics,
    on_ready: Callable[[str], object],
) -> Failure | None:
    """Why the translator could not be loaded; otherwise it serves until a signal ends this process.

    on_ready gets the greeting.
    """
    failures: list[Failure] = []

    def give_up(error: Exception) -> None:
        failures.append(explained(error))
        server.should_exit = True

    def greet(models: Models) -> None:
        on_ready(greeting(models, public_address(listener)))

    configure_logging(settings)
    # uvicorn repeats the signal when it has drained: a translation that outlives MT_SHUTDOWN_SECONDS is not waited for.
    end_at_once()
    instruments = Instruments(metrics, open_traces(os.environ))
    server = uvicorn.Server(server_config(create_app(settings, load, greet, give_up, instruments), settings))
    server.run(sockets=[listener])
    return failures[0] if failures else None


def server_config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """How uvicorn runs: quiet about requests, whose addresses may hold texts, and patient with idle connections."""
    return uvicorn.Config(
        app,
        http=Connection,
        log_config=None,
        log_level=settings.log_level,
        access_log=False,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        proxy_headers=False,
        server_header=False,
        ws="none",
        lifespan="on",
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; OSError where there is no such address, or another program has it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


def _reason(error: OSError) -> str:
    """The system's words for the fault, without those that Python adds; a name that is not found has no errno > 0."""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error.strerror)


def public_address(listener: socket.socket) -> str:
    """The URL under which this machine reaches the socket."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def greeting(models: Models, address: str) -> str:
    """Where the models are, and a command that works as it stands."""
    names = " and ".join(model.translator.name for model in models)
    names += " translate" if len(models) > 1 else " translates"
    directions = ", ".join(f"{source} → {target}" for model in models for source, target in models.serves(model))
    source, target = next((pair for pair in models.directions if pair[0] == "en"), models.directions[0])
    return (
        f"{names} {directions} at {address} (what else it answers: {address}/docs). Try:\n"
        f"curl -d q='Good morning!' -d source={source} -d target={target} {address}/translate"
    )


def _complain(fault: object) -> int:
    """2, the exit status of a program that was asked for something impossible."""
    print(f"mt-serve: {fault}", file=sys.stderr, flush=True)
    return 2


def _say(text: str) -> None:
    # Flushed, as it is the sign of readiness for whoever reads it through a pipe.
    print(text, flush=True)
