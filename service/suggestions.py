"""Better translations that users suggest, kept in a file of JSON lines."""

import errno
import json
import os
from pathlib import Path

from service.errors import Refusal
from service.settings import SettingsError


class Suggestions:
    """A file that several processes may add to at the same time; each line is an object with the fields of `keep`."""

    def __init__(self, path: Path):
        """Makes the file, which only its owner may read; raises SettingsError when it cannot be written."""
        self.path = path
        try:
            os.close(self._open())
        except OSError as error:
            raise SettingsError(
                f"MT_SUGGESTIONS is {str(path)!r}, which cannot be written: {error.strerror}. "
                "Name another file, or unset it."
            ) from None

    def keep(self, **fields: str) -> None:
        """Adds a line with these fields; raises Refusal 503 when the disk does not take it."""
        line = json.dumps(fields, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
        try:
            self._append(line)
        except OSError as error:
            raise Refusal(
                503, f"The suggestion could not be kept: {error.strerror}. Tell the server operator."
            ) from None

    def _append(self, line: bytes) -> None:
        descriptor = self._open()
        try:
            # In one call, to a file opened for appending, so that lines of several processes do not mix.
            if os.write(descriptor, line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            os.close(descriptor)

    def _open(self) -> int:
        return os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
