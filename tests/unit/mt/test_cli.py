"""mt: one line in, one line out, and one line for whatever is wrong."""

import dataclasses
import io
import json
import re
import shutil
import sys
from pathlib import Path
from typing import ClassVar

import pytest

from mt.bulk import BYTES_AT_ONCE
from mt.bundle import load_bundle, read_manifest, seal
from mt.cli import engine_here, main, sensible_workers
from mt.cores import usable_cores
from mt.lexicon import FILE as LEXICON
from mt.text.markup import Form
from mt.translator import Translator
from tests import tiny


@pytest.fixture
def run(monkeypatch, capfdbinary):
    """A call of mt in this process: (status, standard output, standard error)."""

    def call(*arguments, given=b""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        with pytest.raises(SystemExit) as exit_status:
            main([str(argument) for argument in arguments])
        captured = capfdbinary.readouterr()
        return exit_status.value.code or 0, captured.out.decode("utf-8"), captured.err.decode("utf-8")

    return call


@pytest.fixture
def bundle_without_litert(bundle_copy):
    shutil.rmtree(bundle_copy / "litert")
    seal(bundle_copy, read_manifest(bundle_copy))
    return bundle_copy


def translate(*options):
    return "translate", "--from", "en", "--to", "de", "--bundle", tiny.bundle_folder(), *options


def translations(lines):
    return [one.text for one in tiny.translator().translate(lines, "en", "de")]


def test_each_line_of_standard_input_is_one_line_of_output(run):
    lines = ["one", "", "two.  three", "twenty-one"]
    status, printed, _ = run(*translate(), given="\n".join(lines).encode())
    assert status == 0
    assert printed == "".join(f"{line}\n" for line in translations(lines))


def test_a_file_is_translated_too_greedily_if_asked_for(run, tmp_path):
    (tmp_path / "text").write_bytes("two hundred\r\ntwo\u2028three\x0bfour\n\n".encode())
    languages = ["--from", "EN", "--to", "De"]  # codes may be upper-case
    status, printed, _ = run("translate", *languages, "--greedy", "--bundle", tiny.bundle_folder(), tmp_path / "text")
    lines = ["two hundred\r", "two\u2028three\x0bfour", ""]
    expected = tiny.translator().translate(lines, "en", "de", greedy=True)
    assert status == 0
    assert printed.split("\n") == [*(one.text for one in expected), ""]


def test_json_gives_source_text_scores_alternatives_and_warnings(run):
    _, printed, _ = run(*translate("--json", "--n-best", 3), given=b"one\ntwo\n")
    expected = tiny.translator().translate(["one", "two"], "en", "de", n_best=3)
    for line, source, one in zip(printed.splitlines(), ["one", "two"], expected, strict=True):
        values = json.loads(line)
        assert set(values) == {
            "source",
            "text",
            "score",
            "alternatives",
            "warnings",
            "alternative_scores",
            "confidence",
        }
        assert (values["source"], values["text"]) == (source, one.text)
        assert values["score"] == pytest.approx(one.score, abs=1e-3)
        assert tuple(values["alternatives"]) == one.alternatives


@pytest.mark.parametrize("ending", ["", "\n"])
def test_a_stream_writes_the_same_as_greedy_search(run, ending):
    given = f"two hundred. Seven!\n\n  ninety\r{ending}".encode()
    # The loop guard searches again what is not streamed.
    streamed, greedy = (run(*translate(way, "--no-loop-guard"), given=given) for way in ("--stream", "--greedy"))
    assert streamed == greedy
    assert greedy[0] == 0


def test_a_stream_is_written_piece_by_piece(monkeypatch):
    class Output(io.BytesIO):
        flushed: ClassVar[list[bytes]] = []

        def flush(self):
            self.flushed.append(self.getvalue())

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"two hundred")))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(Output()))
    with pytest.raises(SystemExit):
        main([str(argument) for argument in translate("--stream")])
    items = list(tiny.translator().stream("two hundred", "en", "de"))
    assert len(Output.flushed) > len(items) > 3
    assert Output.flushed[len(items) - 1].decode() == "".join(items)


def test_a_stream_names_a_line_that_is_not_utf_8_behind_the_lines_before_it(run):
    status, printed, complaint = run(*translate("--stream"), given=b"one\n\xff\n")
    assert (status, printed) == (2, "".join(tiny.translator().stream("one", "en", "de")) + "\n")
    assert "Line 2 of standard input is not UTF-8" in complaint


def test_a_stream_does_not_go_with_options_for_many_lines_or_several_translations(run, tmp_path):
    options = ("--stream", "--output", tmp_path / "out", "--workers", 2, "--json", "--n-best", 2)
    status, _, complaint = run(*translate(*options), given=b"one")
    assert status == 2
    assert "piece by piece, so it cannot go with --output, --workers, --json, --n-best." in complaint


