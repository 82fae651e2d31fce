"""mt-train: from a corpus to a recipe, and from a recipe to a bundle, step by step or all at once."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mt.engines.tensorflow import import_tensorflow
from mt.errors import DragomanError, InvalidOption

if TYPE_CHECKING:
    from training.pipeline import Pipeline

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
RecipeArgument = Annotated[Path, typer.Argument(help="A TOML file, or the name of a published recipe.")]
DataOption = Annotated[Path | None, typer.Option("--data", help="Folder of the corpora; default: the recipe's folder.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="Folder of the run; default: runs/NAME.")]
BundleOption = Annotated[Path | None, typer.Option("--bundle", help="Another bundle than the recipe's own.")]
AcceptOption = Annotated[
    bool, typer.Option("--accept-changes", help="Go on although the run began with another recipe or corpus.")
]


@app.command()
def init(
    source: Annotated[Path, typer.Option(help="Source sentences, one a line; or a TSV file with both languages.")],
    target: Annotated[Path | None, typer.Option(help="Their translations; not for a TSV file.")] = None,
    dev: Annotated[list[Path] | None, typer.Option(help="Give it twice, for both languages; or a TSV file.")] = None,
    test: Annotated[list[Path] | None, typer.Option(help="As --dev. Sets not given are taken from the corpus.")] = None,
    languages: Annotated[str, typer.Option(help="Such as de-en; default: as the files' names end.")] = "",
    both_directions: Annotated[bool, typer.Option("--both-directions", help="One model for both.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder of the recipe; default: the languages.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what an earlier init wrote.")] = False,
) -> None:
    """Looks at a corpus, takes dev and test from it, and writes a recipe that fits it."""
    _import_libraries()
    from training.init.initialize import Request, initialize

    train = (source,) if target is None else (source, target)
    initialize(Request(train, tuple(dev or ()), tuple(test or ()), languages, both_directions, out, force))


@app.command()
def subwords(recipe: RecipeArgument, data: DataOption = None, out: OutOption = None) -> None:
    """Reads and filters the corpora and learns the SentencePiece vocabulary."""
    _pipeline(recipe, data, out).subwords()


@app.command()
def run(
    recipe: RecipeArgument, data: DataOption = None, out: OutOption = None, accept_changes: AcceptOption = False
) -> None:
    """Trains the model; goes on where an interrupted run stopped. With TF_CONFIG, as one of several workers."""
    _pipeline(recipe, data, out, may_share=True).run(accept_changes)


@app.command()
def average(recipe: RecipeArgument, data: DataOption = None, out: OutOption = None) -> None:
    """Averages the best checkpoints."""
    _pipeline(recipe, data, out).average()


@app.command()
def export(recipe: RecipeArgument, data: DataOption = None, out: OutOption = None) -> None:
    """Makes a bundle of the averaged weights."""
    _pipeline(recipe, data, out).export()


@app.command()
def lexicon(
    recipe: RecipeArgument, data: DataOption = None, out: OutOption = None, bundle: BundleOption = None
) -> None:
    """Learns which pieces come of which in the recipe's corpora, and puts that into a bundle: faster searches."""
    _pipeline(recipe, data, out).lexicon(_found(bundle))


@app.command()
def calibrate(
    recipe: RecipeArgument, data: DataOption = None, out: OutOption = None, bundle: BundleOption = None
) -> None:
    """Fits the confidence of a bundle to the recipe's dev sets, and puts it into the bundle."""
    _pipeline(recipe, data, out).calibrate(_found(bundle))


def _found(bundle: Path | None) -> Path | None:
    _import_libraries()
    from training.finetuning import find_bundle

    return bundle and find_bundle(str(bundle), Path())


@app.command()
def renew(bundle: Annotated[Path, typer.Argument(help="The bundle's folder.")]) -> None:
    """Exports an older bundle again, with all that bundles of this version have; its weights stay."""
    from mt.bundle import load_bundle
    from training.renew import renew as export_again

    export_again(load_bundle(bundle))


@app.command("all")
def all_steps(
    recipe: RecipeArgument, data: DataOption = None, out: OutOption = None, accept_changes: AcceptOption = False
) -> None:
    """The whole chain: subwords, run, average, export, lexicon, calibrate, evaluate, report. With TF_CONFIG, too."""
    _pipeline(recipe, data, out, may_share=True).all(accept_changes)


@app.command()
def report(recipe: RecipeArgument, data: DataOption = None, out: OutOption = None) -> None:
    """Makes the report page of an evaluated bundle: report.html in the run's folder."""
    _pipeline(recipe, data, out).report()


