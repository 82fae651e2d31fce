"""mt-train's answers to mistakes: one line and exit status 2, never a traceback. What works is in tests/integration."""

import os

import pytest

from tests import tiny, training_runs
from training.cli import main

SMALL = {"subwords": {"vocabulary": tiny.VOCABULARY}}


@pytest.fixture
def folder(tmp_path):
    """Corpora and a recipe that fits them."""
    training_runs.write_corpus(tmp_path)
    (tmp_path / "recipe.toml").write_text(training_runs.toml(**SMALL), encoding="utf-8")
    return tmp_path


@pytest.fixture
def refused(folder, capfd):
    """Runs a command on the folder's recipe and gives the one line that it is refused with."""

    def message(command, *arguments):
        with pytest.raises(SystemExit) as end:
            main([command, *map(str, arguments or [folder / "recipe.toml", "--out", folder / "out"])])
        printed = capfd.readouterr().err
        assert end.value.code == 2
        assert "Traceback" not in printed
        first, *others = printed.splitlines()
        assert first.startswith("mt-train: ")
        return "\n".join([first.removeprefix("mt-train: "), *others])

    return message


def test_a_missing_recipe_is_answered_with_the_published_ones(refused):
    assert refused("all", "nowhere.toml").startswith("There is no recipe 'nowhere.toml'. Give a TOML file, or one of: ")


def test_an_unknown_key_is_answered_with_the_known_ones(refused, folder):
    (folder / "recipe.toml").write_text(training_runs.toml(training={"batch_size": 64}), encoding="utf-8")
    assert "training: unknown key 'batch_size'." in refused("run")
    assert "Known keys: max_updates, batch_pieces, " in refused("run")


def test_an_empty_corpus_is_named(refused, folder):
    (folder / "train.en").write_bytes(b"")
    assert refused("subwords").startswith(f"{folder / 'train.en'} is empty: it holds no line.")


def test_a_missing_corpus_is_named(refused, folder):
    (folder / "dev.de").unlink()
    assert refused("subwords").startswith(f"There is no file {folder / 'dev.de'}.")


def test_sides_of_different_length_are_named_with_both_lengths(refused, folder):
    (folder / "train.de").write_text("eins\nzwei\n", encoding="utf-8")
    message = refused("subwords")
    assert message.startswith(f"The sides differ in length: {folder / 'train.en'} has 200 lines, ")
    assert f"{folder / 'train.de'} has 2." in message


def test_a_wrong_encoding_is_named_with_its_place(refused, folder):
    (folder / "train.de").write_bytes("null\nfünf\n".encode("latin-1"))
    message = refused("subwords")
    assert message.startswith(f"{folder / 'train.de'} is not UTF-8: line 2, byte 6 of the (unpacked) file is 0xfc.")


def test_a_corpus_of_which_nothing_is_left_is_answered_with_the_report(refused, folder):
    for language in ("en", "de"):
        (folder / f"train.{language}").write_text("same\n" * 3, encoding="utf-8")
    message = refused("subwords")
    assert message.startswith("No pair of num2words is fit for training. What became of them:\npairs read ")
    assert "identical sides" in message


def test_a_corpus_too_small_for_the_vocabulary_is_refused(refused, folder):
    (folder / "recipe.toml").write_text(training_runs.toml(subwords={"vocabulary": 5_000}), encoding="utf-8")
    assert refused("subwords").startswith("The corpus does not give a vocabulary of 5,000 pieces: ")


@pytest.mark.parametrize(
    ("command", "missing", "step"),
    [
        ("run", "sentencepiece.model", "subwords"),
        ("average", "checkpoint to average", "run"),
        ("export", "average.npz", "average"),
        ("evaluate", "bundle", "export"),
        ("report", "scores.json", "evaluate"),
    ],
)
def test_a_step_before_its_time_is_answered_with_the_one_before_it(refused, command, missing, step):
    message = refused(command)
    assert missing in message
    assert f"`mt-train {step}`" in message