def test_no_lines_give_no_lines(run):
    assert run(*translate())[:2] == (0, "")


def test_a_line_that_is_not_utf8_is_named_and_status_2(run, tmp_path):
    (tmp_path / "text").write_bytes("gut\nm\u00fcde\n".encode("latin-1"))
    status, printed, complaint = run(*translate(tmp_path / "text"))
    assert (status, printed) == (2, f"{translations(['gut'])[0]}\n"), "what comes before it is translated"
    assert complaint == (
        f"mt: Line 2 of {tmp_path}/text is not UTF-8 (byte 0xfc at place 2). "
        "Convert it first, for example with `iconv -f LATIN1 -t UTF-8`.\n"
    )


@pytest.mark.parametrize("engine", ["auto", "litert", "savedmodel"])
def test_each_engine_may_be_asked_for(run, engine):
    status, printed, _ = run(*translate("--engine", engine), given=b"twenty-one\n")
    (expected,) = Translator(tiny.bundle(), engine=engine).translate(["twenty-one"], "en", "de")
    assert (status, printed) == (0, f"{expected.text}\n")


def test_an_engine_that_does_not_exist_is_one_line_and_status_2(run):
    status, _, complaint = run(*translate("--engine", "abacus"), given=b"one\n")
    assert (status, complaint) == (
        2,
        "mt: The engine must be one of auto, litert, savedmodel, got 'abacus'.\n",
    )


def test_an_engine_that_the_bundle_lacks_is_one_line_and_status_2(run, bundle_without_litert):
    options = ["--bundle", bundle_without_litert, "--engine", "litert"]
    status, _, complaint = run("translate", "--from", "en", "--to", "de", *options, given=b"one\n")
    assert (status, complaint.count("\n")) == (2, 1)
    assert complaint.startswith(f"mt: The engine litert cannot run {bundle_without_litert}: the bundle has no folder")


def test_the_speed_is_told_of_many_lines(run):
    status, printed, told = run(*translate(), given=b"one\ntwo\n" * 500)
    assert (status, printed) == (0, "".join(f"{line}\n" for line in translations(["one", "two"])) * 500)
    assert re.fullmatch(r"1,000 lines in [\d.]+ s: \d+ sentences a second \(litert, 1 process\)\n", told)


def test_the_speed_is_not_told_of_few_lines(run):
    assert run(*translate(), given=b"one\n" * 999)[2] == ""


def test_output_goes_to_a_file_if_asked_for(run, tmp_path):
    status, printed, told = run(*translate("--output", tmp_path / "out"), given=b"one\n\ntwo")
    assert (status, printed, told) == (0, "", "")
    assert (tmp_path / "out").read_text(encoding="utf-8").split("\n") == [*translations(["one", "", "two"]), ""]
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]


def test_an_output_broken_off_by_a_bad_line_is_gone_on_with_when_that_is_put_right(run, tmp_path):
    text, out = tmp_path / "text", tmp_path / "out"
    call = translate(text, "--output", out)
    text.write_bytes(b"one\ntwo\nthr\xe9e\n")
    assert run(*call)[0] == 2
    assert not out.exists()
    text.write_bytes(b"one\ntwo\nthree\nf\xf6ur\n")
    assert "out.part was left by a run that was broken off" in run(*call)[2]
    assert run(*call, "--resume")[2].startswith(f"mt: Line 4 of {text} is not UTF-8")
    text.write_bytes(b"one\ntwo\nthree\nfour\n")
    assert run(*call, "--resume") == (0, "", "")
    assert out.read_text(encoding="utf-8").split("\n") == [*translations(["one", "two", "three", "four"]), ""]


def test_an_output_broken_off_with_other_options_is_not_gone_on_with(run, tmp_path):
    (tmp_path / "text").write_bytes(b"one\n\xff\n")
    call = translate(tmp_path / "text", "--output", tmp_path / "out")
    run(*call)
    status, _, complaint = run(*call, "--resume", "--greedy")
    assert (status, complaint.count("\n")) == (2, 1)
    assert "out.part was made with another greedy: False, now it is True." in complaint


def test_resuming_without_an_output_is_one_line_and_status_2(run):
    status, _, complaint = run(*translate("--resume"))
    assert status == 2
    assert complaint == "mt: --resume goes on with the file of --output, which is not given. Add --output FILE.\n"


def test_less_than_one_worker_is_one_line_and_status_2(run):
    assert run(*translate("--workers", 0))[::2] == (2, "mt: --workers must be at least 1, got 0.\n")


