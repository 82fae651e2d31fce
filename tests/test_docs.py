"""What the README says exists: make targets, commands and their options, variables, files that are linked."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import pytest
import typer

import mt.cli
import training.cli
from service.cli import main as serve
from service.settings import Settings, variable_name

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
OPERATORS = {"|", "||", "&&", ";", "&", ">", "<", ">>"}


@dataclass(frozen=True)
class Facts:
    """What there is: the commands of each program, each with its options; make's targets; the variables."""

    commands: dict[str, dict[str, set[str]]]
    targets: set[str]
    variables: set[str]


@pytest.fixture
def facts(capsys):
    with pytest.raises(SystemExit):
        serve(["--help"])
    serve_options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    key_options = set()
    for command in ("add", "list", "revoke"):
        with pytest.raises(SystemExit):
            serve(["keys", command, "--help"])
        key_options |= set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return Facts(
        {
            "mt": typer_commands(mt.cli.app),
            "mt-train": typer_commands(training.cli.app),
            "mt-serve": {"": serve_options, "keys": key_options},
        },
        set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE)),
        {variable_name(setting) for setting in fields(Settings)},
    )


def typer_commands(app: typer.Typer) -> dict[str, set[str]]:
    group = typer.main.get_command(app)
    options = {name: {one for part in command.params for one in part.opts} for name, command in group.commands.items()}
    return {name: {"--help", *known} for name, known in options.items()} | {"": {"--help"}}


def complaints(text: str, facts: Facts) -> Iterator[str]:
    """One line for each thing that a page names and that does not exist."""
    for variable in sorted(set(re.findall(r"\bMT_[A-Z][A-Z_]*\b", text)) - facts.variables):
        yield f"there is no variable {variable}"
    for words in _commands(text):
        program, arguments = words[0].rpartition("/")[2], words[1:]
        if program == "make":
            goals = [word for word in arguments if re.fullmatch("[a-z][a-z-]*", word)]
            yield from (f"there is no `make {goal}`" for goal in goals if goal not in facts.targets)
        elif program in facts.commands:
            yield from _program_complaints(program, arguments, facts.commands[program])


def _program_complaints(program: str, arguments: list[str], commands: dict[str, set[str]]) -> Iterator[str]:
    name = ""
    if len(commands) > 1 and arguments and re.fullmatch("[a-z][a-z-]*", arguments[0]):
        name = arguments[0]
    if name not in commands:
        yield f"there is no `{program} {name}`"
        return
    for word in arguments:
        option = word.partition("=")[0]
        if re.fullmatch("--[a-z-]+", option) and option not in commands[name]:
            yield f"`{f'{program} {name}'.strip()}` has no option {option}"


def _commands(text: str) -> Iterator[list[str]]:
    """The words of each simple command in shell blocks, after the prompts of console blocks, and in code spans."""
    lines = []
    for language, block in FENCE.findall(text):
        joined = block.replace("\\\n", " ")
        if language in ("sh", "bash", "shell"):
            lines += joined.splitlines()
        elif language == "console":
            lines += [line.removeprefix("$ ") for line in joined.splitlines() if line.startswith("$ ")]
    lines += re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    for line in lines:
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            continue  # no shell, such as a lone quotation mark
        yield from _simple_commands(words)


def _simple_commands(words: list[str]) -> Iterator[list[str]]:
    command: list[str] = []
    for word in [*words, ";"]:
        if word in OPERATORS or word.endswith(";"):
            if command:
                yield command
            command = []
        elif command or not re.fullmatch(r"\w+=.*", word):  # variables may stand before a command
            command.append(word)


def dead_links(page: Path) -> list[str]:
    """Relative links of a page to files that are not there, and links inside it to headings that it lacks."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = {_anchor(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|href)="([^"]+)"', text):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        if (path and not (page.parent / path).exists()) or (not path and anchor not in headings):
            dead.append(target)
    return dead


def _anchor(heading: str) -> str:
    """GitHub's name for a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_everything_that_a_page_names_exists(page, facts):
    assert list(complaints(page.read_text(encoding="utf-8"), facts)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_somewhere(page):
    assert dead_links(page) == []


def test_the_changelog_has_a_place_for_what_is_new():
    assert re.search(r"^## \[?Unreleased", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("```sh\nmake brew\n```", "there is no `make brew`"),
        ("Run `make serve PYTHON=python3.12 brew`.", "there is no `make brew`"),
        ("```console\n$ mt transmogrify\n```", "there is no `mt transmogrify`"),
        ("```sh\ncat a | .venv/bin/mt translate --form en --to de\n```", "`mt translate` has no option --form"),
        ("```sh\nmt-train run x \\\n  --dada d\n```", "`mt-train run` has no option --dada"),
        ("`mt-serve --prot=80`", "`mt-serve` has no option --prot"),
        ("`mt-serve kiss`", "there is no `mt-serve kiss`"),
        ("`mt-serve keys add a --raet 5/minute`", "`mt-serve keys` has no option --raet"),
        ("`MT_PORT=80 mt-serve --hots x`", "`mt-serve` has no option --hots"),
        ("Set `MT_PROT`.", "there is no variable MT_PROT"),
    ],
)
def test_what_does_not_exist_is_named(facts, text, complaint):
    assert list(complaints(text, facts)) == [complaint]


def test_what_exists_and_what_is_no_command_is_not_complained_of(facts):
    text = """`make test`, `MT_*`, `mt info BUNDLE`, `mt-train subwords | run RECIPE`, `mt`, `make PYTHON=x serve`,
"it`s"
```console
$ .venv/bin/mt translate --from en --to de --json < text  # a comment: mt nonsense
mt nonsense, as output
$ mt --help
```
```toml
mt = "nonsense"
```
"""
    assert list(complaints(text, facts)) == []


def test_dead_links_are_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# Two words!\n[a](page.md#x) [b](none.md) [c](#two-words) [d](#three) [e](https://x.example/none)"
        '<img src="none.png">',
        encoding="utf-8",
    )
    assert dead_links(page) == ["none.md", "#three", "none.png"]
