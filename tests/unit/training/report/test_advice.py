"""Advice: each rule speaks up for its figures, names a key that recipes have, and is silent otherwise."""

import dataclasses
from typing import Any

import pytest

from tests.evaluated_run import make_recipe, row, run_facts
from training.report.advice import Findings, Outcome, advise
from training.report.analysis import FrequencyGroup, LengthGroup
from training.run.schedule import ScheduleConfig

FINE = Outcome(
    direction="en-de",
    is_dev=False,
    sentences=2_000,
    bleu=30.0,
    interval=(29.0, 31.0),
    brevity_penalty=0.99,
    length_ratio=0.99,
    byte_share=0.0,
    lengths=(LengthGroup("up to 5", 900, 40.0, 60.0), LengthGroup("6 to 10", 900, 35.0, 55.0)),
    frequencies=(FrequencyGroup("1", 100, 100, 50), FrequencyGroup("1,000 or more", 900, 900, 700)),
)
FLAT = [row(update, dev_loss=2.0, dev_bleu=10.0) for update in range(100, 600, 100)]
COUNTS = {"read": 200_000, "kept": 199_000, "dropped": {"too long": 1_000}}


def findings(*history, outcome=FINE, counts=COUNTS, run=None, **sections):
    sections = {"training": {"max_updates": 500}, "subwords": {"sampling": 0.1}, **sections}
    facts = run_facts(*(history or FLAT), **(run or {}))
    return Findings(make_recipe(**sections), facts, {"a corpus": counts}, [outcome])


def outcome(**values):
    return dataclasses.replace(FINE, **values)


