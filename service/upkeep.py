"""Keeps what serves as new as the bundles in a folder are."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mt import DragomanError, Manifest
from service.folder import Place, look
from service.models import Models

if TYPE_CHECKING:
    from mt import Translator

logger = logging.getLogger(__name__)

FAULT = "It could not be loaded; the server's log says why."


@dataclass(frozen=True)
class Rejection:
    """A folder whose bundle does not serve, and why, without a path of this machine."""

    folder: str
    reason: str
    manifest: Manifest | None = None


class Upkeep:
    """The bundles of a folder, as the models that serve; belongs to the event loop's thread.

    Of the bundles with one name the newest serves, or when it is refused the next. A model serves until another one of
    its name is ready, or until no folder has its name. What changes between two looks may still be being copied, so a
    bundle is refused only when it has not; a refused one is not looked at again until one of its files changes.
    """

    def __init__(self, folder: Path, models: Models, load: "Callable[[Path], Translator]"):
        """`load`, called in a thread, gives a translator that is ready to serve, or raises what is wrong with it."""
        self._folder, self._models, self._load = folder, models, load
        self._homes: dict[str, Path] = {}  # where each model is from
        self._seen: dict[Path, Hashable] = {}  # how each place was at the last look
        self._rejected: dict[Path, tuple[Hashable, Rejection]] = {}
        self.incomplete: list[Rejection] = []
        self._trouble = ""  # with the folder itself

    @property
    def refused(self) -> list[Rejection]:
        """The bundles that were tried and do not serve."""
        return [rejection for _, rejection in self._rejected.values()]

    async def look(self) -> None:
        """Nothing; what the folder holds now serves, as far as it can."""
        try:
            places = await asyncio.to_thread(look, self._folder)
        except OSError as error:
            self._tell(
                f"The folder {self._folder} of MT_BUNDLES cannot be read: {error.strerror}. What serves goes on."
            )
            return
        self._note_what_is_wrong(places)
        await self._bring_up_to_date(places)
        self._seen = {place.path: place.state for place in places}
        self._tell("" if len(self._models) else f"No bundle in the folder {self._folder} of MT_BUNDLES can be served.")

    def _note_what_is_wrong(self, places: Sequence[Place]) -> None:
        self._rejected = {place.path: self._rejected[place.path] for place in places if self._is_rejected(place)}
        unfinished = [place for place in places if place.missing]
        self.incomplete = [
            Rejection(place.path.name, f"{place.missing} is not there yet.", place.manifest) for place in unfinished
        ]
        for place in places:
            if place.fault:
                self._reject(place, place.fault)

    async def _bring_up_to_date(self, places: Sequence[Place]) -> None:
        by_name: defaultdict[str, list[Place]] = defaultdict(list)
        for place in places:
            if place.manifest:
                by_name[place.manifest.name].append(place)
        for name, found in by_name.items():
            whole = [place for place in found if not place.missing]
            await self._serve_newest(name, sorted(whole, key=_age, reverse=True))
        for name in [model.translator.name for model in self._models]:
            if name not in by_name and not self._is_being_replaced(name, places):
                self._models.remove(name)
                logger.info("%s is served no more.", name)

    def _is_being_replaced(self, name: str, places: Iterable[Place]) -> bool:
        """Whether the place that this model is from holds a bundle that cannot be read, or not yet."""
        return any(place.fault and place.path == self._homes.get(name) for place in places)

    async def _serve_newest(self, name: str, places: Iterable[Place]) -> None:
        """Nothing; the first of these, newest first, that can be loaded serves, unless it does already."""
        for place in places:
            if self._serves_already(name, place):
                return
            if self._is_rejected(place):
                continue
            try:
                translator = await asyncio.to_thread(self._load, place.path)
            except Exception as error:
                self._reject(place, error)
                continue
            self._models.put(translator)
            self._homes[name] = place.path
            logger.info("%s %s is served now.", name, translator.manifest.version)
            return

    def _serves_already(self, name: str, place: Place) -> bool:
        serving = self._models.get(name)
        assert place.manifest
        return serving is not None and serving.translator.manifest.fingerprint == place.manifest.fingerprint

    def _is_rejected(self, place: Place) -> bool:
        state, _ = self._rejected.get(place.path, (None, None))
        return state == place.state

    def _reject(self, place: Place, error: Exception) -> None:
        """Nothing; the place is refused, and that is logged once, unless it has changed since the last look."""
        if self._seen.get(place.path) != place.state or self._is_rejected(place):
            return
        is_ours = not isinstance(error, DragomanError)
        # As text: whoever keeps the error keeps frames, and with them what they hold.
        text = str(error)
        logger.error("The bundle %s is refused: %s", place.path, text, exc_info=error if is_ours else None)
        reason = FAULT if is_ours else text.replace(str(place.path), place.path.name)
        self._rejected[place.path] = place.state, Rejection(place.path.name, reason, place.manifest)

    def _tell(self, trouble: str) -> None:
        """Nothing; what is wrong with the folder is logged, once for as long as it stays the same."""
        if trouble and trouble != self._trouble:
            logger.error("%s", trouble)
        self._trouble = trouble


def _age(place: Place) -> tuple[tuple[tuple[int, ...], str], str]:
    assert place.manifest
    return place.manifest.age, place.path.name
