"""One training at a time in a folder."""

from contextlib import AbstractContextManager
from pathlib import Path

from mt import lock
from mt.errors import TrainingError

FILE = "run.lock"


def claim(folder: Path) -> AbstractContextManager[None]:
    """Keeps every other process from claiming the folder until the block, or this process, ends (mt.lock.claim).

    TrainingError that names the process that has the folder.
    """

    def refusal(holder: str) -> TrainingError:
        return TrainingError(
            f"{folder} is in use by {holder}, which trains there. Wait until it is done, stop it with SIGTERM (it "
            "saves a checkpoint first), or give another folder with --out."
        )

    return lock.claim(folder / FILE, refusal)
