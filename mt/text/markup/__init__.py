"""HTML and XML translated by alignment: `parse` takes a text apart, `restore` puts it together with its translations.

Strings only, no model. A document is cut into blocks, and each block with words in it is handed out as plain text, its
entities read. Inline tags (`<b>`, `<a>`) remember their words and move with them, by the links that come with the
translation; what has no words (`<br>`, `<x id="12"></x>`, `<code>…</code>`) moves with the word beside it. Everything
else stays as it is, byte for byte: tags of blocks, comments, scripts, `<pre>`, what is marked as not to be translated.
"""

from mt.text.markup.document import Document, parse
from mt.text.markup.form import Form
from mt.text.markup.writing import Rendering

__all__ = ["Document", "Form", "Rendering", "parse"]
