"""A survey as a short text for a person to read."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from mt.text.scripts import count_scripts, usual_scripts
from training.init.survey import Finding, Side, Survey

_MANY = 0.05  # of the pairs: worth a sentence of its own
_LEAST_SHARE = 0.0005  # of the letters; less would be printed as 0.0 %
_LOW_CORRELATION = 0.3
_EXPLANATIONS = {
    "different numbers": "both sides have numbers in digits, but not the same",
    "unusual length ratio": "one side is much longer than is usual here",
    "both sides one language": "by their words and letters",
    "sides swapped": "by their words and letters",
    "unexpected script": "most letters of a side are of an alphabet that is rare here",
}


def render(survey: Survey, languages: Sequence[str]) -> str:
    """The report: sizes, what training leaves out, what to look at; line numbers are those of the files."""
    blocks = [_sizes(survey, languages), _left_out(survey), _to_look_at(survey), list(_advice(survey, languages))]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _sizes(survey: Survey, languages: Sequence[str]) -> list[str]:
    sides = survey.sides
    rows: list[tuple[str, Sequence[str]]] = [
        (f"{survey.pairs:,} pairs", languages),
        ("words", [f"{side.words:,}" for side in sides]),
        ("characters", [f"{side.characters:,}" for side in sides]),
        ("words a sentence: shortest tenth up to", [f"{side.quantiles[0]:,}" for side in sides]),
        ("half up to", [f"{side.quantiles[1]:,}" for side in sides]),
        ("nine tenths up to", [f"{side.quantiles[2]:,}" for side in sides]),
        ("longest", [f"{side.quantiles[3]:,}" for side in sides]),
    ]
    scripts = zip_longest(*(_scripts(side) for side in sides), fillvalue="")
    rows += [("scripts" if number == 0 else "", pair) for number, pair in enumerate(scripts)]
    return [f"{name:<39}{''.join(f'{value:>20}' for value in values)}" for name, values in rows]


def _scripts(side: Side) -> list[str]:
    counts = count_scripts(side.alphabet)
    return [
        f"{name} {100 * count / counts.total():.1f} %"
        for name, count in counts.most_common(4)
        if count >= _LEAST_SHARE * counts.total()
    ]


def _left_out(survey: Survey) -> list[str]:
    rows = [_row(name, finding) for name, finding in survey.faults.items() if finding.count]
    kept = f"{'fit for training':<26}{int(survey.fit.sum()):>12,}"
    return ["Training leaves out", *rows, kept] if rows else [kept]


def _to_look_at(survey: Survey) -> list[str]:
    rows = [
        _row(name, finding) + (f"  ({_EXPLANATIONS[name]})" if name in _EXPLANATIONS else "")
        for name, finding in survey.suspicions.items()
        if finding.count
    ]
    variants = zip(("source, several targets", "target, several sources"), survey.variants, strict=True)
    rows += [_row(name, finding) for name, finding in variants if finding.count]
    rows += [f"  {region}" for region in survey.regions[:10]]
    return ["Worth a look; training takes them", *rows] if rows else []


def _row(name: str, finding: Finding) -> str:
    more = " …" if finding.count > len(finding.lines) else ""
    return f"  {name:<24}{finding.count:>12,}  line {', '.join(map(str, finding.lines))}{more}"


def _advice(survey: Survey, languages: Sequence[str]) -> Iterator[str]:
    """A sentence for each thing that is wrong with the corpus as a whole."""
    for side, language in zip(survey.sides, languages, strict=True):
        usual, counts = usual_scripts(language), count_scripts(side.alphabet)
        if usual and 2 * sum(counts[name] for name in usual) < counts.total():
            common = next(iter(counts))
            yield f"Most letters of the {language} side are {common}, but {language} is written in " + (
                f"{' and '.join(sorted(usual))}. Are the files or the languages turned round?"
            )
    if survey.correlation is not None and survey.correlation < _LOW_CORRELATION:
        yield f"The lengths of the two sides hardly go together (correlation {survey.correlation:.2f}): " + (
            "is line n of one file the translation of line n of the other?"
        )
    if survey.regions:
        yield "Look for a line too many or too few before the first of these regions; one shifts all that follow."
    suspicious = int(survey.suspicious.sum())
    if suspicious >= _MANY * survey.pairs:
        share = f"{100 * suspicious / survey.pairs:.0f} %"
        yield f"{share} of the pairs are suspicious. Cleaning them may help more than any setting of the recipe."
