"""mt-train from corpus files to an evaluated bundle, as a user runs it."""

import json
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from mt.bundle import load_bundle
from mt.translator import Translator
from tests import tiny, training_runs
from training.cli import main
from training.run.trainer import best_checkpoints

SECTIONS = {
    "subwords": {"vocabulary": tiny.VOCABULARY, "sampling": 0.3},
    "model": {"embedding": 16, "encoder_hidden": 12, "decoder_hidden": 20, "dropout": 0.1},
    "training": {"max_updates": 30, "batch_pieces": 300, "validate_every": 10, "keep_best": 2, "precision": "float32"},
    "schedule": {"peak_rate": 0.02, "warmup_updates": 5},
    "search": {"beam": 2},
}


def mt_train(*arguments):
    with pytest.raises(SystemExit) as end:
        main([*map(str, arguments)])
    assert end.value.code == 0


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder in which `mt-train all` has run, in a process of its own, and what it printed."""
    folder = training_runs.write_corpus(tmp_path_factory.mktemp("train"))
    (folder / "recipe.toml").write_text(training_runs.toml(**SECTIONS), encoding="utf-8")
    command = [sys.executable, "-m", "training.cli", "all", folder / "recipe.toml", "--out", folder / "out"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == 0, done.stderr
    return folder, done


def test_each_step_leaves_its_result(made):
    out = made[0] / "out"
    for name in (
        "recipe.json",
        "corpora.json",
        "sentencepiece.model",
        "run.json",
        "learning-curve.png",
        "checkpoints/last.npz",
        "average.npz",
        "bundle/manifest.json",
        "bundle/README.md",
        "scores.json",
        "outputs/1.en-de.txt",
        "outputs/1.de-en.txt",
        "report.html",
    ):
        assert (out / name).stat().st_size > 0, name
    assert len(best_checkpoints(out)) == 2
    assert json.loads((out / "recipe.json").read_text(encoding="utf-8"))["training"]["max_updates"] == 30


def test_the_chain_tells_what_it_does(made):
    printed, progress = made[1].stdout, made[1].stderr
    for line in (
        "pairs kept                         200",
        "340 pieces in ",
        "update 30, epoch ",
        "Trained: ",
        "Averaged 2 checkpoints into ",
        "Exported ",
        "BLEU ",
        "TER: lower is better.",
        "for the 3 updates left, unless training.patience ends them sooner: ",
        "The report page is ",
    ):
        assert line in printed, line
    # The progress bar: updates, time left, loss and speed.
    assert "30/30 [" in progress
    assert "pieces/s]" in progress
    assert "Traceback" not in progress


def test_the_manifest_says_how_the_model_was_made_and_how_good_it_is(made):
    manifest = load_bundle(made[0] / "out" / "bundle").manifest
    assert (manifest.name, manifest.directions) == ("numbers", ["en-de", "de-en"])
    assert manifest.search == {"beam": 2, "length_penalty": 1.0}
    assert manifest.corpora == [
        {"name": "num2words", "licence": "none needed", "attribution": "this test", "pairs": 200}
    ]
    assert manifest.training["updates"] == 30
    assert manifest.training["pieces_per_second"] > 0
    assert manifest.recipe["subwords"]["sampling"] == 0.3
    assert [(score["direction"], score["sentences"]) for score in manifest.scores] == [("en-de", 10), ("de-en", 10)]
    for score in manifest.scores:
        assert [metric["name"] for metric in score["metrics"]] == ["BLEU", "chrF2", "TER"]
        assert all("version:" in metric["signature"] for metric in score["metrics"])


def test_the_model_card_has_scores_licence_and_attribution(made):
    card = (made[0] / "out" / "bundle" / "README.md").read_text(encoding="utf-8")
    for text in (
        "# numbers",
        "Licence: none needed",
        "Attribution: this test",
        "en-de, test.en → test.de, 10",
        "chrF2",
    ):
        assert text in card, text


def test_the_bundle_answers_in_both_directions(made):
    translator = Translator(load_bundle(made[0] / "out" / "bundle"))
    # After 30 updates it says little that is right, but is never sure.
    assert [one.score < 0 for one in translator.translate(["one", "two hundred"], "en", "de")] == [True, True]
    assert translator.translate(["eins"], "de", "en")[0].score < 0


def test_a_chain_that_is_over_is_evaluated_again_without_training(made, tmp_path, capfd):
    folder = shutil.copytree(made[0], tmp_path / "again")
    mt_train("all", folder / "recipe.toml", "--out", folder / "out")
    last = Path("out/checkpoints/last.npz")
    assert (folder / last).read_bytes() == (made[0] / last).read_bytes()
    scores = [json.loads((path / "out" / "scores.json").read_text(encoding="utf-8")) for path in (folder, made[0])]
    assert [report["scores"] for report in scores[0]] == [report["scores"] for report in scores[1]]
    assert "340 pieces in" not in capfd.readouterr().out


def test_a_recipe_is_evaluated_as_json(made, capfd):
    mt_train("evaluate", made[0] / "recipe.toml", "--out", made[0] / "out", "--json")
    reports = json.loads(capfd.readouterr().out)
    assert [(report["source"], report["target"]) for report in reports] == [("en", "de"), ("de", "en")]
    assert reports[0]["scores"]["bleu"]["signature"].startswith("nrefs:1|bs:1000")


def test_a_test_set_in_one_tsv_file_has_the_scores_of_the_same_in_two(made, tmp_path, capfd):
    folder = shutil.copytree(made[0], tmp_path / "tsv")
    sides = [(folder / f"test.{language}").read_text(encoding="utf-8").splitlines() for language in ("en", "de")]
    lines = "".join(f"{one}\t{other}\n" for one, other in zip(*sides, strict=True))
    (folder / "test.tsv").write_text(lines, encoding="utf-8")
    recipe = (folder / "recipe.toml").read_text(encoding="utf-8")
    (folder / "recipe.toml").write_text(recipe.replace('["test.en", "test.de"]', '["test.tsv"]'), encoding="utf-8")
    mt_train("evaluate", folder / "recipe.toml", "--out", folder / "out", "--json")
    expected = json.loads((made[0] / "out" / "scores.json").read_text(encoding="utf-8"))
    found = json.loads(capfd.readouterr().out)
    assert [report["scores"] for report in found] == [report["scores"] for report in expected]


def test_a_recipe_without_a_test_set_is_evaluated_and_reported_on_dev(made, tmp_path, capfd):
    folder = shutil.copytree(made[0], tmp_path / "dev")
    recipe = (folder / "recipe.toml").read_text(encoding="utf-8")
    (folder / "recipe.toml").write_text(recipe.replace('test = ["test.en", "test.de"]', ""), encoding="utf-8")
    for command in ("evaluate", "report"):
        mt_train(command, folder / "recipe.toml", "--out", folder / "out")
    assert f"Dev set   {folder / 'dev.en'} (en) → {folder / 'dev.de'} (de), 10 sentences" in capfd.readouterr().out
    assert "these are scores on dev" in (folder / "out" / "report.html").read_text(encoding="utf-8")
    scores = load_bundle(folder / "out" / "bundle").manifest.scores
    assert scores[0]["test_set"] == "dev.en → dev.de (dev: the recipe has no test set)"


@pytest.fixture
def test_set(made):
    return ["--direction", "en-de", "--source", made[0] / "test.en", "--reference", made[0] / "test.de"]


def test_a_bundle_is_compared_with_a_file_of_output(made, test_set, capfd):
    reference = made[0] / "test.de"
    mt_train("evaluate", "--bundle", made[0] / "out" / "bundle", *test_set, "--compare", reference)
    printed = capfd.readouterr().out
    assert f"Against {reference} (paired bootstrap, 1,000 samples)" in printed
    assert "significant" in printed


class PerfectServer(BaseHTTPRequestHandler):
    """Answers in LibreTranslate's contract with the references it is given."""

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps({"translatedText": [self.server.references[text] for text in request["q"]]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):  # noqa: A002 - the name http.server gives
        pass


@pytest.fixture
def url(made, monkeypatch):
    """The address of a server on the loopback interface that knows the test set by heart."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")  # a machine may have a proxy for everything else
    sides = [(made[0] / f"test.{language}").read_text(encoding="utf-8").splitlines() for language in ("en", "de")]
    with HTTPServer(("127.0.0.1", 0), PerfectServer) as server:
        server.references = dict(zip(*sides, strict=True))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_running_server_is_evaluated_against_a_bundle(made, test_set, url, capfd):
    mt_train("evaluate", "--url", url, *test_set, "--compare", made[0] / "out" / "bundle", "--json")
    report = json.loads(capfd.readouterr().out)
    assert report["system"] == url
    assert report["scores"]["ter"]["value"] == 0
    assert report["comparison"]["differences"][1]["difference"] > 0
