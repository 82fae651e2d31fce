import pytest

from service.cli import main as serve
from service.keys_cli import main

NOON = 1_907_928_000.0  # 2030-06-17T12:00:00Z


@pytest.fixture
def run(tmp_path, capsys):
    """Runs `mt-serve keys` on a file; gives the exit status and what is printed on standard output and error."""

    def run(*arguments):
        command, *others = arguments
        status = main([command, "--file", str(tmp_path / "keys"), *others], lambda: NOON)
        return status, *capsys.readouterr()

    return run


def test_a_key_is_printed_once_and_alone_on_standard_output(run):
    status, key, remark = run("add", "weblate")
    assert (status, len(key.split()), remark) == (0, 1, "The key of 'weblate', shown only now:\n")
    assert key.strip() not in "".join(map(str, run("list")))


def test_the_list_tells_what_each_key_may_do_and_has_done(run):
    run("add", "weblate", "--rate", "100/minute", "--characters", "500000", "--expires", "2030-12-31")
    run("add", "bot", "--expires", "2030-06-16")
    assert run("list")[1].splitlines() == [
        "name     rate              characters this month  expires",
        "bot      -                 0                      2030-06-16 (expired)",
        "weblate  100 per 1 minute  0 of 500,000           2030-12-31",
    ]


def test_a_revoked_key_is_gone_from_the_list(run):
    run("add", "bot")
    assert run("revoke", "bot") == (0, "", "The key of 'bot' is revoked.\n")
    assert "bot" not in run("list")[1]


def test_what_cannot_be_done_is_one_line_and_status_2(run):
    assert run("list")[0] == 2
    run("add", "bot")
    for arguments, text in (
        (("add", "bot"), "There is a key named 'bot' already. Choose another name, or revoke that one first."),
        (("revoke", "cat"), "There is no key named 'cat'. The keys are: bot."),
    ):
        assert run(*arguments) == (2, "", f"mt-serve keys: {text}\n")


@pytest.mark.parametrize(
    ("option", "value", "text"),
    [
        ("--rate", "often", "'often'; it must be written like '30 per 1 minute; 1000 per day'"),
        ("--characters", "-1", "'-1'; it must be a whole number from 0 to 1,000,000,000,000,000"),
        ("--characters", "9" * 16, "it must be a whole number from 0 to 1,000,000,000,000,000"),
        ("--characters", "many", "'many'; it must be a whole number"),
        ("--expires", "tomorrow", "'tomorrow'; it must be a day like 2030-12-31"),
    ],
)
def test_a_value_that_cannot_be_used_is_told_with_what_it_must_be(run, capsys, option, value, text):
    with pytest.raises(SystemExit, match=r"2"):
        run("add", "bot", f"{option}={value}")
    assert text in capsys.readouterr().err


def test_without_a_file_the_command_says_how_to_name_one(monkeypatch, capsys):
    monkeypatch.delenv("MT_KEYS", raising=False)
    assert main(["list"]) == 2
    assert "name one with --file, or for good with MT_KEYS." in capsys.readouterr().err


def test_the_file_may_be_named_by_the_variable_and_the_command_given_to_mt_serve(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("MT_KEYS", str(tmp_path / "keys"))
    assert serve(["keys", "add", "bot"]) == 0
    assert serve(["keys", "list"]) == 0
    assert "bot" in capsys.readouterr().out
