"""Tables whose cells take long: each is trained and scored once in a folder of its own, kept, and skipped next time."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from training.run.checkpoints import replace_text

ROOT = Path(__file__).parent.parent.parent
RESULT, LOG = "result.json", "log.txt"


class CellError(Exception):
    """A cell did not come to its end; the others can."""


@dataclass(frozen=True)
class Result:
    """What became of a cell. Scores are cased BLEU of sacreBLEU's 13a."""

    cell: str  # its name
    system: str  # what was trained, in words
    bleu: float  # on the test set, beam 5
    signature: str
    dev_bleu: float  # beam 5
    dev_greedy: float  # of the best validation; of peers that validate otherwise, not a number that compares
    parameters: int
    vocabulary: int  # pieces; of two vocabularies the target's
    updates: int
    target_pieces: int  # trained on in all updates
    seconds: float  # of the training, with its validations
    others: float | None  # share of all cores that something else kept busy meanwhile; None where nobody tells
    hardware: str
    versions: dict[str, str]
    commands: tuple[str, ...]
    facts: dict[str, Any] = field(default_factory=dict)  # what a table wants to know besides


@dataclass(frozen=True)
class Cell:
    """A result to come: `train` is given the cell's folder, which may hold what an interrupted call left."""

    name: str
    train: Callable[[Path], Result]


def complete(
    cells: Iterable[Cell], folder: Path, render: Callable[[Sequence[Result]], str], say: Callable[[str], object] = print
) -> list[str]:
    """Trains the cells that have no result yet, in order, and gives the names of those that failed.

    After each one results.json and table.md have all that there is in the folder.
    """
    failed = []
    for cell in cells:
        path = folder / cell.name / RESULT
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            say(f"{cell.name}: training; {path.parent / LOG} tells more")
            try:
                replace_text(path, json.dumps(asdict(cell.train(path.parent)), indent=1, ensure_ascii=False) + "\n")
            except CellError as error:
                say(f"{cell.name}: {error}")
                failed.append(cell.name)
                continue
        result = read_result(path)
        say(f"{cell.name}: {result.bleu:.2f} BLEU, {result.dev_bleu:.2f} on dev")
        _write([read_result(one) for one in sorted(folder.glob(f"*/{RESULT}"))], folder, render)
    return failed


def read_result(path: Path) -> Result:
    """What `complete` wrote of a cell."""
    values = json.loads(path.read_text(encoding="utf-8"))
    return Result(**{**values, "commands": tuple(values["commands"])})


def _write(results: Sequence[Result], folder: Path, render: Callable[[Sequence[Result]], str]) -> None:
    text = json.dumps([asdict(result) for result in results], indent=1, ensure_ascii=False)
    replace_text(folder / "results.json", text + "\n")
    replace_text(folder / "table.md", render(results) + "\n")


def run_logged(command: Sequence[Path | str], folder: Path) -> str:
    """Runs a command of a cell to its end and gives it as text; its output goes to the end of the cell's log.

    CellError when it fails.
    """
    words = list(map(str, command))
    with (folder / LOG).open("a", encoding="utf-8") as log:
        print(f"$ {shlex.join(words)}", file=log, flush=True)
        done = subprocess.run(words, cwd=ROOT, env=environment(), stdout=log, stderr=log, check=False)
    if done.returncode:
        raise CellError(f"`{shlex.join(words)}` ended with status {done.returncode}; see {folder / LOG}.")
    return shlex.join(words)


def environment() -> dict[str, str]:
    """The variables of all trainings: processors alone, and progress bars that do not fill the log."""
    return {**os.environ, "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "2", "TQDM_MININTERVAL": "60"}


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def finish(failed: Sequence[str], folder: Path) -> None:
    """Prints the table; exits with status 1 when cells failed."""
    table = folder / "table.md"
    if table.exists():
        print(f"\n{table.read_text(encoding='utf-8')}")
    if failed:
        sys.exit(f"Not finished: {', '.join(failed)}. The same command tries them again.")
