import asyncio
import gc
import logging
import shutil
import weakref

import pytest

from service.models import Models
from service.upkeep import Upkeep
from tests.stub_bundles import StubScheduler, load_stub, put_bundle, replace_bundle


class Site:
    """A folder of bundles, what serves of it, and which of them were loaded."""

    def __init__(self, folder):
        self.folder, self.loaded = folder, []
        self.models = Models(StubScheduler)
        self.upkeep = Upkeep(folder, self.models, self._load)

    def _load(self, path):
        self.loaded.append(path.name)
        return load_stub(path)

    def put(self, folder, **facts):
        return put_bundle(self.folder / folder, **facts)

    def look(self, times=1):
        for _ in range(times):
            asyncio.run(self.upkeep.look())
        return [f"{one.translator.name} {one.translator.manifest.version}".strip() for one in self.models]

    @property
    def refused(self):
        return {one.folder: one.reason for one in self.upkeep.refused}

    @property
    def incomplete(self):
        return {one.folder: one.reason for one in self.upkeep.incomplete}


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_all_bundles_of_the_folder_serve(site):
    site.put("one", name="a", directions="en-de")
    site.put("two", name="b", directions="de-en")
    assert site.look() == ["a", "b"]
    assert site.models.directions == (("en", "de"), ("de", "en"))


def test_of_a_name_only_the_newest_is_loaded(site):
    for version in ("1.9", "1.10", "1.1"):
        site.put(version, version=version)
    assert site.look(2) == ["x 1.10"]
    assert site.loaded == ["1.10"]


def test_a_new_version_takes_the_place_of_the_old_one_whose_memory_is_given_back(site):
    site.put("one", version="1")
    site.look()
    old = weakref.ref(site.models.get("x").translator)
    site.put("two", version="2")
    gc.disable()
    try:
        assert site.look() == ["x 2"]
        assert old() is None
    finally:
        gc.enable()


def test_a_new_bundle_in_the_place_of_the_old_one_serves(site):
    path = site.put("one", version="2")
    site.look()
    replace_bundle(path, version="1")
    assert site.look() == ["x 1"]


def test_what_serves_already_is_not_loaded_again_wherever_it_is_moved(site):
    path = site.put("one")
    site.look()
    path.rename(site.folder / "two")
    assert site.look(2) == ["x"]
    assert site.loaded == ["one"]


def test_a_removed_bundle_serves_no_more(site):
    path = site.put("one", name="a")
    site.put("two", name="b")
    site.look()
    shutil.rmtree(path)
    assert site.look() == ["b"]


def test_when_the_newest_is_removed_the_next_serves_again(site):
    site.put("one", version="1")
    newest = site.put("two", version="2")
    assert site.look() == ["x 2"]
    shutil.rmtree(newest)
    assert site.look() == ["x 1"]


def test_a_half_copied_bundle_is_waited_for_and_not_refused(site, caplog):
    path = site.put("one", version="1")
    site.look()
    half = site.put("two", version="2")
    weights = (half / "weights").rename(half / "elsewhere")
    assert site.look(3) == ["x 1"]
    assert (site.incomplete, site.refused) == ({"two": "weights is not there yet."}, {})
    weights.rename(half / "weights")
    assert site.look() == ["x 2"]
    assert (site.incomplete, caplog.text) == ({}, "")
    assert path.exists()


def test_a_bundle_whose_last_file_is_still_growing_is_not_refused(site, caplog):
    path = site.put("one")
    for length in range(3):
        (path / "weights").write_text("bad")
        (path / "more").write_text("x" * length)
        assert site.look() == []
    assert site.refused == {}
    assert "is refused" not in caplog.text


def test_a_bad_bundle_is_refused_once_and_the_old_one_stays(site, caplog):
    site.put("one", version="1")
    site.look()
    site.put("two", version="2", weights="bad")
    assert site.look(4) == ["x 1"]
    assert site.refused == {"two": "The bundle's file two/weights is bad."}
    assert [record.getMessage() for record in caplog.records] == [
        f"The bundle {site.folder}/two is refused: The bundle's file {site.folder}/two/weights is bad."
    ]
    assert site.loaded.count("two") == 2  # when it was found, and when it had not changed


def test_a_fault_of_our_own_is_logged_with_its_traceback_and_not_told(site, caplog):
    site.put("one", weights="broken")
    site.look(2)
    assert site.refused == {"one": "It could not be loaded; the server's log says why."}
    assert "ZeroDivisionError" in caplog.text


def test_a_refused_bundle_that_changes_is_tried_again(site):
    path = site.put("one", weights="bad")
    site.look(2)
    replace_bundle(path, weights="good")
    assert site.look() == ["x"]
    assert site.refused == {}


def test_a_refused_bundle_that_is_removed_is_refused_no_more(site):
    path = site.put("one", weights="bad")
    site.look(2)
    shutil.rmtree(path)
    site.look()
    assert site.refused == {}


def test_when_the_newest_is_bad_the_next_serves(site):
    site.put("one", version="1")
    site.put("two", version="2", weights="bad")
    assert site.look(2) == ["x 1"]


def test_a_manifest_that_cannot_be_read_is_refused_and_the_model_from_its_place_stays(site):
    path = site.put("one")
    site.look()
    (path / "manifest.json").write_text("{")
    assert site.look(2) == ["x"]
    assert site.refused["one"].startswith("one/manifest.json is damaged")


def test_a_damaged_bundle_does_not_keep_another_one_that_is_removed(site):
    path = site.put("one", name="a")
    (site.put("two") / "manifest.json").write_text("{")
    site.look(2)
    shutil.rmtree(path)
    assert site.look() == []


def test_an_empty_folder_is_complained_of_once_until_it_serves(site, caplog):
    assert site.look(3) == []
    assert caplog.text.count(f"No bundle in the folder {site.folder} of MT_BUNDLES can be served.") == 1
    site.put("one")
    assert site.look() == ["x"]


def test_a_folder_that_cannot_be_read_changes_nothing_and_is_complained_of_once(site, caplog):
    site.put("one")
    site.look()
    site.folder.rename(site.folder.with_name("away"))
    assert site.look(3) == ["x"]
    assert caplog.text.count("cannot be read: No such file or directory. What serves goes on.") == 1


def test_what_is_served_and_what_no_more_is_logged_for_who_wants_to_know(site, caplog):
    with caplog.at_level(logging.INFO):
        path = site.put("one", version="3")
        site.look()
        shutil.rmtree(path)
        site.look()
    assert [record.getMessage() for record in caplog.records[:2]] == ["x 3 is served now.", "x is served no more."]
