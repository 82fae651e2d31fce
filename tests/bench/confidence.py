"""What a bundle's confidence is worth on a test set; the tables of docs/confidence.md.

python -m tests.bench.confidence --source test.en.gz --reference test.de.gz --from en --to de

Nothing is fitted to the test set. Faults are made of the bundle's own translations, and of the references.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mt import Translator, load_bundle, shipped_bundle
from mt.confidence import Confidence, read_confidence
from mt.errors import BundleError
from training.calibration import Examples, calibration_error, of_given, of_sentences, of_words, translated
from training.data.corpus import read_pairs
from training.faults import Faulty, make_faulty

Array = np.ndarray


def main() -> None:
    """Prints two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, default=shipped_bundle())
    parser.add_argument("--source", type=Path, required=True, help="a text file, a sentence a line")
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--from", dest="language", default="en")
    parser.add_argument("--to", default="de")
    parser.add_argument("--faulty", type=int, default=1_000, help="pairs that faults are made of")
    asked = parser.parse_args()
    bundle, direction = load_bundle(asked.bundle), f"{asked.language}-{asked.to}"
    known = read_confidence(bundle).get((asked.language, asked.to))
    if not known:
        raise BundleError(f"{asked.bundle} has no confidence for {direction}. Run `mt-train calibrate` first.")
    translator, pairs = Translator(bundle), read_pairs(asked.source, asked.reference)
    found = list(translated(translator, bundle, direction, pairs))
    print(calibration_rows(known, of_sentences(found), of_words(found)), flush=True)
    own = translator.translate([source for source, _ in pairs[: asked.faulty]], asked.language, asked.to)
    sides = {
        "translations": [(source, one.text) for (source, _), one in zip(pairs, own, strict=False)],
        "references": pairs[: asked.faulty],
    }
    for name, chosen in sides.items():
        print(detection_rows(name, translator, known, direction, make_faulty(chosen)), flush=True)


def calibration_rows(known: Confidence, sentences: Examples, words: Examples) -> str:
    """How well the numbers of sentences and words foretell, beside plain log-probability."""
    foretold = known.sentence.predict(sentences.features)
    plain = sentences.features[:, 0]
    of_word = known.word.predict(words.features)
    underlined = of_word < 0.5
    return "\n".join(
        [
            f"sentences: {len(foretold):,}; Spearman with chrF {spearman(foretold, sentences.outcomes):.3f}, "
            f"of the mean log-probability {spearman(plain, sentences.outcomes):.3f}; "
            f"calibration error {calibration_error(foretold, sentences.outcomes):.3f}",
            f"words: {len(of_word):,}, {words.outcomes.mean():.1%} right; AUC {auc(of_word, words.outcomes):.3f}, "
            f"of the log-probability {auc(words.features[:, 0], words.outcomes):.3f}; "
            f"calibration error {calibration_error(of_word, words.outcomes):.3f}",
            f"words below 0.5: {underlined.mean():.1%}, of which {words.outcomes[underlined].mean():.1%} are right; "
            f"of the others {words.outcomes[~underlined].mean():.1%}",
        ]
    )


def detection_rows(
    name: str, translator: Translator, known: Confidence, direction: str, faulty: Sequence[Faulty]
) -> str:
    """The AUC of each measure in telling each fault from what was right."""
    examples = of_given(translator, direction, faulty)
    assert known.adequacy, "the dev set had too few pairs"
    measures = measured(examples.features, known.adequacy.predict(examples.features))
    error = calibration_error(measures["adequacy"], examples.outcomes)
    rows = [f"faults in {len(faulty):,} {name}; calibration error of adequacy {error:.3f}"]
    for measure, values in measures.items():
        right, short, exchanged = (values[place::3] for place in range(3))
        rows.append(
            f"{measure:24}left out {against(right, short):.3f}, exchanged {against(right, exchanged):.3f}",
        )
    return "\n".join(rows)


def measured(features: Array, adequacy: Array) -> Mapping[str, Array]:
    """What may tell a fault, by its name; more is better."""
    ratio, usual = features[:, 0], features[::3, 0].mean()
    return {
        "adequacy": adequacy,
        "mean log-probability": features[:, 2],
        "length ratio": -np.abs(ratio - usual),
        "length ratio, longer": ratio,
    }


def against(right: Array, wrong: Array) -> float:
    """The AUC of telling one from the other."""
    return auc(np.concatenate([right, wrong]), np.concatenate([np.ones(len(right)), np.zeros(len(wrong))]))


def auc(values: Array, outcomes: Array) -> float:
    """The probability that a value of an outcome of 1 is above one of 0; equal values count half."""
    positive = outcomes > 0.5
    count, others = int(positive.sum()), int((~positive).sum())
    return float((ranks(values)[positive].sum() - count * (count + 1) / 2) / (count * others))


def spearman(one: Array, other: Array) -> float:
    """The rank correlation."""
    return float(np.corrcoef(ranks(one), ranks(other))[0, 1])


def ranks(values: Array) -> Array:
    """From 1; equal values share the mean of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places]


if __name__ == "__main__":
    main()
