"""Text cut into sentences and put together again without losing a byte.

A line end always ends a sentence; inside a line sentencex decides. A sentence carries no white space at its ends: that
belongs to the separators, which a translation takes over unchanged.
"""

import re
from collections.abc import Iterator, Sequence

import sentencex

from mt.text.normalization import refuse_surrogates

# The line ends of str.splitlines: \r\n, \n, \r, \v, \f, the separators U+001C to U+001E, U+0085, U+2028, U+2029.
_LINE = re.compile("[^\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")
_BARE = re.compile(r"\S(?:.*\S)?", re.DOTALL)
_WIDE_SPACE = re.compile(r"[^\S ]")
# sentencex 1.0 takes quadratic time on a line (7 s for 125,000 Chinese characters), so it sees one window at a time.
_WINDOW_CHARACTERS = 2_000


def split(text: str, language: str = "en") -> tuple[list[str], list[str]]:
    """The sentences of a text, and what stands before, between and after them: always one separator more.

    `join` makes the text of them again. A language that sentencex does not know is cut by general rules.
    Raises InvalidText for unpaired surrogates.
    """
    refuse_surrogates(text)
    sentences: list[str] = []
    separators: list[str] = []
    end = 0
    for start, stop in _sentence_spans(text, language.lower()):
        separators.append(text[end:start])
        sentences.append(text[start:stop])
        end = stop
    separators.append(text[end:])
    return sentences, separators


def join(sentences: Sequence[str], separators: Sequence[str]) -> str:
    """The text whose sentences stand between these separators, of which there is one more than of sentences."""
    assert len(separators) == len(sentences) + 1, (len(sentences), len(separators))
    return separators[0] + "".join(
        sentence + separator for sentence, separator in zip(sentences, separators[1:], strict=True)
    )


def _sentence_spans(text: str, language: str) -> Iterator[tuple[int, int]]:
    for line in _LINE.finditer(text):
        start = 0
        for length in _segment_lengths(line.group(), language):
            stop = start + length
            bare = _BARE.search(text, line.start() + start, line.start() + stop)
            if bare:
                yield bare.span()
            start = stop


def _segment_lengths(line: str, language: str) -> Iterator[int]:
    """The lengths of the sentences of a line, white space included; their sum is the length of the line."""
    # sentencex 1.0 panics where white space of more than one byte stands before a full stop ("A\u00a0. B").
    line = _WIDE_SPACE.sub(" ", line)
    start = 0
    unfinished = 0  # characters of a sentence that began in earlier windows
    while start < len(line):
        window = line[start : start + _WINDOW_CHARACTERS]
        *whole, last = _window_segment_lengths(window, language)
        is_end_of_line = start + len(window) == len(line)
        for length in whole:
            yield unfinished + length
            unfinished = 0
        if is_end_of_line:
            yield unfinished + last
            return
        # The last sentence goes on beyond the window: the next one starts with it, unless that would be slow.
        if last > _WINDOW_CHARACTERS // 2:
            unfinished += last
            start += len(window)
        else:
            start += len(window) - last


def _window_segment_lengths(window: str, language: str) -> list[int]:
    try:
        lengths = [len(segment) for segment in sentencex.segment(language, window)]
    except BaseException as error:
        # A panic of sentencex inherits from BaseException and would end a server's worker; the text stays one sentence.
        if type(error).__name__ != "PanicException":
            raise
        lengths = []
    return lengths if sum(lengths) == len(window) else [len(window)]
