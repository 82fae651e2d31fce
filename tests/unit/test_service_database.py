import sqlite3
import stat

import pytest

from service.database import LAYOUT, KeyFileError, open_database, prepare, transaction


def test_a_file_that_is_not_there_is_an_error_that_tells_how_to_make_it(tmp_path):
    with pytest.raises(KeyFileError, match=r"There is no key file .*keys\. Make it .* mt-serve keys add NAME"):
        open_database(tmp_path / "keys")


def test_a_new_file_can_be_read_by_its_owner_alone(tmp_path):
    open_database(tmp_path / "keys", may_make=True).close()
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o600
    open_database(tmp_path / "keys").close()


def test_an_empty_file_is_filled(tmp_path):
    (tmp_path / "keys").touch()
    open_database(tmp_path / "keys").close()
    assert (tmp_path / "keys").stat().st_size > 0


@pytest.mark.parametrize("content", [b"not a database, but some text " * 100, b"SQLite format 3\x00" + b"\xff" * 4_096])
def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path, content):
    (tmp_path / "keys").write_bytes(content)
    with pytest.raises(KeyFileError, match=r"^The key file .*keys cannot be used: .+\. It must be on a disk"):
        open_database(tmp_path / "keys", may_make=True)
    assert (tmp_path / "keys").read_bytes() == content


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "keys"
    connection = open_database(path, may_make=True)
    connection.executemany("INSERT INTO hits VALUES (?, ?, ?)", [("a" * 500, at, at) for at in range(200)])
    connection.close()
    content = bytearray(path.read_bytes())
    content[8_192:16_384] = b"\x55" * 8_192
    path.write_bytes(content)
    with pytest.raises(KeyFileError, match=r"cannot be used: (it is damaged|database disk image is malformed)"):
        open_database(path)


def test_the_database_of_another_program_is_refused_and_left_as_it_is(tmp_path):
    with sqlite3.connect(tmp_path / "other") as other:
        other.execute("CREATE TABLE songs (title TEXT)")
    other.close()
    before = (tmp_path / "other").read_bytes()
    with pytest.raises(KeyFileError, match=r"other cannot be used: it is the database of another program"):
        open_database(tmp_path / "other")
    assert (tmp_path / "other").read_bytes() == before


def test_a_file_of_a_later_version_is_refused(tmp_path):
    connection = open_database(tmp_path / "keys", may_make=True)
    connection.execute(f"PRAGMA user_version = {LAYOUT + 1}")
    connection.close()
    with pytest.raises(KeyFileError, match=r"it has layout 2 of a later version; this one knows 1"):
        open_database(tmp_path / "keys")


def test_a_file_that_cannot_be_written_is_refused(tmp_path):
    path = tmp_path / "keys"
    open_database(path, may_make=True).close()
    reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
    with pytest.raises(sqlite3.OperationalError, match=r"attempt to write a readonly database"):
        prepare(reader)
    reader.close()


@pytest.mark.parametrize("place", [".", "none/keys", "file/keys"])
def test_a_place_where_no_file_can_be_is_refused(tmp_path, place):
    (tmp_path / "file").touch()
    with pytest.raises(KeyFileError, match=r"cannot be used: .+"):
        open_database(tmp_path / place, may_make=True)


def test_a_transaction_that_fails_leaves_nothing():
    connection = open_database(None)

    def write_and_fail():
        with transaction(connection):
            connection.execute("INSERT INTO hits VALUES ('a', 1, 2)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert connection.execute("SELECT * FROM hits").fetchall() == []
    connection.close()
