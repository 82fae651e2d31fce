"""Many lines: in chunks, by several processes, in the order of the input, in constant memory."""

import hashlib
import json
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, NamedTuple

from mt.bundle import MANIFEST, Bundle, load_bundle
from mt.errors import DragomanError, InvalidText
from mt.planning import Translation
from mt.text.markup import Form
from mt.translator import Translator

# A chunk is whole at whichever comes first. Its bounds depend on the input alone, never on the number of processes:
# what a line is searched beside may move the last digits of its score.
LINES_AT_ONCE = 256  # eight full batches; more at once were not faster
BYTES_AT_ONCE = 16_384  # chunks are alike in work then, and no process is alone with a long one at the end
_JSON_KEYS = ("text", "score", "alternatives", "warnings", "alternative_scores", "confidence")
CHUNKS_AHEAD = 4  # a process: how far the others may go on while one chunk takes long


class Chunk(NamedTuple):
    """Some lines of the input, which are translated together."""

    lines: list[str]
    raw: bytes  # the same as they stand in the input, line ends included


class Done(NamedTuple):
    """What became of a chunk."""

    lines: list[str]  # one for each line of the chunk
    sentences: int  # how many were searched; one that comes twice in a chunk is searched once


Work = Callable[[list[str]], Done]


def in_chunks(
    stream: Iterable[bytes], name: str, first: int = 1, most_lines: int = LINES_AT_ONCE, most_bytes: int = BYTES_AT_ONCE
) -> Iterator[Chunk]:
    """The lines of a stream, whose first one has this number; nothing is read behind a chunk before it is taken.

    Raises InvalidText for a line that is not UTF-8, behind a chunk of the lines before it.
    """
    lines: list[str] = []
    raw = b""
    for number, line in enumerate(stream, start=first):
        try:
            lines.append(line.decode("utf-8").removesuffix("\n"))
        except UnicodeDecodeError as error:
            if lines:
                yield Chunk(lines, raw)
            raise InvalidText(
                f"Line {number:,} of {name} is not UTF-8 (byte {error.object[error.start]:#04x} at place "
                f"{error.start + 1}). Convert it first, for example with `iconv -f LATIN1 -t UTF-8`."
            ) from error
        raw += line
        if len(lines) >= most_lines or len(raw) >= most_bytes:
            yield Chunk(lines, raw)
            lines, raw = [], b""
    if lines:
        yield Chunk(lines, raw)


@dataclass(frozen=True)
class Job:
    """What is made of each line, and by what; small, so that it can be sent to another process."""

    bundle: Path
    engine: str
    source: str
    target: str
    n_best: int = 1
    greedy: bool = False
    as_json: bool = False
    protect: bool = True
    form: str = "text"
    loop_guard: bool = True
    shortlist: bool = False

    def open(self, bundle: Bundle | None = None, threads: int | None = None) -> Work:
        """The work, with a translator of its own; the bundle is loaded unless it is given.

        Raises what `translator` does.
        """
        return partial(self._translate, self.translator(bundle, threads))

    def translator(self, bundle: Bundle | None = None, threads: int | None = None) -> Translator:
        """What does it; the bundle is loaded unless it is given.

        Raises what load_bundle, Translator and its require_direction do.
        """
        bundle = bundle or load_bundle(self.bundle)
        search = replace(bundle.manifest.search_options, loop_guard=self.loop_guard, shortlist=self.shortlist)
        translator = Translator(bundle, threads, self.engine, search)
        translator.require_direction(self.source, self.target)
        return translator

    def _translate(self, translator: Translator, lines: list[str]) -> Done:
        searched: list[int] = []
        translations = translator.translate(
            lines,
            self.source,
            self.target,
            n_best=self.n_best,
            greedy=self.greedy,
            form=Form(self.form),
            protect=self.protect,
            progress=searched.append,
        )
        written = _as_json(lines, translations) if self.as_json else [one.text for one in translations]
        return Done(written, sum(searched))

    def made_with(self) -> dict[str, Any]:
        """All that decides what a line becomes: the options, and for the bundle the sha256 of its manifest."""
        manifest = hashlib.sha256((self.bundle / MANIFEST).read_bytes()).hexdigest()
        return {**asdict(self), "bundle": manifest}


