"""A recipe: everything that decides what a trained model is, as TOML and as frozen dataclasses."""

import dataclasses
import difflib
import math
import re
import tomllib
import types
import typing
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from mt.bundle import require_version
from mt.errors import RecipeError
from mt.model.config import ModelConfig
from training.data.corpus import FilterConfig
from training.finetuning import inherit
from training.run.schedule import ScheduleConfig

PUBLISHED = Path(__file__).parent / "recipes"
Config = TypeVar("Config")


@dataclass(frozen=True)
class CorpusConfig:
    """One parallel corpus; `[[corpora]]` in a recipe. Each set is two text files, or one TSV file with two columns."""

    languages: tuple[str, ...]  # of the two files or columns, in their order
    train: tuple[str, ...]
    dev: tuple[str, ...] = ()  # each direction needs one from some corpus
    test: tuple[str, ...] = ()
    directions: tuple[str, ...] = ()  # that it trains; default: all between its languages. For synthetic corpora
    tag: str = ""  # such as "<bt>": a piece before its sources, which says that they are not natural text
    name: str = ""
    licence: str = ""  # goes into the manifest and the model card
    attribution: str = ""
    weight: float = 1.0  # how often an epoch draws each pair; of 2.5, twice and a random half of them once more

    def __post_init__(self) -> None:
        if len(self.languages) != 2 or self.languages[0] == self.languages[1]:
            raise RecipeError(f"corpora.languages must be two different languages, got {list(self.languages)}.")
        for name in ("train", "dev", "test"):
            files = getattr(self, name)
            if len(files) not in (1, 2) and (files or name == "train"):
                raise RecipeError(f"corpora.{name} must be two text files or one TSV file, got {list(files)}.")
        if self.tag and (not re.fullmatch("<[a-z]{2,}>", self.tag) or self.tag in ("<pad>", "<unk>")):
            raise RecipeError(f"corpora.tag must be a name in angle brackets such as <bt>, got '{self.tag}'.")
        for direction in self.directions:
            if set(direction.split("-")) != set(self.languages):
                raise RecipeError(
                    f"corpora.directions may only lie between {' and '.join(self.languages)}, got '{direction}'."
                )
        if not 0 < self.weight <= 1_000:
            raise RecipeError(f"corpora.weight must be above 0 and at most 1000, got {self.weight}.")

    def trains(self, source: str, target: str) -> bool:
        """Whether a model learns this direction from the corpus, if it learns it at all."""
        is_chosen = not self.directions or f"{source}-{target}" in self.directions
        return is_chosen and {source, target} == set(self.languages)


@dataclass(frozen=True)
class OtherTest:
    """A test set of another kind of text than the corpora; `[[also_test]]` in a recipe. Shows what `from` forgets."""

    languages: tuple[str, ...]  # of the two files or columns, in their order
    files: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.languages) != 2 or self.languages[0] == self.languages[1]:
            raise RecipeError(f"also_test.languages must be two different languages, got {list(self.languages)}.")
        if len(self.files) not in (1, 2):
            raise RecipeError(f"also_test.files must be two text files or one TSV file, got {list(self.files)}.")


@dataclass(frozen=True)
class SubwordConfig:
    """The joint vocabulary; `[subwords]` in a recipe."""

    vocabulary: int = 8_000  # pieces, with 256 bytes, the special pieces and the tags
    kind: str = "unigram"  # Kudo 2018; or "bpe", Sennrich et al. 2016
    character_coverage: float = 0.9999  # rarer characters are spelled in bytes
    sentences: int = 1_000_000  # of a larger corpus so many, drawn at random, decide the vocabulary
    sampling: float = 0.0  # alpha of subword regularization or BPE-dropout in training; 0 = always the likeliest pieces

    def __post_init__(self) -> None:
        if self.kind not in ("unigram", "bpe"):
            raise RecipeError(f"subwords.kind must be 'unigram' or 'bpe', got '{self.kind}'.")
        if self.vocabulary < 300:
            raise RecipeError(f"subwords.vocabulary must be at least 300 (256 are bytes), got {self.vocabulary}.")
        if self.sentences < 1:
            raise RecipeError(f"subwords.sentences must be at least 1, got {self.sentences}.")
        if not 0.98 <= self.character_coverage <= 1:  # SentencePiece's own limits
            raise RecipeError(f"subwords.character_coverage must be from 0.98 to 1, got {self.character_coverage}.")
        if not 0 <= self.sampling <= 1:
            raise RecipeError(f"subwords.sampling must be between 0 and 1, got {self.sampling}.")