def test_all_cores_work_on_a_long_file_alone_and_not_with_tensorflow(tmp_path):
    (tmp_path / "short").write_text("one\n", encoding="utf-8")
    with (tmp_path / "long").open("wb") as file:
        file.truncate(usable_cores() * BYTES_AT_ONCE)
    assert sensible_workers(tmp_path / "long", "litert") == usable_cores()
    assert sensible_workers(tmp_path / "long", "savedmodel") == 1
    assert [sensible_workers(file, "litert") for file in (None, tmp_path / "short", Path("/dev/null"))] == [1, 1, 1]


def test_a_missing_file_is_one_line_and_status_2(run, tmp_path):
    status, printed, complaint = run(*translate(tmp_path / "none"))
    assert (status, printed) == (2, "")
    assert complaint == f"mt: Cannot read {tmp_path}/none: No such file or directory. Give a UTF-8 text file.\n"


def test_a_folder_in_place_of_a_file_is_one_line_and_status_2(run, tmp_path):
    status, _, complaint = run(*translate(tmp_path))
    assert (status, complaint) == (2, f"mt: Cannot read {tmp_path}: Is a directory. Give a UTF-8 text file.\n")


def test_a_language_that_the_bundle_lacks_is_one_line_and_status_2(run):
    status, _, complaint = run("translate", "--from", "en", "--to", "fr", "--bundle", tiny.bundle_folder(), given=b"x")
    assert status == 2
    assert complaint == "mt: tiny does not translate from 'en' to 'fr'; it has en-de, de-en.\n"


def test_an_n_best_outside_its_range_is_one_line_and_status_2(run):
    status, _, complaint = run(*translate("--json", "--n-best", 99), given=b"one\n")
    assert (status, complaint) == (2, "mt: n_best must be from 1 to 16, got 99.\n")


def test_a_missing_bundle_is_one_line_and_status_2(run, tmp_path):
    for command in (["info", tmp_path / "none"], ["translate", "--from=en", "--to=de", "--bundle", tmp_path / "none"]):
        status, _, complaint = run(*command)
        assert (status, complaint.count("\n")) == (2, 1)
        assert complaint.startswith(f"mt: There is no bundle at {tmp_path}/none.")


def test_a_damaged_bundle_is_named_and_status_2(run, bundle_copy):
    (bundle_copy / "savedmodel/saved_model.pb").write_bytes(b"")
    status, _, complaint = run("info", bundle_copy)
    assert status == 2
    assert f"file {bundle_copy}/savedmodel/saved_model.pb is damaged" in complaint


def test_info_tells_what_a_bundle_is(run):
    status, printed, _ = run("info", tiny.bundle_folder())
    assert status == 0
    rows = {line[:12].strip(): line[12:] for line in printed.splitlines() if line[:12].strip()}
    assert rows["name"] == "tiny: Number names, for tests"
    assert rows["directions"] == "en-de, de-en"
    assert rows["model"] == f"{tiny.model().count_params():,} parameters, 340 pieces"
    assert rows["search"] == "beam 4, length penalty 1.0"
    assert rows["corpus"] == "num2words, 300 pairs"
    assert "all checksums right" in rows["path"]
    assert "none needed; this test" in printed
    assert "tensorflow" in rows["made"]


def test_info_tells_which_engine_runs_a_bundle_and_why(run, bundle_without_litert):
    assert "\nengine      litert (the fastest)\n" in run("info", tiny.bundle_folder())[1]
    assert "\nengine      savedmodel (litert: the bundle has no folder" in run("info", bundle_without_litert)[1]
    told = engine_here(load_bundle(bundle_without_litert), is_installed=lambda module: None)
    assert told.startswith(f"No engine can run {bundle_without_litert}. litert: ")


def test_a_bundle_that_was_scored_shows_its_scores_and_its_version(run, bundle_copy):
    metric = {"name": "BLEU", "value": 12.34, "signature": "nrefs:1|tok:13a"}
    score = {"direction": "en-de", "test_set": "a → b", "sentences": 10, "metrics": [metric]}
    seal(bundle_copy, dataclasses.replace(read_manifest(bundle_copy), scores=[score], version="1.2"))
    _, printed, _ = run("info", bundle_copy)
    assert "\nversion     1.2\n" in printed
    assert "en-de a → b: BLEU 12.3\n" in printed
    assert "nrefs:1|tok:13a" in printed


def test_without_arguments_the_help_is_shown(run):
    _, printed, complaint = run()
    assert "translate" in printed + complaint
    assert "info" in printed + complaint


def test_what_must_not_change_is_translated_too_if_asked_for(run):
    line = "two {name} hundred 12,500.00"
    kept, changed = (run(*translate(*options), given=line.encode())[1] for options in ([], ["--no-protect"]))
    assert "{name}" in kept
    assert "12,500.00" in kept
    (wanted,) = tiny.translator().translate([line], "en", "de", protect=False)
    assert changed == f"{wanted.text}\n"


