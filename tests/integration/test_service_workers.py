"""Several processes that serve one socket, with a real bundle, some of which are killed."""

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests import tiny

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked at in /proc")

PROGRAM = "import sys; from service.start import main; sys.exit(main())"
BODY = "q=seventy+one&source=en&target=de"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# A process counts into the folder, as the one at that place.
COUNTING = """
import sys
from pathlib import Path
from service.metrics import Metrics
metrics = Metrics.shared(Path(sys.argv[1]), int(sys.argv[2]))
metrics.characters.inc(int(sys.argv[3]))
metrics.waiting.set(int(sys.argv[3]))
"""
COUNTS = """
import sys
from pathlib import Path
from service.metrics import Metrics, forget_dead
if len(sys.argv) > 2:
    forget_dead(Path(sys.argv[1]), int(sys.argv[2]))
for accept in ("", "application/openmetrics-text"):
    print(Metrics(Path(sys.argv[1])).text(accept)[0].decode())
"""


def wait_until(is_so, seconds=60):
    deadline = time.monotonic() + seconds
    while not (found := is_so()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


class Service:
    """A running `mt-serve` with three workers."""

    def __init__(self, process):
        self.process = process
        lines = iter(process.stdout.readline, "")
        self.address = next(line for line in lines if line.startswith("curl ")).split()[-1]
        self.netloc = urlsplit(self.address).netloc

    def workers(self):
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return {int(child) for child in children if b"spawn_main" in command_line(child)}

    def metrics(self):
        """Each sample without labels or whose only label is the model, by its name."""
        with urllib.request.urlopen(f"http://{self.netloc}/metrics", timeout=60) as answer:
            text = answer.read().decode()
        return {
            name: float(value) for name, value in re.findall(r'^(\w+)(?:{model="tiny"})? (\S+)$', text, re.MULTILINE)
        }

    def wait_until_all_are_ready(self):
        wait_until(lambda: self.metrics()["dragoman_model_loaded"] == 3)


def command_line(process):
    """What the process was started with, nothing where it has just ended."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


@contextmanager
def serving(**settings):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MT_")}
    variables = {"MT_BUNDLE": str(tiny.bundle_folder()), "MT_PORT": "0", "MT_WORKERS": "3", "MT_ENGINE": "litert"}
    command = [sys.executable, "-c", PROGRAM]
    path = os.pathsep.join([*sys.path, "."])
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(
        command, **pipes, text=True, env={**kept, "PYTHONPATH": path, **variables, **settings}
    ) as process:
        try:
            yield Service(process)
        finally:
            process.kill()


class Load:
    """Clients that ask one question after the other, each on a connection of its own."""

    def __init__(self, netloc, clients=6):
        self.netloc = netloc
        self.answers, self.failed_ports, self.unexpected = 0, set(), []
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(clients)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        self._is_over.set()
        for thread in self._threads:
            thread.join(60)

    def _ask(self):
        while not self._is_over.is_set():
            connection = http.client.HTTPConnection(self.netloc, timeout=60)
            connection.connect()
            port = connection.sock.getsockname()[1]
            try:
                connection.request("POST", "/translate", BODY, FORM)
                answer = connection.getresponse()
                if answer.status != 200 or b"translatedText" not in answer.read():
                    self.unexpected.append(answer.status)
                self.answers += 1
            except (OSError, http.client.HTTPException):
                self.failed_ports.add(port)
            finally:
                connection.close()

    def wait_for_answers(self, count=30):
        before = self.answers
        wait_until(lambda: self.answers >= before + count)


def ports_of_clients(process):
    """The ports at the other ends of a process's connections."""
    links = [os.readlink(link) for link in Path(f"/proc/{process}/fd").iterdir() if link.is_symlink()]
    inodes = set(re.findall(r"socket:\[(\d+)\]", " ".join(links)))
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {int(row[2].split(":")[1], 16) for row in rows if row[9] in inodes}


def freeze(process):
    os.kill(process, signal.SIGSTOP)
    wait_until(lambda: Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "T")


def test_when_a_worker_is_killed_only_its_own_requests_fail_and_another_takes_its_place():
    with serving() as service, Load(service.netloc) as load:
        service.wait_until_all_are_ready()
        load.wait_for_answers()
        before, counted = service.workers(), service.metrics()["dragoman_characters_total"]
        victim = min(before)
        # Frozen, it takes nothing new, so that what it has can be told.
        freeze(victim)
        own_ports = ports_of_clients(victim)
        os.kill(victim, signal.SIGKILL)
        load.wait_for_answers()
        service.wait_until_all_are_ready()
        load.wait_for_answers()
        after = service.workers()
        assert service.metrics()["dragoman_characters_total"] >= counted + 60 * len("seventy one")
        load.end()
        service.process.terminate()
        said = service.process.communicate(timeout=60)[1]
    assert load.unexpected == []
    assert (len(after), len(before & after), victim in after) == (3, 2, False)
    assert f"Process {victim} ended with signal 9 (Killed). Another takes its place in 0.1 s." in said
    assert load.failed_ports <= own_ports


def test_when_a_worker_hangs_the_others_go_on_and_another_takes_its_place():
    with serving(MT_HANG_SECONDS="3") as service, Load(service.netloc) as load:
        service.wait_until_all_are_ready()
        load.wait_for_answers()
        before = service.workers()
        victim = min(before)
        freeze(victim)
        own_ports = ports_of_clients(victim)
        load.wait_for_answers()
        wait_until(lambda: victim not in (workers := service.workers()) and len(workers) == len(before))
        service.wait_until_all_are_ready()
        load.wait_for_answers()
        after = service.workers()
        load.end()
        service.process.terminate()
        said = service.process.communicate(timeout=60)[1]
    assert load.unexpected == []
    assert (len(after), len(before & after)) == (3, 2)
    how = f"Process {victim} ended with signal 9 (Killed), as it had not answered for 3 s. Another takes its place in"
    assert how in said
    assert load.failed_ports <= own_ports


def test_when_the_supervisor_is_killed_its_workers_end():
    with serving() as service:
        service.wait_until_all_are_ready()
        workers = service.workers()
        service.process.kill()
        service.process.wait()
        wait_until(lambda: not [one for one in workers if is_running(one)])


def is_running(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_weights_are_in_memory_once():
    with serving() as service:
        service.wait_until_all_are_ready()
        for worker in service.workers():
            mapped = mapping(worker, "tflite")
            assert mapped["Private_Dirty"] == 0
            assert 0 < mapped["Pss"] < 0.5 * mapped["Rss"]


def mapping(process, name):
    """The kilobytes of the mapped files with that in their name, by kind."""
    sums, is_it = {}, False
    for line in Path(f"/proc/{process}/smaps").read_text().splitlines():
        kind, *rest = line.split()
        if re.fullmatch("[0-9a-f]+-[0-9a-f]+", kind):
            is_it = name in line
        elif is_it and rest[-1] == "kB":
            sums[kind[:-1]] = sums.get(kind[:-1], 0) + int(rest[0])
    return sums


def python(program, *arguments):
    command = [sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_processes_count_together_also_those_that_follow_dead_ones(tmp_path):
    for place, characters in ((0, 3), (1, 4), (0, 5)):
        python(COUNTING, tmp_path, place, characters)
    assert python(COUNTS, tmp_path).count("dragoman_characters_total 12.0") == 2  # once in each format
    assert python(COUNTS, tmp_path).count("dragoman_queue_length 9.0") == 2
    assert python(COUNTS, tmp_path, 0).count("dragoman_queue_length 4.0") == 2
