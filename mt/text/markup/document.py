"""A text with markup: what of it is to be translated, and the whole again with that translated."""

from collections.abc import Iterable, Sequence

from mt.text.markup.form import Form
from mt.text.markup.html_tokens import html_tokens
from mt.text.markup.reading import read, read_text
from mt.text.markup.run import Run
from mt.text.markup.structure import structure
from mt.text.markup.writing import Rendering, write
from mt.text.markup.xml_tokens import xml_tokens
from mt.text.normalization import refuse_surrogates


class Document:
    """A parsed text; `restore` may be called any number of times."""

    def __init__(self, parts: Iterable[str | Run]):
        self._parts = tuple(parts)
        self._runs: list[Run] = []
        for part in self._parts:
            if isinstance(part, Run):
                self._runs += [run for run in (part, *part.attributes()) if run.source]

    @property
    def texts(self) -> list[str]:
        """The plain texts to translate, none of them empty, in the order in which they begin.

        Each is a paragraph, or the value of an attribute, without white space at its ends.
        """
        return [run.source for run in self._runs]

    def restore(self, renderings: Sequence[Rendering]) -> tuple[str, tuple[str, ...]]:
        """The text with these translations of `texts` in their places, and warnings.

        The warning "tag_moved" says that a tag stands at a guessed place, as none of its words is linked to any. With
        the texts themselves as translations the text is what was parsed, byte for byte. Otherwise every tag occurs as
        often as before and in the same element, and what was well-formed is so again.
        """
        assert len(renderings) == len(self._runs), (len(renderings), len(self._runs))
        written = {run: write(run, rendering) for run, rendering in zip(self._runs, renderings, strict=True)}
        text = "".join(part if isinstance(part, str) else _joined(part, written) for part in self._parts)
        return text, ("tag_moved",) * any(is_guess for _, is_guess in written.values())


def _joined(run: Run, written: dict[Run, tuple[list[str | Run], bool]]) -> str:
    return "".join(part if isinstance(part, str) else _joined(part, written) for part in written[run][0])


def parse(text: str, form: Form) -> Document:
    """The document of a text in this form; nothing of HTML is refused, however broken.

    Raises InvalidText for XML that is not well-formed or declares entities, and for unpaired surrogates.
    """
    refuse_surrogates(text)
    if form.kind == "text":
        run = read_text(text, form)
        return Document([run] if run.source else [text])
    tokens = html_tokens(text) if form.kind == "html" else xml_tokens(text)
    return Document(read(text, structure(text, tokens, form), form))
