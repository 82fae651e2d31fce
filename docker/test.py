"""Builds the images, runs each without a network and on a read-only disk, translates with it over HTTP and stops it.

Variables:
  DOCKER              the command to use: docker by default; such as "sudo docker" or podman
  BASE                the base image, instead of the Dockerfile's
  DOCKER_BUILD_FLAGS  more flags of `docker build`, such as --network=host
  DOCKER_RUN_FLAGS    more flags of `docker run`, such as "-v /path/to/bundle:/bundle:ro -e MT_BUNDLE=/bundle"
"""

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
# The images, by the Dockerfile's target, and the library that the program of each has loaded, of the two there are.
LIBRARIES = {"default": "ai_edge_litert", "savedmodel": "tensorflow"}
MOST_MEGABYTES = {"default": 300}  # what an image may add to the base image
DOCKER = shlex.split(os.environ.get("DOCKER") or "docker")
# As compose.yaml runs it, and without a network.
RESTRICTIONS = ["--network=none", "--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges"]
START_SECONDS = 120  # for a slow and busy machine
STOP_SECONDS = 40  # compose.yaml's stop_grace_period
SENTENCES = {"en": "A dog is running across the street.", "de": "Ein Hund läuft über die Straße."}
# Runs inside the container, as nothing else reaches it: the request is the argument, the answer is printed.
CLIENT = """
import json, sys, time, urllib.error, urllib.request
path, body = json.loads(sys.argv[1])
data = body and json.dumps(body).encode()
request = urllib.request.Request("http://127.0.0.1:8000" + path, data, {"Content-Type": "application/json"})
start = time.monotonic()
try:
    with urllib.request.urlopen(request, timeout=60) as answer:
        status, text = answer.status, answer.read()
except urllib.error.HTTPError as error:
    status, text = error.code, error.read()
print(json.dumps([status, json.loads(text), 1000 * (time.monotonic() - start)]))
"""


class Failure(Exception):
    """What the image does not do as it should."""


def main() -> int:
    """The exit status: 0 when the images do all that they should."""
    try:
        base = build("base")
        for target in LIBRARIES:
            print(f"docker-test: image {target}", flush=True)
            check_image(target, base)
    except Failure as failure:
        print(f"docker-test: failed: {failure}", file=sys.stderr)
        return 1
    print("docker-test: passed")
    return 0


def check_image(target: str, base: str) -> None:
    """Builds a target, runs it, and raises Failure where it does not do as it should."""
    start = time.monotonic()
    image = build(target)
    report("build", f"{time.monotonic() - start:.0f} s")
    check_size(image, base, MOST_MEGABYTES.get(target))
    with container(image) as name:
        await_start(name)
        check_user(name)
        check_translations(name)
        check_engine(name, LIBRARIES[target])
        check_stop(name)


def build(target: str) -> str:
    """The name of the image that was built."""
    image = f"dragoman-test:{target}"
    base = [f"--build-arg=BASE={os.environ['BASE']}"] if os.environ.get("BASE") else []
    stage = [] if target == "default" else [f"--target={target}"]
    flags = [*base, *stage, *shlex.split(os.environ.get("DOCKER_BUILD_FLAGS", ""))]
    command = [*DOCKER, "build", *flags, "--file=docker/Dockerfile", f"--tag={image}", "."]
    try:
        status = subprocess.run(command, cwd=ROOT, env={"DOCKER_BUILDKIT": "1", **os.environ}, check=False).returncode
    except OSError as error:
        raise Failure(f"cannot run {DOCKER[0]!r}: {error.strerror}. Install Docker, or name it with DOCKER=…") from None
    if status:
        raise Failure(f"the build of {target} ended with {status}; the reason is above")
    return image


def check_size(image: str, base: str, most: int | None) -> None:
    """Raises Failure when the image adds more megabytes than that to its base image."""
    whole, below = (int(docker("image", "inspect", "--format={{.Size}}", one)) / 1e6 for one in (image, base))
    if most and whole - below > most:
        raise Failure(f"{image} adds {whole - below:,.0f} MB to its base image; it may add {most}")
    report("size", f"{whole - below:,.0f} MB more than the base image's {below:,.0f} MB")


