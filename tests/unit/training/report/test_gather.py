"""What a report gathers from the folder of a run, and what it refuses."""

import pytest

from mt.errors import CorpusError, TrainingError
from tests import evaluated_run as made
from tests import tiny
from training.report.gather import gather, read_scores


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run that has been evaluated; tests must leave it as it is."""
    return made.write_run(tmp_path_factory.mktemp("run"))


def story_of(folder, train=None):
    return gather(made.make_recipe(), folder, read_scores(folder), tiny.tokenizer(), train or made.make_train())


@pytest.fixture(scope="module")
def story(folder):
    return story_of(folder)


def test_a_story_has_the_scores_that_were_measured(story):
    (examined,) = story.sets
    assert examined.outcome.bleu == examined.scores["scores"]["bleu"]["value"] > 30
    assert examined.outcome.interval[0] < examined.outcome.bleu < examined.outcome.interval[1]
    assert (examined.outcome.direction, examined.outcome.sentences, examined.outcome.is_dev) == ("en-de", 24, False)


def test_a_story_has_the_best_and_worst_of_the_translations_that_were_kept(story):
    (examined,) = story.sets
    assert len(examined.best) == len(examined.worst) == 10
    assert {one.chrf for one in examined.best} == {100}
    assert all(one.translation.endswith("und acht und hundert") for one in examined.worst)


def test_words_are_counted_in_the_texts_of_the_target_language_alone(folder):
    german = made.make_train(("und sieben",) * 3)
    turned = german[0]._replace(source_language="de", target_language="en")
    groups = {one.frequency: one for one in story_of(folder, [*german, turned]).sets[0].outcome.frequencies}
    assert list(groups) == ["0", "2 to 4"]
    # "und" is wanted 48 times; "sieben" 24 times, and once more as the number 7, and 12 of these come as "acht".
    assert (groups["2 to 4"].wanted, groups["2 to 4"].matched) == (73, 61)


def test_a_text_outside_the_vocabulary_has_bytes(story, tmp_path):
    assert story.sets[0].outcome.byte_share == 0
    strange = [f"{text} Ω" for text in made.SOURCES]
    assert story_of(made.write_run(tmp_path, strange)).sets[0].outcome.byte_share > 0.01


def test_a_story_has_advice(story):
    assert "corpora.test" in [advice.key for advice in story.advice]


@pytest.mark.parametrize(("name", "step"), [("scores", "evaluate"), ("run", "run"), ("corpora", "subwords")])
def test_what_an_earlier_step_has_not_left_is_named_with_the_step(tmp_path, name, step):
    made.write_run(tmp_path)
    (tmp_path / f"{name}.json").unlink()
    with pytest.raises(TrainingError, match=rf"There is no .*{name}\.json\. Run `mt-train {step}` first\."):
        story_of(tmp_path)


@pytest.mark.parametrize("scores", ["[]", '[{"source": "en"}]'])
def test_scores_without_translations_are_refused(tmp_path, scores):
    (tmp_path / "scores.json").write_text(scores, encoding="utf-8")
    with pytest.raises(TrainingError, match=r"names no translations\. Run `mt-train evaluate` again\."):
        read_scores(tmp_path)


def test_a_test_set_that_has_changed_is_refused_with_both_lengths(tmp_path):
    made.write_run(tmp_path)
    for name in ("test.en", "test.de"):
        made.write_lines(tmp_path / name, ["eins"])
    with pytest.raises(CorpusError, match=r"has 24 lines, .*test\.en 1\. The test set has changed"):
        story_of(tmp_path)