@dataclass(frozen=True)
class TrainingConfig:
    """The training loop; `[training]` in a recipe."""

    max_updates: int = 10_000
    batch_pieces: int = 3_000  # target pieces of one batch, padding not counted
    accumulate: int = 1  # batches of one update; for larger ones than memory holds
    max_pieces: int = 120  # longer examples, source or target, are left out
    label_smoothing: float = 0.1  # Szegedy et al. 2016, §7
    r_drop: float = 0.0  # alpha of Liang et al. 2021, such as 5; draws two passes with different dropout together
    guided_attention: float = 0.0  # weight of Garg et al. 2019, such as 0.05; teaches attention the corpus's word links
    clip_norm: float = 1.0  # of the gradient of all weights together
    precision: str = "auto"  # "bfloat16" or "float32"; auto takes bfloat16 where the processor computes in it
    validate_every: int = 500  # updates
    validation_sentences: int = 1_000  # of each direction's dev set that are translated for greedy BLEU
    patience: int = 10  # validations without a better one before training stops
    keep_best: int = 4  # checkpoints that are kept, and averaged
    average: str = "checkpoints"  # or "ema": already what is scored and kept is a moving average of the weights
    ema_decay: float = 0.999  # of the moving average, an update
    save_minutes: float = 5.0  # between checkpoints to resume from; validations save one as well
    seed: int = 1

    def __post_init__(self) -> None:
        least = {"max_updates": 1, "batch_pieces": 1, "max_pieces": 2, "validate_every": 1, "validation_sentences": 1}
        for name, value in (least | {"patience": 1, "keep_best": 1, "accumulate": 1}).items():
            if getattr(self, name) < value:
                raise RecipeError(f"training.{name} must be at least {value}, got {getattr(self, name)}.")
        if not 0 <= self.seed < 2**32:
            raise RecipeError(f"training.seed must be from 0 to 4294967295, got {self.seed}.")
        if not self.clip_norm > 0:
            raise RecipeError(f"training.clip_norm must be above 0, got {self.clip_norm}.")
        if not self.save_minutes >= 0:
            raise RecipeError(f"training.save_minutes must be at least 0, got {self.save_minutes}.")
        if not 0 <= self.label_smoothing < 1:
            raise RecipeError(f"training.label_smoothing must be at least 0 and below 1, got {self.label_smoothing}.")
        if self.precision not in ("auto", "bfloat16", "float32"):
            raise RecipeError(f"training.precision must be auto, bfloat16 or float32, got '{self.precision}'.")
        if not 0 <= self.r_drop < math.inf:
            raise RecipeError(f"training.r_drop must be at least 0 and finite, got {self.r_drop}.")
        if not 0 <= self.guided_attention < math.inf:
            raise RecipeError(f"training.guided_attention must be at least 0 and finite, got {self.guided_attention}.")
        if self.average not in ("checkpoints", "ema"):
            raise RecipeError(f"training.average must be checkpoints or ema, got '{self.average}'.")
        if not 0 < self.ema_decay < 1:
            raise RecipeError(f"training.ema_decay must be above 0 and below 1, got {self.ema_decay}.")


