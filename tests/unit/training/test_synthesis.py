"""Synthetic corpora, made by functions in the place of models."""

import json
import os
import tomllib

import pytest

from mt.errors import CorpusError, UnsupportedLanguage
from mt.sampling import Sampling
from tests import tiny
from training.data.corpus import read_pairs
from training.evaluation.ensemble import Ensemble
from training.recipe import CorpusConfig, from_values
from training.synthesis import Synthesis, back_translate, describe, synthesize

LINES = ["ein  Haus", "", "zwei Häuser", "stumm", "drei\tHäuser"]
PAIRS = [("EIN HAUS", "ein Haus"), ("ZWEI HÄUSER", "zwei Häuser"), ("DREI HÄUSER", "drei Häuser")]


class Shouting:
    """Translates into capitals, has nothing to say of one text, and breaks after some calls."""

    def __init__(self, calls=99):
        self.asked, self.calls = [], calls

    def __call__(self, texts, source, target):
        if len(self.asked) == self.calls:
            raise KeyboardInterrupt
        self.asked.append((list(texts), source, target))
        return ["" if text == "stumm" else text.upper() for text in texts]


@pytest.fixture
def plan(tmp_path):
    return Synthesis(tmp_path / "made" / "bt.tsv", ("en", "de"), {"beam": 5}, True, lines_at_once=2)


def make(plan, translate=None, lines=LINES):
    return synthesize(plan, lambda: lines, translate or Shouting())


def test_back_translation_puts_what_the_model_says_before_the_natural_text(plan):
    progress = make(plan)
    assert read_pairs(plan.out) == PAIRS
    assert (progress.lines, progress.pairs, progress.empty, progress.untranslated) == (5, 3, 1, 1)


def test_distillation_puts_it_behind(tmp_path):
    make(plan := Synthesis(tmp_path / "kd.tsv", ("de", "en"), {}, False))
    assert read_pairs(plan.out) == [(natural, synthetic) for synthetic, natural in PAIRS]


@pytest.mark.parametrize("is_source_synthetic", [True, False])
def test_the_model_is_asked_for_the_direction_from_natural_to_synthetic(tmp_path, is_source_synthetic):
    system = Shouting()
    make(Synthesis(tmp_path / "x.tsv", ("en", "de"), {}, is_source_synthetic, 2), system)
    languages = ("de", "en") if is_source_synthetic else ("en", "de")
    assert system.asked == [
        (["ein Haus"], *languages),
        (["zwei Häuser", "stumm"], *languages),
        (["drei Häuser"], *languages),
    ]


