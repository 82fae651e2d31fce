"""`mt-serve keys`: who may use the service, and how much."""

import argparse
import re
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import date

from mt import DragomanError
from service.database import KeyFileError, open_database
from service.keys import Key, Keys, day_of, month_of
from service.rates import read_rates
from service.settings import read_settings

# The most characters a month that can be written; SQLite counts to 9e18.
MOST_CHARACTERS = 10**15


def main(arguments: Sequence[str], clock: Callable[[], float] = time.time) -> int:
    """The exit status: 0 when it is done, 2 when it cannot be; clock: seconds since 1970."""
    options = _parser().parse_args(arguments)
    try:
        path = read_settings({"MT_KEYS": options.file} if options.file else {}).keys
        if path is None:
            raise KeyFileError("There is no key file: name one with --file, or for good with MT_KEYS.")
        with closing(open_database(path, may_make=options.command is add)) as connection:
            options.command(Keys(connection), options, clock())
    except DragomanError as error:
        print(f"mt-serve keys: {error}", file=sys.stderr)
        return 2
    return 0


def add(keys: Keys, options: argparse.Namespace, now: float) -> None:
    """Nothing; the key alone goes to standard output, so that a script can keep it."""
    key = keys.add(Key(options.name, options.rate, options.characters, options.expires))
    print(f"The key of {options.name!r}, shown only now:", file=sys.stderr, flush=True)
    print(key)


def list_all(keys: Keys, options: argparse.Namespace, now: float) -> None:
    """Nothing; a table of all keys is printed."""
    rows = [("name", "rate", "characters this month", "expires")]
    for key in keys.all():
        usage = keys.usage(key.name, month_of(now))
        used = f"{usage.count:,}" if usage.limit is None else f"{usage.count:,} of {usage.limit:,}"
        expired = " (expired)" if key.expires and key.expires < day_of(now) else ""
        rows.append((key.name, key.rate or "-", used, (key.expires or "-") + expired))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def revoke(keys: Keys, options: argparse.Namespace, now: float) -> None:
    """Nothing; the key is refused from now on, by running servers too."""
    keys.revoke(options.name)
    print(f"The key of {options.name!r} is revoked.", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mt-serve keys", description="Add, list and revoke API keys.")
    commands = parser.add_subparsers(required=True, metavar="add | list | revoke")
    adding = _command(commands, "add", add, "make a key and print it, this once")
    adding.add_argument("name", help="whose key it is: 1 to 64 printable characters")
    adding.add_argument("--rate", type=_rate, default="", help="how often it may call, such as '100 per 1 minute'")
    adding.add_argument("--characters", type=_characters, help="how many characters it may translate in a month")
    adding.add_argument("--expires", type=_day, default="", help="its last day in UTC, such as 2030-12-31")
    _command(commands, "list", list_all, "list the keys with what they have used in this month")
    _command(commands, "revoke", revoke, "forget a key").add_argument("name", help="whose key it is")
    return parser


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    command: Callable[[Keys, argparse.Namespace, float], None],
    about: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=about, description=f"{about.capitalize()}.")
    parser.add_argument("--file", help="the key file (MT_KEYS)")
    parser.set_defaults(command=command)
    return parser


def _rate(text: str) -> str:
    try:
        return "; ".join(map(str, read_rates(text)))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}; {error}") from None


def _characters(text: str) -> int:
    number = int(text) if re.fullmatch("[0-9]{1,16}", text) else -1
    if not 0 <= number <= MOST_CHARACTERS:
        raise argparse.ArgumentTypeError(f"{text!r}; it must be a whole number from 0 to {MOST_CHARACTERS:,}")
    return number


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat() if text else text
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}; it must be a day like 2030-12-31") from None
