"""Stores: what is written is read back, and what is not whole or of something else is made anew."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.data.rows import make_rows, text_rows
from training.data.store import MANIFEST, Texts, kept_store, open_store

CHUNKS = [["One.", "Zwölf 字"], [], ["Drei."]]
TEXTS = [text for chunk in CHUNKS for text in chunk]


def write(folder, made_of=1, chunks=CHUNKS, made=None):
    """The store of some texts and their lengths; each time that it is made, `made` gets an entry."""

    def stream():
        if made is not None:
            made.append(folder)
        for chunk in chunks:
            yield {"text": text_rows(chunk), "length": make_rows([[len(text)] for text in chunk], np.int32)}

    return kept_store(folder, made_of, stream, lambda: {"chunks": len(chunks)})


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache" / "store"


def test_what_is_written_in_chunks_is_read_back(folder):
    store = write(folder)
    assert list(Texts(store.columns["text"])) == TEXTS
    lengths = store.columns["length"].take(np.arange(3))
    assert lengths.values.tolist() == list(map(len, TEXTS))
    assert lengths.values.dtype == np.int32
    assert store.notes == {"chunks": 3}


def test_texts_are_a_sequence(folder):
    texts = Texts(write(folder).columns["text"])
    assert len(texts) == 3
    assert [texts[0], texts[-1]] == [TEXTS[0], TEXTS[-1]]
    assert texts[1:] == TEXTS[1:]
    assert texts[5:] == []
    assert texts.pick(np.array([2, 0, 2])) == ["Drei.", "One.", "Drei."]
    with pytest.raises(IndexError):
        texts[3]


@settings(max_examples=10)
@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=4), max_size=3), max_size=4))
def test_any_texts_come_back(tmp_path_factory, chunks):
    store = write(tmp_path_factory.mktemp("any") / "store", chunks=chunks)
    expected = [text for chunk in chunks for text in chunk]
    assert [text for column in store.columns.values() if column.name == "text" for text in Texts(column)] == expected


def test_a_store_is_made_once(folder):
    made = []
    first, second = write(folder, made=made), write(folder, made=made)
    assert first == second
    assert len(made) == 1
    assert list(folder.parent.iterdir()) == [folder]


def test_a_store_of_something_else_is_made_anew(folder):
    made = []
    write(folder, {"size": 3, "sides": ("en", "de")}, made=made)
    write(folder, {"size": 3, "sides": ["en", "de"]}, made=made)  # the same for JSON
    assert len(made) == 1
    assert list(Texts(write(folder, {"size": 4}, [["other"]], made).columns["text"])) == ["other"]
    assert len(made) == 2


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("name", ["text.values", "text.offsets", "length.values", MANIFEST])
@pytest.mark.parametrize("damage", [cut, lambda path: path.unlink()])
def test_a_store_that_is_not_whole_is_made_anew(folder, name, damage):
    made = []
    write(folder, made=made)
    damage(folder / name)
    assert open_store(folder, 1) is None
    assert list(Texts(write(folder, made=made).columns["text"])) == TEXTS
    assert len(made) == 2


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"columns": {"text": {}}, "made_of": 1}', "\u0000"])
def test_a_damaged_manifest_is_no_store(folder, manifest):
    write(folder)
    (folder / MANIFEST).write_text(manifest, encoding="utf-8")
    assert open_store(folder, 1) is None


def test_an_error_on_the_way_leaves_nothing_and_the_old_store_as_it_was(folder):
    write(folder)

    def broken():
        yield {"text": text_rows(["new"])}
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space left"):
        kept_store(folder, 2, broken, dict)
    assert list(folder.parent.iterdir()) == [folder]
    assert open_store(folder, 1) is not None


def test_the_manifest_says_what_a_store_was_made_of(folder):
    write(folder, {"files": ["a.en"]})
    assert json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["made_of"] == {"files": ["a.en"]}
