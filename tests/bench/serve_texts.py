"""Sentences of mixed length that are all different, so that no cache knows them."""

import random
from collections.abc import Iterator
from pathlib import Path

from num2words import num2words

from training.data.corpus import stream_lines

FRAMES = (
    "She counted to {}.",
    "There are {} dogs in front of the house.",
    "The old man with the red hat bought {} apples and {} pears at the market.",
    "In the year {} the town had {} houses, and only {} of them were made of stone.",
    "When the train arrived at the station, {} people got off, {} stayed on their seats, and {} were still waiting for "
    "another train, which was late because of the rain.",
)


def sentences(source: Path | None = None, seed: int = 1) -> Iterator[str]:
    """The lines of the file over and over, or made-up sentences without end."""
    if source:
        while True:
            yield from filter(str.strip, stream_lines(source))
    draw = random.Random(seed)
    while True:
        frame = draw.choice(FRAMES)
        yield frame.format(*(num2words(draw.randrange(10_000)) for _ in range(frame.count("{}"))))
