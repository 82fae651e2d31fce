"""Corpora: what is read, what is refused and how, what the filter drops."""

import gzip
import json
import lzma

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.errors import CorpusError, RecipeError
from mt.text.normalization import normalize
from training.data.corpus import PAIRS_AT_ONCE, REASONS, FilterConfig, filter_pairs, read_lines, read_pairs

PAIRS = [("One.", "Eins."), ("Two.", "Zwei.")]


def write(path, content):
    data = content.encode() if isinstance(content, str) else content
    opener = {".gz": gzip.open, ".xz": lzma.open}.get(path.suffix, open)
    with opener(path, "wb") as file:
        file.write(data)
    return path


def dropped(pairs, held_out=(), **options):
    """How many of these pairs the filter drops, by reason."""
    _, report = filter_pairs(pairs, FilterConfig(**options), held_out)
    return {reason: count for reason, count in report.dropped.items() if count}


@pytest.mark.parametrize("ending", ["txt", "gz", "xz"])
def test_pairs_are_read_from_two_plain_or_packed_files(tmp_path, ending):
    source = write(tmp_path / f"a.en.{ending}", "One.\nTwo.\n")
    target = write(tmp_path / f"a.de.{ending}", "Eins.\nZwei.\n")
    assert read_pairs(source, target) == PAIRS


@pytest.mark.parametrize("ending", ["tsv", "gz", "xz"])
def test_pairs_are_read_from_one_plain_or_packed_tsv_file(tmp_path, ending):
    assert read_pairs(write(tmp_path / f"a.{ending}", "One.\tEins.\nTwo.\tZwei.\n")) == PAIRS


def test_windows_line_ends_a_byte_order_mark_and_a_missing_last_line_end_do_not_count(tmp_path):
    assert read_lines(write(tmp_path / "a", "\ufeffOne.\r\n\r\nTwo.")) == ["One.", "", "Two."]


def test_only_line_feeds_end_a_line_so_that_both_sides_stay_parallel(tmp_path):
    assert read_lines(write(tmp_path / "a", "a\u2028b\x0cc\x85d\n")) == ["a\u2028b\x0cc\x85d"]


def test_a_missing_file_is_refused_with_its_whole_path(tmp_path):
    with pytest.raises(CorpusError, match=f"There is no file {tmp_path / 'none.txt'}"):
        read_lines(tmp_path / "none.txt")


def test_a_directory_is_refused(tmp_path):
    with pytest.raises(CorpusError, match=r"cannot be read: .*Check the path"):
        read_lines(tmp_path)


@pytest.mark.parametrize("ending", ["txt", "gz", "xz"])
def test_an_empty_corpus_is_refused(tmp_path, ending):
    with pytest.raises(CorpusError, match=f"a.{ending} is empty: it holds no line"):
        read_lines(write(tmp_path / f"a.{ending}", ""))


def test_sides_of_different_length_are_refused_with_both_counts(tmp_path):
    source, target = write(tmp_path / "en", "1\n2\n3\n"), write(tmp_path / "de", "1\n2\n")
    with pytest.raises(CorpusError, match=r"differ in length: .*en has 3 lines, .*de has 2\."):
        read_pairs(source, target)


@pytest.mark.parametrize("ending", ["txt", "gz"])
def test_a_wrong_encoding_is_refused_with_file_line_byte_and_remedy(tmp_path, ending):
    path = write(tmp_path / f"a.{ending}", "Grün\n".encode() + "Tür\n".encode("latin-1"))
    with pytest.raises(CorpusError, match=rf"a\.{ending} is not UTF-8: line 2, byte 7 .* is 0xfc\. Convert it.*iconv"):
        read_lines(path)


@pytest.mark.parametrize(("line", "count"), [("only one", 1), ("a\tb\tc", 3), ("", 1)])
def test_a_tsv_line_without_two_columns_is_refused_with_its_number(tmp_path, line, count):
    path = write(tmp_path / "a.tsv", f"One.\tEins.\n{line}\n")
    with pytest.raises(CorpusError, match=rf"a\.tsv, line 2 has {count} columns"):
        read_pairs(path)


@pytest.mark.parametrize("module", [gzip, lzma])
@pytest.mark.parametrize("damage", ["cut", "changed", "never packed"])
def test_a_damaged_archive_is_refused(tmp_path, module, damage):
    whole = module.compress("".join(f"line {number}\n" for number in range(2_000)).encode())
    changed = whole[:40] + bytes(255 - byte for byte in whole[40:60]) + whole[60:]
    path = tmp_path / ("a.gz" if module is gzip else "a.xz")
    path.write_bytes({"cut": whole[:-20], "changed": changed, "never packed": b"One.\n"}[damage])
    with pytest.raises(CorpusError, match=r"is damaged and cannot be unpacked .*Fetch or pack it again"):
        read_lines(path)


