"""Whether memory stays flat over many translations: `python -m tests.bench.decode_memory --help`.

Texts of 1 to 24 words are drawn from a file's words; one call in twenty searches with a beam and gives three versions.
"""

import argparse
import random
from itertools import islice
from pathlib import Path

from tqdm import tqdm

from mt import Translator, load_bundle, shipped_bundle
from tests.bench.decode_start import resident_bytes
from training.data.corpus import stream_lines

WARM = 5_000  # what grows until then fills arenas and interpreters of every shape
MOST_WORDS = 24
LINES = 2_000


def main() -> None:
    """Prints the resident memory at the first 5,000 translations and at every tenth of the rest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, default=shipped_bundle())
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--source", type=Path, required=True, help="a text file to draw words from")
    parser.add_argument("--from", dest="language", default="en")
    parser.add_argument("--to", default="de")
    parser.add_argument("--translations", type=int, default=100_000)
    asked = parser.parse_args()
    words = " ".join(islice(stream_lines(asked.source), LINES)).split()
    translator, draw, first = Translator(load_bundle(asked.bundle), engine=asked.engine), random.Random(1), 0
    for count in tqdm(range(1, asked.translations + 1), unit="text"):
        start, length = draw.randrange(len(words)), draw.randint(1, MOST_WORDS)
        text = " ".join(words[start : start + length])
        has_beam = count % 20 == 0
        translator.translate([text], asked.language, asked.to, greedy=not has_beam, n_best=3 if has_beam else 1)
        if count == WARM:
            first = resident_bytes()
        if first and (count == WARM or count % (asked.translations // 10) == 0):
            now = resident_bytes()
            tqdm.write(f"{count:7,} translations: {now / 2**20:.1f} MiB, {now / first - 1:+.2%} since {WARM:,}")


if __name__ == "__main__":
    main()
