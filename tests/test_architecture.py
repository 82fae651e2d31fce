"""Who may import whom, and how long files and functions may be: the rules of the house, and proof that they bite."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import mt

ROOT = Path(__file__).parent.parent
# The rooms of the core, from the ground up: a room imports only what lies below it. "mt" is what the package exports.
LEVELS = (
    ("mt.cores", "mt.errors", "mt.ranking", "mt.repetition"),
    ("mt.text", "mt.regularization", "mt.card", "mt.sampling", "mt.lock"),
    ("mt.tokenizer",),
    ("mt.model", "mt.search", "mt.lexicon"),
    ("mt.engines", "mt.linking"),
    ("mt.bundle", "mt.alignment", "mt.guard", "mt.inside"),
    ("mt.convert", "mt.open_engine", "mt.protecting", "mt.confidence"),
    ("mt.planning", "mt.scoring"),
    ("mt.stream", "mt.documents"),
    ("mt.export", "mt.translator"),
    ("mt.bulk", "mt.part_file"),
    ("mt.picture",),
    ("mt",),
    ("mt.beam", "mt.cli"),
)
LEVEL = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
ROOMS = ("mt", "service", "training")
MODEL_LIBRARIES = {
    "ai_edge_litert": ("mt/engines/graphs.py",),
    "tensorflow": ("mt/engines/tensorflow.py", "mt/export.py", "mt/convert.py", "training/"),
    "keras": ("mt/model/", "mt/search.py", "mt/export.py", "training/"),
    "jax": ("training/",),
}
MOST_LINES, MOST_FUNCTION_LINES = 400, 60


def all_sources() -> dict[str, str]:
    """Every Python file of the project by its path from the root."""
    files = [
        file for folder in ("mt", "service", "training", "tests", "docker") for file in (ROOT / folder).rglob("*.py")
    ]
    return {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in files}


def complaints(sources: Mapping[str, str]) -> Iterator[str]:
    """One line for each rule that a file breaks."""
    for path, text in sources.items():
        tree = ast.parse(text)
        yield from _size_complaints(path, text, tree)
        for line, module, name in _imports(path, tree):
            fault = _import_fault(path, module, name, set(sources))
            if fault:
                yield f"{path}:{line} imports {module}{f' ({name})' if name else ''}: {fault}"


def _size_complaints(path: str, text: str, tree: ast.AST) -> Iterator[str]:
    if (lines := text.count("\n")) > MOST_LINES:
        yield f"{path} has {lines} lines, more than {MOST_LINES}"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MOST_FUNCTION_LINES:
                yield f"{path}:{node.lineno} {node.name} has {length} lines, more than {MOST_FUNCTION_LINES}"


def _imports(path: str, tree: ast.AST) -> Iterator[tuple[int, str, str | None]]:
    """Line, module, and name for `from module import name`; wherever in the file they stand."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = path.split("/")[: -node.level] if node.level else []
            module = ".".join([*package, *([node.module] if node.module else [])])
            yield from ((node.lineno, module, alias.name) for alias in node.names)


def _import_fault(path: str, module: str, name: str | None, paths: set[str]) -> str | None:
    """What is wrong with an import in this file, or None."""
    home, top = (names.split(".", maxsplit=1)[0] for names in (path.replace("/", "."), module))
    fault = None
    if home not in ROOMS:
        return None
    if top in MODEL_LIBRARIES and not path.startswith(MODEL_LIBRARIES[top]):
        fault = "not here"
    elif top in {*ROOMS, "tests"} - {home, "mt"}:
        fault = f"{home} may not know {top}"
    elif top == "mt" and home == "service" and not (module == "mt" and name in mt.__all__):
        fault = "service takes only what mt exports, by name"
    elif top == home == "mt":
        fault = _level_fault(_room(path.removesuffix(".py").replace("/", ".")), _room(_submodule(module, name, paths)))
    return fault


def _level_fault(here: str, there: str) -> str | None:
    if not {here, there} <= set(LEVEL):
        return f"{here} or {there} is in no level; say in LEVELS where it stands"
    return None if here == there or LEVEL[there] < LEVEL[here] else f"{there} does not lie below {here}"


