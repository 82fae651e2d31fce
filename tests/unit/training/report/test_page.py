"""The report page: complete, sound as HTML, without a network, and safe whatever the corpus holds."""

import dataclasses
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from tests import evaluated_run as made
from tests import tiny
from training.recipe import Recipe
from training.report.gather import Story, gather, read_scores
from training.report.page import render

ATTACK = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'&amp;"
VOID = {"meta", "br", "hr", "img", "input", "link"}


class Page(HTMLParser):
    """Checks that elements nest, and keeps them with their attributes and texts."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), [name for name, _ in self.open]))
        if tag not in VOID:
            self.open.append((tag, self.getpos()))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag, self.getpos()

    def handle_data(self, data):
        self.texts.append(data)

    def named(self, tag):
        return [attributes for name, attributes, _ in self.elements if name == tag]


def make_story(folder, sources=made.SOURCES, recipe: Recipe | None = None, is_dev=False, **facts) -> Story:
    made.write_run(folder, sources, is_dev, **facts)
    return gather(recipe or made.make_recipe(), folder, read_scores(folder), tiny.tokenizer(), made.make_train())


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    return make_story(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def page(story):
    return Page(render(story))


def test_the_page_tells_all_that_it_should(page):
    text = " ".join(page.texts)
    for part in (
        "num2words",
        "none needed",
        "this test",
        "an abacus, 2 cores",
        "1,234 parameters, float32",
        "500 updates in 5.0 minutes",
        "150,000 target pieces, 3.2 times the corpus",
        "520 target pieces a second in updates; 1.0 % of the time waiting for batches",
        "700 MB",
        "10 (5.0 %)",
        "nrefs:1|bs:1000|seed:12345",
        "10 best translations",
        "10 worst translations",
        "twenty-two and seven",
        " und acht und hundert",
        "training.batch_pieces",
        "corpora.test",
    ):
        assert part in text, part


def test_the_page_needs_nothing_from_elsewhere(story):
    text = render(story)
    assert not re.search(r"(?:src|href)\s*=\s*\"(?!#)", text)
    assert not re.search(r"url\(|@import|https?:", text)
    assert "default-src &#x27;none&#x27;" in text


def test_the_page_is_made_for_phones_and_for_the_dark(story, page):
    metas = {one.get("name"): one.get("content") for one in page.named("meta")}
    assert metas["viewport"] == "width=device-width, initial-scale=1"
    assert metas["color-scheme"] == "light dark"
    assert "prefers-color-scheme: dark" in render(story)


def test_every_table_has_a_caption_and_every_picture_a_description(page):
    captions = [parents for name, _, parents in page.elements if name == "caption"]
    assert len(captions) == len(page.named("table")) >= 6
    for picture in page.named("svg"):
        assert (picture.get("role") == "img" and len(picture["aria-label"]) > 20) or picture.get(
            "aria-hidden"
        ) == "true"


def test_headings_follow_one_another_and_links_lead_to_parts(page):
    levels = [int(name[1]) for name, _, _ in page.elements if re.fullmatch("h[1-6]", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [attributes["id"] for _, attributes, _ in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {one["href"][1:] for one in page.named("a")} == set(ids)


def test_texts_say_which_language_they_are_in(page):
    assert {"en", "de"} <= {one.get("lang") for one in page.named("span")}
    assert page.named("html") == [{"lang": "en"}]


def test_whatever_a_corpus_or_a_recipe_holds_is_text(tmp_path):
    corpus = {**made.CORPUS, "name": ATTACK, "licence": ATTACK, "attribution": ATTACK}
    recipe = made.make_recipe(name="a<b>c", description=ATTACK, corpora=[corpus])
    story = make_story(tmp_path, [f"{text} {ATTACK}" for text in made.SOURCES], recipe, hardware=ATTACK)
    story = dataclasses.replace(story, filters={ATTACK: made.FILTERS["num2words"]})
    page = Page(render(story))
    assert not {"script", "img", "b"} & {name for name, _, _ in page.elements}
    assert not [attributes for _, attributes, _ in page.elements if "onerror" in attributes]
    assert "".join(page.texts).count(ATTACK) >= 25


def test_two_sets_of_the_same_name_are_both_there_with_what_training_changed(story):
    (one,) = story.sets
    difference = {"metric": "BLEU", "system": 2.0, "baseline": 3.25, "difference": -1.25, "p_value": 0.012}
    comparison = {"baseline": "old (from)", "differences": [difference]}
    other = dataclasses.replace(one, scores={**one.scores, "comparison": comparison})
    page = Page(render(dataclasses.replace(story, sets=[one, other])))
    assert page.texts.count("Translations en-de, test.en") == 4  # a link and a heading for each
    assert {"en-de, test.en against old (from)", "3.25", "-1.25", "0.012"} <= set(page.texts)


def test_scores_on_dev_are_called_so(tmp_path):
    text = render(make_story(tmp_path, is_dev=True))
    assert "The recipe has no test set: these are scores on dev" in text


def test_a_run_of_before_the_new_facts_has_a_page(story):
    old = {"epochs", "input_seconds", "input_share", "peak_memory_bytes", "hardware"}
    run = {name: value for name, value in story.run.items() if name not in old}
    text = " ".join(Page(render(dataclasses.replace(story, run=run))).texts)
    assert "150,000 target pieces" in text
    assert "times the corpus" not in text
    assert "Peak memory" not in text


def test_scores_without_an_interval_and_figures_without_advice_have_a_page(story):
    (examined,) = story.sets
    scores = {name: {**metric, "interval": None} for name, metric in examined.scores["scores"].items()}
    bare = dataclasses.replace(examined, scores={**examined.scores, "scores": scores})
    text = " ".join(Page(render(dataclasses.replace(story, sets=[bare], advice=[]))).texts)
    assert "(no interval)" in text
    assert "Nothing stands out in the figures." in text
