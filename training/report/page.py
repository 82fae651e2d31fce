"""The report page as HTML: one file that needs no network, for wide and narrow screens, light and dark."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from training.report.analysis import Sample
from training.report.charts import line_chart
from training.report.gather import Examined, Story
from training.report.markup import Html, join, table, tag, terms

STYLE = Path(__file__).parent / "report.css"
# The page asks nothing of anyone, and nothing in it may run, whatever a corpus holds.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def render(story: Story) -> str:
    """The whole page."""
    title = f"Training report: {story.recipe.name}"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("title", title),
        tag("style", Html(STYLE.read_text(encoding="utf-8"))),
    )
    sections = [
        ("At a glance", _glance(story)),
        ("Corpora", _corpora(story)),
        ("Learning curves", _curves(story)),
        ("Scores", _scores(story)),
        *((f"Translations {_name(one)}", _translations(one)) for one in story.sets),
        ("What to try next", _advice(story)),
        ("Recipe", _recipe(story)),
    ]
    numbered = list(enumerate(sections, start=1))
    links = [tag("li", tag("a", name, href=f"#part-{number}")) for number, (name, _) in numbered]
    body = tag(
        "body",
        tag("header", tag("h1", title), tag("p", story.recipe.description)),
        tag("nav", tag("ul", *links), aria_label="Parts of this page"),
        tag("main", *(tag("section", tag("h2", name), part, id=f"part-{number}") for number, (name, part) in numbered)),
    )
    return "<!DOCTYPE html>\n" + tag("html", head, body, lang="en") + "\n"


def _name(one: Examined) -> str:
    """The direction, and the file where a direction has several."""
    return f"{one.outcome.direction}, {Path(one.scores['source_file']).name}"


def _glance(story: Story) -> Html:
    run, manifest = story.run, story.manifest
    history = run["history"]
    scores = [(f"BLEU {_name(one)}", _value(one.scores["scores"]["bleu"])) for one in story.sets]
    facts = {
        "Directions": ", ".join(story.recipe.directions),
        "Model": f"{run['parameters']:,} parameters, {run['precision']}; bundle of {story.bundle_bytes / 1e6:,.1f} MB",
        "Training": f"{history[-1]['update']:,} updates in {run['seconds'] / 60:,.1f} minutes"
        + ("" if run.get("is_complete", True) else ", stopped before its end"),
        "Seen": f"{run['target_pieces']:,} target pieces" + _optional(run, "epochs", ", {:,.1f} times the corpus"),
        "Speed": f"{run['mean_pieces_per_second']:,.0f} target pieces a second in updates"
        + _optional(run, "input_share", "; {:.1f} % of the time waiting for batches", 100),
        "Peak memory": _optional(run, "peak_memory_bytes", "{:,.0f} MB", 1e-6),
        "Hardware": run.get("hardware") or manifest.training.get("hardware", ""),
        "Made": f"{manifest.created}, " + ", ".join(f"{name} {version}" for name, version in manifest.versions.items()),
    }
    return terms([*scores, *((name, value) for name, value in facts.items() if value)], class_="facts")


def _optional(facts: Mapping[str, Any], name: str, text: str, factor: float = 1) -> str:
    """The text with the fact in it; nothing for a run of before the fact was kept, or where it is not known."""
    return text.format(factor * facts[name]) if facts.get(name) else ""


def _value(score: Mapping[str, Any]) -> str:
    if not score["interval"]:
        return f"{score['value']:.1f}"
    low, high = score["interval"]
    return f"{score['value']:.1f} ± {(high - low) / 2:.1f}"


def _corpora(story: Story) -> Html:
    rows = [
        (
            name,
            corpus.licence or "not stated",
            corpus.attribution or "not stated",
            f"{counts['read']:,}",
            f"{counts['kept']:,}",
        )
        for corpus, (name, counts) in zip(story.recipe.corpora, story.filters.items(), strict=True)
    ]
    origins = table("Corpora of the training", ("Corpus", "Licence", "Attribution", "Pairs", "Kept"), rows, texts=3)
    reasons = list(dict.fromkeys(reason for counts in story.filters.values() for reason in counts["dropped"]))
    drops = [(reason, *(_drop(counts, reason) for counts in story.filters.values())) for reason in reasons]
    return join([origins, table("Pairs that the filters dropped", ("Reason", *story.filters), drops)])


def _drop(counts: Mapping[str, Any], reason: str) -> str:
    dropped = counts["dropped"].get(reason, 0)
    return f"{dropped:,} ({100 * dropped / max(1, counts['read']):.1f} %)"


def _curves(story: Story) -> Html:
    history = story.run["history"]
    directions = list(history[-1]["dev_bleu_by_direction"])

    def points(name: str) -> list[tuple[float, float]]:
        return [(row["update"], row[name]) for row in history]

    bleu = {name: [(row["update"], row["dev_bleu_by_direction"][name]) for row in history] for name in directions}
    charts = (
        line_chart("Loss", "nats a target piece", {"training": points("train_loss"), "dev": points("dev_loss")}),
        line_chart("Greedy BLEU on dev", "BLEU", bleu),
        line_chart("Learning rate", "of Adam", {"rate": points("learning_rate")}),
    )
    note = (
        "Both losses are without label smoothing. The training loss is that of the last 200 updates, under dropout, so "
        "the dev loss may lie lower."
    )
    rows = [
        (
            f"{row['update']:,}",
            f"{row['seconds'] / 60:,.1f}",
            f"{row['train_loss']:.3f}",
            f"{row['dev_loss']:.3f}",
            *(f"{row['dev_bleu_by_direction'][name]:.2f}" for name in directions),
            f"{row['learning_rate']:.2g}",
        )
        for row in history
    ]
    headings = ("Update", "Minutes", "Training loss", "Dev loss", *(f"BLEU {name}" for name in directions), "Rate")
    values = tag("details", tag("summary", "The same as a table"), table("Validations", headings, rows))
    return join([tag("div", *charts, class_="charts"), tag("p", note), values])


def _scores(story: Story) -> Html:
    rows: list[tuple[str, ...]] = []
    signatures: dict[tuple[str, str], None] = {}  # each once, in order
    for one in story.sets:
        metrics = one.scores["scores"].values()
        rows.append((_name(one), f"{one.outcome.sentences:,}", *map(_with_interval, metrics)))
        signatures |= {(metric["metric"], metric["signature"]): None for metric in metrics}
    search = story.recipe.search
    notes = [
        f"Beam {search.beam}, length penalty {search.length_penalty:g}, of the exported bundle. The intervals hold "
        "95 % of the scores of resampled test sets (paired bootstrap, Koehn 2004). TER: lower is better."
    ]
    if any(one.outcome.is_dev for one in story.sets):
        notes.append(
            "The recipe has no test set: these are scores on dev, by which the checkpoints were chosen. They flatter "
            "the model."
        )
    headings = ("Set", "Sentences", "BLEU", "chrF2", "TER")
    whole = table("Scores of the exported translator, with 95 % intervals", headings, rows)
    codes = [(metric, tag("code", signature)) for metric, signature in signatures]
    meaning = table("What the scores mean: the signatures of sacreBLEU", ("Metric", "Signature"), codes, texts=2)
    return join([whole, meaning, _comparisons(story), *(tag("p", note) for note in notes)])


def _with_interval(metric: Mapping[str, Any]) -> str:
    interval = "no interval" if not metric["interval"] else "{:.2f} to {:.2f}".format(*metric["interval"])
    return f"{metric['value']:.2f} ({interval})"


def _comparisons(story: Story) -> Html:
    """Against the bundle that the recipe's `from` names, where it was compared with; else nothing."""
    compared = [(one, one.scores["comparison"]) for one in story.sets if one.scores.get("comparison")]
    rows = [
        (
            f"{_name(one)} against {comparison['baseline']}",
            row["metric"],
            f"{row['baseline']:.2f}",
            f"{row['difference']:+.2f}",
            f"{row['p_value']:.3f}",
        )
        for one, comparison in compared
        for row in comparison["differences"]
    ]
    headings = ("Set", "Metric", "Baseline", "Difference", "p")
    return (
        table("What training changed (paired bootstrap; p below 0.05 is significant)", headings, rows)
        if rows
        else join([])
    )


