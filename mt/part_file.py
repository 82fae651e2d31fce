"""A file that is written over hours: whole or absent under its name, and gone on with after whatever broke it off."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from mt.errors import InvalidOption
from mt.lock import claim


def whole_lines(lines: Iterable[str]) -> bytes:
    """The lines in UTF-8, whatever the locale."""
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


class _Record(NamedTuple):
    """What is in FILE.part, and of what input it was made."""

    lines: int = 0
    size: int = 0  # bytes
    input_sha256: str = hashlib.sha256().hexdigest()  # of these lines, line ends included


class PartFile:
    """FILE.part, which grows by whole lines and becomes FILE in the end; FILE.part.json tells what it is made of.

    It can be gone on with whenever its process is killed or the power fails. Each of its methods raises InvalidOption
    when the disk does not let it write. As a context it is closed in the end.
    """

    def __init__(self, file: Path, made_with: Mapping[str, Any], resume: bool = False) -> None:
        """`made_with` holds all that decides what a line becomes, as values of JSON.

        Raises InvalidOption for a part that another process is writing, and for one that is there already, unless it
        may be resumed and was made with the same.
        """
        if file.exists() and not file.is_file():
            raise InvalidOption(f"{file} is no regular file. Give --output another, or redirect standard output.")
        self.path = file.with_name(f"{file.name}.part")
        self._file = file
        self._record_path = file.with_name(f"{file.name}.part.json")
        self._made_with = dict(made_with)
        self._record = _Record()
        self._input = hashlib.sha256()
        with ExitStack() as stack:
            with self._writing():
                stack.enter_context(claim(file.with_name(f"{file.name}.part.lock"), self._in_use))
            self._open(resume)
            self._claim = stack.pop_all()

    def _in_use(self, holder: str) -> InvalidOption:
        return InvalidOption(
            f"{self.path} is being written by {holder}. Wait until it is done, or give --output another file."
        )

    def _open(self, resume: bool) -> None:
        if self.path.exists() and self.path.stat().st_size:
            if not resume:
                raise InvalidOption(f"{self.path} was left by a run that was broken off. Add --resume, or remove it.")
            self._record = self._read_record()
        with self._writing():
            self._write_record()
            # Unbuffered, so that nothing is left to be written when writing has failed.
            self._stream = self.path.open("ab", buffering=0)

    def __enter__(self) -> "PartFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        if not self._record.lines:  # there is nothing to go on with
            self.path.unlink(missing_ok=True)
            self._record_path.unlink(missing_ok=True)
        self._claim.close()

    def begin(self, stream: BinaryIO) -> tuple[int, int]:
        """Reads past the input that is done already, and gives its lines and bytes.

        Raises InvalidOption when it is not what FILE.part was made of.
        """
        read = 0
        for _ in range(self._record.lines):
            line = stream.readline()
            self._input.update(line)
            read += len(line)
        if self._input.hexdigest() != self._record.input_sha256:
            raise InvalidOption(
                f"The input's first {self._record.lines:,} lines are not those that {self.path} was made of. "
                f"Give the same input, or remove {self.path} to begin anew."
            )
        with self._writing():
            self._stream.truncate(self._record.size)  # what came behind was not recorded any more
        return self._record.lines, read

    def write(self, raw: bytes, lines: list[str]) -> None:
        """Appends what the next lines of the input, as they stand there, became."""
        data = memoryview(whole_lines(lines))
        self._input.update(raw)
        before = self._record
        self._record = _Record(before.lines + len(lines), before.size + len(data), self._input.hexdigest())
        with self._writing():
            while data:
                data = data[self._stream.write(data) :]
            os.fsync(self._stream.fileno())  # the record must not reach the disk first
            self._write_record()

    def complete(self) -> None:
        """Gives the part its name."""
        self._stream.close()
        with self._writing():
            os.replace(self.path, self._file)
            self._record_path.unlink(missing_ok=True)

    def _read_record(self) -> _Record:
        """What is known of the part, if it was made with the same."""
        try:
            facts = json.loads(self._record_path.read_text(encoding="utf-8"))
            made_with = dict(facts["made_with"])
            record = _Record(int(facts["lines"]), int(facts["size"]), str(facts["input_sha256"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InvalidOption(
                f"{self._record_path} is missing or damaged, so nobody knows what {self.path} was made of. "
                f"Remove {self.path} to begin anew."
            ) from error
        if self.path.stat().st_size < record.size:
            raise InvalidOption(f"{self.path} is shorter than it was. Remove it to begin anew.")
        for name, value in self._made_with.items():
            if made_with.get(name) != value:
                raise InvalidOption(
                    f"{self.path} was made with another {name}: {made_with.get(name)}, now it is {value}. "
                    f"Give the same bundle and options, or remove {self.path} to begin anew."
                )
        return record

    def _write_record(self) -> None:
        new = self._record_path.with_name(f"{self._record_path.name}.new")
        text = json.dumps({**self._record._asdict(), "made_with": self._made_with}, indent=1, ensure_ascii=False)
        new.write_text(f"{text}\n", encoding="utf-8")
        os.replace(new, self._record_path)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InvalidOption(
                f"Cannot write {self.path}: {error.strerror}. Put that right and add --resume, "
                "or give --output another file."
            ) from error
