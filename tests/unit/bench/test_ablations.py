from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench.ablations import LINES, make_cells, make_recipe, parse, render
from tests.bench.recipe_values import write_recipe
from tests.unit.bench.test_cells import RESULT_OF_A
from training.recipe import load_recipe

BY_NAME = {line.name: line for line in LINES}


def load(name, folder, updates=1_600):
    return load_recipe(write_recipe(make_recipe(BY_NAME[name], Path("data"), updates), folder / f"{name}.toml"))


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_each_line_is_a_recipe_that_differs_from_another_in_its_keys_alone(line, tmp_path):
    recipe, other = load(line.name, tmp_path), load(line.against, tmp_path)
    changed = [
        f"{section}.{name}"
        for section in ("subwords", "model", "training", "schedule", "search")
        for name, value in vars(getattr(recipe, section)).items()
        if value != getattr(getattr(other, section), name)
    ]
    assert set(changed) == set(line.changes) - set(BY_NAME[line.against].changes)


def test_fewer_updates_keep_the_validations_and_the_warm_up_in_proportion(tmp_path):
    recipe = load("base", tmp_path, updates=16)
    assert (recipe.training.max_updates, recipe.training.validate_every, recipe.schedule.warmup_updates) == (16, 2, 2)


def test_every_line_is_a_cell_by_default():
    options = parse(["--data", "data", "--out", "out"])
    assert [cell.name for cell in make_cells(LINES, options.data, options.updates)] == options.lines


def result(name, bleu, others=0.5):
    facts = {"pieces_per_second": 1_234.0, "precision": "float32"}
    return replace(RESULT_OF_A, cell=name, bleu=bleu, others=others, facts=facts)


def test_a_difference_is_to_the_line_that_is_compared_with():
    text = render([result("base", 30.0), result("bpe", 29.0), result("bpe-dropout", 30.5), result("untied", 28.0)])
    rows = {line.split(" | ")[0].strip("| "): line.split(" | ")[4] for line in text.splitlines()[2:6]}
    assert list(rows.values()) == ["", "-1.00", "+1.50", "-2.00"]
    assert f"{BY_NAME['bpe-dropout'].what} (against bpe)" in rows


def test_a_line_without_the_one_it_is_compared_with_has_no_difference():
    row = render([result("bpe-dropout", 30.5)]).splitlines()[2]
    assert row.split(" | ")[4] == ""


def test_a_speed_stands_only_where_the_machine_was_quiet():
    assert "1,234" not in render([result("base", 30.0)])
    assert "1,234" in render([result("base", 30.0, others=0.01)])
