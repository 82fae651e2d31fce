"""python -m mt.beam: translates files line by line on any runner of Apache Beam."""

import sys
from collections.abc import Sequence
from typing import Annotated

import apache_beam as beam
import typer
from apache_beam.options.pipeline_options import PipelineOptions, TypeOptions
from apache_beam.runners.runner import PipelineResult

from mt.beam.files import LINES_A_PART, TranslateFiles, input_files, refuse_full_folder, whole_path
from mt.beam.translate import Translate
from mt.errors import DragomanError
from mt.open_engine import AUTO

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def translate(  # noqa: PLR0913, PLR0917 - a command has as many parameters as options
    context: typer.Context,
    source: Annotated[str, typer.Option("--from", help="Source language, such as en.")],
    target: Annotated[str, typer.Option("--to", help="Target language, such as de.")],
    pattern: Annotated[str, typer.Option("--input", help="UTF-8 text files, such as 'in*.txt' in quotes.")],
    output: Annotated[str, typer.Option(help="A new folder, for the parts of FILE as FILE.00000 and so on.")],
    bundle: Annotated[str | None, typer.Option(help="Its folder, here and on all workers; default: shipped.")] = None,
    engine: Annotated[str, typer.Option(help="What runs the bundle: auto, litert or savedmodel.")] = AUTO,
    n_best: Annotated[int, typer.Option(help="With --json: translations a line, up to 16.")] = 1,
    greedy: Annotated[bool, typer.Option("--greedy", help="Greedy search: faster, a little worse.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, with scores and warnings.")] = False,
    lines_a_part: Annotated[int, typer.Option(min=1, help="Lines of an output file.")] = LINES_A_PART,
) -> None:
    """Translates files line by line; every option that is not listed here is one of Beam or of its runner."""
    folder, path = whole_path(output), bundle and whole_path(bundle)
    n_best = n_best if as_json else 1
    step = Translate(path, source.lower(), target.lower(), engine=engine, n_best=n_best, greedy=greedy)
    pipeline = beam.Pipeline(options=pipeline_options(context.args))  # which tells Beam's file systems their options
    # What is wrong with files, bundle or options is told here instead of by every worker.
    files = input_files(whole_path(pattern))
    refuse_full_folder(folder)
    step.handler.load_model()
    pipeline | beam.Create(files, reshuffle=True) | TranslateFiles(step, folder, as_json, lines_a_part)
    result = pipeline.run()
    result.wait_until_finish()
    _tell_failures(result, folder)


def pipeline_options(arguments: Sequence[str]) -> PipelineOptions:
    """Beam's options.

    Beam's DirectRunner would download the program prism wherever a pipeline permits it, and run in that. It does not
    if triggers are not checked for safety, and there are none in ours.
    """
    options = PipelineOptions([*arguments])
    options.view_as(TypeOptions).allow_unsafe_triggers = True
    return options


def _tell_failures(result: PipelineResult, folder: str) -> None:
    counters = result.metrics().query(beam.metrics.MetricsFilter().with_namespace("dragoman").with_name("failed"))
    if failed := sum(counter.result for counter in counters["counters"]):
        print(f"mt.beam: {failed:,} lines have no translation; {folder}/failed-* tells why.", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point: deliberate errors before the pipeline runs are one line, never a traceback."""
    try:
        app(arguments)
    except DragomanError as error:
        print(f"mt.beam: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
