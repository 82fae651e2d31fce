"""What tells the texts of bitexts from others."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from training.data.dataset import Bitext
from training.data.rows import text_rows
from training.data.store import Texts


def fingerprint(bitexts: Sequence[Bitext]) -> str:
    """The number of pairs and a hash of all texts in their order, the same for texts in memory and in a store."""
    digest = hashlib.sha256()
    for bitext in bitexts:
        for texts in (bitext.sources, bitext.targets):
            if isinstance(texts, Texts):
                _digest_files(digest, (texts.column.values_path, texts.column.offsets_path))
            else:
                rows = text_rows(texts)
                digest.update(rows.values.tobytes() + rows.offsets.astype("<i8").tobytes())
    return f"{sum(len(bitext.sources) for bitext in bitexts):,} pairs ({shorten(digest)})"


def _digest_files(digest: Any, paths: Iterable[Path]) -> None:
    for path in paths:
        with path.open("rb") as file:
            hashlib.file_digest(file, lambda: digest)


def shorten(digest: Any) -> str:
    """The beginning of a hash."""
    # 64 bits: enough to tell corpora apart, short enough for a message.
    return f"sha256 {digest.hexdigest()[:16]}…"
