"""mt-train: from a recipe to a bundle, step by step or all at once."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from mt.engines.tensorflow import import_tensorflow
from mt.errors import DragomanError, InvalidOption

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
RecipeArgument = Annotated[Path, typer.Argument(help="A TOML file, or the name of a published recipe.")]
DataOption = Annotated[Path | None, typer.Option("--data", help="Folder of the corpora; default: the recipe's folder.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="Folder of the run; default: runs/NAME.")]


@app.command()
def subwords(recipe: RecipeArgument, data: DataOption = None, out: OutOption = None) -> None:
    """Reads and filters the corpora and learns the SentencePiece vocabulary."""
    from training.pipeline import Pipeline

    Pipeline.open(recipe, data, out).subwords()


@app.command()
def run(recipe: RecipeArgument, data: DataOption = None, out: OutOption = None) -> None:
    """Trains the model; goes on where an interrupted run stopped."""
    from training.pipeline import Pipeline

    Pipeline.open(recipe, data, out).run()


@app.command()
def average(recipe: RecipeArgument, data: DataOption = None, out: OutOption = None) -> None:
    """Averages the best checkpoints."""
    from training.pipeline import Pipeline

    Pipeline.open(recipe, data, out).average()


@app.command()
def export(recipe: RecipeArgument, data: DataOption = None, out: OutOption = None) -> None:
    """Makes a bundle of the averaged weights."""
    from training.pipeline import Pipeline

    Pipeline.open(recipe, data, out).export()


@app.command("all")
def all_steps(recipe: RecipeArgument, data: DataOption = None, out: OutOption = None) -> None:
    """The whole chain: subwords, run, average, export, evaluate."""
    from training.pipeline import Pipeline

    Pipeline.open(recipe, data, out).all()


@app.command()
def evaluate(
    recipe: Annotated[Path | None, typer.Argument(help="Evaluates this recipe's bundle on its test sets.")] = None,
    data: DataOption = None,
    out: OutOption = None,
    bundle: Annotated[Path | None, typer.Option(help="Evaluates this bundle instead.")] = None,
    url: Annotated[str, typer.Option(help="Evaluates this server instead, such as http://127.0.0.1:8000.")] = "",
    direction: Annotated[str, typer.Option(help="Languages of the test set, such as en-de.")] = "",
    source: Annotated[Path | None, typer.Option(help="File with the source sentences.")] = None,
    reference: Annotated[Path | None, typer.Option(help="File with the reference translations.")] = None,
    compare: Annotated[str, typer.Option(help="Another bundle, server or output file, for significance.")] = "",
    tokenize: Annotated[str, typer.Option(help="sacreBLEU's tokenizer.")] = "13a",
    lowercase: Annotated[bool, typer.Option("--lowercase", help="Score without regard to case.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """BLEU, chrF2 and TER of a recipe's bundle, of any bundle, or of a running server."""
    if recipe is not None:
        from training.pipeline import Pipeline

        if bundle or url or direction or source or reference or compare or tokenize != "13a" or lowercase:
            raise InvalidOption(
                "A RECIPE is evaluated on its own test sets; only --data, --out and --json go with it. "
                "For the other options give --bundle with the recipe's bundle."
            )
        Pipeline.open(recipe, data, out).evaluate(as_json)
        return
    if source is None or reference is None or "-" not in direction or bool(bundle) == bool(url):
        raise InvalidOption(
            "Give a RECIPE, or --bundle or --url together with --direction en-de, --source FILE and --reference FILE."
        )
    from training.evaluate import render_text, to_json
    from training.evaluation import Evaluation, evaluate_systems

    languages = direction.lower().split("-", 1)
    options = Evaluation(languages[0], languages[1], source, reference, tokenize, lowercase)
    report = evaluate_systems(options, str(bundle or url), compare or None)
    print(to_json(report) if as_json else render_text(report))


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point, with sys.argv by default: deliberate errors are one line, never a traceback."""
    import_tensorflow()
    try:
        app(arguments)
    except DragomanError as error:
        print(f"mt-train: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except OSError as error:
        print(f"mt-train: {error}. Check the path, its permissions and the room on its disk.", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
