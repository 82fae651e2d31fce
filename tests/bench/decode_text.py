"""Our translator on real text: the whole path, text in, text out, one sentence at a time and in one call."""

import json
import platform
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

from mt import Translator, load_bundle
from tests.bench.decode_cases import ONE_BY_ONE, TextSpec, share
from tests.bench.decode_worker import Contestant, Job, serve
from training.data.corpus import stream_lines


def build(path: Path) -> Contestant:
    """A translator with the spec's engine, warm."""
    values = json.loads(path.read_text(encoding="utf-8"))
    spec = TextSpec(**{**values, "languages": tuple(values["languages"])})
    lines = list(islice(stream_lines(Path(spec.source)), spec.lines))
    translator = Translator(load_bundle(spec.bundle), spec.threads, spec.engine)
    translator.warm_up()

    def translate(texts: Sequence[str]) -> None:
        assert len(translator.translate(texts, *spec.languages)) == len(texts)

    facts = {"name": f"ours, {spec.engine}", "lines": len(lines), "versions": {"python": platform.python_version()}}
    return Contestant(text_jobs(translate, lines, spec.processes), facts)


def text_jobs(
    translate: Callable[[Sequence[str]], object], lines: Sequence[str], processes: Sequence[int]
) -> dict[str, Job]:
    """Every line alone, and for each number of processes every part of the lines in one call."""
    jobs = {ONE_BY_ONE: Job(lambda number: translate(lines[number : number + 1]), repetitions=len(lines))}
    for parts in processes:
        for part in range(parts):
            chosen = lines[part::parts]
            jobs[share(part, parts)] = Job(lambda _, chosen=chosen: translate(chosen), repetitions=1)
    return jobs


if __name__ == "__main__":
    serve(build)
