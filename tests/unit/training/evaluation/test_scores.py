"""Evaluation: sacreBLEU's own numbers, with intervals and significance, as text and JSON."""

import dataclasses
import json
import random

import pytest
import sacrebleu

from mt.errors import CorpusError, InvalidOption
from training.evaluation.scores import (
    MAX_BOOTSTRAP_SENTENCES,
    TOKENIZERS,
    Comparison,
    Report,
    compare,
    read_test_set,
    render_text,
    score,
    to_json,
)

REFERENCES = [
    f"The {a} house has {b} doors and a Garden." for a in ("red", "old", "big") for b in ("two", "five", "no")
]


def distort(texts, share, seed=1):
    """The texts, with a share of their words replaced."""
    random_words = random.Random(seed)
    return [" ".join("Xx" if random_words.random() < share else word for word in text.split()) for text in texts]


SLIGHTLY_WRONG = distort(REFERENCES, 0.1)
VERY_WRONG = distort(REFERENCES, 0.5)


@pytest.fixture
def report():
    return Report(
        system="house-model, beam 5",
        source="de",
        target="en",
        source_file="test.de",
        reference_file="test.en",
        sentences=len(REFERENCES),
        seconds=0.5,
        scores=score(SLIGHTLY_WRONG, REFERENCES),
        comparison=Comparison("older-model", compare(SLIGHTLY_WRONG, VERY_WRONG, REFERENCES)),
    )


def test_the_values_are_those_of_sacrebleu():
    scores = score(SLIGHTLY_WRONG, REFERENCES, confidence=False)
    assert scores.bleu.value == sacrebleu.corpus_bleu(SLIGHTLY_WRONG, [REFERENCES]).score
    assert scores.chrf.value == sacrebleu.corpus_chrf(SLIGHTLY_WRONG, [REFERENCES]).score
    assert scores.ter.value == sacrebleu.corpus_ter(SLIGHTLY_WRONG, [REFERENCES]).score


def test_a_perfect_translation_reaches_the_best_values():
    scores = score(REFERENCES, REFERENCES)
    assert [scores.bleu.value, scores.chrf.value, scores.ter.value] == pytest.approx([100, 100, 0])
    assert scores.bleu.interval == pytest.approx((100, 100))
    assert scores.ter.interval == (0, 0)


def test_signatures_say_how_each_metric_was_computed():
    scores = score(SLIGHTLY_WRONG, REFERENCES)
    version = sacrebleu.__version__
    assert scores.bleu.signature == (
        f"nrefs:1|bs:1000|seed:12345|case:mixed|eff:no|tok:13a|smooth:exp|version:{version}"
    )
    assert scores.chrf.metric == "chrF2"
    assert "nc:6|nw:0" in scores.chrf.signature
    assert "tok:tercom" in scores.ter.signature


def test_the_interval_holds_the_value_and_is_the_same_every_time():
    first, second = (score(SLIGHTLY_WRONG, REFERENCES) for _ in range(2))
    assert first == second
    for metric in (first.bleu, first.chrf, first.ter):
        low, high = metric.interval
        assert low < metric.value < high


def test_no_interval_is_computed_where_none_is_asked_for():
    scores = score(SLIGHTLY_WRONG, REFERENCES, confidence=False)
    assert scores.bleu.interval is None
    assert "bs:" not in scores.bleu.signature


def test_tokenizer_and_case_are_options_and_stand_in_the_signature():
    lowered = [text.lower() for text in REFERENCES]
    assert score(lowered, REFERENCES, confidence=False).bleu.value < 100
    scores = score(lowered, REFERENCES, tokenize="char", lowercase=True, confidence=False)
    assert scores.bleu.value == pytest.approx(100)
    assert "case:lc|eff:no|tok:char" in scores.bleu.signature


@pytest.mark.parametrize("tokenize", TOKENIZERS)
def test_every_tokenizer_works_without_a_download(tokenize):
    assert score(REFERENCES, REFERENCES, tokenize=tokenize, confidence=False).bleu.value == pytest.approx(100)


def test_an_unknown_tokenizer_is_refused_with_those_there_are():
    with pytest.raises(InvalidOption, match=r"no tokenizer '14a' for BLEU. Use one of 13a, intl, zh, char, none"):
        score(REFERENCES, REFERENCES, tokenize="14a")


def test_a_hopeless_or_empty_translation_scores_without_an_error():
    scores = score([""] * len(REFERENCES), REFERENCES)
    assert scores.bleu.value == 0
    assert scores.bleu.interval == (0, 0)


