"""One offline evaluation from files to report: translate with a bundle or a running server, score, compare."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from mt.bundle import load_bundle
from mt.errors import CorpusError
from mt.translator import Translator
from training.data.corpus import read_lines
from training.evaluation.ensemble import Ensemble
from training.evaluation.remote import translate_over_http
from training.evaluation.scores import Comparison, Report, compare, read_test_set, score

Translate = Callable[[Sequence[str], str, str], list[str]]


@dataclass(frozen=True)
class Evaluation:
    """What is to be evaluated, and how."""

    source: str  # language code
    target: str  # language code
    source_file: Path
    reference_file: Path
    tokenize: str = "13a"
    lowercase: bool = False
    output_file: Path | None = None  # keeps the translations, one a line
    is_dev: bool = False  # the set is dev, for want of a test set


def evaluate(
    options: Evaluation, translate: Translate, name: str, baseline: tuple[str, Translate] | None = None
) -> Report:
    """The report of a system on a test set, against a baseline's name and system where given."""
    sources, references = read_test_set(options.source_file, options.reference_file)
    began = time.monotonic()
    hypotheses = translate(sources, options.source, options.target)
    seconds = time.monotonic() - began
    if options.output_file:
        options.output_file.parent.mkdir(parents=True, exist_ok=True)
        options.output_file.write_bytes("".join(f"{text}\n" for text in hypotheses).encode())
    rules: Any = {"tokenize": options.tokenize, "lowercase": options.lowercase}
    comparison = None
    if baseline:
        other = baseline[1](sources, options.source, options.target)
        comparison = Comparison(baseline[0], compare(hypotheses, other, references, **rules))
    scores = score(hypotheses, references, **rules)
    files = str(options.source_file), str(options.reference_file)
    report = Report(name, options.source, options.target, *files, len(sources), seconds, scores, comparison)
    return replace(report, output_file=str(options.output_file or ""), is_dev=options.is_dev)


def evaluate_systems(options: Evaluation, systems: list[str], baseline: str | None) -> Report:
    """The same for systems named on a command line: a bundle's folder, a server's address, or a file of output.

    Several are bundles, evaluated as one ensemble.
    """
    if len(systems) > 1:
        translate = by_translator(Ensemble(tuple(map(Path, systems))).open())
    else:
        translate = open_system(systems[0])
    name = f"ensemble of {', '.join(systems)}" if len(systems) > 1 else systems[0]
    return evaluate(options, translate, name, (baseline, open_system(baseline)) if baseline else None)


def open_system(name: str) -> Translate:
    """What translates: a running server for an http address, a bundle for a folder, else the lines of a file."""
    if name.startswith(("http://", "https://")):
        return partial(translate_over_http, name)
    path = Path(name)
    if path.is_file():
        return partial(_read_output, path)
    return by_translator(Translator(load_bundle(path)))


def by_translator(translator: Translator) -> Translate:
    """A translator as a system."""

    def translate(texts: Sequence[str], source: str, target: str) -> list[str]:
        return [one.text for one in translator.translate(texts, source, target)]

    return translate


def _read_output(path: Path, texts: Sequence[str], source: str, target: str) -> list[str]:
    """The lines of another system's output for these texts; CorpusError when they are not as many."""
    lines = read_lines(path)
    if len(lines) != len(texts):
        raise CorpusError(
            f"{path} has {len(lines):,} lines, the test set {len(texts):,}. Give the output for this set."
        )
    return lines