@app.command()
def evaluate(
    recipe: Annotated[Path | None, typer.Argument(help="Evaluates this recipe's bundle on its test sets.")] = None,
    data: DataOption = None,
    out: OutOption = None,
    bundle: Annotated[list[Path] | None, typer.Option(help="Evaluates this bundle; several as one ensemble.")] = None,
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
        if bundle or url or direction or source or reference or compare or tokenize != "13a" or lowercase:
            raise InvalidOption(
                "A RECIPE is evaluated on its own test sets; only --data, --out and --json go with it. "
                "For the other options give --bundle with the recipe's bundle."
            )
        _pipeline(recipe, data, out).evaluate(as_json)
        return
    if source is None or reference is None or "-" not in direction or bool(bundle) == bool(url):
        raise InvalidOption(
            "Give a RECIPE, or --bundle or --url together with --direction en-de, --source FILE and --reference FILE."
        )
    from training.evaluation.offline import Evaluation, evaluate_systems
    from training.evaluation.scores import render_text, to_json

    languages = direction.lower().split("-", 1)
    options = Evaluation(languages[0], languages[1], source, reference, tokenize, lowercase)
    systems = [str(path) for path in bundle] if bundle else [url]
    report = evaluate_systems(options, systems, compare or None)
    print(to_json(report) if as_json else render_text(report))


@app.command("back-translate")
def back_translate(
    bundle: Annotated[Path, typer.Argument(help="A bundle's folder, or the name of the shipped one.")],
    file: Annotated[Path, typer.Argument(help="Sentences of one language, one a line; plain, .gz or .xz.")],
    direction: Annotated[str, typer.Option(help="From the language of FILE: de-en makes English for German text.")],
    out: Annotated[Path, typer.Option(help="The TSV file to write, or to go on with.")],
    beam: Annotated[int | None, typer.Option(min=1, max=16, help="Default: the bundle's.")] = None,
    sampling: Annotated[bool, typer.Option("--sampling", help="Draw translations at random instead.")] = False,
    temperature: Annotated[float, typer.Option(help="Of --sampling.")] = 1.0,
    top_k: Annotated[int, typer.Option(help="Likeliest pieces that --sampling draws from.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Of --sampling.")] = 1,
) -> None:
    """Makes a synthetic corpus from text of the target language, with a bundle of the reverse direction."""
    _import_libraries()
    from mt.sampling import Sampling
    from training.evaluation.ensemble import Ensemble
    from training.finetuning import find_bundle
    from training.synthesis import back_translate

    languages = direction.lower().split("-")
    if len(languages) != 2:
        raise InvalidOption(f"--direction takes two language codes such as de-en, got '{direction}'.")
    if sampling and beam:
        raise InvalidOption("Give --beam or --sampling, not both.")
    if not sampling and (temperature, top_k, seed) != (1.0, 10, 1):
        raise InvalidOption("--temperature, --top-k and --seed go with --sampling only. Add it, or leave them out.")
    draws = Sampling(temperature, top_k, seed) if sampling else None
    teacher = Ensemble((find_bundle(str(bundle), Path()),), beam, draws)
    print(back_translate(teacher, file, (languages[0], languages[1]), out))


@app.command()
def distill(
    recipe: RecipeArgument,
    bundle: Annotated[list[Path], typer.Option(help="The teacher; several are an ensemble.")],
    data: DataOption = None,
    out: OutOption = None,
    beam: Annotated[int | None, typer.Option(min=1, max=16, help="Default: the first bundle's.")] = None,
) -> None:
    """Translates a recipe's training sources with a teacher, for a student's recipe."""
    _import_libraries()
    from training.evaluation.ensemble import Ensemble
    from training.finetuning import find_bundle

    teachers = tuple(find_bundle(str(path), Path()) for path in bundle)
    _pipeline(recipe, data, out).distill(Ensemble(teachers, beam))


@app.command()
def learn(
    out: Annotated[Path, typer.Option(help="The PNG file to write.")] = Path("long-range-memory.png"),
    updates: Annotated[int, typer.Option(min=1, help="Of each network; fewer are quicker and show less.")] = 600,
    seed: Annotated[int, typer.Option(min=0, help="Of weights and sequences.")] = 1,
) -> None:
    """Shows long-range memory: LSTMs and a plain RNN recall a token across 10 to 200 steps, as a picture."""
    _import_libraries()
    from training.learn.lesson import Plan, lines, study
    from training.learn.picture import draw

    findings = study(Plan(updates=updates, seed=seed))
    draw(findings, out)
    print(*lines(findings), f"The picture is {out}.", sep="\n")


def _pipeline(recipe: Path, data: Path | None, out: Path | None, may_share: bool = False) -> "Pipeline":
    """The run of a recipe; with `may_share` as one of the workers that TF_CONFIG names, if it does.

    TensorFlow is imported here, for it takes seconds, and not every command needs it.
    """
    _import_libraries()
    from training.pipeline import Pipeline
    from training.run.workers import ALONE, join_workers

    workers = join_workers() if may_share else ALONE  # before TensorFlow computes anything
    return Pipeline.open(recipe, data, out, workers)


def _import_libraries() -> None:
    """TensorFlow and what decides how Keras computes; InvalidOption where that is to be something else."""
    backend = os.environ.setdefault("KERAS_BACKEND", "tensorflow")  # before ~/.keras/keras.json is asked
    if backend != "tensorflow":
        raise InvalidOption(f"mt-train computes with TensorFlow, but KERAS_BACKEND is '{backend}'. Unset it.")
    import_tensorflow()


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point, with sys.argv by default: deliberate errors are one line, never a traceback."""
    try:
        app(arguments)
    except ModuleNotFoundError as error:
        install = "pip install 'dragoman[train]'"
        print(f"mt-train: {error.name} is not installed, which training needs. Run `{install}`.", file=sys.stderr)
        raise SystemExit(2) from None
    except DragomanError as error:
        print(f"mt-train: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except OSError as error:
        print(f"mt-train: {error}. Check the path, its permissions and the room on its disk.", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
