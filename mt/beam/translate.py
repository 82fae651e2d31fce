"""Texts of a PCollection to their translations: one translator a process, batches, and nothing that is lost."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.ml.inference.base import KeyedModelHandler, ModelHandler, RunInference
from apache_beam.typehints.decorators import no_annotations

from mt.bulk import BYTES_AT_ONCE, LINES_AT_ONCE
from mt.bundle import load_bundle, shipped_bundle
from mt.engines import SearchOptions
from mt.errors import InvalidText
from mt.open_engine import AUTO
from mt.planning import Translation
from mt.translator import Translator

Text = str | bytes  # bytes in UTF-8, as which all texts go through: Beam cannot keep strings with unpaired surrogates


@dataclass(frozen=True)
class Failure:
    """A text that has no translation, and why."""

    source: str  # bytes that are not UTF-8 stand in it as \x80
    error: str  # the class of what was raised, such as InvalidText
    message: str


class Outcome(NamedTuple):
    """What Translate gives: (key, Translation) for some texts, (key, Failure) for the others; together all."""

    translated: beam.PCollection
    failed: beam.PCollection


@dataclass(frozen=True)
class TranslatorHandler(ModelHandler):
    """What RunInference has to know of a Translator.

    A process has one, which its threads share; processes share the memory into which its weights are mapped.
    """

    bundle: str | None  # where every worker has it; None: the one shipped, wherever that is installed
    source: str
    target: str
    engine: str = AUTO
    n_best: int = 1
    greedy: bool = False
    search: SearchOptions | None = None

    def load_model(self) -> Translator:
        """A translator that has proved able to do what it is asked for; raises what load_bundle and it do."""
        bundle = load_bundle(Path(self.bundle) if self.bundle else shipped_bundle())
        translator = Translator(bundle, threads=1, engine=self.engine)  # a runner has a process or thread for each core
        self._translate(translator, ["Hello."])
        return translator

    def run_inference(
        self, batch: Sequence[bytes], model: Translator, inference_args: dict[str, Any] | None = None
    ) -> list[Translation | Failure]:
        """What became of each text, in order; those beside one that fails are searched again in smaller batches."""
        try:
            return [*self._translate(model, [_decoded(text) for text in batch])]
        except Exception as error:  # whatever it is, it must neither stop the others nor be lost
            if len(batch) == 1:
                return [Failure(printable(batch[0]), type(error).__name__, printable(_encoded(str(error))))]
        middle = len(batch) // 2
        return self.run_inference(batch[:middle], model) + self.run_inference(batch[middle:], model)

    def _translate(self, translator: Translator, texts: list[str]) -> list[Translation]:
        return translator.translate(
            texts, self.source, self.target, n_best=self.n_best, greedy=self.greedy, search=self.search
        )

    def batch_elements_kwargs(self) -> dict[str, Any]:
        """Batches as of mt.bulk, which the translator takes apart into such of like length.

        Their size is fixed, for it would otherwise depend on how busy a machine is.
        """
        return {"min_batch_size": BYTES_AT_ONCE, "max_batch_size": BYTES_AT_ONCE, "element_size_fn": _weight}

    def get_num_bytes(self, batch: Sequence[bytes]) -> int:
        """The size of the texts, for Beam's metrics."""
        return sum(map(len, batch))

    def get_metrics_namespace(self) -> str:
        """Where Beam's metrics of it are found."""
        return "dragoman"


class Translate(beam.PTransform):
    """Translates strings, or pairs of a key and a string, as Translator.translate does.

    Gives an Outcome. Every element is found in one of its two parts, once, with its key; a string is its own key.
    Instead of a string there may be its bytes in UTF-8: Beam itself stops at strings with unpaired surrogates, but not
    at bytes that are no UTF-8. What concerns all texts (no bundle, no such direction or option) raises in the workers.
    """

    def __init__(  # noqa: PLR0913 - the options of Translator.translate that go with many texts
        self,
        bundle: Path | str | None,
        source: str,
        target: str,
        *,
        engine: str = AUTO,
        n_best: int = 1,
        greedy: bool = False,
        search: SearchOptions | None = None,
    ) -> None:
        """`bundle` is the same folder on every worker, or None for the one shipped."""
        super().__init__()
        folder = None if bundle is None else str(bundle)
        self.handler = TranslatorHandler(folder, source, target, engine, n_best, greedy, search)

    @no_annotations
    def expand(self, texts: beam.PCollection) -> Outcome:
        """The two parts of what became of the texts."""
        outcome = (
            texts
            | "Key" >> beam.Map(keyed)
            | "Translate" >> RunInference(KeyedModelHandler(self.handler))
            | "Part" >> beam.ParDo(_Part()).with_outputs("failed", main="translated")
        )
        return Outcome(outcome.translated, outcome.failed)


class _Part(beam.DoFn):
    """Translations as they come, failures aside; counts both."""

    def __init__(self) -> None:
        self._translated = beam.metrics.Metrics.counter("dragoman", "translated")
        self._failed = beam.metrics.Metrics.counter("dragoman", "failed")

    def process(self, element: tuple) -> Iterator:
        if isinstance(element[1], Failure):
            self._failed.inc()
            yield beam.pvalue.TaggedOutput("failed", element)
        else:
            self._translated.inc()
            yield element


def printable(raw: bytes) -> str:
    """The text, with escapes for what is not UTF-8."""
    return raw.decode("utf-8", "backslashreplace")


def keyed(element: Text | tuple[Hashable, Text]) -> tuple[Hashable, bytes]:
    """Key and text of an element, in a form that Beam can keep whatever the text is."""
    if isinstance(element, tuple):
        return element[0], _encoded(element[1])
    raw = _encoded(element)
    return printable(raw), raw


def _encoded(text: Text) -> bytes:
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8", "surrogatepass")  # the translator names the surrogate and its place
    except UnicodeDecodeError as error:
        raise InvalidText(
            f"Text is not UTF-8 (byte {raw[error.start]:#04x} at place {error.start + 1:,}). "
            "Convert it first, for example with `iconv -f LATIN1 -t UTF-8`."
        ) from error


def _weight(element: tuple[Hashable, bytes]) -> int:
    """The part of a batch that a text takes: of its bytes, or of its number of texts, whichever is more."""
    return max(len(element[1]), BYTES_AT_ONCE // LINES_AT_ONCE)
