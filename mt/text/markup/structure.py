"""Which tags belong together, and which of them end a block: the cut of a document into blocks and what is between."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from mt.text.markup.form import BLOCKS, OPTIONAL_ENDS, UNTOUCHED, Form
from mt.text.markup.tokens import Kind, Token, attributes

# Tags nested deeper inside a block end it: nobody writes such, and the cost of placing tags grows with their depth.
MAX_DEPTH = 32


@dataclass(frozen=True)
class Structure:
    """Tokens, each untouched element being one; the partner of each paired tag; which tokens part blocks."""

    tokens: list[Token]
    partners: dict[int, int]  # the index of a start tag to that of its end tag, and back
    bounds: list[bool]  # whether the token stands outside of all blocks


def structure(text: str, tokens: Sequence[Token], form: Form) -> Structure:
    """What the tokens of a text are to each other."""
    whole = _merge_untouched(text, tokens, form)
    partners, _ = _pairs(whole, form)
    outlined = _outline(text, whole, partners) if form.kind == "xml" and form.outline_detection else set()
    bounds = [_is_block(token, index in outlined, form) for index, token in enumerate(whole)]
    _part_pairs(bounds, partners)
    _limit_depth(bounds, partners)
    _part_pairs(bounds, partners)
    return Structure(whole, partners, bounds)


def _pairs(tokens: Sequence[Token], form: Form) -> tuple[dict[int, int], dict[int, int]]:
    """The partners of tags, and for each element the index behind its end, be it written or implied."""
    partners: dict[int, int] = {}
    ends: dict[int, int] = {}
    opened: list[int] = []
    depths: dict[str, list[int]] = defaultdict(list)  # where in `opened` each name stands
    families = OPTIONAL_ENDS if form.kind == "html" else {}

    def close(end: int) -> int:
        index = opened.pop()
        depths[tokens[index].name].pop()
        if tokens[index].name in families:
            ends[index] = end
        return index

    for index, (kind, _, _, name) in enumerate(tokens):
        if kind is Kind.OPEN:
            if opened and _ends_the_one_before(tokens[opened[-1]].name, name, families):
                close(index)
            depths[name].append(len(opened))
            opened.append(index)
        elif kind is Kind.CLOSE and depths[name]:
            while len(opened) > depths[name][-1] + 1:
                close(index)
            start = close(index)
            partners[start], partners[index], ends[start] = index, start, index + 1
    while opened:
        close(len(tokens))
    return partners, ends


def _ends_the_one_before(before: str, name: str, families: dict[str, str]) -> bool:
    family = families.get(before)
    return family is not None and (family == families.get(name) or (family == "p" and name in BLOCKS))


def _merge_untouched(text: str, tokens: Sequence[Token], form: Form) -> list[Token]:
    may_say_so = "translate" in text.lower()
    untouched = {index for index, token in enumerate(tokens) if _is_untouched(text, token, form, may_say_so)}
    ends = _pairs(tokens, form)[1] if untouched else {}
    merged = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        end = ends.get(index, index)
        if index in untouched and end > index:
            merged.append(Token(Kind.OPAQUE, token.start, tokens[end - 1].stop, token.name))
            index = end
        else:
            is_ignored = token.kind is Kind.EMPTY and token.name in form.ignore_tags
            merged.append(token._replace(kind=Kind.OPAQUE) if is_ignored else token)
            index += 1
    return merged


def _is_untouched(text: str, token: Token, form: Form, may_say_so: bool) -> bool:
    if token.kind is not Kind.OPEN:
        return False
    if token.name in form.ignore_tags or (form.kind == "html" and token.name in UNTOUCHED):
        return True
    tag = text[token.start : token.stop]
    if not may_say_so or "translate" not in tag.lower():
        return False
    for name, start, stop, _ in attributes(tag):
        value = tag[start:stop].lower()
        if (name == "translate" and value == "no") or (name == "class" and "notranslate" in value.split()):
            return True
    return False


def _is_block(token: Token, is_outlined: bool, form: Form) -> bool:
    if token.kind is Kind.TEXT or not token.name:
        return False
    if token.name in form.splitting_tags or token.name in ("!doctype", "?xml"):
        return True
    return token.name not in form.non_splitting_tags and (is_outlined or (form.kind == "html" and token.name in BLOCKS))


def _part_pairs(bounds: list[bool], partners: dict[int, int]) -> None:
    """Makes bounds of the tags whose partner stands in another block, so that no block holds half a pair."""
    blocks = []
    block = 0
    for is_bound in bounds:
        block += is_bound
        blocks.append(block)
    for index, partner in partners.items():
        if blocks[index] != blocks[partner]:
            bounds[index] = True


def _limit_depth(bounds: list[bool], partners: dict[int, int]) -> None:
    depth = 0
    for index, is_bound in enumerate(bounds):
        if is_bound or index not in partners:
            continue
        is_start = partners[index] > index
        depth += is_start
        if depth > MAX_DEPTH:
            bounds[index] = True
        depth -= not is_start


@dataclass
class _Level:
    """An element whose content is being read."""

    has_text: bool = False
    is_spaced: bool = False  # two elements with text stand side by side as words do
    gap: str = ""  # white space behind the last of them
    children: list[int] = field(default_factory=list)  # the start tags of those with text
    has_any_text: bool = False  # below it


def _outline(text: str, tokens: Sequence[Token], partners: dict[int, int]) -> set[int]:
    """The tags of elements that stand side by side, as paragraphs do and words do not.

    Their parent has no text of its own, and between them is nothing or a line end, not merely a space.
    """
    found: set[int] = set()
    levels = [_Level()]
    for index, (kind, start, stop, _) in enumerate(tokens):
        if kind is Kind.TEXT:
            _read_text(levels[-1], text[start:stop])
        elif kind is Kind.OPEN:
            levels.append(_Level())
        elif kind is Kind.CLOSE:
            level = levels.pop()
            found.update(_outlined_children(level, partners))
            if level.has_any_text or level.has_text:
                _read_child(levels[-1], partners[index])
    found.update(_outlined_children(levels[0], partners))
    return found


def _read_text(level: _Level, text: str) -> None:
    if text.isspace():
        level.gap += text
    else:
        level.has_text = True


def _read_child(parent: _Level, start_tag: int) -> None:
    if parent.children and parent.gap and "\n" not in parent.gap:
        parent.is_spaced = True
    parent.gap = ""
    parent.children.append(start_tag)
    parent.has_any_text = True


def _outlined_children(level: _Level, partners: dict[int, int]) -> list[int]:
    if level.has_text or level.is_spaced or len(level.children) < 2:
        return []
    return [tag for start in level.children for tag in (start, partners[start])]
