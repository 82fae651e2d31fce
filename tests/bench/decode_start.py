"""A process as short as one can be: it translates a sentence, says so, translates some more, and tells its memory.

python -m tests.bench.decode_start BUNDLE ENGINE THREADS
"""

import json
import os
import sys
from pathlib import Path

from mt import Translator, load_bundle

SENTENCES = 100


def main() -> None:
    """Two lines of JSON: the first translation, when it is there, and in the end the resident memory."""
    bundle, engine, threads = sys.argv[1:]
    translator = Translator(load_bundle(bundle), int(threads), engine)
    source, target = translator.directions[0]
    first = translator.translate(["The train to number 0 leaves now."], source, target)
    print(json.dumps({"text": first[0].text}), flush=True)
    for number in range(SENTENCES):
        translator.translate([f"The train to number {number} leaves in {number % 50 + 10} minutes."], source, target)
    print(json.dumps({"resident_bytes": resident_bytes()}), flush=True)


def resident_bytes(statm: Path = Path("/proc/self/statm")) -> int:
    """The memory that this process holds now; 0 where the system does not tell."""
    if not statm.exists():
        return 0
    return int(statm.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
