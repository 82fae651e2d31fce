"""Text to piece ids and back with SentencePiece; owner of the special pieces and the target-language tags."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import sentencepiece

from mt.errors import BundleError, UnsupportedLanguage
from mt.regularization import PieceSampler
from mt.text.tracing import Span

PAD, UNK, BOS, EOS = 0, 1, 2, 3
SPACE = "▁"  # how a piece spells a space
# The first bytes of a character in UTF-8 that has more.
_HALF_CHARACTER = re.compile("(<0x[CD].>|<0xE.>(<0x[89AB].>)?|<0xF.>(<0x[89AB].>){0,2})$")


def language_tag(language: str) -> str:
    """The piece that asks for a target language, such as <2de> (Johnson et al. 2017, §3)."""
    return f"<2{language}>"


class Tokenizer:
    """Pieces of one joint vocabulary for all languages of a model (Kudo & Richardson 2018).

    Byte fallback spells what the vocabulary lacks, so no text is unknown. Tags and BOS/EOS are control pieces: no text
    encodes to them. Texts are expected to be normalized (mt.text.normalize).
    """

    def __init__(self, model: bytes) -> None:
        """Raises BundleError when the bytes are no SentencePiece model of this project."""
        try:
            self._processor = sentencepiece.SentencePieceProcessor(model_proto=model)
            special = [self._processor.id_to_piece(number) for number in (PAD, UNK, BOS, EOS)]
        except (RuntimeError, IndexError) as error:  # no bytes at all are taken, and have no pieces
            raise BundleError(f"The {len(model):,} bytes given are no SentencePiece model: {error}") from error
        if special != ["<pad>", "<unk>", "<s>", "</s>"]:
            raise BundleError(f"The first pieces must be <pad> <unk> <s> </s>, got {' '.join(special)}.")
        self._sampler: PieceSampler | None = None
        self.model = model
        self.size = self._processor.get_piece_size()
        controls = [number for number in range(self.size) if self._processor.is_control(number)]
        self.controls = {self._processor.id_to_piece(number): number for number in controls}  # ids of what no text is
        self._tags = {piece[2:-1]: number for piece, number in self.controls.items() if piece.startswith("<2")}

    @classmethod
    def load(cls, path: Path) -> "Tokenizer":
        """The tokenizer kept in a SentencePiece model file."""
        return cls(path.read_bytes())

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that have a target tag, in the order of the vocabulary."""
        return tuple(self._tags)

    def tag(self, language: str) -> int:
        """The id of a target-language tag; UnsupportedLanguage when the vocabulary has none."""
        if language not in self._tags:
            raise UnsupportedLanguage(f"'{language}' is not a target language of this model; it has {self.languages}.")
        return self._tags[language]

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The most likely pieces of each text, without special pieces; "" gives an empty list."""
        # One by one: for a list SentencePiece begins threads, which takes as long as hundreds of sentences do.
        return [self._processor.encode(text) for text in texts]

    def sample(self, texts: Sequence[str], alpha: float, seed: int) -> list[list[int]]:
        """Pieces drawn at random, the same for the same seed in every process.

        For a unigram model a segmentation of probability p is drawn with weight p ** alpha (Kudo 2018, §3.2, l = ∞);
        for a BPE model each merge is skipped with probability alpha (BPE-dropout, Provilkov et al. 2020).
        """
        if self._sampler is None:
            self._sampler = PieceSampler(self._processor)
        return self._sampler.sample(texts, alpha, seed)

    def decode(self, ids: Sequence[Sequence[int]]) -> list[str]:
        """The text of each list of ids; special pieces leave no trace."""
        return [self._processor.decode([int(number) for number in row]) for row in ids]

    def decode_behind(self, ids: Sequence[int]) -> str:
        """The text of ids that stand behind others, with the space that it may begin with.

        Texts of rows behind each other are the text of all, but for its first space, where no row is `ends_halfway`.
        """
        # Behind a full stop as a byte, which is a piece of every vocabulary, no space is at the beginning of a text.
        text: str = self._processor.decode([self._processor.piece_to_id("<0x2E>"), *ids])
        return text[1:]

    def ends_halfway(self, ids: Sequence[int]) -> bool:
        """Whether the last pieces are bytes of a character that lacks some."""
        return _HALF_CHARACTER.search("".join(self.pieces(ids[-3:]))) is not None

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """The piece of each id, as the vocabulary spells it (▁ for a space)."""
        return [self._processor.id_to_piece(int(number)) for number in ids]

    def cut(self, text: str, ids: Sequence[int]) -> list[Span]:
        """Which characters of a normalized text each of the pieces that it was encoded to spells.

        A space before a word does not count, unless it is the whole piece; a byte has the span of its character.
        """
        spelled, spans = self._spelled(ids)
        assert f" {text}".replace(SPACE, " ").startswith(spelled), (spelled, text)
        return _shifted(spans, 1)  # SentencePiece puts a space before the first word

    def spell(self, ids: Sequence[int]) -> tuple[str, list[Span]]:
        """What `decode` makes of the ids, and which of its characters each piece spells; as in `cut`."""
        spelled, spans = self._spelled(ids)
        (text,) = self.decode([ids])
        assert spelled.endswith(text), (spelled, text)
        return text, _shifted(spans, len(spelled) - len(text))

    def likelihood(self, text: str) -> float:
        """The sum of the natural-log probabilities of a text's pieces, by the vocabulary alone."""
        return sum(map(self._processor.get_score, self._processor.encode(text)))

    def source_ids(self, ids: Sequence[int], target_language: str) -> list[int]:
        """What the encoder reads: the target-language tag, the pieces, EOS."""
        return [self.tag(target_language), *ids, EOS]

    def _spelled(self, ids: Sequence[int]) -> tuple[str, list[Span]]:
        """The pieces one after the other, and what each of them spells."""
        text, spans = "", []
        waiting = b""  # bytes of characters that are not whole yet
        for number in [*map(int, ids), PAD]:
            if self._processor.is_byte(number):
                waiting += bytes([int(self._processor.id_to_piece(number)[3:5], 16)])
                continue
            for character, size in _characters(waiting):
                spans += [(len(text), len(text) + 1)] * size
                text += character
            waiting = b""
            surface = self._surface(number)
            spans.append((len(text) + (surface[:1] == " " < surface), len(text) + len(surface)))
            text += surface
        return text, spans[:-1]

    def _surface(self, number: int) -> str:
        if number == UNK:
            return " \u2047 "
        return "" if self._processor.is_control(number) else self._processor.id_to_piece(number).replace(SPACE, " ")


def _characters(data: bytes) -> Iterator[tuple[str, int]]:
    """The characters that bytes spell in UTF-8, with how many bytes each has; a byte that fits nowhere is U+FFFD."""
    start = 0
    while start < len(data):
        found = ((size, _character(data[start : start + size])) for size in range(1, 5))
        size, character = next(((size, one) for size, one in found if one), (1, "\ufffd"))
        yield character, size
        start += size


def _character(data: bytes) -> str | None:
    text = data.decode("utf-8", errors="ignore")
    return text if len(text) == 1 and text.encode("utf-8") == data else None


def _shifted(spans: Sequence[Span], by: int) -> list[Span]:
    return [(max(start - by, 0), max(end - by, 0)) for start, end in spans]
