"""Serving and translating where TensorFlow and Keras are not installed, or are but should not be loaded."""

import subprocess
import sys

import pytest

from tests import tiny

LIBRARIES = ("tensorflow", "keras", "jax")
WITHOUT = f"import sys; sys.modules.update(dict.fromkeys({LIBRARIES}))"  # nothing is found of them any more
TRANSLATE = """
import sys
import service.cli
from mt import BundleError, Translator, load_bundle
try:
    translator = Translator(load_bundle(sys.argv[1]), engine=sys.argv[2])
    print(translator.translate(["seventy"], "en", "de")[0].text)
except BundleError as error:
    print(error)
"""


def run(program, *arguments):
    return subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def expected():
    return tiny.translator().translate(["seventy"], "en", "de")[0].text


def test_litert_translates_without_a_model_library(expected):
    done = run(f"{WITHOUT}\n{TRANSLATE}", str(tiny.bundle_folder()), "auto")
    assert (done.stdout, done.stderr) == (f"{expected}\n", "")


def test_litert_leaves_the_model_libraries_alone_where_there_are_some(expected):
    loaded = f"print(sorted(set({LIBRARIES}) & set(sys.modules)))"
    done = run(f"{TRANSLATE}\n{loaded}", str(tiny.bundle_folder()), "litert")
    assert (done.stdout, done.stderr) == (f"{expected}\n[]\n", "")


def test_an_engine_that_is_not_installed_is_named_with_what_to_install():
    done = run(f"{WITHOUT}\n{TRANSLATE}", str(tiny.bundle_folder()), "savedmodel")
    assert "tensorflow is not installed; pip install 'dragoman[savedmodel]'" in done.stdout
    assert done.stderr == ""


EVALUATION = ["evaluate", "--url", "http://127.0.0.1:1", "--direction", "en-de", "--source", "no", "--reference", "no"]


@pytest.mark.parametrize("command", [["--help"], ["run", "--help"], EVALUATION])
def test_commands_of_training_that_compute_nothing_load_no_model_library(command):
    program = f"""
import sys
from training.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    print(sorted(set({LIBRARIES}) & set(sys.modules)), file=sys.stderr)
"""
    assert run(program, *command).stderr.splitlines()[-1] == "[]"


def test_training_that_is_not_installed_is_one_line_and_status_2(tmp_path):
    program = f"{WITHOUT}\nfrom training.cli import main; main(sys.argv[1:])"
    done = run(program, "run", str(tmp_path / "recipe.toml"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "mt-train: keras is not installed, which training needs. Run `pip install 'dragoman[train]'`.\n"
    )


OTEL = "opentelemetry.sdk", "opentelemetry.exporter"


def test_opentelemetry_is_left_alone_unless_its_variables_ask_for_it():
    program = f"""
import os, sys
from service.app import create_app
from service.cli import open_traces
from service.settings import Settings
create_app(Settings())
print(open_traces(os.environ), [name for name in sys.modules if name.startswith({OTEL})])"""
    done = run(program)
    assert (done.stdout, done.stderr) == ("None []\n", "")


def test_opentelemetry_that_is_wanted_and_not_installed_is_one_line_and_status_2():
    missing = f"import os, sys; sys.modules.update(dict.fromkeys({OTEL})); os.environ['OTEL_TRACES_EXPORTER'] = 'otlp'"
    done = run(f"{missing}\nfrom service.cli import main; sys.exit(main([]))")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "mt-serve: OTEL_* variables ask for traces, but OpenTelemetry is not installed. "
        "Run `pip install 'dragoman[otel]'`, or set OTEL_TRACES_EXPORTER=none.\n"
    )