def _submodule(module: str, name: str | None, paths: set[str]) -> str:
    """`mt.text` for `from mt import text`, where that is a module of its own."""
    path = f"{module}.{name}".replace(".", "/")
    return f"{module}.{name}" if {f"{path}.py", f"{path}/__init__.py"} & paths else module


def _room(module: str) -> str:
    return ".".join(module.removesuffix(".__init__").split(".")[:2])


def test_the_project_keeps_its_rules():
    assert list(complaints(all_sources())) == []


def test_every_file_of_the_project_is_looked_at():
    paths = set(all_sources())
    assert {"mt/__init__.py", "mt/model/decoder.py", "service/app.py", "training/run/trainer.py"} <= paths


@pytest.mark.parametrize(
    ("path", "source", "complaint"),
    [
        ("mt/errors.py", "import mt.tokenizer", "mt.tokenizer does not lie below mt.errors"),
        ("mt/text/sentences.py", "from mt.tokenizer import Tokenizer", "mt.tokenizer does not lie below mt.text"),
        ("mt/search.py", "from mt.model import Seq2Seq", "mt.model does not lie below mt.search"),
        ("mt/search.py", "from mt import model", "mt.model does not lie below mt.search"),
        ("mt/engines/savedmodel.py", "from mt.bundle import Bundle", "mt.bundle does not lie below mt.engines"),
        ("mt/bundle.py", "from .translator import Translator", "mt.translator does not lie below mt.bundle"),
        ("mt/translator.py", "from mt.export import export", "mt.export does not lie below mt.translator"),
        ("mt/translator.py", "from mt import Translation", "mt does not lie below mt.translator"),
        ("mt/tokenizer.py", "def f():\n    import mt.cli", "mt.cli does not lie below mt.tokenizer"),
        ("mt/attic.py", "import mt.errors", "mt.attic or mt.errors is in no level"),
        ("mt/bundle.py", "import training.recipe", "mt may not know training"),
        ("mt/cli.py", "from service import app", "mt may not know service"),
        ("mt/cli.py", "import tests.tiny", "mt may not know tests"),
        ("training/run/trainer.py", "from service.app import create_app", "training may not know service"),
        ("service/app.py", "import training", "service may not know training"),
        ("service/app.py", "from mt.translator import Translator", "service takes only what mt exports"),
        ("service/app.py", "from mt import translator", "service takes only what mt exports"),
        ("service/app.py", "import mt", "service takes only what mt exports"),
        ("service/app.py", "if True:\n    import tensorflow as tf", "imports tensorflow: not here"),
        ("service/routes/probes.py", "from keras import ops", "imports keras (ops): not here"),
        ("mt/model/decoder.py", "import tensorflow", "imports tensorflow: not here"),
        ("mt/translator.py", "import tensorflow.lite", "imports tensorflow.lite: not here"),
        ("mt/tokenizer.py", "import keras", "imports keras: not here"),
        ("training/long.py", "\n" * 401, "has 401 lines, more than 400"),
        ("tests/test_long.py", "def f():\n" + "    1\n" * 60, "f has 61 lines, more than 60"),
    ],
)
def test_a_broken_rule_is_named_with_its_file(path, source, complaint):
    others = {"mt/model/__init__.py": "", "mt/translator.py": ""}
    (found,) = complaints({**others, path: source})
    assert found.startswith(path)
    assert complaint in found


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (
            "mt/model/decoder.py",
            "import keras\nfrom mt.model.config import ModelConfig\nfrom mt.errors import RecipeError",
        ),
        ("mt/translator.py", "from mt.text import normalize, sentences\nfrom mt.engines import Hypothesis"),
        ("mt/engines/tensorflow.py", "import tensorflow"),
        (
            "training/run/trainer.py",
            "import keras\nimport tensorflow\nfrom mt.model import Seq2Seq\nfrom training.run import loss",
        ),
        ("service/app.py", "from mt import Translator, load_bundle\nfrom service.settings import Settings"),
    ],
)
def test_what_the_rules_allow_is_not_complained_of(path, source):
    assert list(complaints({path: source})) == []
