"""Bundles: what was exported is loaded, and each kind of damage is named with its file."""

import dataclasses
import json
import re

import pytest

from mt.bundle import FORMAT, MANIFEST, PIECES, Manifest, load_bundle, read_manifest, seal, shipped_bundle
from mt.engines import SearchOptions
from mt.errors import BundleError, UnsupportedLanguage
from tests import tiny

FILES = ["README.md", PIECES, "savedmodel/saved_model.pb", "savedmodel/variables/variables.index"]


def change_manifest(folder, **changes):
    """Other values in a manifest; None takes a key away."""
    values = json.loads((folder / MANIFEST).read_text(encoding="utf-8")) | changes
    kept = {key: value for key, value in values.items() if value is not None}
    (folder / MANIFEST).write_text(json.dumps(kept), encoding="utf-8")


def test_a_bundle_is_what_was_exported():
    bundle = load_bundle(tiny.bundle_folder())
    assert (bundle.manifest.name, bundle.manifest.pairs) == ("tiny", (("en", "de"), ("de", "en")))
    assert bundle.manifest.search == {"beam": tiny.BEAM, "length_penalty": 1.0}
    assert bundle.manifest.parameters == tiny.model().count_params()
    assert bundle.tokenizer.model == tiny.tokenizer().model
    assert set(bundle.manifest.versions) == {"dragoman", "python", "tensorflow", "keras"}
    assert bundle.saved_model.is_dir()


def test_a_path_may_be_a_string():
    assert load_bundle(str(tiny.bundle_folder())).path == tiny.bundle_folder()


def test_the_manifest_lists_every_other_file():
    folder = tiny.bundle_folder()
    files = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    assert set(read_manifest(folder).files) == files - {MANIFEST}
    assert set(FILES) <= files


def test_a_bundle_works_wherever_it_is_moved(bundle_copy):
    assert load_bundle(bundle_copy).manifest == load_bundle(tiny.bundle_folder()).manifest


@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_is_named_by_its_file(bundle_copy, name):
    file = bundle_copy / name
    content = bytearray(file.read_bytes() or b"\0")
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(BundleError, match=rf"{re.escape(str(file))} is damaged: its sha256 is [0-9a-f]{{12}}…"):
        load_bundle(bundle_copy)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(bundle_copy, name):
    (bundle_copy / name).unlink()
    with pytest.raises(BundleError, match=rf"{re.escape(str(bundle_copy / name))} is missing\. Copy or export"):
        load_bundle(bundle_copy)


def test_a_missing_bundle_is_named_with_what_to_give_instead(tmp_path):
    with pytest.raises(BundleError, match=rf"no bundle at {tmp_path}/none\. Give the folder that `mt-train export`"):
        load_bundle(tmp_path / "none")


def test_a_file_is_no_bundle(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BundleError, match=rf"no bundle at {tmp_path}/file\."):
        load_bundle(tmp_path / "file")


def test_a_folder_without_a_manifest_is_no_bundle(bundle_copy):
    (bundle_copy / MANIFEST).unlink()
    with pytest.raises(BundleError, match=rf"{bundle_copy} is no bundle: it has no manifest\.json\."):
        load_bundle(bundle_copy)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b'{"format": 1}', b'{"format": 1, "name": "x"}'],
)
def test_a_manifest_that_cannot_be_read_is_damaged(bundle_copy, content):
    (bundle_copy / MANIFEST).write_bytes(content)
    with pytest.raises(BundleError, match=rf"{bundle_copy}/manifest\.json is damaged: .*Copy or export"):
        load_bundle(bundle_copy)


@pytest.mark.parametrize("version", [FORMAT + 1, "1", None])
def test_another_format_is_refused_with_both_numbers(bundle_copy, version):
    change_manifest(bundle_copy, format=version)
    with pytest.raises(BundleError, match=rf"manifest\.json has format {version!r}; this version reads {FORMAT}\."):
        load_bundle(bundle_copy)


def test_a_manifest_with_keys_of_a_later_version_is_refused(bundle_copy):
    change_manifest(bundle_copy, colour="red")
    with pytest.raises(BundleError, match=r"manifest\.json .*'colour'"):
        load_bundle(bundle_copy)


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "savedmodel/../../outside"])
def test_a_file_outside_the_bundle_is_not_even_read(bundle_copy, name):
    (bundle_copy.parent / "outside").write_bytes(b"secret")
    change_manifest(bundle_copy, files={name: "0" * 64})
    with pytest.raises(BundleError, match=rf"manifest\.json names '{name}', which lies outside the bundle"):
        load_bundle(bundle_copy)


