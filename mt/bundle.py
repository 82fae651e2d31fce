"""An exported model on disk: manifest, checksums, pieces and graphs. The border between training and serving."""

import dataclasses
import hashlib
import json
import platform
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

from mt.card import model_card
from mt.engines import SearchOptions
from mt.errors import BundleError, InvalidOption
from mt.lexicon import FILE as LEXICON
from mt.lexicon import Lexicon
from mt.tokenizer import Tokenizer

FORMAT = 1
MANIFEST = "manifest.json"
CARD = "README.md"
SAVED_MODEL = "savedmodel"
LITERT = "litert"
PIECES = f"{SAVED_MODEL}/assets/sentencepiece.model"
VERSION = re.compile(r"(?!.*\d{10})[0-9A-Za-z._+-]{0,40}")


@dataclass(frozen=True)
class Manifest:
    """What a bundle says of itself; manifest.json."""

    name: str
    directions: list[str]  # such as "en-de"
    description: str = ""
    version: str = ""  # such as "1.2"; its numbers order the bundles of one name
    parameters: int = 0
    search: dict[str, Any] = field(default_factory=dict)  # beam, length_penalty, coverage_penalty
    max_source_pieces: int = 128  # longer sentences are translated in parts
    corpora: list[dict[str, Any]] = field(default_factory=list)  # name, licence, attribution, pairs
    scores: list[dict[str, Any]] = field(default_factory=list)  # as training.evaluation.scores writes them
    training: dict[str, Any] = field(default_factory=dict)  # updates, seconds, hardware, precision
    recipe: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    created: str = ""  # UTC, ISO 8601
    format: int = FORMAT
    files: dict[str, str] = field(default_factory=dict)  # path below the bundle → sha256

    @classmethod
    def of(cls, facts: Mapping[str, Any], versions: Mapping[str, str]) -> "Manifest":
        """A new manifest, stamped with the time and the versions it was made with."""
        made_with = {"dragoman": metadata.version("dragoman"), "python": platform.python_version(), **versions}
        return cls(**facts, versions=made_with, created=datetime.now(UTC).isoformat(timespec="seconds"))

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """(source, target) languages of each direction."""
        return tuple((source, target) for source, _, target in (name.partition("-") for name in self.directions))

    @property
    def fingerprint(self) -> str:
        """A sha256 that two bundles share only when all their files are equal."""
        return hashlib.sha256(json.dumps(self.files, sort_keys=True).encode()).hexdigest()

    @property
    def age(self) -> tuple[tuple[int, ...], str]:
        """Of two bundles of one name the greater is the newer: by the numbers in `version`, then by `created`."""
        return tuple(map(int, re.findall(r"\d+", self.version))), self.created

    @property
    def search_options(self) -> SearchOptions:
        """How the bundle's own beam search goes."""
        penalties = float(self.search.get("length_penalty", 1.0)), float(self.search.get("coverage_penalty", 0.0))
        return SearchOptions(self.search["beam"], penalties[0], coverage_penalty=penalties[1])


@dataclass(frozen=True)
class Bundle:
    """A bundle whose files are all there and unchanged."""

    path: Path
    manifest: Manifest
    tokenizer: Tokenizer

    @property
    def fingerprint(self) -> str:
        """A sha256 that two bundles share only when all their files are equal."""
        return self.manifest.fingerprint

    @property
    def saved_model(self) -> Path:
        """The folder of the SavedModel."""
        return self.path / SAVED_MODEL

    @property
    def litert(self) -> Path:
        """The folder of the LiteRT graphs, which not every bundle has."""
        return self.path / LITERT

    @cached_property
    def lexicon(self) -> Lexicon | None:
        """Which pieces come of which, for a bundle that has it; BundleError when it is damaged."""
        return Lexicon.load(self.path / LEXICON, self.tokenizer) if LEXICON in self.manifest.files else None