def test_what_loops_is_not_searched_again_if_so_asked(run):
    lines = tiny.number_names("en")[:8]
    own = tiny.translator().options()
    for options, guard in (([], True), (["--no-loop-guard"], False)):
        wanted = tiny.translator().translate(lines, "en", "de", search=dataclasses.replace(own, loop_guard=guard))
        _, printed, _ = run(*translate(*options), given="\n".join(lines).encode())
        assert printed.splitlines() == [one.text for one in wanted]


def test_a_shortlist_is_had_if_asked_for(run, bundle_copy):
    tiny.lexicon({"seven": "zwei"}).save(bundle_copy / LEXICON)
    seal(bundle_copy, read_manifest(bundle_copy))
    lines, translator = tiny.number_names("en")[:8], Translator(load_bundle(bundle_copy))
    texts = []
    for options, is_on in (([], False), (["--shortlist"], True)):
        search = dataclasses.replace(translator.options(), shortlist=is_on)
        wanted = translator.translate(lines, "en", "de", search=search)
        arguments = "translate", "--from", "en", "--to", "de", "--bundle", bundle_copy, *options
        texts.append(run(*arguments, given="\n".join(lines).encode())[1].splitlines())
        assert texts[-1] == [one.text for one in wanted]
    assert texts[0] != texts[1]


def test_html_is_translated_around_its_tags(run):
    printed = run(*translate("--format", "html"), given=b"<p>two <b>hundred</b></p>\n")[1]
    (wanted,) = tiny.translator().translate(["<p>two <b>hundred</b></p>"], "en", "de", form=Form("html"))
    assert printed == f"{wanted.text}\n"
    assert printed.startswith("<p>")


def test_a_format_that_does_not_exist_is_refused_with_those_that_do(run):
    assert run(*translate("--format", "rtf"))[::2] == (
        2,
        "mt: The form of a text is one of text, html, xml; got 'rtf'.\n",
    )


def explain(*options):
    return "explain", "--from", "en", "--to", "de", "--bundle", tiny.bundle_folder(), *options


def test_a_translation_is_explained_in_a_file(run, tmp_path):
    assert run(*explain("one", "--output", tmp_path / "a.html")) == (0, "", "")
    assert "Inside the network" in (tmp_path / "a.html").read_text(encoding="utf-8")
    assert run(*explain("--output", tmp_path / "b.html"), given=b"one") == (0, "", "")
    assert (tmp_path / "b.html").read_bytes() == (tmp_path / "a.html").read_bytes()


def test_what_cannot_be_explained_is_one_line_and_status_2(run, tmp_path):
    status, _, told = run(*explain("one", "--output", tmp_path / "a.txt"))
    assert (status, told.count("\n")) == (2, 1)
    assert "must end in .html or .png" in told
    status, _, told = run(*explain("--output", tmp_path / "a.html"), given=b"one\xff")
    assert (status, told) == (2, "mt: Standard input is not UTF-8: byte 3 is wrong. Convert it to UTF-8.\n")


def test_of_an_older_bundle_all_is_drawn_but_the_inside(run, tmp_path, bundle_copy):
    (bundle_copy / "litert" / "inside.tflite").unlink()
    seal(bundle_copy, read_manifest(bundle_copy))
    status, _, told = run(*explain("one", "--bundle", bundle_copy, "--output", tmp_path / "a.html"))
    assert (status, told.endswith("Export it again. The rest is drawn.\n")) == (0, True)
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "Attention" in page
    assert "Inside the network" not in page


def test_given_translations_are_scored_line_by_line(run, tmp_path):
    for name, text in (("source", "one\ntwo\n"), ("target", "eins\nzwei\n")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    arguments = ["score", tmp_path / "source", tmp_path / "target", "--from", "EN", "--to", "de"]
    arguments += ["--bundle", tiny.bundle_folder()]
    expected = tiny.translator().score(["one", "two"], ["eins", "zwei"], "en", "de")
    status, printed, _ = run(*arguments)
    assert (status, printed) == (0, "".join(f"{one.score:.4f}\tnull\n" for one in expected))
    _, printed, _ = run(*arguments, "--json")
    assert [json.loads(line) for line in printed.splitlines()] == [vars(one) for one in expected]


def test_files_that_do_not_belong_together_are_refused(run, tmp_path):
    (tmp_path / "source").write_text("one\ntwo\n", encoding="utf-8")
    (tmp_path / "target").write_text("eins\n", encoding="utf-8")
    status, _, told = run("score", tmp_path / "source", tmp_path / "target", "--from", "en", "--to", "de")
    assert status == 2
    assert "source has 2 lines and" in told
    assert "target 1. Line n of one must be the translation" in told
