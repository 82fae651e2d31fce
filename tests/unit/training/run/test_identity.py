"""What a run may be gone on with, and what is refused by key, old and new value."""

import json

import pytest

from mt.errors import TrainingError
from tests import tiny, training_runs
from training.data.dataset import Bitext
from training.data.rows import text_rows
from training.data.store import Texts, kept_store
from training.run import identity

CORPUS = {"languages": ["en", "de"], "train": ["train.tsv"], "dev": ["dev.tsv"]}


def describe(texts=None, kind="unigram", **sections):
    recipe = training_runs.recipe(**sections)
    return recipe, identity.describe(recipe, tiny.tokenizer(kind), texts or training_runs.corpora())


@pytest.fixture
def begun(tmp_path):
    """The folder of a run that began with the recipe and the corpora of training_runs."""
    identity.keep(tmp_path, describe()[1])
    return tmp_path


def go_on(folder, accept=False, **changes):
    """What is said when the run goes on with changes."""
    said = []
    identity.require_same(folder, *describe(**changes), accept, said.append)
    return said


def test_what_has_not_changed_is_not_spoken_of(begun):
    assert go_on(begun) == []


@pytest.mark.parametrize(
    ("section", "key", "value", "change"),
    [
        ("model", "embedding", 16, "model.embedding was 12, is 16"),
        ("subwords", "sampling", 0.0, "subwords.sampling was 0.3, is 0.0"),
        ("training", "seed", 2, "training.seed was 1, is 2"),
        ("training", "precision", "auto", 'training.precision was "float32", is "auto"'),
        ("schedule", "decay", "inverse_square_root", 'schedule.decay was "cosine", is "inverse_square_root"'),
    ],
)
def test_a_changed_key_is_refused_with_both_values(begun, section, key, value, change):
    with pytest.raises(TrainingError) as refusal:
        go_on(begun, **{section: {key: value}})
    assert str(refusal.value) == (
        f"The run in {begun} began with another recipe or corpus: {change}. Undo that, give another folder with --out "
        "for a new run, or add --accept-changes to train on from its last checkpoint."
    )


def test_a_changed_key_can_be_accepted(begun):
    said = ["Changed since the run began: training.seed was 1, is 2."]
    assert go_on(begun, accept=True, training={"seed": 2}) == said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"training": {"max_updates": 9}}, "training.max_updates was 6, is 9"),
        ({"training": {"validate_every": 1}}, "training.validate_every was 3, is 1"),
        ({"training": {"patience": 2, "save_minutes": 0.5}}, "training.patience was 10, is 2; training.save_minutes "),
        ({"search": {"beam": 2}}, "search.beam was 5, is 2"),
        ({"description": "Numbers"}, 'description was "", is "Numbers"'),
        ({"corpora": [{**CORPUS, "licence": "CC0"}]}, 'corpora.1.licence was "", is "CC0"'),
        (
            {"also_test": [{"languages": ["en", "de"], "files": ["a.tsv"]}]},
            "also_test was [], is not there; also_test.1",
        ),
    ],
)
def test_what_does_not_make_another_training_may_change(begun, changes, said):
    (message,) = go_on(begun, **changes)
    assert message.startswith(f"Changed since the run began: {said}")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"corpora": [{**CORPUS, "train": ["moved.tsv"]}]}, 'corpora.1.train was ["train.tsv"], is ["moved.tsv"]'),
        ({"filter": {"max_words": 9}}, "filter.max_words was 150, is 9"),
    ],
)
def test_files_and_filter_may_change_as_long_as_the_pairs_stay(begun, changes, said):
    assert go_on(begun, **changes) == [f"Changed since the run began: {said}."]
    with pytest.raises(TrainingError) as refusal:
        go_on(begun, texts=training_runs.corpora(pairs=119), **changes)
    assert f"{said}; train pairs of en-de was " in str(refusal.value)


def test_changed_pairs_are_refused_with_their_number_and_hash(begun):
    message = r'train pairs of en-de was "120 pairs \(sha256 \w{16}…\)", is "119 pairs \(sha256 \w{16}…\)"; '
    with pytest.raises(TrainingError, match=message):
        go_on(begun, texts=training_runs.corpora(pairs=119))
    with pytest.raises(TrainingError, match=r'dev pairs of de-en was "6 pairs .*", is "5 pairs '):
        go_on(begun, texts=training_runs.corpora(dev_pairs=5))


def test_another_vocabulary_of_the_same_size_is_refused(begun):
    with pytest.raises(TrainingError, match=r"vocabulary was \"340 pieces \(sha256 \w+…\)\", is \"340 pieces"):
        go_on(begun, kind="bpe")


def test_a_corpus_more_is_refused(begun):
    with pytest.raises(TrainingError, match=r"corpora\.2\.languages was not there, is \[\"de\", \"en\"\]"):
        go_on(begun, corpora=[CORPUS, {**CORPUS, "languages": ["de", "en"]}])


def test_a_key_that_the_program_has_learned_since_counts_as_its_default(begun):
    path = begun / "identity.json"
    facts = json.loads(path.read_text(encoding="utf-8"))
    for key in ("training.label_smoothing", "corpora.1.weight", "corpora.1.test"):
        del facts[key]
    path.write_text(json.dumps(facts), encoding="utf-8")
    assert go_on(begun) == []
    with pytest.raises(TrainingError, match=r"training\.label_smoothing was not there, is 0\.2"):
        go_on(begun, training={"label_smoothing": 0.2})


def test_a_run_of_before_identities_were_kept_goes_on_and_says_so(tmp_path):
    (message,) = go_on(tmp_path)
    assert message.startswith(f"{tmp_path} has a checkpoint and no identity.json: recipe and corpora count as those")


@pytest.mark.parametrize("text", ["{", "3"])
def test_a_damaged_identity_is_refused(begun, text):
    (begun / "identity.json").write_text(text, encoding="utf-8")
    with pytest.raises(TrainingError, match=r"identity\.json is damaged \(.*\)\. Remove it to take recipe and corpora"):
        go_on(begun)


def test_the_parts_of_an_identity_differ_with_what_they_are_of():
    parts = identity.by_part(describe()[1])
    assert identity.by_part(describe()[1]) == parts

    def differing(**changes):
        others = identity.by_part(describe(**changes)[1])
        return [name for name, part in parts.items() if others[name] != part]

    assert differing(training={"max_updates": 7}) == ["recipe"]
    assert differing(kind="bpe") == ["vocabulary"]
    assert differing(texts=training_runs.corpora(pairs=119)) == ["corpora"]


def bitext(sources, targets):
    return Bitext("en", "de", sources, targets)


def test_a_fingerprint_is_the_same_for_texts_in_memory_and_in_a_store(tmp_path):
    sides = {name: list(tiny.number_names(name)) for name in ("en", "de")}
    rows = {name: text_rows(texts) for name, texts in sides.items()}
    store = kept_store(tmp_path / "store", "numbers", lambda: [rows], lambda: None)
    stored = bitext(*(Texts(store.columns[name]) for name in ("en", "de")))
    assert list(stored.sources[:2]) == ["zero", "one"]
    assert identity.fingerprint([stored]) == identity.fingerprint([bitext(sides["en"], sides["de"])])


def test_a_fingerprint_knows_order_sides_and_where_texts_end():
    texts = [["ab", "c"], ["d", "e"]]
    others = [(["a", "bc"], texts[1]), (["c", "ab"], ["e", "d"]), (texts[1], texts[0]), (texts[0], ["d", "f"])]
    found = {identity.fingerprint([bitext(*sides)]) for sides in [texts, *others]}
    assert len(found) == 5
