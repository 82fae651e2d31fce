"""Whether the engines find what eager search finds, on real sentences: `python -m tests.bench.equality --help`.

Compared are the live model's own search (mt.export.search_eagerly), the SavedModel and LiteRT in float32, and the
int8 that is shipped. Float32 engines may differ only where two hypotheses have the same score but for rounding.
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
from keras import ops

from mt import Hypothesis, SearchOptions, Translator, load_bundle, shipped_bundle
from mt.convert import convert
from mt.engines.litert import LiteRTEngine
from mt.export import search_eagerly
from mt.model import Seq2Seq
from mt.tokenizer import BOS, EOS, PAD
from training.data.corpus import stream_lines
from training.restore import restore_model

BATCH = 32
# Float32 sums of about 20 log-probabilities, added in another order, differ by less than this.
ROUNDING = 1e-3

Sources = Sequence[Sequence[int]]
Search = Callable[[Sources, SearchOptions], list[Hypothesis]]


def main() -> None:
    """Prints one line for each engine and search."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, default=shipped_bundle())
    parser.add_argument("--source", type=Path, required=True, help="a text file, a sentence a line")
    parser.add_argument("--from", dest="language", default="en")
    parser.add_argument("--to", default="de")
    parser.add_argument("--lines", type=int, default=1_000)
    asked = parser.parse_args()
    bundle = load_bundle(asked.bundle)
    model, translator = restore_model(bundle), Translator(bundle, engine="savedmodel")
    lines = islice(stream_lines(asked.source), asked.lines)
    sources = sorted(
        {ids for line in lines for ids in translator.plan(line, asked.language, asked.to).sources}, key=len
    )
    with tempfile.TemporaryDirectory() as folder:
        convert(bundle.saved_model, Path(folder) / "float32", quantized=False)
        engines: dict[str, Search] = {
            "savedmodel float32": lambda batch, options: best_of(translator.search(batch, options)),
            "litert float32": best_by(LiteRTEngine(Path(folder) / "float32")),
            "litert int8": best_by(LiteRTEngine(bundle.litert)),
        }
        own = replace(translator.options(), loop_guard=False)
        for name, options in (("beam", own), ("greedy", translator.options(own, greedy=True))):
            eager = in_batches(lambda batch, options: eagerly(model, batch, options), sources, options)
            wrong = np.abs(np.array([one.score for one in eager]) - rescored(model, sources, eager)).max()
            print(
                f"{name}, eager: {len(sources):,} sentences; scores differ from teacher forcing by {wrong:.1e} at most"
            )
            for engine, search in engines.items():
                print(f"{name}, {engine}: {compared(eager, in_batches(search, sources, options))}", flush=True)


def best_of(found: Sequence[Sequence[Hypothesis]]) -> list[Hypothesis]:
    """The first hypothesis of each source."""
    return [hypotheses[0] for hypotheses in found]


def best_by(engine: LiteRTEngine) -> Search:
    """The engine as a search for the best."""
    return lambda batch, options: best_of(engine.search(batch, options))


def in_batches(search: Search, sources: Sources, options: SearchOptions) -> list[Hypothesis]:
    """The best of every source, which are in the order of their lengths."""
    starts = range(0, len(sources), BATCH)
    return [one for start in starts for one in search(sources[start : start + BATCH], options)]


def padded(rows: Sources) -> np.ndarray:
    """The rows (B, S), PAD behind."""
    width = max(map(len, rows))
    return np.array([[*row, *[PAD] * (width - len(row))] for row in rows], np.int32)


def eagerly(model: Seq2Seq, batch: Sources, options: SearchOptions) -> list[Hypothesis]:
    """The live model's own search."""
    found = search_eagerly(model, padded(batch), options if options.beam > 1 else None)
    ids, lengths, scores, is_complete, attention, _ = (np.asarray(field)[:, 0] for field in found)
    return [
        Hypothesis(ids[row, : lengths[row]].tolist(), float(scores[row]), bool(is_complete[row]), attention[row])
        for row in range(len(batch))
    ]


def rescored(model: Seq2Seq, sources: Sources, found: Sequence[Hypothesis]) -> np.ndarray:
    """The sum of log-probabilities of each hypothesis by teacher forcing, as in training."""
    scores = []
    for start in range(0, len(found), BATCH):
        chosen = found[start : start + BATCH]
        targets = [[*one.ids, *[EOS] * one.is_complete] for one in chosen]
        previous = padded([[BOS, *row[:-1]] for row in targets])
        readouts, _ = model.decoder(model.embed(previous), model.encode(padded(sources[start : start + BATCH])))
        log_probabilities = np.asarray(ops.log_softmax(model.logits(readouts)))
        rows = zip(log_probabilities, targets, strict=True)
        scores += [row[np.arange(len(pieces)), pieces].sum() for row, pieces in rows]
    return np.array(scores)


def compared(eager: Sequence[Hypothesis], other: Sequence[Hypothesis]) -> str:
    """How many are the same, how many differ by rounding only, and by how much the scores of the same differ."""
    pairs = list(zip(eager, other, strict=True))
    same = [(one, two) for one, two in pairs if one.ids == two.ids]
    ties = [(one, two) for one, two in pairs if one.ids != two.ids and abs(one.score - two.score) < ROUNDING]
    most = max(abs(one.score - two.score) for one, two in same)
    return (
        f"{len(same):,} the same, {len(ties):,} of equal score, {len(pairs) - len(same) - len(ties):,} different; "
        f"scores of the same differ by {most:.1e} at most"
    )


if __name__ == "__main__":
    main()
