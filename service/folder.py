"""The folder that MT_BUNDLES names: which bundles lie in it, whole or not yet."""

import os
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path

from mt import BundleError, Manifest, read_manifest

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Place:
    """A folder with a bundle, or with what may become one."""

    path: Path
    state: Hashable  # another one as soon as a file below it is another
    manifest: Manifest | None = None  # None where it cannot be read
    fault: BundleError | None = None  # why it cannot be read
    missing: str = ""  # the first file that is not there yet


def look(folder: Path) -> list[Place]:
    """What lies in the folder now, by name; OSError when the folder cannot be read.

    Folders whose name begins with a dot are left out: an export, or another program, is at work in them.
    """
    return [_place(path) for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith(".")]


def _place(path: Path) -> Place:
    state = _state(path)
    if not (path / MANIFEST).is_file():
        return Place(path, state, missing=MANIFEST)
    try:
        manifest = read_manifest(path)
    except (BundleError, OSError) as error:
        fault = error if isinstance(error, BundleError) else BundleError(f"{path} cannot be read: {error.strerror}.")
        return Place(path, state, fault=fault)
    missing = next((name for name in sorted(manifest.files) if not (path / name).is_file()), "")
    return Place(path, state, manifest, missing=missing)


def _state(path: Path) -> Hashable:
    """Path, size, time of change and number of each file; what vanishes meanwhile is left out."""
    files = []
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                facts = os.stat(os.path.join(folder, name))
            except OSError:
                continue
            files.append((folder, name, facts.st_size, facts.st_mtime_ns, facts.st_ino))
    return frozenset(files)
