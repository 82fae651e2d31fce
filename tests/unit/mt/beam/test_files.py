"""`python -m mt.beam` before a pipeline runs: what makes no sense is one line on standard error."""

import pytest

from tests import tiny

pytest.importorskip("apache_beam", reason="apache-beam is not installed; it is in the extra `beam`")

from mt import InvalidOption, InvalidText
from mt.beam.__main__ import main, pipeline_options
from mt.beam.files import input_files, refuse_full_folder, whole_path


def test_files_are_found_in_order(tmp_path):
    for name in ("b.txt", "a.txt", "c.other"):
        (tmp_path / name).touch()
    assert input_files(f"{tmp_path}/*.txt") == [f"{tmp_path}/a.txt", f"{tmp_path}/b.txt"]


def test_a_pattern_that_matches_nothing_is_refused(tmp_path):
    with pytest.raises(InvalidText, match=r"No file matches .*/none\*\. Give --input a UTF-8 text file"):
        input_files(f"{tmp_path}/none*")


def test_two_files_of_one_name_are_refused(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "text").touch()
    with pytest.raises(InvalidOption, match=r"a/text and .*b/text would be written to the same files"):
        input_files(f"{tmp_path}/*/text")


def test_a_folder_that_holds_something_is_refused(tmp_path):
    refuse_full_folder(str(tmp_path))
    refuse_full_folder(str(tmp_path / "none"))
    (tmp_path / "text.00000").touch()
    with pytest.raises(InvalidOption, match=r"holds 1 files already, such as .*text\.00000\. Give --output a new"):
        refuse_full_folder(str(tmp_path))


def test_a_storage_that_beam_does_not_know_is_refused():
    with pytest.raises(InvalidOption, match=r"Cannot look for cloud://none/\*: .*filesystem"):
        input_files("cloud://none/*")


def test_workers_find_a_file_from_wherever_they_are(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert whole_path("in*.txt") == f"{tmp_path}/in*.txt"
    assert whole_path("gs://bucket/in*.txt") == "gs://bucket/in*.txt"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--to", "fr"], "mt.beam: tiny does not translate from 'en' to 'fr'"),
        (["--json", "--n-best", "99"], "mt.beam: n_best must be from 1 to 16, got 99."),
        (["--bundle", "/none"], "mt.beam: There is no bundle at /none."),
        (["--input", "/none"], "mt.beam: No file matches /none."),
    ],
)
def test_a_deliberate_error_is_one_line_and_status_2(options, message, tmp_path, capsys):
    (tmp_path / "text").touch()
    given = ["--bundle", str(tiny.bundle_folder()), "--input", f"{tmp_path}/text", "--output", f"{tmp_path}/out"]
    with pytest.raises(SystemExit, match="2"):
        main([*given, "--from", "en", "--to", "de", *options])
    told = capsys.readouterr().err
    assert told.startswith(message)
    assert told.count("\n") == 1


def test_no_other_program_is_downloaded_to_run_a_pipeline():
    options = pipeline_options(["--runner", "DirectRunner", "--direct_num_workers", "2"]).get_all_options()
    assert options["allow_unsafe_triggers"]
    assert options["direct_num_workers"] == 2
