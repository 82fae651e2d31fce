import os

import pytest

from service.folder import look
from tests.stub_bundles import put_bundle, replace_bundle


def test_bundles_are_found_by_name_in_order(tmp_path):
    for name in ("b", "a"):
        put_bundle(tmp_path / name, name, "1.2")
    places = look(tmp_path)
    assert [(place.path.name, place.manifest.name, place.manifest.version) for place in places] == [
        ("a", "a", "1.2"),
        ("b", "b", "1.2"),
    ]
    assert not any(place.missing or place.fault for place in places)


def test_files_and_hidden_folders_are_no_places(tmp_path):
    put_bundle(tmp_path / ".export-1")
    (tmp_path / "notes.txt").write_text("x")
    assert look(tmp_path) == []


def test_a_link_to_a_bundle_is_a_place(tmp_path):
    bundles, elsewhere = tmp_path / "bundles", put_bundle(tmp_path / "elsewhere")
    bundles.mkdir()
    (bundles / "current").symlink_to(elsewhere)
    (bundles / "nowhere").symlink_to(tmp_path / "none")
    assert [place.manifest.name for place in look(bundles)] == ["x"]


def test_a_folder_that_is_being_copied_says_what_is_missing(tmp_path):
    (tmp_path / "a").mkdir()
    (put_bundle(tmp_path / "b") / "weights").unlink()
    assert [place.missing for place in look(tmp_path)] == ["manifest.json", "weights"]


def test_a_manifest_that_cannot_be_read_is_a_fault_of_its_place(tmp_path):
    for name in ("cut", "folder"):
        put_bundle(tmp_path / name)
    (tmp_path / "cut" / "manifest.json").write_text("{")
    (place, whole) = look(tmp_path)
    assert "manifest.json is damaged" in str(place.fault)
    assert (place.manifest, whole.fault) == (None, None)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_manifest_that_may_not_be_read_is_a_fault_of_its_place(tmp_path):
    (put_bundle(tmp_path / "a") / "manifest.json").chmod(0)
    (place,) = look(tmp_path)
    assert str(place.fault).endswith("cannot be read: Permission denied.")


def test_the_state_is_another_when_a_file_is_another(tmp_path):
    path = put_bundle(tmp_path / "a")
    states = {look(tmp_path)[0].state}
    (path / "new").write_text("")
    states.add(look(tmp_path)[0].state)
    os.utime(path / "new", (1, 1))
    states.add(look(tmp_path)[0].state)
    replace_bundle(path)
    states.add(look(tmp_path)[0].state)
    states.add(look(tmp_path)[0].state)
    assert len(states) == 4


def test_a_file_that_vanishes_while_it_is_looked_at_is_left_out(tmp_path):
    (put_bundle(tmp_path / "a") / "gone").symlink_to(tmp_path / "none")
    assert look(tmp_path)[0].manifest


def test_a_folder_that_is_gone_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        look(tmp_path / "none")
