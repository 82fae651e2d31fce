"""The models that serve now, and the way through them from one language to another."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from mt import UnsupportedLanguage

if TYPE_CHECKING:
    from mt import Translator
    from service.scheduler import Scheduler

Pair = tuple[str, str]
PIVOT = "en"  # the first choice for a language between two others: most models have it


class Model:
    """A translator with its scheduler, and how many requests are under way through it."""

    def __init__(
        self, translator: "Translator", scheduler: "Scheduler", since: datetime, on_end: "Callable[[Model], object]"
    ):
        """`on_end` gets it when it is retired and has done all it had begun."""
        self.translator = translator
        self.scheduler = scheduler
        self.since = since
        self._on_end = on_end
        self._users = 0
        self._is_retired = False

    @contextmanager
    def used(self) -> Iterator["Scheduler"]:
        """The scheduler, which is not closed before the context's end unless the server stops."""
        self._users += 1
        try:
            yield self.scheduler
        finally:
            self._users -= 1
            self._close_when_done()

    def retire(self) -> None:
        """Nothing; the scheduler closes as soon as nobody uses it."""
        self._is_retired = True
        self._close_when_done()

    def _close_when_done(self) -> None:
        if self._is_retired and not self._users:
            self.scheduler.close()
            self._on_end(self)


class Leg(NamedTuple):
    """A part of the way from one language to another, by one model."""

    model: Model
    source: str
    target: str


class Models:
    """One model for each name; belongs to the event loop's thread.

    A direction that several models have is served by the first of them in alphabetical order. One that none has leads
    through a third language, if two models have directions that meet there: English if they can, or else the first.
    """

    def __init__(
        self,
        schedule: "Callable[[Translator], Scheduler]",
        on_end: Callable[[Model], object] = lambda _: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        """`schedule` makes a scheduler for a translator; `on_end`: as for Model."""
        self._schedule, self._on_end, self._now = schedule, on_end, now
        self._models: dict[str, Model] = {}
        self._routes: dict[Pair, tuple[Leg, ...]] = {}

    def __iter__(self) -> Iterator[Model]:
        return iter(self._models.values())

    def __len__(self) -> int:
        return len(self._models)

    def get(self, name: str) -> Model | None:
        """The model of this name, if it serves."""
        return self._models.get(name)

    def put(self, translator: "Translator") -> None:
        """Nothing; from now on the translator serves in place of the one of its name, which ends what it has begun."""
        model = Model(translator, self._schedule(translator), self._now(), self._on_end)
        self._replace({**self._models, translator.name: model})

    def remove(self, name: str) -> None:
        """Nothing; the model of this name ends what it has begun and gets nothing more."""
        self._replace({other: model for other, model in self._models.items() if other != name})

    def _replace(self, models: Mapping[str, Model]) -> None:
        retired = [model for name, model in self._models.items() if models.get(name) is not model]
        self._models = dict(sorted(models.items()))
        self._routes = routes(self._models.values())
        for model in retired:
            model.retire()

    @property
    def directions(self) -> tuple[Pair, ...]:
        """(source, target) of all that can be translated, first those that need no third language."""
        return tuple(self._routes)

    @property
    def languages(self) -> list[str]:
        """Each language that can be translated from or into."""
        return list(dict.fromkeys(code for direction in self.directions for code in direction))

    @property
    def max_n_best(self) -> int:
        """How many translations of a text any of the models can give."""
        return min(model.translator.max_n_best for model in self)

    @property
    def waiting(self) -> int:
        """How many sentences wait to be decoded."""
        return sum(model.scheduler.waiting for model in self)

    def legs(self, source: str, target: str) -> tuple[Leg, ...]:
        """One leg, or two that meet in a third language; raises UnsupportedLanguage where there is no way."""
        if (source, target) not in self._routes:
            known = ", ".join(f"{one}-{other}" for one, other in self._routes)
            raise UnsupportedLanguage(f"Nothing here translates from '{source}' to '{target}'; there is {known}.")
        return self._routes[source, target]

    def serves(self, model: Model) -> list[Pair]:
        """The directions in which texts go through this model, and no third language."""
        return [pair for pair, legs in self._routes.items() if len(legs) == 1 and legs[0].model is model]

    def close(self) -> None:
        """Nothing; what waits is refused, and what is being decoded stops."""
        for model in self:
            model.scheduler.close()


def routes(models: Iterable[Model]) -> dict[Pair, tuple[Leg, ...]]:
    """The way for each pair of languages that has one, through as few models as it can; the first model comes first."""
    direct: dict[Pair, tuple[Leg, ...]] = {}
    for model in models:
        for pair in model.translator.directions:
            direct.setdefault(pair, (Leg(model, *pair),))
    found = dict(direct)
    for pivot in sorted({source for source, _ in direct}, key=lambda code: (code != PIVOT, code)):
        before = [legs for (_, target), legs in direct.items() if target == pivot]
        behind = [legs for (source, _), legs in direct.items() if source == pivot]
        for (first,), (second,) in ((one, other) for one in before for other in behind):
            if first.source != second.target:
                found.setdefault((first.source, second.target), (first, second))
    return found
