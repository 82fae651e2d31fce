"""The key file: SQLite, so that the worker processes share what they count, and a restart forgets nothing."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mt import DragomanError

# What marks a file as ours in SQLite's own header, and the layout of its tables.
APPLICATION_ID = int.from_bytes(b"mtky")
LAYOUT = 1
TABLES = (
    """CREATE TABLE keys (
        name TEXT PRIMARY KEY,
        identifier TEXT NOT NULL UNIQUE,  -- the part of the key that is no secret
        hash BLOB NOT NULL,               -- SHA-256 of the whole key
        rate TEXT NOT NULL,               -- '' is none
        characters INTEGER,               -- a month; NULL is as many as wanted
        expires TEXT NOT NULL             -- the last day, YYYY-MM-DD in UTC; '' is never
    )""",
    """CREATE TABLE usage (
        name TEXT NOT NULL REFERENCES keys ON DELETE CASCADE,
        month TEXT NOT NULL,              -- YYYY-MM in UTC
        characters INTEGER NOT NULL,
        PRIMARY KEY (name, month)
    )""",
    # One row for each request that was let in, as long as a rate looks back; times are seconds since 1970.
    "CREATE TABLE hits (who TEXT NOT NULL, at REAL NOT NULL, forgotten_at REAL NOT NULL)",
    "CREATE INDEX hits_of_one ON hits (who, at)",
    "CREATE INDEX hits_to_forget ON hits (forgotten_at)",
    f"PRAGMA application_id = {APPLICATION_ID}",
)
# How long one worker waits for another's write, which takes well under a millisecond.
LOCK_SECONDS = 5


class KeyFileError(DragomanError):
    """A key file that cannot be used, or a key in it that cannot be made or found."""


def open_database(path: Path | None, may_make: bool = False) -> sqlite3.Connection:
    """A connection to the key file, or without one to tables in memory; for one thread at a time, any thread.

    may_make: a file that is not there is made, readable by its owner alone. Raises KeyFileError for a file that is
    missing, damaged, read-only or another program's.
    """
    if path is None:
        return _connected(":memory:")
    try:
        if may_make:
            path.touch(mode=0o600)
        elif not path.exists():
            raise KeyFileError(f"There is no key file {path}. Make it by adding a key: mt-serve keys add NAME")
        return _connected(path)
    except (OSError, sqlite3.Error) as error:
        raise KeyFileError(
            f"The key file {path} cannot be used: {error}. It must be on a disk that can be written, in a folder that "
            "can be written, and made by mt-serve keys add."
        ) from None


def _connected(path: Path | str) -> sqlite3.Connection:
    # Transactions are begun by hand: Python's own would let a read grow into a write, which SQLite may refuse.
    connection = sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def prepare(connection: sqlite3.Connection) -> None:
    """Nothing; a new database has its tables, and an old one was looked through. Raises sqlite3.Error."""
    _check_owner(connection)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")  # a power cut may undo the last seconds, never damage
    connection.execute("PRAGMA foreign_keys = ON")
    with transaction(connection):
        if _value(connection, "application_id") == 0:
            for statement in TABLES:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {LAYOUT}")  # always, as it shows that the file can be written
    _check_whole(connection)


def _check_owner(connection: sqlite3.Connection) -> None:
    """Raises DatabaseError for a file of another program, or of a later version, before anything in it is changed."""
    owner = _value(connection, "application_id")
    is_new = owner == 0 and connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    if not is_new and owner != APPLICATION_ID:
        raise sqlite3.DatabaseError("it is the database of another program")
    if (layout := _value(connection, "user_version")) > LAYOUT:
        raise sqlite3.DatabaseError(f"it has layout {layout} of a later version; this one knows {LAYOUT}")


def _check_whole(connection: sqlite3.Connection) -> None:
    found = _value(connection, "quick_check(1)")
    if found != "ok":
        raise sqlite3.DatabaseError(f"it is damaged: {' '.join(str(found).split())}")


def _value(connection: sqlite3.Connection, pragma: str) -> Any:
    return connection.execute(f"PRAGMA {pragma}").fetchone()[0]


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """What is done within is written as one, or not at all when it raises; no other process writes meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
