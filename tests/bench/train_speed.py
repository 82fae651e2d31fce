"""`make bench-train`: target pieces a second of our training beside PyTorch's and JoeyNMT's, in one run.

Everybody trains a model of the same size on the same batches, each in a process of its own that stays alive; rounds
alternate (ours, peer, peer, ours, …), so that whatever else the machine does meets all alike. Only the one that is
being timed computes. Use a quiet machine.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.bench.cases import CASES, DROPOUT, LABEL_SMOOTHING, Case, Spec
from tests.bench.figures import Row, make_row, render, timed
from training.run.machine import hardware

ROOT = Path(__file__).parent.parent.parent
PEERS_PYTHON = ROOT / ".venv-peers" / "bin" / "python"
# Modules and precisions; JoeyNMT refuses half precision on a CPU.
PEERS = {
    "pytorch": ("tests.bench.peers.pytorch_lstm", "float32"),
    "pytorch-bfloat16": ("tests.bench.peers.pytorch_lstm", "bfloat16"),
    "joeynmt": ("tests.bench.peers.joeynmt_rnn", "float32"),
}


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    cases: Sequence[str]
    peers: Sequence[str] | None  # None = all, bfloat16 where ours computes in it
    batches: int
    rounds: int
    threads: int
    precision: str
    data: Path | None
    out: Path


class Worker:
    """A process of tests.bench.worker, from the other side."""

    def __init__(self, python: Path | str, module: str, spec: Path) -> None:
        self._name, self._log = module, spec.with_suffix(".log")
        with self._log.open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [str(python), "-m", module, str(spec)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=ROOT,
                env=environment(),
            )
        self.facts = self._read()

    def train_round(self) -> dict[str, Any]:
        """A tests.bench.worker.Answer as a dict."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            sys.exit(f"{self._name} ended with status {self._process.wait()}:\n{self._log.read_text(encoding='utf-8')}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._process.communicate()  # closes its input, at which it ends


def environment() -> dict[str, str]:
    """The variables of all workers: a benchmark of processors, not of what else is built in."""
    ours = {"TF_CPP_MIN_LOG_LEVEL": "2", "TF_ENABLE_ONEDNN_OPTS": "1"}  # as mt.engines.tensorflow has them
    return {**os.environ, "CUDA_VISIBLE_DEVICES": "", **ours}


def measure(case: Case, options: Options, folder: Path) -> dict[str, Any]:
    """The facts of a case: its corpus, a row for each trainee, the input pipeline."""
    ours = Spec(case, str(folder), options.threads, options.precision).write(folder / "ours.json")
    corpus = ["--data", str(options.data.resolve())] if options.data else []
    run_to_end("tests.bench.corpus", ours, "--batches", str(options.batches), *corpus)
    facts = json.loads((folder / "corpus.json").read_text(encoding="utf-8"))
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker(sys.executable, "tests.bench.ours", ours))]
        peers = choose_peers(options.peers, workers[0].facts["precision"])
        if peers and not PEERS_PYTHON.exists():
            sys.exit(
                f"There is no {PEERS_PYTHON}. Run `make .venv-peers/installed` first, or add --peers without a name."
            )
        for peer in peers:
            module, precision = PEERS[peer]
            spec = Spec(case, str(folder), options.threads, precision).write(folder / f"{peer}.json")
            workers.append(stack.enter_context(Worker(PEERS_PYTHON, module, spec)))
        rows = _train(workers, facts["pieces"], options.rounds)
    run_to_end("tests.bench.pipeline", ours, str(2 * options.batches))
    pipeline = json.loads((folder / "pipeline.json").read_text(encoding="utf-8"))
    return {"case": asdict(case), "corpus": facts, "rows": rows, "pipeline": pipeline}


def choose_peers(asked: Sequence[str] | None, our_precision: str) -> list[str]:
    """The names of the peers: those asked for, or all that make sense beside our precision."""
    if asked is not None:
        return list(asked)
    return [name for name in PEERS if name != "pytorch-bfloat16" or "bfloat16" in our_precision]


def _train(workers: Sequence[Worker], pieces: Sequence[int], rounds: int) -> list[Row]:
    answers: list[list[dict[str, Any]]] = [[] for _ in workers]
    for number in range(rounds + 1):
        for worker, its in zip(workers, answers, strict=True):
            its.append(worker.train_round())
            done = "warm-up" if number == 0 else f"round {number} of {rounds}"
            print(f"{done}: {worker.facts['name']}, {sum(its[-1]['seconds']):.1f} s", file=sys.stderr)
    ours = timed(answers[0])
    return [
        make_row(worker.facts, pieces, its, None if its is answers[0] else ours)
        for worker, its in zip(workers, answers, strict=True)
    ]


def run_to_end(module: str, *arguments: Path | str) -> None:
    """Runs a program of ours to its end, in a process of its own, so that this one stays small."""
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=ROOT,
        env=environment(),
        stdout=sys.stderr,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{module} ended with status {done.returncode}.")


def title(result: Mapping[str, Any]) -> str:
    """What a case's table is about."""
    case, corpus = result["case"], result["corpus"]
    pieces = corpus["pieces"]
    return (
        f"{case['name']}: embedding {case['embedding']}, encoder {case['encoder_layers']} x biLSTM "
        f"{case['encoder_hidden']}, decoder {case['decoder_layers']} x LSTM {case['decoder_hidden']}, vocabulary "
        f"{case['vocabulary']:,}; {len(pieces)} batches of {min(pieces):,} - {max(pieces):,} target pieces, "
        f"{corpus['padding']:.1%} padding\n  Text: {corpus['text']}; targets of {corpus['target_pieces_mean']:.1f} ± "
        f"{corpus['target_pieces_deviation']:.1f} pieces. Dropout {DROPOUT}, label smoothing {LABEL_SMOOTHING}."
    )


def parse(arguments: Sequence[str]) -> Options:
    """The options of a command line."""
    parser = argparse.ArgumentParser(prog="make bench-train", description=__doc__)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=["M", "small"])
    parser.add_argument("--peers", nargs="*", choices=PEERS, help="default: all that the processor is made for")
    parser.add_argument("--batches", type=int, default=12, help="updates of a round (default 12)")
    parser.add_argument("--rounds", type=int, default=5, help="after one to warm up (default 5)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of each (default: all cores)")
    parser.add_argument("--precision", choices=["auto", "bfloat16", "float32"], default="auto", help="ours")
    parser.add_argument("--data", type=Path, help="a folder with two files train.*, instead of generated text")
    parser.add_argument("--out", type=Path, default=Path("runs/bench-train.json"), help="default: %(default)s")
    return Options(**vars(parser.parse_args(arguments)))


def main() -> None:
    """Measures, prints the tables and writes them as JSON."""
    options = parse(sys.argv[1:])
    results = []
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {hardware()}, {options.threads} threads each")
    for name in options.cases:
        with tempfile.TemporaryDirectory(prefix="bench-train-") as folder:
            result = measure(CASES[name], options, Path(folder))
        print(f"\n{render(title(result), result['rows'], result['pipeline'])}", flush=True)
        results.append({**result, "rows": [asdict(row) for row in result["rows"]]})
    facts = {"time": datetime.now(UTC).isoformat(), "hardware": hardware(), "results": results}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
