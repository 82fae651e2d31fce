"""What is installed is what is locked, and all that is needed; see pyproject.toml, Makefile and docker/."""

import pkgutil
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from service.settings import Settings, read_settings

ROOT = Path(__file__).parent.parent
PACKAGES = ("mt", "service", "training")
LOCKS = {
    "serve.lock": ["serve"],
    "savedmodel.lock": ["serve", "savedmodel"],
    "dev.lock": ["serve", "savedmodel", "train", "beam", "dev"],
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")
PIN = re.compile(
    r"^(?P<requirement>[a-z0-9-]+==[^\\\n]+?) \\\n(?P<hashes>(?:    --hash=sha256:\S+.*\n)+)", re.MULTILINE
)


def read_lock(name: str) -> str:
    return (ROOT / "docker" / "requirements" / name).read_text(encoding="utf-8")


def pins(name: str) -> dict[str, str]:
    """The hashes of each locked requirement."""
    return {pin["requirement"]: pin["hashes"] for pin in PIN.finditer(read_lock(name))}


def versions(name: str) -> set[str]:
    """Each locked requirement without the platforms that it is for."""
    return {requirement.split(" ;")[0] for requirement in pins(name)}


def test_the_top_level_holds_nothing_but_what_belongs_there():
    found = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip("not a git checkout")
    names = {path.split("/")[0] for path in found.stdout.splitlines()}
    files = {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "Makefile"}
    assert {name for name in names if not name.startswith(".")} - {
        *PACKAGES,
        "docker",
        "tests",
        "docs",
        *files,
    } == set()


def test_serving_is_locked_to_the_versions_that_the_tests_run_with():
    assert versions("serve.lock") <= versions("savedmodel.lock") <= versions("dev.lock")


def test_serving_needs_no_model_library():
    assert not [version for version in versions("serve.lock") if re.match("tensorflow|keras|jax|torch", version)]


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_requirement_has_hashes(name):
    assert len(pins(name)) == len(re.findall(r"^[a-z0-9]", read_lock(name), re.MULTILINE))


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_registry(name):
    assert "://" not in read_lock(name)
    assert "--index" not in read_lock(name)


@pytest.mark.parametrize(("name", "extras"), LOCKS.items())
def test_a_lock_holds_all_that_the_project_asks_for(name, extras):
    wanted = PROJECT["dependencies"] + [line for extra in extras for line in PROJECT["optional-dependencies"][extra]]
    names = {re.split(r"[\[><=; ]", line)[0].lower() for line in wanted} - {"dragoman"}
    assert names <= {version.split("==")[0] for version in versions(name)}


@pytest.mark.parametrize("program", PROJECT["scripts"])
def test_a_program_starts_in_a_function_that_exists(program):
    assert callable(pkgutil.resolve_name(PROJECT["scripts"][program]))


def test_the_wheel_holds_every_file_of_the_packages(tmp_path):
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    expected = {
        path.relative_to(tmp_path).as_posix()
        for package in PACKAGES
        for path in (tmp_path / package).rglob("*")
        if path.is_file()
    }
    build = "from setuptools.build_meta import build_wheel; build_wheel('.')"
    done = subprocess.run([sys.executable, "-c", build], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        assert expected <= set(wheel.namelist())


def test_the_images_are_built_from_the_files_that_reach_them():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    assert {path for paths in copied for path in paths.split()} == set(re.findall("^!(.+)$", ignored, re.MULTILINE))


def test_the_variables_of_the_images_are_settings():
    variables = dict(re.findall(r"\b(MT_[A-Z]+)=(\S+)", DOCKERFILE))
    assert read_settings({}, variables).engine == "savedmodel"


def test_a_container_may_stop_for_longer_than_the_service_takes_to():
    compose = (ROOT / "docker" / "compose.yaml").read_text(encoding="utf-8")
    grace = re.search(r"stop_grace_period: (\d+)s", compose)
    assert grace
    assert int(grace[1]) > Settings().shutdown_seconds
