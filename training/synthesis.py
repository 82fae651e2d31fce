"""Synthetic corpora: of every pair one side is what a model says of the other.

Back-translation makes sources for natural targets (Sennrich et al. 2016), drawn at random where that is asked for
(Edunov et al. 2018) and told apart by a tag (Caswell et al. 2019). Distillation makes targets for natural sources
(Kim & Rush 2016, §3.2).
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from tqdm import tqdm

from mt.errors import CorpusError
from mt.lock import claim
from mt.text import normalize
from training.data.corpus import stream_lines
from training.evaluation.ensemble import Ensemble
from training.evaluation.offline import Translate, by_translator
from training.run.checkpoints import replace_text


@dataclass(frozen=True)
class Synthesis:
    """A synthetic corpus that is to be made, or gone on with: a TSV file, and `.json` beside it."""

    out: Path
    direction: tuple[str, str]  # that a model is to learn from it; the columns are in its order
    teacher: dict[str, Any]  # what decides the translations, as Ensemble.describe says it
    is_source_synthetic: bool
    lines_at_once: int = 1_000  # that are translated and written together

    @property
    def translated(self) -> tuple[str, str]:
        """The direction in which a model makes it: from the natural side to the synthetic one."""
        source, target = self.direction
        return (target, source) if self.is_source_synthetic else self.direction

    @property
    def made_by(self) -> dict[str, Any]:
        """What must be the same for a corpus to be gone on with."""
        # As it comes back from a file: lists instead of tuples.
        return dict(json.loads(json.dumps({"direction": "-".join(self.translated), **self.teacher})))

    @property
    def progress_path(self) -> Path:
        """The file that says how the corpus was made, and how far it has come."""
        return self.out.with_name(f"{self.out.name}.json")

    def toml(self) -> str:
        """The corpus as a recipe names it."""
        rows: dict[str, Any] = {
            "languages": self.direction,
            "directions": ["-".join(self.direction)],
            "train": [str(self.out.absolute())],
        }
        if self.is_source_synthetic:
            rows["tag"] = "<bt>"
        return "\n".join(["[[corpora]]", *(f"{key} = {json.dumps(value)}" for key, value in rows.items())])


@dataclass(frozen=True)
class Progress:
    """How far a corpus has come; kept after every chunk."""

    made_by: dict[str, Any]
    lines: int = 0  # of the original text, done
    pairs: int = 0  # written
    empty: int = 0  # lines left out, since there was nothing to translate
    untranslated: int = 0  # lines left out, since the model had nothing to say
    bytes: int = 0  # of the corpus
    read: str = ""  # sha256 of the lines done
    written: str = ""  # sha256 of the corpus


def synthesize(plan: Synthesis, lines: Callable[[], Iterable[str]], translate: Translate) -> Progress:
    """Translates the lines into a corpus, chunk by chunk; goes on where an interrupted call stopped.

    `lines` are read from their beginning each time it is called, and normalized before they are translated. CorpusError
    when there is a corpus already that was begun in another way or with other lines, or that another process writes.
    """
    plan.out.parent.mkdir(parents=True, exist_ok=True)
    with claim(plan.out.with_name(f"{plan.out.name}.lock"), partial(_in_use, plan)):
        return _synthesize(plan, lines, translate)


def _in_use(plan: Synthesis, holder: str) -> CorpusError:
    return CorpusError(f"{plan.out} is being written by {holder}. Wait until it is done, or give another --out.")


def _synthesize(plan: Synthesis, lines: Callable[[], Iterable[str]], translate: Translate) -> Progress:
    progress = _read_progress(plan)
    total = sum(1 for _ in lines())
    texts = (normalize(line) for line in lines())
    read, written = _hash_lines(islice(texts, progress.lines)), _hash_corpus(plan.out, progress.bytes)
    if progress.lines and (read.hexdigest(), written.hexdigest()) != (progress.read, progress.written):
        raise CorpusError(
            f"{plan.out} cannot be gone on with: it, or the text that it was begun with, has changed. Remove it and "
            f"{plan.progress_path.name} to begin again, or give another --out."
        )
    with plan.out.open("ab") as file, tqdm(total=total, initial=progress.lines, unit="line", disable=None) as bar:
        file.truncate(progress.bytes)  # of a chunk that was cut by a crash nothing is told in the progress
        while chunk := list(islice(texts, plan.lines_at_once)):
            kept = [text for text in chunk if text]
            rows = _pair(kept, translate(kept, *plan.translated), plan.is_source_synthetic)
            data = "".join(rows).encode()
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            _hash_lines(chunk, read)
            written.update(data)
            progress = replace(
                progress,
                lines=progress.lines + len(chunk),
                pairs=progress.pairs + len(rows),
                empty=progress.empty + len(chunk) - len(kept),
                untranslated=progress.untranslated + len(kept) - len(rows),
                bytes=progress.bytes + len(data),
                read=read.hexdigest(),
                written=written.hexdigest(),
            )
            replace_text(plan.progress_path, json.dumps(asdict(progress), indent=1, ensure_ascii=False))
            bar.update(len(chunk))
    return progress


def describe(plan: Synthesis, progress: Progress) -> str:
    """What was made, for people, and how a recipe names it."""
    return (
        f"{progress.pairs:,} pairs in {plan.out}; left out: {progress.empty:,} empty lines, {progress.untranslated:,} "
        f"without a translation. For a recipe:\n\n{plan.toml()}\n"
    )


def back_translate(teacher: Ensemble, file: Path, direction: tuple[str, str], out: Path) -> str:
    """Translates a text in the first language of the direction, for models that translate into it.

    Gives what describe says. Raises UnsupportedLanguage when the teacher does not translate in that direction.
    """
    translator, (original, synthetic) = teacher.open(), direction
    translator.require_direction(*direction)
    plan = Synthesis(out, (synthetic, original), teacher.describe(), is_source_synthetic=True)
    return describe(plan, synthesize(plan, lambda: stream_lines(file), by_translator(translator)))


def _pair(originals: Sequence[str], translations: Sequence[str], is_source_synthetic: bool) -> list[str]:
    """The lines of a corpus, without those that a model left empty."""
    pairs = [pair for pair in zip(originals, map(normalize, translations), strict=True) if pair[1]]
    if is_source_synthetic:
        pairs = [(translation, original) for original, translation in pairs]
    return [f"{source}\t{target}\n" for source, target in pairs]


def _read_progress(plan: Synthesis) -> Progress:
    path = plan.progress_path
    if not path.exists():
        if plan.out.exists():
            raise CorpusError(f"{plan.out} is there and {path.name} is not. Give another --out, or remove the file.")
        return Progress(plan.made_by)
    try:
        progress = Progress(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise CorpusError(f"{path} is damaged ({error}). Remove it and {plan.out} to begin again.") from error
    if progress.made_by != plan.made_by:
        before, now = (json.dumps(made_by, ensure_ascii=False) for made_by in (progress.made_by, plan.made_by))
        raise CorpusError(
            f"{plan.out} was begun with {before}, now it would be {now}. Give the same to go on, give another --out, "
            f"or remove it and {path.name} to begin again."
        )
    return progress


def _hash_lines(lines: Iterable[str], digest: Any = None) -> Any:
    """The sha256 of lines, behind those that are in `digest` already."""
    digest = digest or hashlib.sha256()
    for line in lines:
        digest.update(f"{line}\n".encode())
    return digest


def _hash_corpus(path: Path, size: int) -> Any:
    """The sha256 of the first bytes of a file that may be missing or shorter."""
    digest = hashlib.sha256()
    if size and path.exists():
        with path.open("rb") as file:
            for part in _parts(file, size):
                digest.update(part)
    return digest


def _parts(file: Any, size: int) -> Iterator[bytes]:
    """The first bytes of a file, a megabyte at a time."""
    while size > 0 and (part := file.read(min(size, 2**20))):
        size -= len(part)
        yield part
