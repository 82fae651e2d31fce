import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.database import KeyFileError, open_database
from service.keys import KEY, Key, Keys, Usage, day_of, month_of

DAY, MONTH = "2030-06-15", "2030-06"


@pytest.fixture
def connection():
    connection = open_database(None)
    yield connection
    connection.close()


@pytest.fixture
def keys(connection):
    return Keys(connection)


def test_a_key_is_found_by_itself(keys):
    first, second = Key("first", "30 per 1 minute", 100, "2030-12-31"), Key("second")
    texts = {key: keys.add(key) for key in (first, second)}
    assert {key: keys.find(text, DAY) for key, text in texts.items()} == {first: first, second: second}


def test_the_file_does_not_hold_the_key(tmp_path):
    connection = open_database(tmp_path / "keys", may_make=True)
    text = Keys(connection).add(Key("a"))
    connection.close()
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert text.rpartition("_")[2].encode() not in written


def test_two_keys_are_never_equal_and_have_160_random_bits(keys):
    secrets = {keys.add(Key(str(number))).rpartition("_")[2] for number in range(20)}
    assert len(secrets) == 20
    assert {len(secret) * 4 for secret in secrets} == {160}


def changed_in_one_place(text):
    return st.tuples(st.integers(0, len(text) - 1), st.characters()).map(
        lambda change: text[: change[0]] + change[1] + text[change[0] + 1 :]
    )


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_nothing_else_is_the_key(data):
    connection = open_database(None)
    text = Keys(connection).add(Key("a"))
    other = data.draw(st.text() | changed_in_one_place(text) | st.from_regex(KEY))
    assert (Keys(connection).find(other, DAY) is not None) == (other == text)
    connection.close()


@pytest.mark.parametrize("text", ["mt_", "mt_" + "0" * 12 + "_" + "0" * 40, "\x00", "é" * 56, "\ud800", "1' OR '1'='1"])
def test_odd_texts_are_no_keys(keys, text):
    assert keys.find(text, DAY) is None


def test_a_key_lives_to_the_end_of_its_last_day(keys):
    text = keys.add(Key("a", expires=DAY))
    assert keys.find(text, DAY) is not None
    assert keys.find(text, "2030-06-16") is None


def test_a_revoked_key_is_a_key_no_more_and_leaves_its_name_free(keys):
    text = keys.add(Key("a"))
    keys.spend(Key("a"), 5, MONTH)
    keys.revoke("a")
    assert (keys.find(text, DAY), keys.all()) == (None, [])
    keys.add(Key("a"))
    assert keys.usage("a", MONTH) == Usage(0, None)


def test_a_name_that_is_taken_is_refused(keys):
    keys.add(Key("a"))
    with pytest.raises(KeyFileError, match=r"There is a key named 'a' already\. Choose another name, or revoke"):
        keys.add(Key("a"))


@pytest.mark.parametrize("name", ["", " a", "a\n", "a\x00", "\ud800", "a" * 65])
def test_a_senseless_name_is_refused(keys, name):
    with pytest.raises(KeyFileError, match=r"A key's name has 1 to 64 printable characters, unlike '"):
        keys.add(Key(name))


def test_revoking_an_unknown_name_is_refused_with_the_known_ones(keys):
    with pytest.raises(KeyFileError, match=r"There is no key named 'c'\. The keys are: none\."):
        keys.revoke("c")
    for name in ("b", "a"):
        keys.add(Key(name))
    with pytest.raises(KeyFileError, match=r"There is no key named 'c'\. The keys are: a, b\."):
        keys.revoke("c")


def test_characters_are_spent_until_there_are_not_enough_left(keys):
    keys.add(key := Key("a", characters=10))
    assert [keys.spend(key, characters, MONTH) for characters in (6, 5, 4, 1, 0)] == [True, False, True, False, True]
    assert keys.usage("a", MONTH) == Usage(10, 10)


def test_every_month_begins_with_nothing_spent(keys):
    keys.add(key := Key("a", characters=10))
    assert keys.spend(key, 10, MONTH)
    assert keys.spend(key, 10, "2030-07")
    assert not keys.spend(key, 1, "2030-07")


def test_a_key_without_a_quota_is_counted_too(keys):
    keys.add(key := Key("a"))
    assert keys.spend(key, 10**9, MONTH)
    assert keys.usage("a", MONTH) == Usage(10**9, None)


def test_what_is_given_back_can_be_spent_again(keys):
    keys.add(key := Key("a", characters=10))
    keys.spend(key, 10, MONTH)
    keys.give_back("a", 4, MONTH)
    assert keys.usage("a", MONTH) == Usage(6, 10)
    keys.give_back("a", 7, MONTH)
    assert keys.usage("a", MONTH) == Usage(0, 10)


def test_what_is_spent_is_still_spent_after_a_restart(tmp_path):
    for count in (3, 6):
        connection = open_database(tmp_path / "keys", may_make=True)
        keys = Keys(connection)
        if not keys.all():
            keys.add(Key("a", characters=6))
        assert keys.spend(keys.all()[0], 3, MONTH)
        assert keys.usage("a", MONTH) == Usage(count, 6)
        connection.close()


def test_days_and_months_are_those_of_utc():
    assert (day_of(0), month_of(0)) == ("1970-01-01", "1970-01")
    assert (day_of(1_909_094_399.9), month_of(1_909_094_400)) == ("2030-06-30", "2030-07")