def test_kept_pairs_are_normalized_and_keep_their_order():
    kept, report = filter_pairs([(" Two\t.", "Zwei ."), ("Cafe\u0301", "Kaffee")], FilterConfig())
    assert kept == [("Two .", "Zwei ."), ("Café", "Kaffee")]
    assert (report.read, report.kept) == (2, 2)


@pytest.mark.parametrize("pair", [("", "x"), ("x", ""), (" ", "x"), ("x", "\u00a0\ufeff"), ("", "")])
def test_a_pair_with_an_empty_side_is_dropped(pair):
    assert dropped([pair]) == {"empty side": 1}


@pytest.mark.parametrize("control", ["\x00", "\x1b", "\r", "\x7f", "\x85", "\x9f"])
def test_a_pair_with_a_control_character_other_than_a_tab_is_dropped(control):
    assert dropped([(f"a{control}b", "c"), ("d", f"e{control}f"), ("g\th", "i")]) == {"control characters": 2}


def test_a_pair_with_too_many_characters_or_words_on_one_side_is_dropped():
    pairs = [("a" * 31, "b" * 30), ("c" * 30, "d" * 30), ("e " * 6, "f"), ("g " * 5, "h")]
    assert dropped(pairs, max_characters=30, max_words=5) == {"too long": 2}


def test_the_length_ratio_is_checked_both_ways_with_twenty_characters_of_slack():
    pairs = [("a" * 30, "b" * 100), ("a" * 30, "b" * 111), ("a" * 111, "b" * 30), ("a", "b" * 23)]
    assert dropped(pairs, max_length_ratio=3) == {"length ratio": 2}


def test_identical_sides_are_dropped_unless_the_recipe_keeps_them():
    assert dropped([("OK ", "OK")]) == {"identical sides": 1}
    assert dropped([("OK ", "OK")], drop_identical=False) == {}


def test_exact_duplicates_are_dropped_but_other_translations_of_a_sentence_are_kept():
    assert dropped([("a", "b"), ("a", "c"), ("d", "b"), ("a", " b ")]) == {"duplicate": 1}


def test_a_pair_that_shares_either_side_with_dev_or_test_is_dropped():
    held_out = [("dev  source", "dev target")]
    pairs = [("dev source", "x"), ("y", "dev\ttarget"), ("dev target", "dev source")]
    assert dropped(pairs, held_out) == {"overlap with dev or test": 2}


def test_a_pair_counts_for_the_first_reason_that_holds():
    assert dropped([("", "\x00"), ("\x00a", "\x00a"), ("b" * 40, "b" * 40)], max_characters=30) == {
        "empty side": 1,
        "control characters": 1,
        "too long": 1,
    }


TEXT = st.one_of(st.text(max_size=5), st.sampled_from(["a", "b", " a", "dev", "x" * 12, "\x00", "y" * 40]))


@given(st.lists(st.tuples(TEXT, TEXT), max_size=12), st.lists(st.tuples(TEXT, TEXT), max_size=2))
def test_every_pair_is_counted_once_and_what_is_kept_passes_the_filter_again(pairs, held_out):
    config = FilterConfig(max_characters=30, max_length_ratio=1.5)
    kept, report = filter_pairs(pairs, config, held_out)
    assert report.read == len(pairs) == len(kept) + sum(report.dropped.values())
    assert filter_pairs(kept, config, held_out)[0] == kept
    assert not {source for source, _ in kept} & {normalize(source) for source, _ in held_out}


def test_duplicates_are_found_however_far_apart_they_stand():
    apart = [(f"{number}a", f"{number}b") for number in range(PAIRS_AT_ONCE + 10)]
    kept, report = filter_pairs([*apart, *apart[:3], ("new", "one")], FilterConfig())
    assert kept == [*apart, ("new", "one")]
    assert report.dropped["duplicate"] == 3


def test_a_filter_may_leave_nothing():
    kept, report = filter_pairs([("", "a"), ("b", "")], FilterConfig())
    assert (kept, report.kept, report.dropped["empty side"]) == ([], 0, 2)


@pytest.mark.parametrize("name", ["max_characters", "max_words", "max_length_ratio"])
def test_a_limit_below_one_is_refused_with_the_value(name):
    with pytest.raises(RecipeError, match=f"{name} must be at least 1, got 0"):
        FilterConfig(**{name: 0})


def test_the_report_is_a_table_and_json():
    _, report = filter_pairs([*PAIRS, ("", "x")], FilterConfig())
    assert str(report).splitlines()[:2] == [
        "pairs read                           3",
        "empty side                           1",
    ]
    assert len({len(line) for line in str(report).splitlines()}) == 1
    assert json.loads(json.dumps(report.as_dict())) == {
        "read": 3,
        "kept": 2,
        "dropped": {reason: int(reason == "empty side") for reason in REASONS},
    }
