"""How good translations are: BLEU, chrF2 and TER with signatures, confidence intervals and paired significance.

sacreBLEU does the work (Post 2018); the intervals and the significance are by its bootstrap (Koehn 2004) with 1,000
samples and the seed 12345.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sacrebleu.metrics import BLEU, CHRF, TER
from sacrebleu.metrics.base import Metric
from sacrebleu.significance import PairedTest

from mt.errors import CorpusError, InvalidOption
from training.data.corpus import read_pairs

# sacreBLEU's other tokenizers need MeCab, or download a model when they are first used.
TOKENIZERS = ("13a", "intl", "zh", "char", "none")
BOOTSTRAP_SAMPLES = 1_000
# The bootstrap holds samples * sentences * 18 chrF counts as float32: 1.4 GB at this limit.
MAX_BOOTSTRAP_SENTENCES = 20_000


@dataclass(frozen=True)
class Score:
    """One metric on a test set. Percent; for TER lower is better."""

    metric: str
    value: float
    signature: str
    interval: tuple[float, float] | None  # 95 % confidence; None where it was not asked for or the set is too large


@dataclass(frozen=True)
class Scores:
    """What a system reaches on a test set."""

    bleu: Score
    chrf: Score
    ter: Score


@dataclass(frozen=True)
class Difference:
    """A system against a baseline in one metric."""

    metric: str
    system: float
    baseline: float
    difference: float  # system - baseline
    p_value: float  # the chance of such a difference between systems that are equally good; below 0.05: significant
    signature: str


@dataclass(frozen=True)
class Comparison:
    """A system against a baseline in all metrics."""

    baseline: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class Report:
    """An evaluation as it is printed and saved."""

    system: str  # with what makes a difference, such as "tatoeba-en-de, beam 5"
    source: str  # language code
    target: str  # language code
    source_file: str
    reference_file: str
    sentences: int
    seconds: float  # of translation alone
    scores: Scores
    comparison: Comparison | None = None
    output_file: str = ""  # where the translations are kept, one a line; "" where they are not
    is_dev: bool = False  # scored on dev, by which checkpoints were chosen, for want of a test set

    @property
    def sentences_per_second(self) -> float:
        """The speed of the translation."""
        return self.sentences / max(self.seconds, 1e-9)


def read_test_set(source: Path, reference: Path) -> tuple[list[str], list[str]]:
    """The source texts and their references, as they are in the files.

    Raises CorpusError for sides of different length, for references without any text, and as `read_pairs` does.
    """
    pairs = read_pairs(source, reference)
    references = [reference_text for _, reference_text in pairs]
    if not any(text.strip() for text in references):
        raise CorpusError(f"{reference} has {len(references):,} lines, all empty. Give the file of the references.")
    return [source_text for source_text, _ in pairs], references


def score(
    hypotheses: Sequence[str],
    references: Sequence[str],
    *,
    tokenize: str = "13a",
    lowercase: bool = False,
    confidence: bool = True,
) -> Scores:
    """The Scores of hypotheses, line by line against references.

    `tokenize` concerns BLEU, `lowercase` BLEU and chrF2; TER follows sacreBLEU's default and never looks at case.
    Sets of over MAX_BOOTSTRAP_SENTENCES get no intervals. TER takes a minute where 3,000 long hypotheses have their
    words in another order, all else seconds. Raises CorpusError for an empty set and for sides of different length.
    """
    _check_sides(hypotheses, references, "hypotheses", "references")
    metrics = _metrics(tokenize, lowercase)
    if confidence and len(references) <= MAX_BOOTSTRAP_SENTENCES:
        signatures, results = _bootstrap([("system", hypotheses)], references, metrics)
        return Scores(*(_score_with_interval(name, results[name][0], str(signatures[name])) for name in metrics))
    return Scores(*(_score(metric, hypotheses, references) for metric in metrics.values()))


def compare(
    system: Sequence[str],
    baseline: Sequence[str],
    references: Sequence[str],
    *,
    tokenize: str = "13a",
    lowercase: bool = False,
) -> tuple[Difference, ...]:
    """BLEU, chrF2 and TER of two systems' hypotheses, with p-values of the paired bootstrap.

    Raises CorpusError as `score` does, and for more than MAX_BOOTSTRAP_SENTENCES.
    """
    _check_sides(system, references, "hypotheses", "references")
    _check_sides(baseline, references, "baseline hypotheses", "references")
    if len(references) > MAX_BOOTSTRAP_SENTENCES:
        raise CorpusError(
            f"The test set has {len(references):,} sentences; a paired comparison takes at most "
            f"{MAX_BOOTSTRAP_SENTENCES:,}, for the memory it needs. Compare on a part of it."
        )
    metrics = _metrics(tokenize, lowercase)
    signatures, results = _bootstrap([("baseline", baseline), ("system", system)], references, metrics)
    return tuple(_difference(name, results[name], str(signatures[name])) for name in metrics)


def render_text(report: Report) -> str:
    """The report as aligned lines for a terminal."""
    lines = [
        f"System    {report.system}",
        f"{'Dev set ' if report.is_dev else 'Test set'}  {report.source_file} ({report.source}) → "
        f"{report.reference_file} ({report.target}), {report.sentences:,} sentences",
        f"Time      {report.seconds:.1f} s, {report.sentences_per_second:,.1f} sentences a second",
        "",
        f"{'':6}{'score':>7}  {'95 % interval':<18}signature",
    ]
    for result in (report.scores.bleu, report.scores.chrf, report.scores.ter):
        interval = "none" if result.interval is None else "{:.2f} to {:.2f}".format(*result.interval)
        lines.append(f"{result.metric:6}{result.value:7.2f}  {interval:<18}{result.signature}")
    if report.comparison:
        lines += ["", *_comparison_lines(report.comparison)]
    return "\n".join([*lines, "", "TER: lower is better."])


def to_json(report: Report) -> str:
    """The report as JSON: the fields of Report, and sentences_per_second."""
    facts = asdict(report) | {"sentences_per_second": report.sentences_per_second}
    return json.dumps(facts, ensure_ascii=False, indent=2)


def _comparison_lines(comparison: Comparison) -> list[str]:
    lines = [
        f"Against {comparison.baseline} (paired bootstrap, {BOOTSTRAP_SAMPLES:,} samples)",
        f"{'':6}{'system':>8}{'baseline':>10}{'difference':>12}{'p':>8}",
    ]
    for row in comparison.differences:
        verdict = "significant" if row.p_value < 0.05 else "not significant"
        lines.append(
            f"{row.metric:6}{row.system:8.2f}{row.baseline:10.2f}{row.difference:+12.2f}{row.p_value:8.3f}  {verdict}"
        )
    return lines


def _metrics(tokenize: str, lowercase: bool) -> dict[str, Metric]:
    if tokenize not in TOKENIZERS:
        raise InvalidOption(f"There is no tokenizer '{tokenize}' for BLEU. Use one of {', '.join(TOKENIZERS)}.")
    return {"BLEU": BLEU(tokenize=tokenize, lowercase=lowercase), "chrF2": CHRF(lowercase=lowercase), "TER": TER()}


def _bootstrap(
    systems: list[tuple[str, Sequence[str]]], references: Sequence[str], metrics: dict[str, Metric]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """sacreBLEU's signature and its results, one a system, by metric.

    For one system as well: corpus_score's own bootstrap fails on output so bad that some samples score 0.
    """
    return PairedTest(systems, metrics, [references], test_type="bs", n_samples=BOOTSTRAP_SAMPLES, n_jobs=1)()


def _score(metric: Metric, hypotheses: Sequence[str], references: Sequence[str]) -> Score:
    result = metric.corpus_score(hypotheses, [references])
    return Score(result.name, float(result.score), str(metric.get_signature()), None)


def _score_with_interval(metric: str, result: Any, signature: str) -> Score:
    mean, spread = float(result.mean), float(result.ci)
    return Score(metric, float(result.score), signature, (mean - spread, mean + spread))


def _difference(metric: str, results: Sequence[Any], signature: str) -> Difference:
    before, after = (float(result.score) for result in results)
    # sacreBLEU gives 0.001 to a system against itself, since none of the resampled differences exceeds the true one.
    p_value = 1.0 if before == after else float(results[1].p_value)
    return Difference(metric, after, before, after - before, p_value, signature)


def _check_sides(first: Sequence[str], second: Sequence[str], first_name: str, second_name: str) -> None:
    if len(first) != len(second) or not first:
        raise CorpusError(
            f"There are {len(first):,} {first_name} and {len(second):,} {second_name}. "
            "Both sides need the same number of lines, at least one; check that the files belong together."
        )