def _as_json(lines: list[str], translations: list[Translation]) -> list[str]:
    return [
        json.dumps({"source": line, **{key: getattr(one, key) for key in _JSON_KEYS}}, ensure_ascii=False)
        for line, one in zip(lines, translations, strict=True)
    ]


def work_through(
    open_work: Callable[[], Work], chunks: Iterable[Chunk], processes: int = 1
) -> Generator[tuple[Chunk, Done], None, None]:
    """Each chunk with what became of it, in order; close the iterator to end its processes before its end.

    One process is this one; several are new ones, which open the work themselves, so `open_work` is a function that
    can be pickled, and this is the main thread. Only a few chunks for each are held at a time. A deliberate error in
    reading the chunks is raised when all that was read before is done. Raises DragomanError when a process dies.
    """
    if processes > 1:
        yield from _in_processes(open_work, chunks, processes)
    else:
        work = open_work()
        for chunk in chunks:
            yield chunk, work(chunk.lines)


def _in_processes(
    open_work: Callable[[], Work], chunks: Iterable[Chunk], processes: int
) -> Iterator[tuple[Chunk, Done]]:
    """Those idle get the next chunks; what is done too early waits for its turn."""
    failures: list[DragomanError] = []
    unread = _until_failure(chunks, failures)
    idle: list[_Process] = []
    busy: dict[Connection, tuple[_Process, int]] = {}  # with the number of the chunk
    in_turn: deque[Chunk] = deque()  # read, and not given back yet
    done: dict[int, Done] = {}
    turn = 0
    with ExitStack() as processes_to_end:
        while True:
            while len(busy) < processes and len(in_turn) < processes * CHUNKS_AHEAD and (chunk := next(unread, None)):
                if not idle:
                    idle.append(_Process(open_work))
                    processes_to_end.callback(idle[-1].end)
                process = idle.pop()
                process.give(chunk.lines)
                busy[process.connection] = process, turn + len(in_turn)
                in_turn.append(chunk)
            if not in_turn:
                break
            ready = wait(list(busy))
            for connection in [one for one in busy if one in ready]:
                process, number = busy.pop(connection)
                done[number] = process.take()
                idle.append(process)
            while turn in done:
                yield in_turn.popleft(), done.pop(turn)
                turn += 1
    if failures:
        raise failures[0]


def _until_failure(chunks: Iterable[Chunk], failures: list[DragomanError]) -> Iterator[Chunk]:
    """The chunks up to a deliberate error in reading them, which is kept for later."""
    try:
        yield from chunks
    except DragomanError as error:
        failures.append(error)


class _Process:
    """A process that does one piece of work after the other."""

    def __init__(self, open_work: Callable[[], Work]) -> None:
        # A forked process would inherit TensorFlow's locks without the threads that hold them.
        context = get_context("spawn")
        self.connection, far_end = context.Pipe()
        self._process = context.Process(target=_serve, args=(far_end, open_work), daemon=True)
        # A terminal sends Ctrl-C to all processes. Those that inherit a deaf ear leave it to this one to end them.
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self._process.start()
        finally:
            signal.signal(signal.SIGINT, handler)
            far_end.close()

    def give(self, lines: list[str]) -> None:
        with self._death_explained():
            self.connection.send(lines)

    def take(self) -> Done:
        """What became of the lines given last; raises the deliberate error that they met."""
        with self._death_explained():
            answer = self.connection.recv()
        if isinstance(answer, DragomanError):
            raise answer
        return answer

    def end(self) -> None:
        self.connection.close()
        self._process.kill()
        self._process.join()

    @contextmanager
    def _death_explained(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, OSError) as error:
            self._process.join()
            status = self._process.exitcode or 0
            how = f"signal {-status} ({signal.strsignal(-status)})" if status < 0 else f"exit status {status}"
            raise DragomanError(
                f"A translating process died: {how}. If memory was short, give --workers a smaller number."
            ) from error


def _serve(connection: Connection, open_work: Callable[[], Work]) -> None:
    """The life of a process: lines in, what became of them out, until nobody is at the other end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Windows does not let a process inherit it
    opened = cache(open_work)
    try:
        while True:
            lines = connection.recv()
            try:
                answer: Done | DragomanError = opened()(lines)
            except DragomanError as error:
                answer = error
            connection.send(answer)
    except (EOFError, ConnectionError):
        return
