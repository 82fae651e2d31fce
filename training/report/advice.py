"""What to try next: rules over the figures of a run. Each piece of advice names a recipe key and what was observed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from training.recipe import Recipe
from training.report.analysis import FrequencyGroup, LengthGroup

SMALL_CORPUS = 100_000  # pairs; below, LSTMs gain much from regularization (Sennrich & Zhang 2019, §4)
FEW_SENTENCES = 500  # of a test set; a BLEU of fewer has an interval of some points

# Of the reasons for which a pair is dropped, those that a key decides about.
FILTER_KEYS = {
    "too long": "filter.max_characters",
    "length ratio": "filter.max_length_ratio",
    "identical sides": "filter.drop_identical",
}


@dataclass(frozen=True)
class Outcome:
    """One test set in one direction: what the figures say about its translations."""

    direction: str  # such as "en-de"
    is_dev: bool  # there was no test set
    sentences: int
    bleu: float
    interval: tuple[float, float] | None
    brevity_penalty: float
    length_ratio: float  # translations over references
    byte_share: float  # of the pieces of sources and references, those that stand for single bytes
    lengths: Sequence[LengthGroup]
    frequencies: Sequence[FrequencyGroup]


@dataclass(frozen=True)
class Findings:
    """All that the rules look at."""

    recipe: Recipe
    run: Mapping[str, Any]  # run.json
    filters: Mapping[str, Mapping[str, Any]]  # corpora.json
    outcomes: Sequence[Outcome]


@dataclass(frozen=True)
class Advice:
    """Something to try."""

    key: str  # of the recipe, such as "model.dropout"
    observed: str
    suggestion: str


def advise(findings: Findings) -> list[Advice]:
    """What the figures suggest, the weightiest first; nothing where nothing stands out."""
    return [advice for rule in RULES for advice in rule(findings)]


def _train_longer(findings: Findings) -> Iterator[Advice]:
    """The dev loss still falls when the updates are over."""
    rows, updates = _history(findings), findings.recipe.training.max_updates
    if len(rows) < 4 or rows[-1]["update"] < updates:
        return
    before, last = rows[-1 - max(1, len(rows) // 5)], rows[-1]
    gain = 1 - last["dev_loss"] / before["dev_loss"]
    if gain > 0.01:
        yield Advice(
            "training.max_updates",
            f"The dev loss still fell by {100 * gain:.1f} % between update {before['update']:,} and the last, "
            f"{last['update']:,} ({before['dev_loss']:.3f} to {last['dev_loss']:.3f}).",
            f"Train longer: {2 * updates:,} instead of {updates:,}, "
            + (
                "in a new folder, so that the learning rate falls over all of them."
                if findings.recipe.schedule.decay == "cosine"
                else "and give the same command again: it goes on from the last checkpoint."
            ),
        )


def _regularize_more(findings: Findings) -> Iterator[Advice]:
    """The dev loss rises while the training loss falls."""
    rows, model = _history(findings), findings.recipe.model
    if not rows:
        return
    best, last = min(rows, key=lambda row: row["dev_loss"]), rows[-1]
    rise = last["dev_loss"] / best["dev_loss"] - 1
    if rise > 0.02 and last["train_loss"] < best["train_loss"]:
        yield Advice(
            "model.dropout",
            f"The dev loss rose by {100 * rise:.1f} % after update {best['update']:,} ({best['dev_loss']:.3f} to "
            f"{last['dev_loss']:.3f}), while the training loss fell ({best['train_loss']:.3f} to "
            f"{last['train_loss']:.3f}): the model learns its corpus by heart.",
            f"More dropout, such as {min(0.6, model.dropout + 0.1):.2f} instead of {model.dropout:g}, and more "
            f"model.word_dropout than {model.word_dropout:g}; next "
            + ("" if findings.recipe.start else "a smaller model (model.encoder_hidden, model.decoder_hidden), or ")
            + "more data.",
        )


def _end_with_the_schedule(findings: Findings) -> Iterator[Advice]:
    """Patience ended the run while the learning rate, which falls to its end at max_updates, was still high."""
    rows, config = _history(findings), findings.recipe.training
    if findings.recipe.schedule.decay != "cosine" or not rows or not findings.run.get("is_complete"):
        return
    best = max(rows, key=lambda row: row["dev_bleu"])
    if rows[-1]["update"] > 0.8 * config.max_updates or best is rows[-1]:
        return
    yield Advice(
        "training.max_updates",
        f"training.patience ended the run at update {rows[-1]['update']:,} of {config.max_updates:,}, with a learning "
        f"rate of {rows[-1]['learning_rate']:.2g} still; the best BLEU on dev was at update {best['update']:,}.",
        f"Set it to about {best['update']:,}, so that the learning rate falls to its end by then: the last stretch at "
        "low rates usually brings the most.",
    )


def _mend_lengths(findings: Findings) -> Iterator[Advice]:
    """Translations are too short, or too long."""
    alpha = findings.recipe.search.length_penalty
    for outcome in findings.outcomes:
        if outcome.brevity_penalty < 0.95:
            yield Advice(
                "search.length_penalty",
                f"{outcome.direction}: BLEU's brevity penalty is {outcome.brevity_penalty:.3f}; the translations have "
                f"{100 * outcome.length_ratio:.0f} % of the references' length.",
                f"Raise it from {alpha:g} to {alpha + 0.3:.1f} and compare on dev; export and evaluate take it up "
                "without new training.",
            )
        elif outcome.length_ratio > 1.1:
            yield Advice(
                "search.length_penalty",
                f"{outcome.direction}: the translations have {100 * outcome.length_ratio:.0f} % of the references' "
                "length.",
                f"Lower it from {alpha:g} to {max(0.0, alpha - 0.4):.1f} and compare on dev; look for repetitions "
                "among the worst translations first.",
            )


def _widen_the_vocabulary(findings: Findings) -> Iterator[Advice]:
    """Much is spelled in bytes."""
    config = findings.recipe.subwords
    if findings.recipe.start:  # whose vocabulary is kept
        return
    for outcome in findings.outcomes:
        if outcome.byte_share > 0.005:
            yield Advice(
                "subwords.character_coverage",
                f"{outcome.direction}: {100 * outcome.byte_share:.1f} % of the pieces of this set are single bytes, "
                "for characters that the vocabulary lacks.",
                f"Raise it from {config.character_coverage:g} towards 1, with a larger subwords.vocabulary than "
                f"{config.vocabulary:,} to hold them; check that the corpus has the script of the test set.",
            )


def _learn_more_from_little(findings: Findings) -> Iterator[Advice]:
    """The corpus is small."""
    kept, config = sum(counts["kept"] for counts in findings.filters.values()), findings.recipe.subwords
    if kept >= SMALL_CORPUS:
        return
    if not config.sampling:
        yield Advice(
            "subwords.sampling",
            f"The corpora have {kept:,} pairs, and every epoch cuts them into the same pieces.",
            "Set it to 0.2 (unigram) or 0.1 (BPE), so that each epoch draws other pieces (Kudo 2018): one of the "
            "surest gains with little data.",
        )
    yield Advice(
        "corpora",
        f"The corpora have {kept:,} pairs.",
        "More text helps more than any other key: another parallel corpus as a further [[corpora]], or "
        "sentences of the target language alone, of which `mt-train back-translate` makes one (Sennrich et al. 2016).",
    )


def _help_rare_words(findings: Findings) -> Iterator[Advice]:
    """Words seen a few times are hardly produced."""
    vocabulary = findings.recipe.subwords.vocabulary
    if findings.recipe.start:  # whose vocabulary is kept
        return
    for outcome in findings.outcomes:
        rare, frequent = (
            [group for group in outcome.frequencies if group.frequency in names and group.wanted >= 30]
            for names in (("1", "2 to 4", "5 to 9"), ("100 to 999", "1,000 or more"))
        )
        if not rare or not frequent:
            continue
        low, high = (sum(g.matched for g in groups) / sum(g.wanted for g in groups) for groups in (rare, frequent))
        if low < 0.5 * high:
            yield Advice(
                "subwords.vocabulary",
                f"{outcome.direction}: of the words seen 1 to 9 times in training {100 * low:.0f} % are produced where "
                f"they should be, of the frequent ones {100 * high:.0f} %.",
                f"Try a smaller one than {vocabulary:,}, such as {max(500, vocabulary // 2):,}: rare words then share "
                "their pieces with others (Sennrich & Zhang 2019, §3.2).",
            )


def _help_long_sentences(findings: Findings) -> Iterator[Advice]:
    """Long sentences score far below the others."""
    limit = findings.recipe.training.max_pieces
    for outcome in findings.outcomes:
        groups = [group for group in outcome.lengths if group.sentences >= 30]
        if len(groups) > 1 and groups[-1].chrf < 0.8 * max(group.chrf for group in groups):
            yield Advice(
                "training.max_pieces",
                f"{outcome.direction}: sources of {groups[-1].words} words reach chrF2 {groups[-1].chrf:.1f}, the best "
                f"group {max(group.chrf for group in groups):.1f}.",
                f"See that training has such sentences: examples of over {limit} pieces are left out. If the corpus "
                "has few, join neighbouring short pairs into longer ones.",
            )


def _look_at_what_was_dropped(findings: Findings) -> Iterator[Advice]:
    """A filter took a large part of a corpus."""
    for name, counts in findings.filters.items():
        for reason, dropped in counts["dropped"].items():
            if dropped > 0.1 * counts["read"]:
                yield Advice(
                    FILTER_KEYS.get(reason, "corpora.train"),
                    f"{name}: {dropped:,} of {counts['read']:,} pairs were dropped for the reason “{reason}”.",
                    _mending(reason),
                )


def _mending(reason: str) -> str:
    if reason == "duplicate":
        return "Each pair counts once, so the corpus is smaller than it looks; see that no file is there twice."
    if reason == "overlap with dev or test":
        return (
            "Dev and test are to hold text that training has not seen: take them from elsewhere, or keep them smaller."
        )
    if reason in FILTER_KEYS:
        return "Look at some of these pairs: loosen the filter if they are good, mend the files if they are not."
    return (
        "Look at some of these pairs and mend the files: the sides may have slipped, or come from a faulty extraction."
    )


def _feed_faster(findings: Findings) -> Iterator[Advice]:
    """The updates wait for their batches."""
    share = findings.run.get("input_share", 0.0)
    if share > 0.1:
        yield Advice(
            "training.batch_pieces",
            f"The run waited for its batches {100 * share:.0f} % of the time.",
            "Larger batches or a larger model use the processor better; subwords.sampling = 0 saves cutting the text "
            "anew for every epoch.",
        )


def _measure_better(findings: Findings) -> Iterator[Advice]:
    """The test set says little, or there is none."""
    if any(outcome.is_dev for outcome in findings.outcomes):
        yield Advice(
            "corpora.test",
            "There is no test set: the scores are those on dev, by which the checkpoints were chosen.",
            "Set some 1,000 to 2,000 pairs aside as a test set; the scores on dev flatter the model.",
        )
    for outcome in findings.outcomes:
        if outcome.sentences < FEW_SENTENCES and outcome.interval:
            spread = (outcome.interval[1] - outcome.interval[0]) / 2
            yield Advice(
                "corpora.dev" if outcome.is_dev else "corpora.test",
                f"{outcome.direction}: {outcome.sentences:,} sentences give BLEU {outcome.bleu:.1f} ± {spread:.1f}.",
                "Take more sentences before you trust a difference smaller than this.",
            )


def _history(findings: Findings) -> list[Mapping[str, Any]]:
    return list(findings.run["history"])


Rule = Callable[[Findings], Iterator[Advice]]
RULES: tuple[Rule, ...] = (
    _regularize_more,
    _train_longer,
    _end_with_the_schedule,
    _learn_more_from_little,
    _mend_lengths,
    _widen_the_vocabulary,
    _help_rare_words,
    _help_long_sentences,
    _look_at_what_was_dropped,
    _feed_faster,
    _measure_better,
)
