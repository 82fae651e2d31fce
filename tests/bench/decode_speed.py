"""`make bench-decode`: how long our engines take to translate, beside CTranslate2 and JoeyNMT, in one run.

search: a model with random weights and 20 pieces forced of every translation, alone and 32 at once, greedy and with
        beam 5; the peers have models of about as many parameters.
step:   one step of the decoder in int8, and how near it comes to the speed at which weights can be read.
text:   a bundle on a file of sentences, whole path, such as the Tatoeba test set that the shipped bundle was scored on,
        Multi30k's test_2016 or IWSLT's tst2013: --source FILE.
start:  from the start of a process to its first translation, and its memory after a hundred.

Everybody has a process of its own that stays alive; rounds alternate (ours, peer, ours, peer, …), so that whatever else
the machine does meets all alike. Only the one that is being timed computes. Use a quiet machine.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from mt import Bundle, BundleError, DragomanError, load_bundle, shipped_bundle
from mt.open_engine import ENGINES, choose_engine
from tests.bench.cases import CASES as MODELS
from tests.bench.decode_cases import COPY, GRAPH_ALONE, ONE_BY_ONE, SEARCHES, STEPS, DecodeSpec, TextSpec, write_spec
from tests.bench.decode_figures import search_table, start_table, step_table, text_row, text_table
from tests.bench.decode_process import Process, in_parts, in_rounds, start, tell_progress
from tests.bench.decode_start import SENTENCES
from tests.bench.train_speed import PEERS_PYTHON, run_to_end
from training.run.machine import hardware

# Modules and Pythons; the first of those that are asked for is what the others are compared with.
CONTESTANTS = {
    "litert-int8": ("tests.bench.decode_litert", sys.executable),
    "litert-int8-shortlist": ("tests.bench.decode_litert", sys.executable),
    "litert-float32": ("tests.bench.decode_litert", sys.executable),
    "savedmodel": ("tests.bench.decode_savedmodel", sys.executable),
    "savedmodel-driven": ("tests.bench.decode_savedmodel", sys.executable),
    "ctranslate2": ("tests.bench.decode_ctranslate2", str(PEERS_PYTHON)),
    "joeynmt": ("tests.bench.decode_joeynmt", str(PEERS_PYTHON)),
}
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    cases: Sequence[str]
    model: str
    contestants: Sequence[str]
    rounds: int
    seconds: float
    threads: int
    bundle: Path
    source: Path | None
    direction: str | None
    lines: int
    processes: Sequence[int]
    out: Path


class Result(NamedTuple):
    """What a case came to."""

    text: str
    facts: dict[str, Any]


def measure_search(options: Options, folder: Path) -> Result:
    """The searches of SEARCHES by all contestants."""
    require_model(options, folder)
    with ExitStack() as stack:
        processes = {}
        for name in options.contestants:
            module, python = CONTESTANTS[name]
            spec = DecodeSpec(name, options.model, str(folder), options.threads)
            processes[name] = stack.enter_context(Process(python, module, write_spec(spec, folder / f"{name}.json")))
        taken = in_rounds(processes, list(SEARCHES), options.rounds, options.seconds)
        facts = {name: process.facts for name, process in processes.items()}
    text = search_table(list(facts.values()), list(taken.values()))
    return Result(f"Search, model {options.model}\n{text}", {"contestants": facts, "seconds": taken})


def measure_step(options: Options, folder: Path) -> Result:
    """One step of the decoder, by LiteRT in int8."""
    require_model(options, folder)
    spec = write_spec(DecodeSpec("step", options.model, str(folder), options.threads), folder / "step.json")
    jobs = [COPY, *(name + behind for name in STEPS for behind in ("", GRAPH_ALONE))]
    with Process(sys.executable, "tests.bench.decode_step", spec) as process:
        taken = in_rounds({"step": process}, jobs, options.rounds, options.seconds)["step"]
    text = step_table(process.facts, taken)
    return Result(f"Step, model {options.model}, LiteRT int8\n{text}", {"facts": process.facts, "seconds": taken})


def require_model(options: Options, folder: Path) -> None:
    """Makes the model with random weights, unless a case before has done it."""
    if not (folder / "model.json").exists():
        run_to_end("tests.bench.decode_model", options.model, folder)


def measure_text(options: Options, folder: Path) -> Result:
    """Real text by all engines that can run the bundle."""
    if options.source is None:
        return Result("Text: left out; name a file of sentences with --source.", {})
    bundle = load_bundle(options.bundle)
    languages = choose_direction(bundle, options.direction)
    engines, left_out = able_engines(bundle)
    with ExitStack() as stack:
        teams = {engine: text_team(bundle, engine, languages, options, folder, stack) for engine in engines}
        alone = in_rounds({name: team[0] for name, team in teams.items()}, [ONE_BY_ONE], options.rounds, 0.0)
        calls = in_parts(teams, options.processes, options.rounds)
        lines = teams[engines[0]][0].facts["lines"]
    rows = [text_row(f"ours, {name}", alone[name][ONE_BY_ONE], calls[name], lines) for name in engines]
    title = f"Text, {lines:,} lines of {options.source}, {'-'.join(languages)}, {bundle.manifest.name}"
    text = "\n".join([title, text_table(rows, options.processes), *left_out])
    return Result(text, {"source": str(options.source), "lines": lines, "one_by_one": alone, "calls": calls})


def text_team(
    bundle: Bundle, engine: str, languages: tuple[str, str], options: Options, folder: Path, stack: ExitStack
) -> list[Process]:
    """As many processes of an engine as are asked for at most; they end with the stack."""
    assert options.source
    spec = TextSpec(
        str(bundle.path.resolve()),
        engine,
        options.threads,
        str(options.source.resolve()),
        options.lines,
        languages,
        tuple(options.processes),
    )
    team = []
    for member in range(max(options.processes)):
        path = write_spec(spec, folder / f"text-{engine}-{member}.json")
        team.append(stack.enter_context(Process(sys.executable, "tests.bench.decode_text", path)))
    return team


def measure_start(options: Options, _: Path) -> Result:
    """Processes that begin, by all engines that can run the bundle."""
    bundle = load_bundle(options.bundle)
    engines, left_out = able_engines(bundle)
    starts: dict[str, list[tuple[float, int]]] = {engine: [] for engine in engines}
    for number in range(options.rounds + 1):
        for engine in engines:
            command = [
                sys.executable,
                "-m",
                "tests.bench.decode_start",
                str(bundle.path.resolve()),
                engine,
                str(options.threads),
            ]
            seconds, last = start(command)
            tell_progress(number, options.rounds, f"{engine}, start: {seconds:.2f} s")
            if number:
                starts[engine].append((seconds, last["resident_bytes"]))
    title = f"Start, {bundle.manifest.name}"
    return Result("\n".join([title, start_table(starts, SENTENCES), *left_out]), {"seconds_and_bytes": starts})


MEASURES: Mapping[str, Callable[[Options, Path], Result]] = {
    "search": measure_search,
    "step": measure_step,
    "text": measure_text,
    "start": measure_start,
}


def choose_direction(bundle: Bundle, asked: str | None) -> tuple[str, str]:
    """The languages of a direction of the bundle, by default of its first one."""
    names = bundle.manifest.directions
    if asked is not None and asked not in names:
        sys.exit(f"--direction must be one of {', '.join(names)}, got {asked}.")
    return bundle.manifest.pairs[names.index(asked) if asked else 0]


def able_engines(
    bundle: Bundle, choose: Callable[[Bundle, str], object] = choose_engine
) -> tuple[list[str], list[str]]:
    """The engines that can run a bundle, and a line for each one that cannot."""
    able, left_out = [], []
    for name in ENGINES:
        try:
            choose(bundle, name)
            able.append(name)
        except BundleError as error:
            left_out.append(f"  {name} is left out. {error}")
    if not able:
        sys.exit("\n".join(left_out))
    return able, left_out


def parse(arguments: Sequence[str]) -> Options:
    """The options of a command line."""
    parser = argparse.ArgumentParser(
        prog="make bench-decode", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", nargs="+", choices=MEASURES, default=list(MEASURES))
    parser.add_argument("--model", choices=MODELS, default="M", help="its sizes (default M; check takes seconds)")
    parser.add_argument("--contestants", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS), help="of search")
    parser.add_argument("--rounds", type=_positive, default=5, help="after one to warm up (default 5)")
    parser.add_argument("--seconds", type=float, default=1.0, help="of each search and step in a round (default 1)")
    parser.add_argument("--threads", type=_positive, default=1, help="of each (default 1; LiteRT always has 1)")
    parser.add_argument("--bundle", type=Path, default=shipped_bundle(), help="default: the one shipped")
    parser.add_argument("--source", type=Path, help="UTF-8 text, one sentence a line; may be compressed")
    parser.add_argument("--direction", help="such as en-de (default: the bundle's first)")
    parser.add_argument("--lines", type=_positive, default=1_000, help="of the source, at most (default 1,000)")
    parser.add_argument(
        "--processes", type=_positive, nargs="+", default=[1, 2], help="that share the lines (default 1 2)"
    )
    parser.add_argument("--out", type=Path, default=Path("runs/bench-decode.json"), help="default: %(default)s")
    options = Options(**vars(parser.parse_args(arguments)))
    if options.source and not options.source.is_file():
        parser.error(f"--source must be a file, got {options.source}")
    return options


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 on, got {text}")
    return int(text)


def require_peers(options: Options) -> None:
    """Ends the program where a peer is asked for and not installed."""
    if "search" not in options.cases or PEERS_PYTHON.exists():
        return
    if any(CONTESTANTS[name][1] == str(PEERS_PYTHON) for name in options.contestants):
        sys.exit(f"There is no {PEERS_PYTHON}. Run `make .venv-peers/installed` first, or name --contestants of ours.")


def main() -> None:
    """Measures, prints the tables and writes them as JSON."""
    options = parse(sys.argv[1:])
    require_peers(options)
    os.environ.update({name: str(options.threads) for name in THREADS})  # of all processes
    began, results = datetime.now(UTC), {}
    # Of the last minute: on a quiet machine about 0.
    load = round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None
    print(f"{began:%Y-%m-%d %H:%M} UTC, {hardware()}, load {load}, {options.rounds} rounds, threads: {options.threads}")
    with tempfile.TemporaryDirectory(prefix="bench-decode-") as folder:
        for name in options.cases:
            try:
                result = MEASURES[name](options, Path(folder))
            except DragomanError as error:
                sys.exit(f"{name}: {error}")
            print(f"\n{result.text}", flush=True)
            results[name] = result._asdict()
    asked = {name: str(value) if isinstance(value, Path) else value for name, value in asdict(options).items()}
    facts = {"time": began.isoformat(), "hardware": hardware(), "load": load, "options": asked, "results": results}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
