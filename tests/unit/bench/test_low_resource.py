import gzip
from dataclasses import replace

import pytest

from tests.bench.low_resource import SIZES, SYSTEMS, Corpus, changes_of, full_recipe, make_cells, parse, render
from tests.bench.recipe_values import write_recipe
from tests.unit.bench.test_cells import RESULT_OF_A
from training.recipe import load_recipe

FACTS = {"best_update": 50, "pieces_per_second": 1_234.0}


@pytest.fixture
def corpus(tmp_path):
    folder = tmp_path / "data" / "tatoeba" / "en-de"
    folder.mkdir(parents=True)
    for name in ("train", "dev", "test"):
        for language in ("en", "de"):
            with gzip.open(folder / f"{name}.{language}.gz", "wt", encoding="utf-8") as file:
                file.writelines(f"{name} {number} {language}\n" for number in range(20))
    return Corpus(tmp_path / "data", tmp_path / "out")


def result(size, system, bleu, **changes):
    return replace(
        RESULT_OF_A, cell=f"{size}-{system}", system=SYSTEMS[system], bleu=bleu, **({"facts": FACTS} | changes)
    )


def test_all_sizes_and_systems_are_cells_small_sizes_first():
    options = parse(["--data", "data", "--out", "out"])
    names = [cell.name for cell in make_cells(Corpus(options.data, options.out), options.sizes, options.systems)]
    assert names == [f"{size}-{system}" for size in SIZES for system in SYSTEMS]


def test_our_full_data_settings_train_one_direction_on_the_subset(corpus, tmp_path):
    recipe = load_recipe(write_recipe(full_recipe(corpus, 10, pieces=600_000), tmp_path / "recipe.toml"))
    full = load_recipe(tmp_path / "tatoeba-en-de")
    assert recipe.directions == ("en-de",)
    assert len((corpus.out / "corpora" / "10" / "train.en").read_text(encoding="utf-8").splitlines()) == 10
    assert (recipe.model, recipe.subwords) == (full.model, full.subwords)
    assert recipe.training.max_updates == 500
    assert recipe.training.batch_pieces == full.training.batch_pieces
    assert recipe.schedule.warmup_updates == 50


def test_our_full_data_settings_never_train_longer_than_in_full(corpus, tmp_path):
    values = full_recipe(corpus, 10, pieces=10**9)
    full = load_recipe(tmp_path / "tatoeba-en-de")
    assert values["training"]["max_updates"] == full.training.max_updates
    assert values["schedule"]["warmup_updates"] == full.schedule.warmup_updates


def test_joeynmt_gets_the_same_sentences_in_plain_files(corpus):
    files = corpus.for_joey(10)
    english, german = corpus.subset(10)
    assert files.references(files.train) == german.read_text(encoding="utf-8").splitlines()
    assert english == files.train.with_name("train.en")
    assert files.references(files.test) == [f"test {number} de" for number in range(20)]


def test_the_table_has_a_row_for_each_size_and_room_for_what_is_missing():
    results = [result(5_000, "init", 20.0), result(5_000, "joey", 9.96), result(10_000, "init", 25.55)]
    lines = render(results).splitlines()
    assert lines[0] == "| pairs | `mt-train init` | JoeyNMT 2.3 `rnn_small` |"
    assert lines[2:4] == ["| 5,000 | 20.0 | 10.0 |", "| 10,000 | 25.6 |  |"]


def test_a_speed_stands_only_where_the_machine_was_quiet():
    quiet, busy = (render([result(5_000, "init", 20.0, others=others)]) for others in (0.0, 0.5))
    assert "1,234" in quiet
    assert "1,234" not in busy
    assert "(busy)" in busy


def test_the_table_tells_the_signature_and_the_hardware_once():
    text = render([result(5_000, "init", 20.0), result(10_000, "init", 25.0)])
    assert text.count("case:mixed") == 1
    assert text.count("a machine; python 3.11") == 1


def test_a_variant_of_init_has_a_column_of_its_own():
    variant = replace(result(5_000, "init", 21.0), cell="5000-init:model.dropout=0.3", system="init:model.dropout=0.3")
    lines = render([variant, result(5_000, "init", 20.0)]).splitlines()
    assert lines[0] == "| pairs | `mt-train init` | init:model.dropout=0.3 |"
    assert lines[2] == "| 5,000 | 20.0 | 21.0 |"


def test_a_variant_names_its_keys_and_init_has_none():
    assert changes_of("init") == {}
    assert changes_of("init:model.dropout=0.3,training.batch_pieces=400") == {
        "model.dropout": 0.3,
        "training.batch_pieces": 400,
    }


def test_an_unknown_system_is_refused_with_those_there_are(capsys):
    with pytest.raises(SystemExit):
        parse(["--data", "data", "--out", "out", "--systems", "moses"])
    assert "There is no system 'moses'. Give init, full, joey" in capsys.readouterr().err


def test_cells_stand_by_size_and_then_by_system():
    results = [result(10_000, "init", 25.0), result(5_000, "joey", 9.0), result(5_000, "init", 20.0)]
    cells = [line.split(" | ")[0] for line in render(results).splitlines() if "(best" in line]
    assert cells == ["| 5000-init", "| 5000-joey", "| 10000-init"]
