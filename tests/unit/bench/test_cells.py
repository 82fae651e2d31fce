"""Tables that are filled cell by cell, with cells that only pretend to train."""

import sys
from dataclasses import replace

import pytest

from tests.bench.cells import LOG, RESULT, Cell, CellError, Result, complete, finish, markdown, run_logged

RESULT_OF_A = Result(
    cell="a",
    system="ours",
    bleu=20.0,
    signature="case:mixed",
    dev_bleu=21.0,
    dev_greedy=19.0,
    parameters=1_000,
    vocabulary=300,
    updates=100,
    target_pieces=10_000,
    seconds=60.0,
    others=0.0,
    hardware="a machine",
    versions={"python": "3.11"},
    commands=("mt-train all",),
    facts={"best_update": 50},
)


def cells(trained, names="ab"):
    """Cells that note when they are trained; one named "x" fails."""

    def train(folder):
        trained.append(folder.name)
        if folder.name == "x":
            raise CellError("out of memory")
        return replace(RESULT_OF_A, cell=folder.name)

    return [Cell(name, train) for name in names]


def render(results):
    return " ".join(result.cell for result in results)


def silent(_text):
    return None


def test_each_cell_is_trained_once_and_its_result_comes_back_as_it_was(tmp_path):
    trained, seen = [], []
    assert complete(cells(trained), tmp_path, lambda results: seen.append(list(results)) or "", silent) == []
    complete(cells(trained), tmp_path, lambda results: seen.append(list(results)) or "", silent)
    assert trained == ["a", "b"]
    assert seen[-1] == [RESULT_OF_A, replace(RESULT_OF_A, cell="b")]


def test_the_table_has_what_there_is_after_each_cell(tmp_path):
    tables = []

    def train(folder):
        table = tmp_path / "table.md"
        tables.append(table.read_text(encoding="utf-8") if table.exists() else "")
        return replace(RESULT_OF_A, cell=folder.name)

    complete([Cell("a", train), Cell("b", train)], tmp_path, render, silent)
    assert tables == ["", "a\n"]
    assert (tmp_path / "table.md").read_text(encoding="utf-8") == "a b\n"


def test_a_call_for_some_cells_keeps_the_others_in_the_table(tmp_path):
    complete(cells([], "b"), tmp_path, render, silent)
    complete(cells([], "a"), tmp_path, render, silent)
    assert (tmp_path / "table.md").read_text(encoding="utf-8") == "a b\n"


def test_a_cell_that_fails_keeps_no_other_from_training_and_is_tried_again(tmp_path):
    trained, said = [], []
    assert complete(cells(trained, "axb"), tmp_path, render, said.append) == ["x"]
    assert "x: out of memory" in said
    assert not (tmp_path / "x" / RESULT).exists()
    complete(cells(trained, "axb"), tmp_path, render, silent)
    assert trained == ["a", "x", "b", "x"]


def test_a_command_that_fails_is_named_with_the_log_that_tells_why(tmp_path):
    command = [sys.executable, "-S", "-c", "print('the reason'); raise SystemExit(3)"]
    with pytest.raises(CellError, match=r"the reason.*ended with status 3; see .*log\.txt"):
        run_logged(command, tmp_path)
    assert (tmp_path / LOG).read_text(encoding="utf-8").splitlines()[-1] == "the reason"


def test_a_command_is_given_as_text_that_a_shell_reads(tmp_path):
    assert run_logged([sys.executable, "-S", "-c", "pass", "two words"], tmp_path).endswith("'two words'")


def test_unfinished_cells_end_the_program_with_their_names(tmp_path, capsys):
    (tmp_path / "table.md").write_text("the table", encoding="utf-8")
    with pytest.raises(SystemExit, match="Not finished: x, y"):
        finish(["x", "y"], tmp_path)
    assert "the table" in capsys.readouterr().out
    finish([], tmp_path)


def test_a_table_is_markdown():
    assert markdown(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
