"""Bundles of a few bytes, and what stands for the translators and schedulers of them."""

import shutil
from dataclasses import replace
from pathlib import Path

from mt import BundleError, Manifest, Translation, read_manifest
from mt.bundle import seal
from service.jobs import Job


def put_bundle(path: Path, name: str = "x", version: str = "", directions: str = "en-de", weights: str = "1") -> Path:
    """A folder with the files of a bundle, of which `weights` may be "bad", "broken" or anything else."""
    path.mkdir(exist_ok=True)
    (path / "weights").write_text(weights)
    seal(path, Manifest(name, directions.split(), version=version, search={"beam": 4}))
    return path


class StubTranslator:
    """What is loaded from such a folder."""

    max_n_best = 16
    engine_name = "stub"

    def __init__(self, manifest: Manifest) -> None:
        self.manifest, self.name, self.fingerprint = manifest, manifest.name, manifest.fingerprint
        self.directions = manifest.pairs


def stub(name: str = "x", directions: str = "en-de", version: str = "") -> StubTranslator:
    """A translator that was never in a folder."""
    return StubTranslator(Manifest(name, directions.split(), version=version, files={"version": version}))


def load_stub(path: Path) -> StubTranslator:
    """The translator of a folder, unless its weights say otherwise."""
    weights = (path / "weights").read_text()
    if weights == "bad":
        raise BundleError(f"The bundle's file {path}/weights is bad.")
    if weights == "broken":
        raise ZeroDivisionError(f"{path} broken")
    return StubTranslator(read_manifest(path))


class StubScheduler:
    """Translates by writing its direction behind a text; remembers its jobs."""

    waiting = 0

    def __init__(self, translator: StubTranslator) -> None:
        self.translator = translator
        self.is_closed = False
        self.jobs: list[Job] = []

    async def translate(self, job: Job) -> list[Translation]:
        assert not self.is_closed
        self.jobs.append(job)
        return [self._translation(text, job) for text in job.texts]

    def _translation(self, text: str, job: Job) -> Translation:
        best = Translation(f"{text} {job.source}>{job.target}", -1.0, warnings=("split", job.target))
        others = tuple(f"{best.text} {place}" for place in range(2, job.n_best + 1))
        return replace(best, alternatives=others, alternative_scores=(-2.0,) * len(others))

    def close(self) -> None:
        self.is_closed = True


def replace_bundle(path: Path, **facts: str) -> Path:
    """Another bundle in the place of one, at once, as by a rename."""
    aside = path.with_name(f".{path.name}")
    put_bundle(aside, **facts)
    shutil.rmtree(path)
    return aside.rename(path)