def _translations(one: Examined) -> Html:
    outcome, source, target = one.outcome, one.scores["source"], one.scores["target"]
    lengths = [
        (group.words, f"{group.sentences:,}", f"{group.bleu:.1f}", f"{group.chrf:.1f}") for group in outcome.lengths
    ]
    frequencies = [
        (group.frequency, f"{group.wanted:,}", f"{group.recall:.1f} %", f"{group.precision:.1f} %", f"{group.f1:.1f} %")
        for group in outcome.frequencies
    ]
    length = f"{100 * outcome.length_ratio:.1f} % of the references' length"
    return join(
        [
            tag("p", f"The translations have {length}; BLEU's brevity penalty is {outcome.brevity_penalty:.3f}."),
            table(
                "Scores by length of the source",
                ("Words of the source", "Sentences", "BLEU", "chrF2"),
                lengths,
            ),
            table(
                "Words of the references by how often training has seen them",
                ("Times seen", "Words", "Produced (recall)", "Right (precision)", "F1"),
                frequencies,
            ),
            tag("h3", f"{len(one.best)} best translations"),
            _samples(one.best, source, target),
            tag("h3", f"{len(one.worst)} worst translations"),
            _samples(one.worst, source, target),
        ]
    )


def _samples(samples: Sequence[Sample], source: str, target: str) -> Html:
    """A list rather than a table: three texts side by side do not fit on a phone."""

    def texts(sample: Sample) -> Iterator[tuple[str, Html]]:
        for name, text, language in (
            ("Source", sample.source, source),
            ("Reference", sample.reference, target),
            ("Translation", sample.translation, target),
        ):
            yield name, tag("span", text, lang=language, dir="auto")
        yield "chrF2", tag("span", f"{sample.chrf:.1f}")

    return tag("ol", *(tag("li", terms(texts(sample))) for sample in samples), class_="samples")


