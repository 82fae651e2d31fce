"""A proposed recipe as commented TOML."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from training.init.proposal import Amount, Settings

_COLUMN = 32  # where comments begin


@dataclass(frozen=True)
class Origin:
    """The corpus of a recipe: languages in the order of its files, and files as the recipe names them."""

    name: str
    languages: tuple[str, str]
    directions: tuple[str, ...]
    train: tuple[str, ...]
    dev: tuple[str, ...]
    test: tuple[str, ...]


def render_recipe(origin: Origin, amount: Amount, settings: Settings, vocabulary: int) -> str:
    """The text of recipe.toml, every value with its reason; the vocabulary is the one that the text really gives."""
    sections = [
        _head(origin, amount),
        _corpus(origin),
        _section("subwords", _subwords(settings, vocabulary)),
        _section("model", _model(settings)),
        _section("training", _training(settings)),
        _section("schedule", _schedule(settings)),
        _section("search", [("beam", 5, "wider is slower and hardly better")]),
    ]
    return "\n".join(sections)


def _head(origin: Origin, amount: Amount) -> str:
    words = " and ".join(f"{count:,}" for count in amount.words)
    lines = [
        f"# Proposed by `mt-train init` for {amount.pairs:,} fit pairs with {words} target words.",
        "# Change what you like; an unknown key or a value out of its range is refused with what is possible.",
        f"name = {_toml(origin.name)}",
        f"directions = {_toml(origin.directions)}",
    ]
    if len(origin.directions) == 1:
        lines[-1] += f'  # add "{origin.languages[1]}-{origin.languages[0]}" for both directions in one model'
    return "\n".join(lines) + "\n"


def _corpus(origin: Origin) -> str:
    lines = [
        "# Files are looked for beside this recipe, or below --data. Training leaves out faulty pairs, duplicates, and",
        "# pairs that share a side with dev or test.",
        "[[corpora]]",
        f"languages = {_toml(origin.languages)}",
        f"train = {_toml(origin.train)}",
        f"dev = {_toml(origin.dev)}",
        f"test = {_toml(origin.test)}",
        '# licence = "…"              # of the text; it goes into the model card, as does the attribution',
        '# attribution = "…"',
    ]
    return "\n".join(lines) + "\n"


Rows = list[tuple[str, Any, str]]


def _section(name: str, rows: Iterable[tuple[str, Any, str]]) -> str:
    """A table of keys, values and reasons."""
    lines = [f"{f'{key} = {_toml(value)}':<{_COLUMN}}# {reason}" for key, value, reason in rows]
    return "\n".join([f"[{name}]", *lines]) + "\n"


def _subwords(settings: Settings, vocabulary: int) -> Rows:
    return [
        ("vocabulary", vocabulary, "pieces; little text needs few, each of them then seen often enough"),
        ("sampling", 0.0, "0.3: other pieces in every epoch, which wants many more updates (Kudo 2018)"),
        ("character_coverage", settings.character_coverage, "share of characters with a piece; the rest is bytes"),
    ]


def _model(settings: Settings) -> Rows:
    size = settings.size
    return [
        ("embedding", size.embedding, "one matrix serves source, target and output"),
        ("encoder_hidden", size.encoder_hidden, "of each of the two reading directions"),
        ("encoder_layers", size.layers, "one layer learns fastest; a second pays with millions of pairs"),
        ("decoder_hidden", size.decoder_hidden, "twice the encoder's, whose two directions make as much"),
        ("decoder_layers", size.layers, "like the encoder's"),
        ("dropout", size.dropout, "of units; less text wants more, and more wants more updates"),
        ("word_dropout", size.word_dropout, "of whole pieces, so that none is learned by heart; likewise"),
    ]


def _training(settings: Settings) -> Rows:
    size = settings.size
    return [
        ("max_updates", settings.max_updates, f"about {size.passes} times through the corpus"),
        ("batch_pieces", size.batch_pieces, "target pieces an update; small batches learn more from the same text"),
        ("max_pieces", 120, "longer sentences are left out; they cost most and teach least"),
        ("label_smoothing", 0.1, "keeps the model from being too sure"),
        ("validate_every", settings.validate_every, "updates; some twenty times a run"),
        ("validation_sentences", 500, "of dev, translated at each validation"),
        ("patience", 10, "validations without a better one before training stops"),
        ("keep_best", 4, "checkpoints that are averaged in the end"),
    ]


def _schedule(settings: Settings) -> Rows:
    return [
        ("peak_rate", settings.size.peak_rate, "learning rate; smaller batches want a smaller one"),
        ("warmup_updates", settings.warmup_updates, "the first updates, in which the rate rises"),
        ("decay", "cosine", "then it falls almost to zero at max_updates"),
    ]


def _toml(value: str | float | Sequence[str]) -> str:
    """A value as TOML, whose strings, numbers and lists are written like those of JSON."""
    return json.dumps(value, ensure_ascii=False)
