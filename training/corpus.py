"""Parallel corpora: read and checked, then filtered with a report of what was dropped and why.

A corpus is two text files of equal length, or one TSV file of two columns; each plain, .gz or .xz, always UTF-8.
"""

import gzip
import lzma
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from mt.errors import CorpusError, RecipeError
from mt.text.normalization import normalize

Pair = tuple[str, str]

_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f]")  # all of C0 and C1 but the tab
# In the order of the checks; a pair counts for the first that holds.
REASONS = (
    "empty side",
    "control characters",
    "too long",
    "length ratio",
    "identical sides",
    "overlap with dev or test",
    "duplicate",
)
_RATIO_SLACK_CHARACTERS = 20


@dataclass(frozen=True)
class FilterConfig:
    """Which pairs are fit for training. Lengths are those of normalized text.

    The ratio allows 20 characters on top, for one of two short sentences is easily three times as long ("Hi." and
    "Guten Tag."): a pair is dropped when longer > max_length_ratio * shorter + 20. RecipeError for a value below 1.
    """

    max_characters: int = 1_000  # of the longer side
    max_words: int = 150  # of the longer side, by white space
    max_length_ratio: float = 3.0  # longer side over shorter side, in characters
    drop_identical: bool = True  # pairs whose sides are the same text: they teach the model to copy

    def __post_init__(self) -> None:
        for name in ("max_characters", "max_words", "max_length_ratio"):
            if getattr(self, name) < 1:
                raise RecipeError(f"The filter's {name} must be at least 1, got {getattr(self, name)}.")


@dataclass(frozen=True)
class FilterReport:
    """How many pairs a filter read and kept, and how many it dropped for each of REASONS."""

    read: int
    kept: int
    dropped: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """The same numbers for JSON."""
        return {"read": self.read, "kept": self.kept, "dropped": dict(self.dropped)}

    def __str__(self) -> str:
        """The same numbers as lines of text, columns aligned."""
        rows = [("pairs read", self.read), *self.dropped.items(), ("pairs kept", self.kept)]
        return "\n".join(f"{name:<26}{count:>12,}" for name, count in rows)


def read_pairs(source: Path, target: Path | None = None) -> list[Pair]:
    """The pairs of two text files, or of one TSV file when no target is given; lines as they are, without line ends.

    Raises CorpusError for a file that is missing, empty, damaged or not UTF-8, for sides of different length, and for
    TSV lines without exactly two columns.
    """
    if target is None:
        return _split_columns(source, read_lines(source))
    sources, targets = read_lines(source), read_lines(target)
    if len(sources) != len(targets):
        raise CorpusError(
            f"The sides differ in length: {source} has {len(sources):,} lines, {target} has {len(targets):,}. "
            "Line n of one must be the translation of line n of the other; find where they part, or use other files."
        )
    return list(zip(sources, targets, strict=True))


def read_lines(path: Path) -> list[str]:
    r"""The lines of a plain, .gz or .xz file, without \n or \r\n and without a byte order mark; at least one."""
    try:
        with _open(path) as file:
            lines = list(_decode(path, file))
    except (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error) as error:
        raise CorpusError(f"{path} is damaged and cannot be unpacked ({error}). Fetch or pack it again.") from error
    except FileNotFoundError as error:
        raise CorpusError(f"There is no file {path.absolute()}. Check the path and its ending.") from error
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror}. Check the path and its permissions.") from error
    if not lines:
        raise CorpusError(f"{path} is empty: it holds no line. A corpus needs at least one pair; check the file.")
    return lines


def filter_pairs(
    pairs: Iterable[Pair], config: FilterConfig, held_out: Iterable[Pair] = ()
) -> tuple[list[Pair], FilterReport]:
    """The pairs fit for training, normalized and in their order, and the count of those dropped for each reason.

    A pair overlaps when its source equals a held-out source or its target equals a held-out target, after
    normalization.
    """
    find_reason = _PairCheck(config, held_out)
    dropped = dict.fromkeys(REASONS, 0)
    kept: list[Pair] = []
    for raw in pairs:
        pair = normalize(raw[0]), normalize(raw[1])
        reason = find_reason(raw, pair)
        if reason:
            dropped[reason] += 1
        else:
            kept.append(pair)
    return kept, FilterReport(len(kept) + sum(dropped.values()), len(kept), dropped)


class _PairCheck:
    """Says why a pair is unfit; remembers the pairs it has let pass."""

    def __init__(self, config: FilterConfig, held_out: Iterable[Pair]) -> None:
        self.config = config
        normalized = [(normalize(source), normalize(target)) for source, target in held_out]
        self.held_out_sources = {source for source, _ in normalized}
        self.held_out_targets = {target for _, target in normalized}
        self.seen: set[Pair] = set()

    def __call__(self, raw: Pair, pair: Pair) -> str | None:
        """The first of REASONS that holds for the pair, None for a pair to keep."""
        return self._own_reason(raw, pair) or self._reason_by_others(pair)

    def _own_reason(self, raw: Pair, pair: Pair) -> str | None:
        source, target = pair
        shorter, longer = sorted((len(source), len(target)))
        # Normalized text has single spaces, so one more word than spaces.
        words = max(source.count(" "), target.count(" ")) + 1
        if not shorter:
            return "empty side"
        if _CONTROL.search(raw[0]) or _CONTROL.search(raw[1]):
            return "control characters"
        if longer > self.config.max_characters or words > self.config.max_words:
            return "too long"
        if longer > self.config.max_length_ratio * shorter + _RATIO_SLACK_CHARACTERS:
            return "length ratio"
        return "identical sides" if self.config.drop_identical and source == target else None

    def _reason_by_others(self, pair: Pair) -> str | None:
        if pair[0] in self.held_out_sources or pair[1] in self.held_out_targets:
            return "overlap with dev or test"
        if pair in self.seen:
            return "duplicate"
        self.seen.add(pair)
        return None


def _open(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return gzip.open(path, "rb")  # type: ignore[return-value]
    if path.suffix == ".xz":
        return lzma.open(path, "rb")
    return path.open("rb")


def _decode(path: Path, file: Iterable[bytes]) -> Iterator[str]:
    offset = 0
    for number, line in enumerate(file, start=1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise CorpusError(
                f"{path} is not UTF-8: line {number:,}, byte {offset + error.start:,} of the (unpacked) file is "
                f"0x{error.object[error.start]:02x}. Convert it, for example: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW."
            ) from error
        offset += len(line)
        yield text.removesuffix("\n").removesuffix("\r")


def _split_columns(path: Path, lines: list[str]) -> list[Pair]:
    pairs = []
    for number, line in enumerate(lines, start=1):
        columns = line.split("\t")
        if len(columns) != 2:
            raise CorpusError(
                f"{path}, line {number:,} has {len(columns)} columns; a TSV corpus has two, source and target, with "
                "one tab between them. Correct the line, or give a source file and a target file."
            )
        pairs.append((columns[0], columns[1]))
    return pairs
