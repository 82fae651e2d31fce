"""mt: translate text on this machine, and look at bundles."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from tqdm import tqdm

from mt.bulk import BYTES_AT_ONCE, LINES_AT_ONCE, Chunk, Done, Job, in_chunks, work_through
from mt.bundle import Bundle, load_bundle, shipped_bundle
from mt.confidence import read_confidence
from mt.cores import usable_cores
from mt.engines.inside import TOO_OLD
from mt.errors import BundleError, DragomanError, InvalidOption, InvalidText
from mt.open_engine import AUTO, choose_engine
from mt.part_file import PartFile, whole_lines
from mt.picture import Picture, draw, require_suffix
from mt.text.markup import Form
from mt.translator import Translator

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
MANY_LINES = 1_000  # from here on the speed is told


@app.command()
def translate(
    source: Annotated[str, typer.Option("--from", help="Source language, such as en.")],
    target: Annotated[str, typer.Option("--to", help="Target language, such as de.")],
    file: Annotated[Path | None, typer.Argument(help="A UTF-8 text file; default: standard input.")] = None,
    output: Annotated[Path | None, typer.Option(help="Write to this file; FILE.part until it is whole.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="With --output: go on with its .part, if any.")] = False,
    workers: Annotated[int | None, typer.Option(help="Processes; default: all cores for a long FILE, else 1.")] = None,
    bundle: Annotated[Path | None, typer.Option(help="A bundle's folder; default: the one shipped.")] = None,
    engine: Annotated[str, typer.Option(help="What runs the bundle: auto, litert or savedmodel.")] = AUTO,
    n_best: Annotated[int, typer.Option(help="With --json: translations a line, up to 16.")] = 1,
    greedy: Annotated[bool, typer.Option("--greedy", help="Greedy search: faster, a little worse.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, with scores and warnings.")] = False,
    form: Annotated[str, typer.Option("--format", help="What each line is: text, html or xml.")] = "text",
    no_protect: Annotated[bool, typer.Option("--no-protect", help="Translate addresses, code, numbers too.")] = False,
    no_loop_guard: Annotated[bool, typer.Option("--no-loop-guard", help="Never search again what loops.")] = False,
    shortlist: Annotated[bool, typer.Option("--shortlist", help="Score likely pieces only, by its lexicon.")] = False,
    as_stream: Annotated[bool, typer.Option("--stream", help="Write as it grows, piece by piece; --greedy.")] = False,
) -> None:
    """Translates line by line: one line in, one line out."""
    _refuse_what_makes_no_sense(output, resume, workers)
    kind = Form(form).kind
    if as_stream:
        unfit = {"--output": output, "--workers": workers, "--json": as_json, "--n-best": n_best > 1}
        unfit |= {"--shortlist": shortlist}
        _refuse_beside_stream({**unfit, "--format": kind != "text"})
        job = Job(bundle or shipped_bundle(), engine, source.lower(), target.lower())
        _write_as_it_grows(file, replace(job, protect=not no_protect, loop_guard=not no_loop_guard))
        return
    began = time.monotonic()
    with _input(file) as stream, _progress(file) as bar:
        loaded = load_bundle(bundle or shipped_bundle())
        chosen = choose_engine(loaded, engine).name
        languages = source.lower(), target.lower()
        job = Job(loaded.path, chosen, *languages, n_best if as_json else 1, greedy, as_json, not no_protect, kind)
        job = replace(job, loop_guard=not no_loop_guard, shortlist=shortlist)
        is_typed = stream.isatty()  # then a line is answered before the next is waited for
        processes = 1 if is_typed else workers or sensible_workers(file, chosen)
        open_work = partial(job.open, threads=1) if processes > 1 else partial(job.open, loaded)
        with _destination(output, job, resume) as destination:
            lines_before, bytes_before = destination.begin(stream)
            bar.update(bytes_before)
            name, at_once = str(file or "standard input"), 1 if is_typed else LINES_AT_ONCE
            chunks = in_chunks(stream, name, lines_before + 1, at_once)
            with closing(work_through(open_work, chunks, processes)) as results:
                lines, sentences = _deliver(results, destination, bar)
            destination.complete()
    if lines >= MANY_LINES:
        by = f"{chosen}, {processes} process{'es' if processes > 1 else ''}"
        _tell_speed(lines, sentences, time.monotonic() - began, by)


@app.command()
def explain(
    source: Annotated[str, typer.Option("--from", help="Source language, such as en.")],
    target: Annotated[str, typer.Option("--to", help="Target language, such as de.")],
    output: Annotated[Path, typer.Option(help="The file to write: .html, or .png by matplotlib.")],
    text: Annotated[str | None, typer.Argument(help="What to translate; default: standard input.")] = None,
    bundle: Annotated[Path | None, typer.Option(help="A bundle's folder; default: the one shipped.")] = None,
    engine: Annotated[str, typer.Option(help="What runs the bundle: auto, litert or savedmodel.")] = AUTO,
) -> None:
    """Draws why a translation is what it is: attention, word links, probabilities, gates and cells."""
    require_suffix(output)
    translator = Translator(load_bundle(bundle or shipped_bundle()), engine=engine)
    if not translator.is_transparent:
        print(f"mt: {TOO_OLD} The rest is drawn.", file=sys.stderr)
    read = _typed() if text is None else text
    languages = source.lower(), target.lower()
    (found,) = translator.translate([read], *languages, links=True, inside=translator.is_transparent)
    draw(Picture(read, found, f"{' → '.join(languages)}, {translator.name}"), output)


def _typed() -> str:
    """All of standard input."""
    try:
        return sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidText(
            f"Standard input is not UTF-8: byte {error.start:,} is wrong. Convert it to UTF-8."
        ) from error


@app.command()
def score(
    source: Annotated[Path, typer.Argument(help="Sentences, one a line.")],
    target: Annotated[Path, typer.Argument(help="Their translations, whoever made them.")],
    source_language: Annotated[str, typer.Option("--from", help="Source language, such as en.")],
    target_language: Annotated[str, typer.Option("--to", help="Target language, such as de.")],
    bundle: Annotated[Path | None, typer.Option(help="A bundle's folder; default: the one shipped.")] = None,
    engine: Annotated[str, typer.Option(help="What runs the bundle: auto, litert or savedmodel.")] = AUTO,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Says how likely given translations are: a line each with log-probability and adequacy, a tab between."""
    sources, targets = (_lines(path) for path in (source, target))
    if len(sources) != len(targets):
        raise InvalidText(
            f"{source} has {len(sources):,} lines and {target} {len(targets):,}. Line n of one must be the translation "
            "of line n of the other."
        )
    translator = Translator(load_bundle(bundle or shipped_bundle()), engine=engine)
    for start in range(0, len(sources), LINES_AT_ONCE):
        texts = sources[start : start + LINES_AT_ONCE], targets[start : start + LINES_AT_ONCE]
        for one in translator.score(*texts, source_language.lower(), target_language.lower()):
            print(json.dumps(vars(one)) if as_json else f"{one.score:.4f}\t{_told(one.adequacy)}")


