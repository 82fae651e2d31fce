"""Files that show an explained translation, and what is refused."""

import pytest

from mt.errors import InvalidOption
from mt.picture import Picture, draw, require_suffix
from tests import tiny

PNG = b"\x89PNG\r\n\x1a\n"


def explained(text, **options):
    (found,) = tiny.translator().translate([text], "en", "de", links=True, **options)
    return Picture(text, found, "en → de, tiny")


@pytest.mark.parametrize("inside", [True, False])
def test_a_png_is_drawn_even_of_what_fonts_and_formulas_lack(tmp_path, inside):
    draw(explained("twenty $x$ one 日本 😀. Two_{.\r\ne\u0301", inside=inside), tmp_path / "a.PNG")
    assert (tmp_path / "a.PNG").read_bytes().startswith(PNG)


def test_a_page_is_written_in_utf_8(tmp_path):
    draw(explained("twenty one 😀"), tmp_path / "a.html")
    assert "😀" in (tmp_path / "a.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["a.pdf", "a", "a.html.gz"])
def test_another_kind_of_file_is_refused(tmp_path, name):
    with pytest.raises(InvalidOption, match=rf"--output must end in .html or .png, got '{tmp_path / name}'"):
        require_suffix(tmp_path / name)


def test_a_png_without_matplotlib_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(InvalidOption, match=r"matplotlib, which is not installed; pip install 'dragoman\[explain\]'"):
        require_suffix(tmp_path / "a.png", lambda name: None)
    require_suffix(tmp_path / "a.html", lambda name: None)


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(InvalidOption, match=r"Cannot write .*/nowhere/a\.html: No such file or directory\."):
        draw(explained("one"), tmp_path / "nowhere" / "a.html")


@pytest.mark.parametrize(("text", "count"), [("Twenty one. " * 9, 9), ("…", 0)])
def test_a_png_of_too_many_sentences_or_none_is_refused(tmp_path, text, count):
    with pytest.raises(InvalidOption, match=rf"A PNG shows 1 to 8 sentences, and this text has {count} that"):
        draw(explained(text), tmp_path / "a.png")
    draw(explained(text), tmp_path / "a.html")