@pytest.mark.parametrize(("hypotheses", "counts"), [(REFERENCES[:4], "4 hypotheses and 9 references"), ([], "0 hyp")])
def test_sides_of_different_length_are_refused_with_both_counts(hypotheses, counts):
    with pytest.raises(CorpusError, match=counts):
        score(hypotheses, REFERENCES)


def test_an_empty_test_set_is_refused():
    with pytest.raises(CorpusError, match="0 hypotheses and 0 references"):
        score([], [])


def test_a_clearly_better_system_is_significantly_better_in_every_metric():
    for row in compare(SLIGHTLY_WRONG, VERY_WRONG, REFERENCES):
        assert row.p_value < 0.05
        assert row.difference == row.system - row.baseline
        assert (row.difference > 0) == (row.metric != "TER")


def test_a_comparison_has_the_values_of_the_single_scores():
    scores = score(SLIGHTLY_WRONG, REFERENCES, lowercase=True)
    bleu, chrf, ter = compare(SLIGHTLY_WRONG, VERY_WRONG, REFERENCES, lowercase=True)
    assert (bleu.system, chrf.system, ter.system) == (scores.bleu.value, scores.chrf.value, scores.ter.value)
    assert bleu.signature == scores.bleu.signature


def test_a_system_is_not_significantly_different_from_itself():
    # sacreBLEU alone says p = 0.001.
    assert {(row.difference, row.p_value) for row in compare(VERY_WRONG, VERY_WRONG, REFERENCES)} == {(0.0, 1.0)}


def test_systems_of_another_length_than_the_references_are_refused():
    with pytest.raises(CorpusError, match="1 baseline hypotheses and 9 references"):
        compare(REFERENCES, REFERENCES[:1], REFERENCES)


def test_a_comparison_on_too_many_sentences_is_refused_with_the_limit():
    texts = ["a"] * (MAX_BOOTSTRAP_SENTENCES + 1)
    with pytest.raises(CorpusError, match=r"has 20,001 sentences; a paired comparison takes at most 20,000"):
        compare(texts, texts, texts)


def test_a_test_set_is_read_as_it_is(tmp_path):
    (tmp_path / "source").write_text("a  b\n\nc\n")
    (tmp_path / "reference").write_text("A\u00a0B\nX\n\n")
    assert read_test_set(tmp_path / "source", tmp_path / "reference") == (["a  b", "", "c"], ["A\u00a0B", "X", ""])


def test_a_test_set_with_sides_of_different_length_is_refused_with_both_counts(tmp_path):
    (tmp_path / "source").write_text("a\nb\n")
    (tmp_path / "reference").write_text("A\n")
    with pytest.raises(CorpusError, match=r"source has 2 lines, .*reference has 1"):
        read_test_set(tmp_path / "source", tmp_path / "reference")


@pytest.mark.parametrize(("content", "message"), [("", "holds no line"), ("\n \n", "has 2 lines, all empty")])
def test_references_without_text_are_refused(tmp_path, content, message):
    (tmp_path / "source").write_text("a\nb\n")
    (tmp_path / "reference").write_text(content)
    with pytest.raises(CorpusError, match=message):
        read_test_set(tmp_path / "source", tmp_path / "reference")


def test_the_text_report_names_system_files_speed_scores_and_comparison(report):
    lines = render_text(report).splitlines()
    assert lines[:3] == [
        "System    house-model, beam 5",
        "Test set  test.de (de) → test.en (en), 9 sentences",
        "Time      0.5 s, 18.0 sentences a second",
    ]
    bleu = next(line for line in lines if line.startswith("BLEU"))
    assert f"{report.scores.bleu.value:.2f}" in bleu
    assert " to " in bleu
    assert bleu.endswith(report.scores.bleu.signature)
    assert "Against older-model (paired bootstrap, 1,000 samples)" in lines
    assert sum(line.endswith("  significant") for line in lines) == 3


def test_the_text_report_shows_missing_intervals_and_needs_no_comparison(report):
    scores = score(REFERENCES, REFERENCES, confidence=False)
    text = render_text(dataclasses.replace(report, scores=scores, comparison=None))
    assert "none" in text
    assert "Against" not in text


def test_the_json_report_holds_every_field_and_the_speed(report):
    facts = json.loads(to_json(report))
    assert facts["sentences_per_second"] == 18
    assert facts["scores"]["bleu"] == json.loads(json.dumps(dataclasses.asdict(report.scores.bleu)))
    assert facts["comparison"]["differences"][0]["metric"] == "BLEU"
    assert {field.name for field in dataclasses.fields(Report)} < set(facts)
