"""How a text is marked up, and which of its tags mean what."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from mt.errors import InvalidOption

KINDS = ("text", "html", "xml")
SPLITTINGS = ("1", "0", "nonewlines")
ATTRIBUTES = frozenset({"alt", "title", "placeholder", "aria-label"})  # those whose values a reader sees

_NAME = re.compile(r"[^\s<>/=\"'&!?]+")

# HTML Living Standard, §15.3 "The CSS user agent style sheet", display: block, list-item, table parts and none.
_BLOCKS = """
    !doctype ?xml address article aside blockquote body caption center col colgroup dd details dialog dir div dl dt
    fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li link
    main menu meta nav noframes noscript ol optgroup option p pre script search section select style summary table tbody
    td template tfoot th thead title tr ul xmp
"""
BLOCKS = frozenset(_BLOCKS.split())
# Elements that never have content, obsolete ones included (§13.1.2).
_VOID = "area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr"
VOID = frozenset(_VOID.split())
# Content that is no markup (§13.1.2.1); <title> is none either, but people do translate it.
RAW = frozenset(["script", "style", "textarea", "iframe", "noembed", "noframes", "xmp"])
UNTOUCHED = frozenset(["code", "pre", "svg", "math"])
# Empty elements that stand between words as a word or a line end does; others, such as <wbr>, do not part a word.
PARTING = frozenset(["br", "img", "input", "embed"])
# Elements whose end tag may be left out (§13.1.2.4), by the family in which one ends the one before.
OPTIONAL_ENDS = {"li": "li", "dt": "dt", "dd": "dt", "option": "option", "td": "td", "th": "td", "tr": "tr", "p": "p"}


@dataclass(frozen=True)
class Form:
    """What a text is written in, and which of its parts are translated how.

    Names of tags, kept as sets, are compared in lower case in HTML, exactly in XML. Raises InvalidOption for others.
    """

    kind: str = "text"  # of KINDS
    ignore_tags: Collection[str] = ()  # elements that stay as they are
    non_splitting_tags: Collection[str] = ()  # tags inside a sentence, whatever they usually are
    splitting_tags: Collection[str] = ()  # tags that end a sentence
    split_sentences: str | None = None  # of SPLITTINGS; None: as DeepL, "nonewlines" for html and "1" otherwise
    outline_detection: bool = True  # XML: elements side by side in an element without text of its own are blocks
    translate_attributes: bool = False  # ATTRIBUTES too

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InvalidOption(f"The form of a text is one of {', '.join(KINDS)}; got {self.kind!r}.")
        if self.split_sentences not in (None, *SPLITTINGS):
            raise InvalidOption(f"split_sentences is one of {', '.join(SPLITTINGS)}; got {self.split_sentences!r}.")
        for option in ("ignore_tags", "non_splitting_tags", "splitting_tags"):
            names = getattr(self, option)
            _check_names(option, names)
            object.__setattr__(self, option, frozenset(name.lower() if self.kind == "html" else name for name in names))

    @property
    def splits_at_newlines(self) -> bool:
        """Whether a line end inside a block ends a sentence; if not, `parse` hands it out as a space."""
        return (self.split_sentences or ("nonewlines" if self.kind == "html" else "1")) == "1"


def _check_names(option: str, names: object) -> None:
    if isinstance(names, str) or not isinstance(names, Collection):
        raise InvalidOption(f"{option} is a list of names of tags; got {names!r}.")
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise InvalidOption(f"{option} holds names of tags without brackets, such as 'x'; got {name!r}.")