CASES: dict[str, tuple[Findings, str, str, str]] = {
    "still learning": (
        findings(*(row(update, dev_loss=3 - update / 500) for update in range(100, 600, 100))),
        "training.max_updates",
        "The dev loss still fell by 9.1 % between update 400 and the last, 500 (2.200 to 2.000).",
        "Train longer: 1,000 instead of 500",
    ),
    "still learning at a rate that does not depend on the end": (
        findings(
            *(row(update, dev_loss=3 - update / 500) for update in range(100, 600, 100)), schedule={"decay": "plateau"}
        ),
        "training.max_updates",
        "The dev loss still fell by 9.1 %",
        "Train longer: 1,000 instead of 500, and give the same command again: it goes on from the last checkpoint.",
    ),
    "learned by heart": (
        findings(row(100, dev_loss=2.0), row(200, dev_loss=2.1), model={"dropout": 0.2}, training={"max_updates": 200}),
        "model.dropout",
        "The dev loss rose by 5.0 % after update 100 (2.000 to 2.100), while the training loss fell (3.900 to 3.800)",
        "More dropout, such as 0.30 instead of 0.2",
    ),
    "patience": (
        findings(row(100, dev_bleu=9.0, dev_loss=2.0), row(200, dev_bleu=8.0, dev_loss=2.0)),
        "training.max_updates",
        "training.patience ended the run at update 200 of 500, with a learning rate of 0.001 still",
        "Set it to about 100",
    ),
    "too short": (
        findings(outcome=outcome(brevity_penalty=0.9, length_ratio=0.905)),
        "search.length_penalty",
        "en-de: BLEU's brevity penalty is 0.900; the translations have 90 % of the references' length.",
        "Raise it from 1 to 1.3",
    ),
    "too long": (
        findings(outcome=outcome(brevity_penalty=1.0, length_ratio=1.2), search={"length_penalty": 0.3}),
        "search.length_penalty",
        "en-de: the translations have 120 % of the references' length.",
        "Lower it from 0.3 to 0.0",
    ),
    "bytes": (
        findings(outcome=outcome(byte_share=0.021)),
        "subwords.character_coverage",
        "en-de: 2.1 % of the pieces of this set are single bytes",
        "larger subwords.vocabulary than 340",
    ),
    "no sampling": (
        findings(counts=COUNTS | {"kept": 5_000}, subwords={"sampling": 0.0}),
        "subwords.sampling",
        "The corpora have 5,000 pairs",
        "Set it to 0.2",
    ),
    "few pairs": (
        findings(counts=COUNTS | {"kept": 5_000}),
        "corpora",
        "The corpora have 5,000 pairs.",
        "`mt-train back-translate`",
    ),
    "rare words": (
        findings(outcome=outcome(frequencies=(FrequencyGroup("2 to 4", 50, 20, 10), FINE.frequencies[1]))),
        "subwords.vocabulary",
        "en-de: of the words seen 1 to 9 times in training 20 % are produced where they should be, of the frequent "
        "ones 78 %.",
        "Try a smaller one than 340, such as 500",
    ),
    "long sentences": (
        findings(outcome=outcome(lengths=(*FINE.lengths, LengthGroup("61 or more", 40, 5.0, 30.0)))),
        "training.max_pieces",
        "en-de: sources of 61 or more words reach chrF2 30.0, the best group 60.0.",
        "examples of over 120 pieces are left out",
    ),
    "dropped": (
        findings(counts={"read": 200_000, "kept": 150_000, "dropped": {"length ratio": 50_000}}),
        "filter.max_length_ratio",
        "a corpus: 50,000 of 200,000 pairs were dropped for the reason “length ratio”.",
        "loosen the filter",
    ),
    "duplicates": (
        findings(counts={"read": 200_000, "kept": 150_000, "dropped": {"duplicate": 50_000}}),
        "corpora.train",
        "a corpus: 50,000 of 200,000 pairs were dropped for the reason “duplicate”.",
        "Each pair counts once",
    ),
    "overlap": (
        findings(counts={"read": 200_000, "kept": 150_000, "dropped": {"overlap with dev or test": 50_000}}),
        "corpora.train",
        "dropped for the reason “overlap with dev or test”.",
        "Dev and test are to hold text that training has not seen",
    ),
    "one side empty": (
        findings(counts={"read": 200_000, "kept": 150_000, "dropped": {"empty side": 50_000}}),
        "corpora.train",
        "dropped for the reason “empty side”.",
        "Look at some of these pairs and mend the files",
    ),
    "slow input": (
        findings(run={"input_share": 0.25}),
        "training.batch_pieces",
        "The run waited for its batches 25 % of the time.",
        "Larger batches",
    ),
    "no test set": (
        findings(outcome=outcome(is_dev=True)),
        "corpora.test",
        "There is no test set: the scores are those on dev",
        "Set some 1,000 to 2,000 pairs aside",
    ),
    "few sentences": (
        findings(outcome=outcome(sentences=100, interval=(25.0, 35.0))),
        "corpora.test",
        "en-de: 100 sentences give BLEU 30.0 ± 5.0.",
        "Take more sentences",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_figure_that_stands_out_is_answered_with_its_key(case):
    given, key, observed, suggestion = CASES[case]
    advice, *others = advise(given)
    assert [other.key for other in others] == (["corpora"] if case == "no sampling" else [])
    assert advice.key == key
    assert observed in advice.observed
    assert suggestion in advice.suggestion


def test_figures_that_do_not_stand_out_are_not_talked_about():
    assert advise(findings()) == []


@pytest.mark.parametrize("key", sorted({case[1] for case in CASES.values()}))
def test_every_key_is_one_of_the_recipe(key):
    place: Any = make_recipe()
    for name in key.split("."):
        place = getattr(place[0] if isinstance(place, tuple) else place, name)


@pytest.mark.parametrize("run", [{"is_complete": False}, {}])
def test_a_run_before_its_first_validation_or_its_end_gets_no_advice_on_its_length(run):
    facts = run_facts(**run) | {"history": [] if not run else FLAT[:1]}
    given = dataclasses.replace(findings(), run=facts)
    assert advise(given) == []


def changed(given, **values):
    """The findings with other values in their recipe."""
    return dataclasses.replace(given, recipe=dataclasses.replace(given.recipe, **values))


@pytest.mark.parametrize(
    ("case", "values"),
    [
        ("bytes", {"start": "a bundle"}),
        ("rare words", {"start": "a bundle"}),
        ("patience", {"schedule": ScheduleConfig(decay="inverse_square_root")}),
        ("patience", {"schedule": ScheduleConfig(decay="plateau")}),
    ],
)
def test_what_would_be_refused_or_change_nothing_is_not_suggested(case, values):
    given, *_ = CASES[case]
    assert advise(given)
    assert advise(changed(given, **values)) == []


def test_a_model_that_comes_from_a_bundle_is_not_made_smaller():
    given, *_ = CASES["learned by heart"]
    (advice,) = advise(changed(given, start="a bundle"))
    assert "smaller model" not in advice.suggestion
    assert advice.suggestion.endswith("; next more data.")


def test_groups_of_a_few_sentences_or_words_prove_nothing():
    few = outcome(
        lengths=(*FINE.lengths, LengthGroup("61 or more", 5, 0.0, 0.0)),
        frequencies=(FrequencyGroup("1", 5, 0, 0), FINE.frequencies[1]),
    )
    assert advise(findings(outcome=few)) == []