def _advice(story: Story) -> Html:
    if not story.advice:
        return tag("p", "Nothing stands out in the figures.")
    entries = [
        tag("li", tag("code", advice.key), tag("p", advice.observed), tag("p", tag("strong", advice.suggestion)))
        for advice in story.advice
    ]
    note = (
        "Rules of thumb over the figures above, each with the key of the recipe that it is about. Change one at a time."
    )
    return join([tag("p", note), tag("ul", *entries, class_="advice")])


def _recipe(story: Story) -> Html:
    rows = list(_flatten("", story.recipe))
    whole = table("Every key of the recipe, also those left at their defaults", ("Key", "Value"), rows, texts=2)
    model, training = story.recipe.model, story.recipe.training
    summary = (
        f"Vocabulary of {story.recipe.subwords.vocabulary:,} {story.recipe.subwords.kind} pieces; embeddings of "
        f"{model.embedding}; bidirectional LSTM encoder, {model.encoder_layers} of {model.encoder_hidden} a direction; "
        f"LSTM decoder, {model.decoder_layers} of {model.decoder_hidden}; {model.attention} attention; dropout "
        f"{model.dropout:g}; {training.batch_pieces:,} target pieces an update."
    )
    return join([tag("p", summary), tag("details", tag("summary", "All keys"), whole)])


def _flatten(key: str, value: Any) -> Iterator[tuple[str, str]]:
    """The keys below a key, as a recipe writes them, with their values."""
    if dataclasses.is_dataclass(value):
        for entry in dataclasses.fields(value):
            name = entry.metadata.get("key", entry.name)
            yield from _flatten(f"{key}.{name}" if key else name, getattr(value, entry.name))
    elif isinstance(value, tuple) and value and dataclasses.is_dataclass(value[0]):
        for number, inner in enumerate(value, start=1):
            yield from _flatten(f"{key} {number}", inner)
    else:
        yield key, ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
