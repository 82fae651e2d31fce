"""What is known of a request while it is carried out, for the log, the metrics and the traces."""

import re
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

PhaseName = Literal["queue", "search"]

REQUEST_ID = "X-Request-ID"
# What a log line and a header can hold without harm, and no longer than an address of one's own making needs.
SANE_ID = re.compile(r"[A-Za-z0-9._~:/+=@-]{1,128}")


class Phase(NamedTuple):
    """A part of a request's time, in seconds of `time.monotonic`."""

    name: PhaseName
    began: float
    ended: float


@dataclass
class Record:
    """One request; who learns something of it writes it here."""

    identifier: str = field(default_factory=lambda: uuid.uuid4().hex)
    method: str = ""
    route: str = ""  # the template of its address, "" when there is nothing at that address
    status: int = 0  # 0 until an answer was begun
    began: float = field(default_factory=time.monotonic)
    ended: float = 0.0
    client: str = ""  # the name of its key
    characters: int = 0  # in the texts that were let in
    texts: Sequence[str] = ()
    refusal: str = ""  # why it was not let in
    has_left: bool = False  # the client, before it had the whole answer
    parent: str = ""  # the header `traceparent` (W3C Trace Context)
    phases: list[Phase] = field(default_factory=list)

    @property
    def seconds(self) -> dict[PhaseName, float]:
        """How long the phases of each name took together."""
        seconds: dict[PhaseName, float] = {}
        for name, began, ended in self.phases:
            seconds[name] = seconds.get(name, 0.0) + ended - began
        return seconds

    @contextmanager
    def phase(self, name: PhaseName) -> Iterator[None]:
        """What is done within is a phase of the request, also when it fails."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.phases.append(Phase(name, began, time.monotonic()))


_CURRENT: ContextVar[Record | None] = ContextVar("request", default=None)


def begin_record(record: Record) -> None:
    """Nothing; it is the current one in this task and those it begins."""
    _CURRENT.set(record)


def current_record() -> Record:
    """The record of the request that is being carried out; outside of all requests, one that nobody reads."""
    return _CURRENT.get() or Record()


def current_id() -> str:
    """The identifier of the request that is being carried out, "" outside of all requests."""
    record = _CURRENT.get()
    return record.identifier if record else ""


def chosen_id(given: Sequence[str]) -> str:
    """The identifier that a request's headers give, or a new one when they give none, several, or an unsafe one."""
    if len(given) == 1 and SANE_ID.fullmatch(given[0]):
        return given[0]
    return uuid.uuid4().hex
