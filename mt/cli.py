"""mt: translate text on this machine, and look at bundles."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from tqdm import tqdm

from mt.bundle import Bundle, load_bundle, shipped_bundle
from mt.errors import DragomanError, InvalidText
from mt.translator import Translation, Translator

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
LINES_AT_ONCE = 1_000  # enough for full batches of like length; what is read, and held, at a time


@app.command()
def translate(
    source: Annotated[str, typer.Option("--from", help="Source language, such as en.")],
    target: Annotated[str, typer.Option("--to", help="Target language, such as de.")],
    file: Annotated[Path | None, typer.Argument(help="A UTF-8 text file; default: standard input.")] = None,
    bundle: Annotated[Path | None, typer.Option(help="A bundle's folder; default: the one shipped.")] = None,
    n_best: Annotated[int, typer.Option(help="With --json: translations a line, up to the bundle's beam.")] = 1,
    greedy: Annotated[bool, typer.Option("--greedy", help="Greedy search: faster, a little worse.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, with scores and warnings.")] = False,
) -> None:
    """Translates line by line: one line in, one line out."""
    with _input(file) as stream, _progress(file) as bar:
        translator = Translator(load_bundle(bundle or shipped_bundle()))
        translator.require_direction(source.lower(), target.lower())
        at_once = 1 if stream.isatty() else LINES_AT_ONCE
        lines = _decoded(stream, str(file or "standard input"), bar)
        while batch := list(islice(lines, at_once)):
            translations = translator.translate(
                batch, source.lower(), target.lower(), n_best=n_best if as_json else 1, greedy=greedy
            )
            _write(_as_json(batch, translations) if as_json else [one.text for one in translations])
            bar.refresh()


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
        ("path", f"{bundle.path} ({len(manifest.files)} files, {megabytes:.1f} MB, all checksums right)"),
        ("directions", ", ".join(manifest.directions)),
        ("model", f"{manifest.parameters:,} parameters, {bundle.tokenizer.size:,} pieces"),
        ("search", ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in manifest.search.items())),
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
    return tqdm(total=size, unit="B", unit_scale=True, delay=1, disable=None if file else True)


def _decoded(stream: Iterable[bytes], name: str, bar: tqdm) -> Iterator[str]:
    for number, line in enumerate(stream, start=1):
        bar.update(len(line))
        try:
            yield line.decode("utf-8").removesuffix("\n")
        except UnicodeDecodeError as error:
            raise InvalidText(
                f"Line {number:,} of {name} is not UTF-8 (byte {error.object[error.start]:#04x} at place "
                f"{error.start + 1}). Convert it first, for example with `iconv -f LATIN1 -t UTF-8`."
            ) from error


def _as_json(lines: list[str], translations: list[Translation]) -> list[str]:
    return [
        json.dumps({"source": line, **asdict(one)}, ensure_ascii=False)
        for line, one in zip(lines, translations, strict=True)
    ]


def _write(lines: list[str]) -> None:
    """Whole lines in UTF-8, whatever the locale, and at once: a program at the other end of a pipe waits for them."""
    sys.stdout.buffer.write("".join(f"{line}\n" for line in lines).encode("utf-8"))
    sys.stdout.buffer.flush()


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
