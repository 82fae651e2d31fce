"""A text with markup as the plain texts that are searched, and its translation from theirs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mt.confidence import mean_confidence
from mt.engines import Hypothesis
from mt.planning import PLAIN, Ids, Plan, Planner, PlanOptions, Ranked, Translation, together
from mt.text.markup import Document, Form, Rendering, parse


@dataclass(frozen=True)
class DocumentPlan:
    """A text with markup, and the plans of what in it is to be translated."""

    text: str
    document: Document
    plans: list[Plan]

    @property
    def sentences(self) -> list[list[Ids]]:
        """The sources of each sentence's parts, of all plans."""
        return [parts for plan in self.plans for parts in plan.sentences]

    @property
    def sources(self) -> list[Ids]:
        """What an engine has to search for this text, in order, each once."""
        return list(dict.fromkeys(source for plan in self.plans for source in plan.sources))


def has_markup(form: Form) -> bool:
    """Whether there is more to a text of this form than lines and sentences."""
    return form.kind != "text" or not form.splits_at_newlines


def plain_text(text: str, form: Form) -> str:
    """What of the text is to be translated, without its markup. Raises what mt.text.markup.parse does."""
    return "\n".join(parse(text, form).texts) if has_markup(form) else text


def plan_document(
    planner: Planner, text: str, source: str, target: str, form: Form, options: PlanOptions = PLAIN
) -> DocumentPlan:
    """What to search for a text of this form. Raises what mt.text.markup.parse does."""
    document = parse(text, form)
    options = replace(options, links=True, splits=form.split_sentences != "0")
    return DocumentPlan(text, document, [planner.plan(one, source, target, options) for one in document.texts])


def assemble_document(
    planner: Planner, plan: DocumentPlan, found: Mapping[Ids, Sequence[Hypothesis]], n_best: int
) -> Translation:
    """The translation of a text with markup, with its tags where their words went; it has no links of its own."""
    ranked = [planner.ranked(one, found, n_best) for one in plan.plans]
    warnings = [warning for one in plan.plans for warning in one.warnings]
    whole = [_restored(plan.document, [own[place] for own in ranked]) for place in range(n_best)]
    return together(plan.text if plan.sources else None, warnings, whole)


def _restored(document: Document, ranked: Sequence[Ranked]) -> Ranked:
    """The document with the translation of each of its texts."""
    text, warnings = document.restore([Rendering(one.text, one.links) for one in ranked])
    told = [warning for one in ranked for warning in one.warnings]
    confidence = mean_confidence([(one.confidence, one.pieces) for one in ranked])
    return Ranked(text, sum((one.score for one in ranked), 0.0), (*told, *warnings), (), confidence=confidence)