def _lines(file: Path) -> list[str]:
    with _input(file) as stream:
        return [line for chunk in in_chunks(stream, str(file)) for line in chunk.lines]


def _told(number: float | None) -> str:
    return "null" if number is None else f"{number:.4f}"


@app.command()
def info(bundle: Annotated[Path | None, typer.Argument(help="Default: the bundle shipped.")] = None) -> None:
    """Shows what a bundle is, after checking every file of it."""
    print(_description(load_bundle(bundle or shipped_bundle())))


def _description(bundle: Bundle) -> str:
    """What a bundle is, as aligned lines."""
    manifest = bundle.manifest
    megabytes = sum((bundle.path / name).stat().st_size for name in manifest.files) / 1e6
    rows = [
        ("name", f"{manifest.name}: {manifest.description}" if manifest.description else manifest.name),
        *([("version", manifest.version)] if manifest.version else []),
        ("path", f"{bundle.path} ({len(manifest.files)} files, {megabytes:.1f} MB, all checksums right)"),
        ("directions", ", ".join(manifest.directions)),
        ("model", f"{manifest.parameters:,} parameters, {bundle.tokenizer.size:,} pieces"),
        ("search", ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in manifest.search.items())),
        ("engine", engine_here(bundle)),
        *_confidence_rows(bundle),
    ]
    for corpus in manifest.corpora:
        rows.append(("corpus", f"{corpus['name']}, {corpus['pairs']:,} pairs"))
        rows.append(("", f"{corpus['licence'] or 'no licence stated'}; {corpus['attribution']}"))
    for score in manifest.scores:
        metrics = ", ".join(f"{metric['name']} {metric['value']:.1f}" for metric in score["metrics"])
        rows.append(("scores", f"{score['direction']} {score['test_set']}: {metrics}"))
        rows.extend(("", metric["signature"]) for metric in score["metrics"][:1])
    rows.append(("made", f"{manifest.created} with {', '.join(f'{k} {v}' for k, v in manifest.versions.items())}"))
    return "\n".join(f"{label:12}{text}" for label, text in rows)


