"""API keys: who has one, what each may do, and how many characters it has used in each month."""

import hashlib
import hmac
import re
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from service.database import KeyFileError, transaction
from service.rates import read_rates

if TYPE_CHECKING:
    from limits import RateLimitItem

# The first part finds the key, so that nothing secret is ever looked up; the second has 160 random bits, which no one
# guesses, so that a plain hash hides it as well as a slow one.
KEY = re.compile("mt_([0-9a-f]{12})_[0-9a-f]{40}")

_SELECT = "SELECT name, rate, characters, expires, hash FROM keys"
_USAGE = """SELECT ifnull(usage.characters, 0), keys.characters
    FROM keys LEFT JOIN usage ON usage.name = keys.name AND usage.month = ? WHERE keys.name = ?"""
_COUNT = """INSERT INTO usage VALUES (?, ?, ?)
    ON CONFLICT (name, month) DO UPDATE SET characters = characters + excluded.characters"""


@dataclass(frozen=True)
class Key:
    """Who a key was given to, and what they may do with it."""

    name: str
    rate: str = ""  # how often, such as "30 per 1 minute"; "" is as often as wanted
    characters: int | None = None  # how many a month; None is as many as wanted
    expires: str = ""  # its last day, YYYY-MM-DD in UTC; "" is never

    @property
    def rates(self) -> "tuple[RateLimitItem, ...]":
        """The rate, read."""
        return read_rates(self.rate)


@dataclass(frozen=True)
class Usage:
    """The characters of a month: Unicode code points, those used and those allowed (None: as many as wanted)."""

    count: int
    limit: int | None


def day_of(seconds: float) -> str:
    """YYYY-MM-DD in UTC of a time in seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def month_of(seconds: float) -> str:
    """YYYY-MM in UTC of a time in seconds since 1970."""
    return day_of(seconds)[:7]


class Keys:
    """The keys in a key file. Days and months are written as `day_of` and `month_of` write them."""

    def __init__(self, connection: sqlite3.Connection):
        self._connection = connection

    def add(self, key: Key) -> str:
        """The new key itself, which is told only here; raises KeyFileError when the name is taken or senseless."""
        if not (key.name.isprintable() and 1 <= len(key.name) <= 64 and key.name == key.name.strip()):
            raise KeyFileError(f"A key's name has 1 to 64 printable characters, unlike {key.name[:70]!r}.")
        identifier, secret = secrets.token_hex(6), secrets.token_hex(20)
        text = f"mt_{identifier}_{secret}"
        row = (key.name, identifier, _hash(text), key.rate, key.characters, key.expires)
        try:
            self._connection.execute("INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?)", row)
        except sqlite3.IntegrityError:
            raise KeyFileError(
                f"There is a key named {key.name!r} already. Choose another name, or revoke that one first."
            ) from None
        return text

    def revoke(self, name: str) -> None:
        """Nothing; the key is forgotten, with what it has used. Raises KeyFileError for a name that has no key."""
        if not self._connection.execute("DELETE FROM keys WHERE name = ?", (name,)).rowcount:
            names = ", ".join(key.name for key in self.all()) or "none"
            raise KeyFileError(f"There is no key named {name!r}. The keys are: {names}.")

    def all(self) -> list[Key]:
        """Every key, by name."""
        return [Key(*row[:-1]) for row in self._connection.execute(f"{_SELECT} ORDER BY name")]

    def find(self, text: str, day: str) -> Key | None:
        """The key that the text is, unless it has expired; the secret part is compared in constant time."""
        match = KEY.fullmatch(text)
        if match is None:
            return None
        row = self._connection.execute(f"{_SELECT} WHERE identifier = ?", (match[1],)).fetchone()
        if not hmac.compare_digest(row[-1] if row else bytes(32), _hash(text)):
            return None
        key = Key(*row[:-1])
        return key if not key.expires or day <= key.expires else None

    def spend(self, key: Key, characters: int, month: str) -> bool:
        """Whether the key has so many characters left in this month; then they are counted."""
        with transaction(self._connection):
            usage = self.usage(key.name, month)
            has_left = usage.limit is None or usage.count + characters <= usage.limit
            if has_left and characters:
                self._connection.execute(_COUNT, (key.name, month, characters))
        return has_left

    def give_back(self, name: str, characters: int, month: str) -> None:
        """Nothing; characters that were counted for nothing are counted no more."""
        self._connection.execute(
            "UPDATE usage SET characters = max(0, characters - ?) WHERE name = ? AND month = ?",
            (characters, name, month),
        )

    def usage(self, name: str, month: str) -> Usage:
        """What the key of this name has used in a month; nothing and no limit for a key that is gone."""
        found = self._connection.execute(_USAGE, (month, name)).fetchone()
        return Usage(*found) if found else Usage(0, None)


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("ascii")).digest()
