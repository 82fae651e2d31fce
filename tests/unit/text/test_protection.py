"""What of a text must come through a translation as it is."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.text.protection import KINDS, find, spans_over

PARTS = "a|1|.|,| |`|%s|{x}|{{|}}|$A|${|<g1>|</g1>|<x id='1'></x>|http://|a@b.de|/etc|C:\\|@me|#tag|😀|\u200d|12,5|ab12|_|é|[X1X]|\n|&amp;"


def found(text):
    return [text[item.start : item.end] for item in find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See https://example.org/a_(b)?x=1&y=2.", ["https://example.org/a_(b)?x=1&y=2"]),
        ("(http://a.b/c), www.x.de! ftp://x/y…", ["http://a.b/c", "www.x.de", "ftp://x/y"]),
        ("Go to example.org or docs.example.com/x.", ["example.org", "docs.example.com/x"]),
        ("Write to a.b+c@example.co.uk, please.", ["a.b+c@example.co.uk"]),
        (
            "/etc/passwd, ./run.sh, ~/x and C:\\Users\\tom\\x.txt",
            ["/etc/passwd", "./run.sh", "~/x", "C:\\Users\\tom\\x.txt"],
        ),
        ("Read README.md, then src/main.py.", ["README.md", "src/main.py"]),
        ("Run `ls -l` or ``a`b``.", ["`ls -l`"]),
        ("%s has %1$d, %(name)s: %.2f, %PATH%", ["%s", "%1$d", "%(name)s", "%.2f", "%PATH%"]),
        ("{name}, {{ x }}, $VAR, ${x}, {0}, %{a}", ["{name}", "{{ x }}", "$VAR", "${x}", "{0}", "%{a}"]),
        ('[X12X] and <x id="12"></x>', ["[X12X]", '<x id="12"></x>']),
        ("<g1>here</g1>, <f0/> &nbsp; a < b > c", ["<g1>", "</g1>", "<f0/>", "&nbsp;"]),
        ("I ❤️ 👩‍👩‍👧 👍🏽 🇩🇪 1️⃣ pizza🍕!", ["❤️", "👩‍👩‍👧", "👍🏽", "🇩🇪", "1️⃣", "🍕"]),
        ("#python and @anna_b, #1 too", ["#python", "@anna_b", "1"]),
        ("12,500.00 or 12.500,00; 10:30-12:45, 2013-05-03", ["12,500.00", "12.500,00", "10:30-12:45", "2013-05-03"]),
        ("$5, 5€, 5%, -5, +49, 12\u202f500", ["5", "5", "5", "-5", "+49", "12\u202f500"]),
        ("5km, 5\u00a0kg, 3rd, 80er, 10am", ["5km", "5\u00a0kg"]),
        ("3. Mai, 5-year-old, 10-mal", ["3", "5", "10"]),
        ("A4, mp3, H2O, COVID-19, 4x4, 3D, v1.2.3", ["A4", "mp3", "H2O", "COVID-19", "4x4", "3D", "v1.2.3"]),
        ("my_variable, __init__", ["my_variable", "__init__"]),
        ("d41d8cd98f00b204e980 550e8400-e29b-41d4-a716", ["d41d8cd98f00b204e980 550e8400-e29b-41d4-a716"]),
        ("x" * 50, ["x" * 50]),
    ],
)
def test_what_must_not_change_is_found(text, expected):
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Tom's well-known friend, and/or his wife (35,",
        "I'm 100",
        "Hello.how are you e.g. this U.S. and a.m.",
        "Donaudampfschifffahrtsgesellschaftskapitän",
        "a@b, # and `",
        "日本語のテキスト" * 20,
    ],
)
def test_ordinary_words_are_left_to_the_translation(text):
    assert [one for one in found(text) if not one.isdigit()] == []


def test_items_side_by_side_are_one_but_for_tags_and_emoji():
    assert found("{a}%s 5 <b><i>😀😀") == ["{a}%s 5", "<b>", "<i>", "😀", "😀"]
    assert [item.kind for item in find("5 {a}")] == ["hole"]


@given(st.one_of(st.text(), st.lists(st.sampled_from(PARTS.split("|"))).map("".join)))
def test_items_lie_apart_in_order_on_one_line(text):
    items = find(text)
    assert all(one.end <= other.start for one, other in itertools.pairwise(items))
    assert all(0 <= item.start < item.end <= len(text) and item.kind in KINDS for item in items)
    assert not any("\n" in one or "\r" in one for one in found(text))


@pytest.mark.parametrize(
    "unit", ["`", "1a", "/", "a/", "+", "1:", "<a ", "f1-", "{{", "http://", ")", "a@", "😀\u200d"]
)
def test_long_runs_of_anything_take_linear_time(unit):
    find("http://" + unit * 5_000 + "é")  # quadratic time would be seconds


def test_a_place_inside_an_item_is_known():
    items = find("a {b} c")
    assert [place for place in range(8) if spans_over(items, place)] == [3, 4]