def _confidence_rows(bundle: Bundle) -> list[tuple[str, str]]:
    """What its confidence is worth, by direction."""
    known = read_confidence(bundle)
    if not known:
        return [("confidence", "null: the bundle has none for this version; `mt-train calibrate RECIPE` gives it one")]
    rows = []
    for pair, one in known.items():
        adequacy = f", adequacy {one.adequacy.error:.3f}" if one.adequacy else ""
        errors = f"sentences {one.sentence.error:.3f}, words {one.word.error:.3f}{adequacy}"
        rows.append(("confidence", f"{'-'.join(pair)}: calibration error of {errors}"))
    return rows


def engine_here(bundle: Bundle, is_installed: Callable[[str], object] = find_spec) -> str:
    """Which engine runs the bundle, and why; or why none does."""
    try:
        name, reason = choose_engine(bundle, AUTO, is_installed)
    except BundleError as error:
        return str(error)
    return f"{name} ({reason})"


def _refuse_what_makes_no_sense(output: Path | None, resume: bool, workers: int | None) -> None:
    if workers is not None and workers < 1:
        raise InvalidOption(f"--workers must be at least 1, got {workers}.")
    if resume and not output:
        raise InvalidOption("--resume goes on with the file of --output, which is not given. Add --output FILE.")


def _refuse_beside_stream(given: Mapping[str, object]) -> None:
    if names := [name for name, value in given.items() if value]:
        raise InvalidOption(f"--stream writes plain text piece by piece, so it cannot go with {', '.join(names)}.")


def _write_as_it_grows(file: Path | None, job: Job) -> None:
    """Writes the translations to standard output, each piece as soon as it is sure."""
    with _input(file) as stream:
        translator = job.translator()
        for chunk in in_chunks(stream, str(file or "standard input"), most_lines=1):
            growing = translator.stream(chunk.lines[0], job.source, job.target, protect=job.protect)
            for item in chain(growing, "\n"):
                sys.stdout.buffer.write(item.encode("utf-8"))
                sys.stdout.buffer.flush()


def sensible_workers(file: Path | None, engine: str) -> int:
    """All cores for a file with more than a chunk of text for each, one for what may come slowly or be short.

    TensorFlow uses several cores itself, and each process of it takes 600 MB.
    """
    if file is None or not file.is_file() or engine == "savedmodel":
        return 1
    return max(1, min(usable_cores(), file.stat().st_size // BYTES_AT_ONCE))


def _input(file: Path | None) -> BinaryIO:
    if file is None:
        return sys.stdin.buffer
    try:
        return file.open("rb")
    except OSError as error:
        raise InvalidText(f"Cannot read {file}: {error.strerror}. Give a UTF-8 text file.") from error


def _progress(file: Path | None) -> tqdm:
    """A bar over the bytes of a file, shown on a terminal from the second on in which it is still not done."""
    size = file.stat().st_size if file else None
    return tqdm(total=size, unit="B", unit_scale=True, delay=1, miniters=1, disable=None if file else True)


class _StandardOutput:
    """Where translations go at once: a program at the other end of a pipe waits for them."""

    def __enter__(self) -> "_StandardOutput":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def begin(self, _: BinaryIO) -> tuple[int, int]:
        return 0, 0

    def write(self, _: bytes, lines: list[str]) -> None:
        sys.stdout.buffer.write(whole_lines(lines))
        sys.stdout.buffer.flush()

    def complete(self) -> None:
        pass


def _destination(output: Path | None, job: Job, resume: bool) -> PartFile | _StandardOutput:
    return PartFile(output, job.made_with(), resume) if output else _StandardOutput()


def _deliver(
    results: Iterable[tuple[Chunk, Done]], destination: PartFile | _StandardOutput, bar: tqdm
) -> tuple[int, int]:
    """Writes what is done, as it comes; the numbers of lines and of sentences searched."""
    lines = sentences = 0
    for chunk, done in results:
        destination.write(chunk.raw, done.lines)
        bar.update(len(chunk.raw))
        lines += len(chunk.lines)
        sentences += done.sentences
    return lines, sentences


def _tell_speed(lines: int, sentences: int, seconds: float, by: str) -> None:
    speed = sentences / seconds
    print(f"{lines:,} lines in {seconds:,.1f} s: {speed:,.0f} sentences a second ({by})", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point: deliberate errors are one line, never a traceback; a closed pipe ends the program quietly."""
    try:
        app(arguments)
    except DragomanError as error:
        print(f"mt: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