@dataclass(frozen=True)
class SearchConfig:
    """How the exported translator searches; `[search]` in a recipe."""

    beam: int = 5
    length_penalty: float = 1.0  # alpha of Wu et al. 2016, §7

    def __post_init__(self) -> None:
        if not 1 <= self.beam <= 16:
            raise RecipeError(f"search.beam must be from 1 to 16, got {self.beam}.")
        if not self.length_penalty >= 0:
            raise RecipeError(f"search.length_penalty must be at least 0, got {self.length_penalty}.")


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a trained model is. Paths are relative to the data folder (`--data`)."""

    name: str
    directions: tuple[str, ...]  # such as "en-de"; several directions share one model
    corpora: tuple[CorpusConfig, ...]
    description: str = ""
    version: str = ""  # the bundle's, such as "1.2"; mt-serve takes the newest bundle of a name
    start: str = field(default="", metadata={"key": "from"})  # a bundle, whose vocabulary, sizes and weights it takes
    also_test: tuple[OtherTest, ...] = ()
    filter: FilterConfig = field(default_factory=FilterConfig)
    subwords: SubwordConfig = field(default_factory=SubwordConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    search: SearchConfig = field(default_factory=SearchConfig)

    def __post_init__(self) -> None:
        if not self.directions or not self.corpora:
            raise RecipeError("A recipe needs at least one direction and one [[corpora]].")
        wait, patience = self.schedule.plateau_patience, self.training.patience
        if self.schedule.decay == "plateau" and wait >= patience:
            raise RecipeError(
                f"schedule.plateau_patience must be below training.patience, got {wait} and {patience}: "
                "training would end before the learning rate could fall."
            )
        if not self.name or Path(self.name).name != self.name:
            raise RecipeError(
                f"A recipe's name becomes the name of a folder, so it needs one without '/': got '{self.name}'."
            )
        try:
            require_version(self.version)
        except ValueError as error:
            raise RecipeError(f"{error}. Write it like '1.2'.") from None
        for direction in self.directions:
            languages = direction.split("-")
            if len(languages) != 2 or not all(languages):
                raise RecipeError(f"A direction is two language codes such as 'en-de', got '{direction}'.")
            chosen = [corpus for corpus in self.corpora if set(languages) == set(corpus.languages)]
            if not any(corpus.trains(*languages) for corpus in chosen):
                hint = " for training; look at corpora.directions" if chosen else ""
                raise RecipeError(f"No corpus has both languages of the direction '{direction}'{hint}.")
            if not any(corpus.dev for corpus in chosen):
                raise RecipeError(f"The direction '{direction}' has no dev set. Give one to a corpus of its languages.")
        _refuse_repetition("direction", self.directions)
        _refuse_repetition("corpus", [corpus.name for corpus in self.corpora if corpus.name])
        for corpus in self.corpora:
            if not any(set(pair) == set(corpus.languages) for pair in self.pairs):
                raise RecipeError(
                    f"No direction uses the corpus of {' and '.join(corpus.languages)}. Remove it, or add one."
                )
        for other in self.also_test:
            if not any(set(pair) == set(other.languages) for pair in self.pairs):
                raise RecipeError(
                    f"No direction uses the also_test of {' and '.join(other.languages)}. Remove it, or add one."
                )

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """(source, target) languages of each direction."""
        return tuple((source, target) for source, target in (direction.split("-") for direction in self.directions))

    @property
    def targets(self) -> tuple[str, ...]:
        """Target languages, each once, in the order of the directions."""
        return tuple(dict.fromkeys(target for _, target in self.pairs))

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of the corpora, each once, in their order."""
        return tuple(dict.fromkeys(corpus.tag for corpus in self.corpora if corpus.tag))


def _refuse_repetition(kind: str, names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise RecipeError(f"The {kind} '{name}' is there {names.count(name)} times; each must be another one.")


def load_recipe(path: Path, data: Path | None = None) -> Recipe:
    """The recipe in a TOML file; a bare name such as `tatoeba-en-de` means one that the project publishes.

    The bundle that its `from` names is looked for below the data folder, by default the recipe's.
    """
    data = data or path.parent
    if not path.exists() and (PUBLISHED / f"{path.name}.toml").exists():
        path = PUBLISHED / f"{path.name}.toml"
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = ", ".join(sorted(file.stem for file in PUBLISHED.glob("*.toml")))
        raise RecipeError(f"There is no recipe '{path}'. Give a TOML file, or one of: {known}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path} is not valid TOML: {error}.") from error
    except OSError as error:
        raise RecipeError(f"Cannot read the recipe {path}: {error.strerror}.") from error
    return from_values(Recipe, inherit(values, data), str(path))


def from_values(kind: type[Config], values: Any, where: str) -> Config:
    """A dataclass from TOML values; `where` names their place in messages."""
    if not isinstance(values, dict):
        raise RecipeError(f"{where} must be a table, got {values!r}.")
    hints = typing.get_type_hints(kind)
    # A key that Python keeps for itself, such as `from`, has another name as a field.
    known = {entry.metadata.get("key", entry.name): entry.name for entry in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for key in values:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise RecipeError(f"{where}: unknown key '{key}'.{hint} Known keys: {', '.join(known)}.")
    for entry in dataclasses.fields(kind):  # type: ignore[arg-type]
        required = entry.default is dataclasses.MISSING and entry.default_factory is dataclasses.MISSING
        if required and entry.name not in values:
            raise RecipeError(f"{where}: the key '{entry.name}' is missing.")
    return kind(**{known[key]: _convert(hints[known[key]], value, f"{where}: {key}") for key, value in values.items()})


def _convert(hint: Any, value: Any, where: str) -> Any:
    """The TOML value as the type of its field."""
    if dataclasses.is_dataclass(hint):
        return from_values(hint, value, where)  # type: ignore[arg-type]
    if isinstance(hint, types.GenericAlias):  # tuple[item, ...]
        if not isinstance(value, list):
            raise RecipeError(f"{where} must be a list, got {value!r}.")
        return tuple(_convert(typing.get_args(hint)[0], item, where) for item in value)
    accepted = (int, float) if hint is float else (hint,)
    if not isinstance(value, accepted) or (isinstance(value, bool) and hint is not bool):
        raise RecipeError(f"{where} must be of type {hint.__name__}, got {value!r}.")
    return float(value) if hint is float else value
