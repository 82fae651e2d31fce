"""Markup: whatever text comes in, it comes out as text."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from training.report.markup import Html, join, table, tag, terms


class Reader(HTMLParser):
    """Collects the elements and the text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.append(dict(attrs))

    def handle_data(self, data):
        self.text += data


def test_text_is_escaped_and_markup_is_not():
    assert tag("p", "a < b", tag("b", "&")) == "<p>a &lt; b<b>&amp;</b></p>"


def test_markup_escaped_once_stays_as_it_is():
    assert join([Html("<hr>"), "<hr>"], separator=" ") == "<hr> &lt;hr&gt;"


def test_attributes_are_escaped_and_their_underscores_become_hyphens():
    written = tag("a", "x", class_="c", aria_label='"<', href=None, lang="")
    assert written == '<a class="c" aria-label="&quot;&lt;">x</a>'


def test_an_element_without_content_has_no_end():
    assert tag("meta", charset="utf-8") == '<meta charset="utf-8">'


@given(st.text(st.characters(exclude_characters="\x00\r", exclude_categories=["Cs"])))
def test_no_text_becomes_an_element_or_leaves_its_attribute(text):
    read = Reader(tag("p", text, title=f"t{text}"))
    assert read.tags == ["p"]
    assert read.attributes == [{"title": f"t{text}"}]
    assert read.text == text


def test_a_table_has_a_caption_and_headings_for_columns_and_rows():
    written = table("Sizes", ("Name", "Size"), [("a", "1"), ("<b>", "2")])
    read = Reader(written)
    assert read.tags == [
        "div",
        "table",
        "caption",
        "thead",
        "tr",
        "th",
        "th",
        "tbody",
        "tr",
        "th",
        "td",
        "tr",
        "th",
        "td",
    ]
    assert [one.get("scope") for one in read.attributes if "scope" in one] == ["col", "col", "row", "row"]
    assert [one.get("class") for one in read.attributes[1:] if "class" in one] == ["number"] * 3
    assert read.attributes[0] == {"class": "scroll", "role": "region", "aria-label": "Sizes", "tabindex": "0"}
    assert "&lt;b&gt;" in written


def test_terms_are_a_description_list():
    assert terms([("a", "<")], class_="x") == '<dl class="x"><div><dt>a</dt><dd>&lt;</dd></div></dl>'
