"""Evaluations from files to report, of systems that are functions, files of output, or bundles."""

import json
import time
from dataclasses import replace

import pytest

from mt.errors import BundleError, CorpusError
from mt.translator import Translator
from tests import tiny
from training.evaluation.offline import Evaluation, by_translator, evaluate, evaluate_systems, open_system
from training.evaluation.scores import score, to_json

SOURCES = list(tiny.number_names("en", 12))
REFERENCES = [f"{name}, nichts sonst auf der Welt" for name in tiny.number_names("de", 12)]
HYPOTHESES = [text.replace("der Welt", "dieser Welt") for text in REFERENCES]


def write(path, lines):
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def options(tmp_path):
    return Evaluation("en", "de", write(tmp_path / "test.en", SOURCES), write(tmp_path / "test.de", REFERENCES))


def test_the_report_has_the_scores_of_what_the_system_said(options):
    asked = []

    def system(texts, source, target):
        asked.append((texts, source, target))
        return HYPOTHESES

    report = evaluate(options, system, "fake")
    assert asked == [(SOURCES, "en", "de")]
    assert report.scores == score(HYPOTHESES, REFERENCES)
    assert (report.system, report.sentences, report.comparison) == ("fake", 12, None)
    assert (report.source_file, report.reference_file) == (str(options.source_file), str(options.reference_file))


def test_only_the_translation_is_timed(options):
    def system(texts, source, target):
        time.sleep(0.02)
        return HYPOTHESES

    assert 0.02 <= evaluate(options, system, "fake").seconds < 0.5


def test_the_translations_are_kept_where_the_options_say(options, tmp_path):
    kept = replace(options, output_file=tmp_path / "outputs" / "de.txt", is_dev=True)
    report = evaluate(kept, lambda *_: HYPOTHESES, "fake")
    assert (tmp_path / "outputs" / "de.txt").read_text(encoding="utf-8").splitlines() == HYPOTHESES
    assert (report.output_file, report.is_dev) == (str(tmp_path / "outputs" / "de.txt"), True)
    assert evaluate_systems(options, [report.output_file], None).scores == report.scores


def test_without_a_place_for_them_no_translations_are_kept(options, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    assert evaluate(options, lambda *_: HYPOTHESES, "fake").output_file == ""
    assert sorted(tmp_path.rglob("*")) == before


def test_a_baseline_is_compared_with(options):
    report = evaluate(options, lambda *_: REFERENCES, "good", ("bad", lambda *_: HYPOTHESES))
    assert report.comparison.baseline == "bad"
    assert [row.metric for row in report.comparison.differences] == ["BLEU", "chrF2", "TER"]
    assert report.comparison.differences[0].difference > 0


def test_the_rules_of_the_options_hold(options):
    shouted = [text.upper() for text in REFERENCES]
    lowercase = Evaluation("en", "de", options.source_file, options.reference_file, "char", lowercase=True)
    report = evaluate(lowercase, lambda *_: shouted, "loud")
    assert report.scores.bleu.value == pytest.approx(100)
    assert "tok:char" in report.scores.bleu.signature


def test_a_file_of_output_is_a_system(options, tmp_path):
    output = write(tmp_path / "output.de", HYPOTHESES)
    report = evaluate_systems(options, [str(output)], str(options.reference_file))
    assert report.scores == score(HYPOTHESES, REFERENCES)
    assert report.system == str(output)
    assert report.comparison.baseline == str(options.reference_file)


def test_output_of_another_length_is_refused_with_both_lengths(options, tmp_path):
    output = write(tmp_path / "output.de", HYPOTHESES[1:])
    with pytest.raises(CorpusError, match=r"output\.de has 11 lines, the test set 12\. Give the output for this set\."):
        evaluate_systems(options, [str(output)], None)


def test_a_bundle_is_a_system(options):
    report = evaluate_systems(options, [str(tiny.bundle_folder())], None)
    expected = [one.text for one in tiny.translator().translate(SOURCES, "en", "de")]
    assert report.scores == score(expected, REFERENCES)
    assert json.loads(to_json(report))["scores"]["bleu"]["value"] == report.scores.bleu.value


def test_several_bundles_are_one_system(options):
    # Ensembles compute in float32, so the one without company is asked to do so too.
    exact = by_translator(Translator(tiny.bundle(), engine="savedmodel"))
    alone = evaluate(options, exact, "exact", None)
    together = evaluate_systems(options, [str(tiny.bundle_folder())] * 2, None)
    assert together.scores == alone.scores
    assert together.system == f"ensemble of {tiny.bundle_folder()}, {tiny.bundle_folder()}"


def test_what_is_neither_file_nor_bundle_is_refused(tmp_path):
    with pytest.raises(BundleError, match=f"There is no bundle at {tmp_path / 'none'}"):
        open_system(str(tmp_path / "none"))


def test_output_so_bad_that_some_samples_score_0_has_an_interval():
    scores = score([REFERENCES[0], *["?"] * 11], REFERENCES)
    assert scores.bleu.interval[0] < scores.bleu.value < scores.bleu.interval[1]
