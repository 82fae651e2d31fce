"""Which engine runs a bundle: by what it holds, what is installed, and what is asked for."""

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import NamedTuple

from mt.bundle import LITERT, SAVED_MODEL, Bundle
from mt.engines import Engine
from mt.engines.litert import LiteRTEngine
from mt.engines.savedmodel import SavedModelEngine
from mt.errors import BundleError, InvalidOption

AUTO = "auto"
ENGINES = ("litert", "savedmodel")  # the faster one first
_MODULES = {"litert": "ai_edge_litert", "savedmodel": "tensorflow"}
_ADVICE = {
    "litert": "ai-edge-litert is not installed; pip install ai-edge-litert",
    "savedmodel": "tensorflow is not installed; pip install 'dragoman[savedmodel]'",
}
_FOLDERS = {"litert": LITERT, "savedmodel": SAVED_MODEL}


class Choice(NamedTuple):
    """An engine and why it is this one."""

    name: str  # one of ENGINES
    reason: str


def choose_engine(bundle: Bundle, wanted: str = AUTO, is_installed: Callable[[str], object] = find_spec) -> Choice:
    """The engine that is wanted, or for `auto` the fastest that can run the bundle.

    Raises InvalidOption for a name that is no engine's, and BundleError when the engine cannot run the bundle here.
    """
    if wanted not in (AUTO, *ENGINES):
        raise InvalidOption(f"The engine must be one of {', '.join((AUTO, *ENGINES))}, got '{wanted}'.")
    obstacles = {name: list(_obstacles(bundle, name, is_installed)) for name in ENGINES}
    if wanted != AUTO:
        if obstacles[wanted]:
            raise BundleError(f"The engine {wanted} cannot run {bundle.path}: {'; '.join(obstacles[wanted])}.")
        return Choice(wanted, "asked for")
    for place, name in enumerate(ENGINES):
        if not obstacles[name]:
            passed = [f"{other}: {'; '.join(obstacles[other])}" for other in ENGINES[:place]]
            return Choice(name, ", ".join(passed) or "the fastest")
    found = ". ".join(f"{name}: {'; '.join(why)}" for name, why in obstacles.items())
    raise BundleError(f"No engine can run {bundle.path}. {found}.")


def open_engine(bundle: Bundle, wanted: str = AUTO, threads: int | None = None) -> Engine:
    """The chosen engine, loaded; `threads` bounds TensorFlow's, a search by LiteRT has one."""
    if choose_engine(bundle, wanted).name == "savedmodel":
        return SavedModelEngine(bundle.saved_model, bundle.manifest.search_options, threads)
    return LiteRTEngine(bundle.litert, bundle.lexicon)


def _obstacles(bundle: Bundle, name: str, is_installed: Callable[[str], object]) -> Iterator[str]:
    if not any(file.startswith(f"{_FOLDERS[name]}/") for file in bundle.manifest.files):
        yield f"the bundle has no folder {_FOLDERS[name]}; export it again"
    if not is_installed(_MODULES[name]):
        yield _ADVICE[name]
