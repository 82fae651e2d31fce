"""Which pieces of a translation come of which of its source, by statistics of the corpus alone.

A bundle's lexicon has a table of the probabilities t(target piece | source piece) for each of its languages as the
target, learned by training.lexicon. It tells a search which pieces it need not score (a shortlist, Jean et al. 2015,
§3.3), and an alignment which words are translations of each other.
"""

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mt.errors import BundleError
from mt.tokenizer import EOS, Tokenizer

FILE = "lexicon.npz"
FORMAT = 1
NULL = 0  # the row of the source's null word, of which pieces come that have no other origin; piece n has row n + 1
FIELDS = ("starts", "pieces", "probabilities", "frequent")
Array = np.ndarray


@dataclass(frozen=True)
class Table:
    """What pieces of one language come of, V pieces in all, the likely ones of each alone."""

    starts: Array  # (V + 2,) int32: where each row's entries begin, and where the last one's end
    pieces: Array  # (E,) uint16 or int32 target pieces, rising in each row
    probabilities: Array  # (E,) float16
    frequent: Array  # (F,) the language's most frequent pieces

    def allowed(self, source: Sequence[int]) -> Array:
        """Which of all pieces (V,) may come of these: those of their rows, themselves, the frequent ones and EOS."""
        allowed = np.zeros(len(self.starts) - 2, bool)
        allowed[self.frequent] = allowed[list(source)] = allowed[EOS] = True
        for row in {NULL, *(piece + 1 for piece in source)}:
            allowed[self.pieces[self.starts[row] : self.starts[row + 1]]] = True
        return allowed

    def probability(self, sources: Sequence[int], targets: Sequence[int]) -> Array:
        """t(target | source) for all pairs of them, 0 where the table has none: (T, 1 + S), the null word's first."""
        rows = np.array([NULL, *(piece + 1 for piece in sources)])
        counts = self.starts[rows + 1] - self.starts[rows]
        ends = np.cumsum(counts)
        entries = np.arange(ends[-1]) + np.repeat(self.starts[rows] - ends + counts, counts)
        # A number for each column and piece; they rise, as the pieces of a row do.
        vocabulary = len(self.starts)
        known = np.repeat(np.arange(len(rows)) * vocabulary, counts) + self.pieces[entries]
        wanted = np.arange(len(rows)) * vocabulary + np.asarray(targets, np.int64)[:, None]
        places = np.searchsorted(known, wanted)
        is_known = np.append(known, -1)[places] == wanted
        return np.where(is_known, np.append(self.probabilities[entries], 0)[places], 0).astype(np.float32)


@dataclass(frozen=True)
class Lexicon:
    """The tables of a bundle's languages."""

    tables: Mapping[str, Table]  # by the target's language
    tags: Mapping[int, str]  # target languages by their tags

    @classmethod
    def load(cls, file: Path, tokenizer: Tokenizer) -> "Lexicon":
        """The lexicon in a file; BundleError for one that is damaged or of another vocabulary."""
        try:
            with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
                if arrays["format"] != FORMAT:
                    raise ValueError(f"it has format {arrays['format']}, and this version reads {FORMAT}")
                languages = [str(one) for one in arrays["languages"]]
                tables = {one: Table(*(arrays[f"{one}/{name}"] for name in FIELDS)) for one in languages}
            for table in tables.values():
                _refuse_wrong(table, tokenizer.size)
        except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
            raise BundleError(f"{file} is damaged: {error}. Run `mt-train lexicon` on the bundle again.") from error
        return cls.of(tables, tokenizer)

    @classmethod
    def of(cls, tables: Mapping[str, Table], tokenizer: Tokenizer) -> "Lexicon":
        """The lexicon of these tables."""
        return cls(tables, {tokenizer.tag(language): language for language in tokenizer.languages})

    def save(self, file: Path) -> None:
        """Writes the file that `load` reads."""
        arrays = {f"{one}/{name}": getattr(table, name) for one, table in self.tables.items() for name in FIELDS}
        np.savez_compressed(file, format=FORMAT, languages=np.array(list(self.tables)), **arrays)

    def allowed(self, source: Sequence[int]) -> Array | None:
        """Which of all pieces (V,) a translation of this source may have, which begins with its target language's tag.

        None where the language has no table, so that any may.
        """
        table = self.tables.get(self.tags.get(source[0], ""))
        return table.allowed(source) if table else None


def _refuse_wrong(table: Table, vocabulary: int) -> None:
    """Nothing, or ValueError that says what the table of a vocabulary of that size cannot have."""
    starts, count = table.starts, len(table.pieces)
    if len(starts) != vocabulary + 2:
        raise ValueError(f"it is of {len(starts) - 2:,} pieces, and the vocabulary has {vocabulary:,}")
    if len(table.probabilities) != count or starts[0] != 0 or starts[-1] != count or (np.diff(starts) < 0).any():
        raise ValueError("its rows do not fit together")
    for pieces in (table.pieces, table.frequent):
        if len(pieces) and not 0 <= int(pieces.min()) <= int(pieces.max()) < vocabulary:
            raise ValueError("it names pieces that the vocabulary has not")
