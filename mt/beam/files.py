"""Files to folders of translated parts, by as many workers as a runner has; lines keep their order."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from uuid import uuid4

import apache_beam as beam
from apache_beam.io import WriteToText
from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.typehints.decorators import no_annotations

from mt.beam.translate import Failure, Outcome, Translate, printable
from mt.errors import InvalidOption, InvalidText
from mt.part_file import whole_lines
from mt.planning import Translation

LINES_A_PART = 100_000  # which a worker sorts in memory

Line = tuple[str, int, bytes]  # its file's name, its number from 0 on, and itself


def whole_path(path: str) -> str:
    """The path as a worker finds it that was started elsewhere; what has a scheme, such as gs://, stays as it is."""
    return path if "://" in path else str(Path(path).absolute())


def input_files(pattern: str) -> list[str]:
    """The files that match, sorted.

    Raises InvalidText for none, InvalidOption for two of one name or a storage that Beam cannot look into.
    """
    paths = _matching(pattern)
    if not paths:
        raise InvalidText(f"No file matches {pattern}. Give --input a UTF-8 text file, or a pattern in quotes.")
    names: dict[str, str] = {}
    for path in paths:
        if (other := names.setdefault(_name(path), path)) != path:
            raise InvalidOption(f"{other} and {path} would be written to the same files. Translate one at a time.")
    return paths


def refuse_full_folder(folder: str) -> None:
    """Raises InvalidOption for a folder that holds something, which would be taken for the translation's."""
    if paths := _matching(f"{folder.rstrip('/')}/*"):
        raise InvalidOption(
            f"{folder} holds {len(paths):,} files already, such as {paths[0]}. Give --output a new folder."
        )


def _matching(pattern: str) -> list[str]:
    try:
        (found,) = FileSystems.match([pattern])
    except (BeamIOError, ValueError) as error:  # the latter where what Beam needs for this storage is not installed
        raise InvalidOption(f"Cannot look for {pattern}: {error}") from error
    return sorted(one.path for one in found.metadata_list)


class TranslateFiles(beam.PTransform):
    """Translates the files whose paths come in, line by line, and gives what Translate does, each line with its key.

    FILE becomes FOLDER/FILE.00000, FILE.00001 and so on, of 100,000 lines each, in which line n is the translation of
    line n, as JSON if asked for; a line that fails is empty there, and a line of JSON in FOLDER/failed-*.jsonl.
    A part gets its name when it is whole. A compressed file (.gz, .bz2) is read as what it holds; an empty one becomes
    nothing.
    """

    def __init__(self, translate: Translate, folder: str, as_json: bool, lines_a_part: int = LINES_A_PART) -> None:
        super().__init__()
        self._translate, self._folder = translate, folder
        self._as_json, self._lines_a_part = as_json, lines_a_part

    @no_annotations
    def expand(self, paths: beam.PCollection) -> Outcome:
        """What became of the lines, beside the files."""
        lines = paths | "Read" >> beam.FlatMap(_read) | "Spread" >> beam.Reshuffle()
        outcome = lines | self._translate
        written = (outcome.translated, outcome.failed) | "Gather" >> beam.Flatten()
        (
            written
            | "Render" >> beam.Map(_rendered, self._as_json, self._lines_a_part)
            | "Group" >> beam.GroupByKey()
            | "Write" >> beam.Map(_write, self._folder)
        )
        (
            outcome.failed
            | "Report" >> beam.Map(_report)
            | "WriteFailed" >> WriteToText(FileSystems.join(self._folder, "failed"), ".jsonl", skip_if_empty=True)
        )
        return outcome


def _name(path: str) -> str:
    return FileSystems.split(path)[1]


def _read(path: str) -> Iterator[tuple[Line, bytes]]:
    """The lines of a file, each with its key."""
    with FileSystems.open(path) as stream:
        for number, raw in enumerate(iter(stream.readline, b"")):
            line = raw.removesuffix(b"\n")
            yield (_name(path), number, line), line


def _rendered(
    element: tuple[Line, Translation | Failure], in_json: bool, lines_a_part: int
) -> tuple[tuple[str, int], tuple[int, str]]:
    """What is written for a line, with its number, below the name of its file and the number of its part."""
    (name, number, source), made = element
    text = "" if isinstance(made, Failure) else made.text
    whole = {"source": printable(source), **asdict(made)}
    return (name, number // lines_a_part), (number, json.dumps(whole, ensure_ascii=False) if in_json else text)


def _write(element: tuple[tuple[str, int], Iterable[tuple[int, str]]], folder: str) -> str:
    """The path of a part, written under another name first: workers may die, or do the same twice."""
    (name, part), lines = element
    path = FileSystems.join(folder, f"{name}.{part:05d}")
    unfinished = FileSystems.join(folder, f".{uuid4().hex}")
    with FileSystems.create(unfinished, compression_type=CompressionTypes.UNCOMPRESSED) as stream:
        stream.write(whole_lines(text for _, text in sorted(lines)))
    FileSystems.rename([unfinished], [path])
    return path


def _report(element: tuple[Line, Failure]) -> str:
    (name, number, _), failure = element
    return json.dumps({"file": name, "line": number + 1, **asdict(failure)}, ensure_ascii=False)
