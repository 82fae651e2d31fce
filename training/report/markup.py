"""HTML that is safe by construction: text is escaped wherever it enters, markup comes from these functions alone."""

from collections.abc import Iterable, Sequence
from html import escape

VOID = ("meta",)  # elements without an end


class Html(str):
    """Markup that is finished; every other text is escaped where it meets it."""


def tag(name: str, /, *children: str, **attributes: object) -> Html:
    """An element; `class_` gives class, `stroke_width` stroke-width. Attributes that are None or "" are left out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None and value != ""
    )
    return Html(f"<{name}{written}>" + ("" if name in VOID else f"{join(children)}</{name}>"))


def join(parts: Iterable[str], separator: str = "") -> Html:
    """The parts one after another, each escaped unless it is Html."""
    return Html(separator.join(part if isinstance(part, Html) else escape(part) for part in parts))


def table(caption: str, headings: Sequence[str], rows: Iterable[Sequence[str]], texts: int = 1) -> Html:
    """A table with a caption; the first cell of a row is its heading, the first `texts` columns are no numbers.

    It stands in a region of its own that scrolls where the table is wider than the page.
    """

    def kind(column: int) -> str:
        return "" if column < texts else "number"

    head = tag("tr", *(tag("th", name, scope="col", class_=kind(column)) for column, name in enumerate(headings)))
    body = [
        tag(
            "tr",
            tag("th", row[0], scope="row"),
            *(tag("td", cell, class_=kind(column)) for column, cell in enumerate(row[1:], start=1)),
        )
        for row in rows
    ]
    whole = tag("table", tag("caption", caption), tag("thead", head), tag("tbody", *body))
    return tag("div", whole, class_="scroll", role="region", aria_label=caption, tabindex="0")


def terms(pairs: Iterable[tuple[str, str]], **attributes: object) -> Html:
    """A list of names and their values."""
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs), **attributes)
