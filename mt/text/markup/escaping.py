"""Translated text made safe to stand in markup, in the forms that the source used."""

import re

from mt.text.markup.run import Run
from mt.text.markup.xml_tokens import ILLEGAL

_ALWAYS = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_QUOTES = {'"': "&quot;", "'": "&#39;"}


class Escaper:
    """Writes the characters of a translation one stretch after the other.

    The n-th of a character that the source writes as an entity is written as the n-th of the source, further ones as
    the last; except that &, < and > never come out bare, nor does an attribute's own quote.
    """

    def __init__(self, run: Run):
        self.kind = run.kind
        self.escapes = {} if run.kind == "text" else dict(_ALWAYS)
        if run.quote:
            self.escapes[run.quote] = _QUOTES[run.quote]
        self.waiting = {character: forms[::-1] for character, forms in self._forms(run).items()}
        characters = {*self.escapes, *self.waiting}
        self.special = re.compile(f"[{re.escape(''.join(sorted(characters)))}]") if characters else None

    def _forms(self, run: Run) -> dict[str, list[str]]:
        """All forms of the characters that have an entity of their own, in the order of the source."""
        found: dict[str, list[str]] = {}
        for place, form in run.forms.items():
            # A space may be a line end in disguise. Without its semicolon an entity may change with what follows it.
            is_whole = form.startswith("&") and form.endswith(";") and run.forms.get(place + 1) != ""
            if is_whole and run.text[place] != " ":
                found[run.text[place]] = []
        if found:
            for match in re.finditer(f"[{re.escape(''.join(found))}]", run.text):
                character = match[0]
                form = run.forms.get(match.start(), character)
                is_safe = form.endswith(";") and len(form) > 1
                found[character].append(form if is_safe else self.escapes.get(character, character))
        return found

    def escape(self, text: str) -> str:
        """The next stretch of the translation as it is to be written."""
        if self.kind == "xml":
            text = ILLEGAL.sub("", text)
        return self.special.sub(lambda found: self._written(found[0]), text) if self.special else text

    def _written(self, character: str) -> str:
        forms = self.waiting.get(character)
        if not forms:
            return self.escapes.get(character, character)
        return forms.pop() if len(forms) > 1 else forms[0]