@contextmanager
def container(image: str) -> Iterator[str]:
    """The name of a running container, removed afterwards; what it logged is printed when something fails."""
    name = f"dragoman-test-{os.getpid()}"
    flags = [*RESTRICTIONS, *shlex.split(os.environ.get("DOCKER_RUN_FLAGS", ""))]
    docker("run", "--detach", f"--name={name}", *flags, image)
    try:
        yield name
    except BaseException:
        subprocess.run([*DOCKER, "logs", "--tail=50", name], stdout=sys.stderr, check=False)
        raise
    finally:
        docker("rm", "--force", name)


def await_start(name: str) -> None:
    """Waits until the translator is loaded, and until the health check has noticed that the service is up."""
    report("ready", f"{wait_until(lambda: ask(name, '/ready')[0] == 200, name, 'answer 200 at /ready'):.1f} s")
    health = "--format={{.State.Health.Status}}"
    wait_until(lambda: docker("inspect", health, name) == "healthy", name, "become healthy")


def wait_until(done: Callable[[], bool], name: str, aim: str) -> float:
    """The seconds that passed until done() was true; raises Failure when it does not come true, or the service ends."""
    start = time.monotonic()
    while not done():
        if docker("inspect", "--format={{.State.Running}}", name) != "true":
            raise Failure(f"the service ended with {exit_status(name)} before it could {aim}")
        if time.monotonic() - start > START_SECONDS:
            raise Failure(f"the service did not {aim} within {START_SECONDS} s")
        time.sleep(0.2)
    return time.monotonic() - start


def check_user(name: str) -> None:
    """Raises Failure when the service runs as root."""
    user = docker("exec", name, "id", "-u")
    if user == "0":
        raise Failure("the service runs as root")
    report("user", user)


def check_translations(name: str) -> None:
    """Translates a sentence in every direction that the service has."""
    _, languages, _ = ask(name, "/languages")
    for source, target in [(language["code"], target) for language in languages for target in language["targets"]]:
        body = {"q": SENTENCES[source], "source": source, "target": target}
        status, answer, milliseconds = ask(name, "/translate", body)
        if status != 200 or not answer.get("translatedText", "").strip():
            raise Failure(f"{body} was answered with {status} {answer}")
        report(f"{source} → {target}", f"{milliseconds:.0f} ms: {SENTENCES[source]} → {answer['translatedText']}")


def check_engine(name: str, expected: str) -> None:
    """Raises Failure unless the service has loaded the expected one of the libraries, and it alone."""
    maps = docker("exec", name, "cat", "/proc/1/maps")
    loaded = [library for library in LIBRARIES.values() if f"/{library}/" in maps]
    if loaded != [expected]:
        raise Failure(f"the service translates with {' and '.join(loaded) or 'no library known'}, not with {expected}")
    report("engine", expected)


def check_stop(name: str) -> None:
    """Raises Failure when the service does not end by itself, and with success, after a SIGTERM."""
    start = time.monotonic()
    docker("stop", "-t", str(STOP_SECONDS), name)
    seconds = time.monotonic() - start
    if status := exit_status(name):
        raise Failure(f"the service ended with {status}, {seconds:.1f} s after a SIGTERM")
    report("stop", f"{seconds:.1f} s")


def ask(name: str, path: str, body: dict[str, str] | None = None) -> tuple[int, Any, float]:
    """The status, the answer and its milliseconds; status 0 while nothing listens."""
    answer = docker("exec", name, "python", "-c", CLIENT, json.dumps([path, body]), check=False)
    return json.loads(answer) if answer else (0, None, 0.0)


def exit_status(name: str) -> int:
    """What the container's program ended with."""
    return int(docker("inspect", "--format={{.State.ExitCode}}", name))


def docker(*arguments: str, check: bool = True) -> str:
    """What the command printed; raises Failure when it fails, unless that is no surprise."""
    done = subprocess.run([*DOCKER, *arguments], capture_output=True, text=True, check=False)
    if done.returncode and check:
        raise Failure(f"`{shlex.join([*DOCKER, *arguments])}` ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout.strip()


def report(name: str, value: str) -> None:
    """Prints one measurement."""
    print(f"docker-test: {name:8} {value}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