def test_a_link_out_of_the_bundle_is_not_followed(bundle_copy):
    outside = bundle_copy.parent / "outside"
    outside.write_bytes(b"secret")
    (bundle_copy / "README.md").unlink()
    (bundle_copy / "README.md").symlink_to(outside)
    with pytest.raises(BundleError, match=r"'README\.md', which lies outside the bundle"):
        load_bundle(bundle_copy)


def test_a_manifest_that_does_not_list_the_pieces_is_foreign(bundle_copy):
    change_manifest(bundle_copy, files={})
    with pytest.raises(BundleError, match=rf"manifest\.json does not list {PIECES}; this is no bundle of dragoman"):
        load_bundle(bundle_copy)


@pytest.mark.parametrize(
    "facts",
    [
        {"directions": "en-de"},
        {"directions": [1]},
        {"directions": []},
        {"directions": ["ende"]},
        {"files": ["x"]},
        {"search": {}},
        {"search": {"beam": "many"}},
        {"name": 3},
        {"max_source_pieces": "many"},
    ],
)
def test_a_manifest_with_values_of_another_kind_is_damaged(bundle_copy, facts):
    change_manifest(bundle_copy, **facts)
    with pytest.raises(BundleError, match=rf"{bundle_copy}/manifest\.json is damaged: .*{next(iter(facts))}"):
        load_bundle(bundle_copy)


@pytest.mark.parametrize(
    ("search", "complaint"),
    [
        ({"beam": 0}, r"beam must be from 1 to 16, got 0\."),
        ({"beam": 1_000}, r"beam must be from 1 to 16, got 1,000\."),
        ({"beam": 5, "length_penalty": -1}, r"length_penalty must be at least 0 and finite, got -1\.0\."),
        ({"beam": 5, "length_penalty": "much"}, "could not convert"),
    ],
)
def test_a_manifest_whose_search_is_out_of_range_is_damaged(bundle_copy, search, complaint):
    change_manifest(bundle_copy, search=search)
    with pytest.raises(BundleError, match=rf"manifest\.json is damaged: {complaint}"):
        load_bundle(bundle_copy)


def test_a_bundle_says_how_its_own_search_goes():
    assert tiny.bundle().manifest.search_options == SearchOptions(tiny.BEAM, length_penalty=1.0)


def test_a_direction_whose_target_the_pieces_do_not_know_is_refused(bundle_copy):
    change_manifest(bundle_copy, directions=["en-fr"])
    with pytest.raises(UnsupportedLanguage, match=r"'fr' is not a target language of this model"):
        load_bundle(bundle_copy)


def test_pieces_that_are_no_sentencepiece_model_are_refused(bundle_copy):
    (bundle_copy / PIECES).write_bytes(b"nothing")
    seal(bundle_copy, read_manifest(bundle_copy))
    with pytest.raises(BundleError, match="no SentencePiece model"):
        load_bundle(bundle_copy)


def test_sealing_again_takes_over_what_changed(bundle_copy):
    (bundle_copy / "notes.txt").write_text("more", encoding="utf-8")
    seal(bundle_copy, dataclasses.replace(read_manifest(bundle_copy), description="Müller's"))
    bundle = load_bundle(bundle_copy)
    assert bundle.manifest.description == "Müller's"
    assert "notes.txt" in bundle.manifest.files
    assert "Müller's" in (bundle_copy / "README.md").read_text(encoding="utf-8")


def test_a_new_manifest_is_stamped_with_versions_and_the_time():
    manifest = Manifest.of({"name": "x", "directions": ["en-de"]}, versions={"keras": "3"})
    assert manifest.versions["keras"] == "3"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", manifest.created)


def test_the_shipped_bundle_lies_inside_the_package():
    assert shipped_bundle().parts[-3:] == ("mt", "bundles", "tatoeba-en-de")


@pytest.mark.parametrize("version", ["1 0", "v" * 41, "1234567890", "ü", "../1", 1, "1\n"])
def test_a_version_that_could_not_be_ordered_or_shown_is_damaged(bundle_copy, version):
    change_manifest(bundle_copy, version=version)
    with pytest.raises(BundleError, match=r"is damaged: version must (be of type str|have at most 40 letters), got|,"):
        read_manifest(bundle_copy)


def test_a_manifest_from_before_there_were_versions_has_an_empty_one(bundle_copy):
    change_manifest(bundle_copy, version=None)
    assert read_manifest(bundle_copy).version == ""


def test_the_newer_bundle_of_a_name_has_the_greater_numbers_or_else_was_made_later():
    in_order = [("", "2031"), ("1", "2030"), ("1.9", "2030"), ("1.9", "2031"), ("1.10-beta", "2029"), ("2", "2028")]
    ages = [Manifest("x", ["en-de"], version=version, created=created).age for version, created in in_order]
    assert ages == sorted(set(ages))
