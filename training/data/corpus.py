"""Parallel corpora: read and checked, then filtered with a report of what was dropped and why.

A corpus is two text files of equal length, or one TSV file of two columns; each plain, .gz or .xz, always UTF-8.
"""

import gzip
import lzma
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path
from typing import IO, Any

from mt.errors import CorpusError, RecipeError
from mt.text.normalization import normalize
from training.data.hashes import HashSet, hash_texts

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
PAIRS_AT_ONCE = 4_000
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
    return list(stream_pairs(source, target))


def stream_pairs(source: Path, target: Path | None = None) -> Iterator[Pair]:
    """What read_pairs gives, one after the other, so that the length of a corpus takes no memory."""
    if target is None:
        yield from _split_columns(source, stream_lines(source))
        return
    sources, targets = stream_lines(source), stream_lines(target)
    for count, (one, other) in enumerate(zip_longest(sources, targets)):
        if one is None or other is None:
            counts = count + _count(one, sources), count + _count(other, targets)
            raise CorpusError(
                f"The sides differ in length: {source} has {counts[0]:,} lines, {target} has {counts[1]:,}. Line n of "
                "one must be the translation of line n of the other; find where they part, or use other files."
            )
        yield one, other


def read_lines(path: Path) -> list[str]:
    r"""The lines of a plain, .gz or .xz file, without \n or \r\n and without a byte order mark; at least one."""
    return list(stream_lines(path))


def stream_lines(path: Path) -> Iterator[str]:
    """What read_lines gives, one after the other."""
    is_empty = True
    try:
        with _open(path) as file:
            for line in _decode(path, file):
                is_empty = False
                yield line
    except (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error) as error:
        raise CorpusError(f"{path} is damaged and cannot be unpacked ({error}). Fetch or pack it again.") from error
    except FileNotFoundError as error:
        raise CorpusError(f"There is no file {path.absolute()}. Check the path and its ending.") from error
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror}. Check the path and its permissions.") from error
    if is_empty:
        raise CorpusError(f"{path} is empty: it holds no line. A corpus needs at least one pair; check the file.")


def filter_pairs(
    pairs: Iterable[Pair], config: FilterConfig, held_out: Iterable[Pair] = ()
) -> tuple[list[Pair], FilterReport]:
    """The pairs that a PairFilter lets pass, and its report."""
    check = PairFilter(config, held_out)
    kept = [pair for chunk in check(pairs) for pair in chunk]
    return kept, check.report


class PairFilter:
    """Lets the pairs pass that are fit for training, in one stream, and counts those it drops by their reason.

    A pair overlaps when its source equals a held-out source or its target equals a held-out target, after
    normalization. Of the pairs that have passed only hashes are kept (training.data.hashes).
    """

    def __init__(self, config: FilterConfig, held_out: Iterable[Pair] = ()) -> None:
        self.config = config
        normalized = [(normalize(source), normalize(target)) for source, target in held_out]
        self._held_out_sources = {source for source, _ in normalized}
        self._held_out_targets = {target for _, target in normalized}
        self._passed = HashSet()
        self._dropped = dict.fromkeys(REASONS, 0)

    @property
    def report(self) -> FilterReport:
        """The count of the pairs that have passed so far, and of those dropped for each reason."""
        kept = len(self._passed)
        return FilterReport(kept + sum(self._dropped.values()), kept, dict(self._dropped))

    def __call__(self, pairs: Iterable[Pair]) -> Iterator[list[Pair]]:
        """The pairs that pass, normalized and in their order, some thousands at a time."""
        remaining = iter(pairs)
        while chunk := list(islice(remaining, PAIRS_AT_ONCE)):
            fit = [pair for pair in map(self._check, chunk) if pair]
            # Normalized text has no line ends.
            is_new = self._passed.add(hash_texts(f"{source}\n{target}" for source, target in fit))
            self._dropped["duplicate"] += len(fit) - int(is_new.sum())
            yield [pair for pair, keep in zip(fit, is_new.tolist(), strict=True) if keep]

    def _check(self, raw: Pair) -> Pair | None:
        """The normalized pair, or None when it is unfit by itself or by what is held out."""
        pair = normalize(raw[0]), normalize(raw[1])
        reason = find_fault(raw, pair, self.config)
        if not reason and (pair[0] in self._held_out_sources or pair[1] in self._held_out_targets):
            reason = "overlap with dev or test"
        if reason:
            self._dropped[reason] += 1
        return None if reason else pair


def find_fault(raw: Pair, pair: Pair, config: FilterConfig) -> str | None:
    """The first of REASONS that a pair gives by itself, whatever other pairs there are; `pair` is `raw` normalized."""
    source, target = pair
    shorter, longer = sorted((len(source), len(target)))
    # Normalized text has single spaces, so one more word than spaces.
    words = max(source.count(" "), target.count(" ")) + 1
    if not shorter:
        return "empty side"
    if _CONTROL.search(raw[0]) or _CONTROL.search(raw[1]):
        return "control characters"
    if longer > config.max_characters or words > config.max_words:
        return "too long"
    if longer > config.max_length_ratio * shorter + _RATIO_SLACK_CHARACTERS:
        return "length ratio"
    return "identical sides" if config.drop_identical and source == target else None


def _count(line: str | None, rest: Iterable[str]) -> int:
    """How many lines a side still has, beginning with the one at hand."""
    return (line is not None) + sum(1 for _ in rest)


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


def _split_columns(path: Path, lines: Iterable[str]) -> Iterator[Pair]:
    for number, line in enumerate(lines, start=1):
        columns = line.split("\t")
        if len(columns) != 2:
            raise CorpusError(
                f"{path}, line {number:,} has {len(columns)} columns; a TSV corpus has two, source and target, with "
                "one tab between them. Correct the line, or give a source file and a target file."
            )
        yield columns[0], columns[1]