def test_a_folder_that_cannot_be_made_is_named(refused, folder):
    (folder / "file").write_text("", encoding="utf-8")
    message = refused("subwords", folder / "recipe.toml", "--out", folder / "file" / "out")
    assert str(folder / "file") in message
    assert "Check the path, its permissions and the room on its disk." in message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_named(refused, folder):
    (folder / "closed").mkdir(mode=0o500)
    assert "Permission denied" in refused("subwords", folder / "recipe.toml", "--out", folder / "closed" / "out")


@pytest.mark.parametrize("command", ["run", "all"])
def test_a_wrong_cluster_is_refused_before_anything_is_made(refused, folder, monkeypatch, command):
    monkeypatch.setenv("TF_CONFIG", '{"cluster": {"ps": ["a:1"]}, "task": {"type": "ps", "index": 0}}')
    assert refused(command).startswith('TF_CONFIG names parameter servers ("ps"), which Keras 3 cannot train with')
    assert not (folder / "out").exists()


def test_a_corpus_that_cannot_begin_a_recipe_is_answered_with_what_to_do(refused, folder):
    source, target = ["--source", folder / "train.en"], ["--target", folder / "train.de"]
    message = refused("init", *source, "--out", folder / "new")
    assert message.startswith("The languages cannot be told from train.en: no ending such as .de.")
    assert refused("init", *source, "--target", folder / "none.de").startswith("There is no file ")
    (folder / "train.de").write_bytes("fünf\n".encode("latin-1"))
    assert "train.de is not UTF-8: line 1, byte 1" in refused("init", *source, *target, "--out", folder / "new")
    assert not (folder / "new").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--bundle", "b"],
        ["--bundle", "b", "--url", "http://x", "--direction", "en-de", "--source", "s", "--reference", "r"],
        ["--direction", "en-de", "--source", "s", "--reference", "r"],
        ["--bundle", "b", "--direction", "ende", "--source", "s", "--reference", "r"],
    ],
)
def test_an_evaluation_needs_one_system_and_a_test_set(refused, arguments):
    assert refused("evaluate", *arguments).startswith("Give a RECIPE, or --bundle or --url together with --direction ")


@pytest.mark.parametrize("option", [["--compare", "x"], ["--direction", "en-de"], ["--lowercase"], ["--bundle", "b"]])
def test_options_that_a_recipe_would_not_heed_are_refused(refused, folder, option):
    message = refused("evaluate", folder / "recipe.toml", *option)
    assert message.startswith("A RECIPE is evaluated on its own test sets; only --data, --out and --json go with it.")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--direction", "deen"], "--direction takes two language codes such as de-en, got 'deen'."),
        (["--direction", "de-en", "--sampling", "--beam", "4"], "Give --beam or --sampling, not both."),
        (
            ["--direction", "de-en", "--seed", "4"],
            "--temperature, --top-k and --seed go with --sampling only. Add it, ",
        ),
        (["--direction", "de-en", "--sampling", "--top-k", "0"], "top_k must be at least 1, got 0."),
    ],
)
def test_options_of_back_translation_that_do_not_go_together_are_refused(refused, folder, options, message):
    arguments = ["tatoeba-en-de", folder / "train.de", "--out", folder / "bt.tsv", *options]
    assert refused("back-translate", *arguments).startswith(message)


def test_a_missing_teacher_is_refused(refused, folder):
    assert "There is no bundle at" in refused("distill", folder / "recipe.toml", "--bundle", folder / "none")


def test_a_missing_bundle_is_refused(refused, folder):
    arguments = ["--direction", "en-de", "--source", folder / "test.en", "--reference", folder / "test.de"]
    message = refused("evaluate", "--bundle", folder / "none", *arguments)
    assert message.startswith(f"There is no bundle at {folder / 'none'}.")


def test_a_server_that_does_not_answer_is_refused(refused, folder):
    arguments = ["--direction", "en-de", "--source", folder / "test.en", "--reference", folder / "test.de"]
    # Port 1 of the loopback interface is nobody's.
    assert "http://127.0.0.1:1/translate cannot be reached" in refused(
        "evaluate", "--url", "http://127.0.0.1:1", *arguments
    )


def test_another_backend_of_keras_than_tensorflow_is_refused(refused, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert refused("run") == "mt-train computes with TensorFlow, but KERAS_BACKEND is 'jax'. Unset it."