def test_an_interrupted_corpus_is_gone_on_with(plan, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        make(plan, Shouting(calls=1))
    with plan.out.open("a") as file:
        file.write("HALF A LI")  # what a crash may leave
    system = Shouting()
    progress = make(plan, system)
    assert read_pairs(plan.out) == PAIRS
    assert [texts for texts, *_ in system.asked] == [["zwei Häuser", "stumm"], ["drei Häuser"]]
    assert progress == make(Synthesis(tmp_path / "at-once.tsv", plan.direction, plan.teacher, True))


def test_a_corpus_that_is_done_is_left_as_it_is(plan):
    progress, system = make(plan), Shouting()
    assert make(plan, system) == progress
    assert system.asked == []


def test_lines_that_came_later_are_added(plan):
    make(plan, lines=LINES[:3])
    make(plan)
    assert read_pairs(plan.out) == PAIRS


@pytest.mark.parametrize("change", ["text", "corpus", "shorter"])
def test_a_corpus_whose_beginning_has_changed_is_not_gone_on_with(plan, change):
    make(plan)
    if change == "corpus":
        plan.out.write_text(plan.out.read_text(encoding="utf-8").replace("EIN", "DAS"), encoding="utf-8")
    lines = {"text": ["das Haus", *LINES[1:]], "shorter": LINES[:3]}.get(change, LINES)
    with pytest.raises(
        CorpusError, match=r"bt\.tsv cannot be gone on with: it, or the text .* has changed\. Remove it"
    ):
        make(plan, lines=lines)


def test_a_corpus_begun_in_another_way_is_refused_with_both_ways(plan):
    make(plan)
    message = r'begun with \{"direction": "de-en", "beam": 5\}, now it would be \{"direction": "de-en", "beam": 4\}'
    with pytest.raises(CorpusError, match=message):
        make(Synthesis(plan.out, plan.direction, {"beam": 4}, True))


def test_a_file_that_is_no_synthetic_corpus_is_not_written_over(plan):
    plan.out.parent.mkdir()
    plan.out.write_text("mine\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"bt\.tsv is there and bt\.tsv\.json is not\. Give another --out, or remove"):
        make(plan)
    assert plan.out.read_text(encoding="utf-8") == "mine\n"


def test_a_corpus_that_is_being_written_is_refused_to_a_second_run_with_the_first_ones_id(plan):
    def translate_meanwhile(texts, *_):
        with pytest.raises(CorpusError, match=rf"bt\.tsv is being written by process {os.getpid()} on .*another --out"):
            make(plan)
        return texts

    assert make(plan, translate_meanwhile).pairs == make(plan).pairs


@pytest.mark.parametrize("text", ["{", "[]", '{"made_by": 1, "more": 2}'])
def test_damaged_progress_is_refused(plan, text):
    make(plan)
    plan.progress_path.write_text(text, encoding="utf-8")
    with pytest.raises(CorpusError, match=r"bt\.tsv\.json is damaged \(.*\)\. Remove it and .* to begin again"):
        make(plan)


@pytest.mark.parametrize(("is_source_synthetic", "tag"), [(True, "<bt>"), (False, "")])
def test_the_description_ends_with_the_corpus_as_a_recipe_names_it(tmp_path, is_source_synthetic, tag):
    plan = Synthesis(tmp_path / "bt.tsv", ("en", "de"), {}, is_source_synthetic)
    text = describe(plan, make(plan))
    assert text.startswith(f"3 pairs in {plan.out}; left out: 1 empty lines, 1 without a translation.")
    (values,) = tomllib.loads(text[text.index("[[corpora]]") :])["corpora"]
    corpus = from_values(CorpusConfig, values, "this test")
    assert corpus == CorpusConfig(("en", "de"), (str(plan.out),), directions=("en-de",), tag=tag)


@pytest.fixture
def german(tmp_path):
    path = tmp_path / "mono.de"
    path.write_text("".join(f"{name}\n" for name in tiny.number_names("de", 12)), encoding="utf-8")
    return path


def test_back_translation_by_a_bundle_is_what_its_translator_says(german, tmp_path):
    out = tmp_path / "bt.tsv"
    text = back_translate(Ensemble((tiny.bundle_folder(),), beam=1), german, ("de", "en"), out)
    names = tiny.number_names("de", 12)
    greedy = tiny.translator().translate(names, "de", "en", greedy=True)
    assert read_pairs(out) == [(one.text, name) for one, name in zip(greedy, names, strict=True) if one.text]
    assert text.startswith(f"{len(read_pairs(out))} pairs in {out}")
    made_by = json.loads((tmp_path / "bt.tsv.json").read_text(encoding="utf-8"))["made_by"]
    assert (made_by["direction"], made_by["beam"]) == ("de-en", 1)


def test_drawn_back_translations_are_repeated_by_their_seed(german, tmp_path):
    texts = []
    for number, seed in enumerate((1, 1, 2)):
        teacher = Ensemble((tiny.bundle_folder(),), sampling=Sampling(seed=seed))
        back_translate(teacher, german, ("de", "en"), tmp_path / f"{number}.tsv")
        texts.append((tmp_path / f"{number}.tsv").read_text(encoding="utf-8"))
    assert texts[0] == texts[1] != texts[2]


def test_a_direction_that_the_bundle_does_not_have_is_refused(german, tmp_path):
    with pytest.raises(UnsupportedLanguage, match="tiny does not translate from 'de' to 'fr'"):
        back_translate(Ensemble((tiny.bundle_folder(),)), german, ("de", "fr"), tmp_path / "bt.tsv")
    assert not (tmp_path / "bt.tsv").exists()