def shipped_bundle() -> Path:
    """The bundle that comes with the package: English and German."""
    return Path(__file__).parent / "bundles" / "tatoeba-en-de"


def load_bundle(path: Path | str) -> Bundle:
    """The bundle in a directory, its checksums verified; BundleError names the file that is missing or damaged."""
    path = Path(path)
    manifest = read_manifest(path)
    for name, expected in manifest.files.items():
        file = path / name
        if not file.resolve().is_relative_to(path.resolve()):
            raise BundleError(f"{path / MANIFEST} names '{name}', which lies outside the bundle. Export it again.")
        if not file.is_file():
            raise BundleError(f"The bundle's file {file} is missing. Copy or export the bundle again.")
        found = _sha256(file)
        if found != expected:
            raise BundleError(
                f"The bundle's file {file} is damaged: its sha256 is {found[:12]}…, the manifest says "
                f"{expected[:12]}…. Copy or export the bundle again."
            )
    if PIECES not in manifest.files:
        raise BundleError(f"{path / MANIFEST} does not list {PIECES}; this is no bundle of dragoman.")
    tokenizer = Tokenizer.load(path / PIECES)
    for _, target in manifest.pairs:
        tokenizer.tag(target)
    return Bundle(path, manifest, tokenizer)


def read_manifest(path: Path) -> Manifest:
    """The manifest of a bundle, without a look at its other files."""
    file = path / MANIFEST
    if not path.is_dir():
        raise BundleError(f"There is no bundle at {path}. Give the folder that `mt-train export` wrote.")
    if not file.is_file():
        raise BundleError(f"{path} is no bundle: it has no {MANIFEST}. Give the folder that `mt-train export` wrote.")
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        made_by = values.get("format")
        if made_by == FORMAT:
            manifest = Manifest(**values)
            _refuse_wrong_kinds(manifest)
            return manifest
    except (ValueError, TypeError, AttributeError, InvalidOption) as error:
        raise BundleError(f"{file} is damaged: {error}. Copy or export the bundle again.") from error
    raise BundleError(
        f"{file} has format {made_by!r}; this version reads {FORMAT}. Export it again, or update dragoman."
    )


def _refuse_wrong_kinds(manifest: Manifest) -> None:
    """Nothing, or TypeError or ValueError that names the value a translator could not work with."""
    for name, hint in typing.get_type_hints(Manifest).items():
        kind, value = typing.get_origin(hint) or hint, getattr(manifest, name)
        if not isinstance(value, kind):
            raise TypeError(f"{name} must be of type {kind.__name__}, got {value!r}")
    directions = [str(name).split("-", 1) for name in manifest.directions]
    if not directions or not all(len(languages) == 2 and all(languages) for languages in directions):
        raise ValueError(f"directions must be such as 'en-de', got {manifest.directions}")
    require_version(manifest.version)
    if not isinstance(manifest.search.get("beam"), int):
        raise TypeError(f"search must have a whole number as its beam, got {manifest.search}")
    _ = manifest.search_options  # which refuses what is out of its range


def require_version(version: str) -> None:
    """Raises ValueError for what cannot be a bundle's version."""
    if not VERSION.fullmatch(version):
        raise ValueError(
            f"version must have at most 40 letters, digits and ._+-, and no number of ten digits, got '{version}'"
        )


def seal(path: Path, manifest: Manifest) -> None:
    """Writes the model card, and the manifest with the sha256 of every file; the bundle is complete then."""
    (path / CARD).write_text(model_card(dataclasses.asdict(manifest)), encoding="utf-8")
    files = sorted(file for file in path.rglob("*") if file.is_file() and file.name != MANIFEST)
    sums = {file.relative_to(path).as_posix(): _sha256(file) for file in files}
    text = json.dumps(dataclasses.asdict(dataclasses.replace(manifest, files=sums)), indent=1, ensure_ascii=False)
    (path / MANIFEST).write_text(text + "\n", encoding="utf-8")


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
