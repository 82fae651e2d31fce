"""A page of HTML in one file, with nothing from elsewhere."""

import math
from collections.abc import Iterator, Sequence
from html import escape

import numpy as np

from mt.inside import Inside
from mt.picture.picture import Picture
from mt.picture.svg import curves, heatmap, word_links
from mt.picture.words import CURVES, DIRECTIONS, MEANINGS, shown, shown_piece
from mt.protecting import Explanation
from mt.text.tracing import Span

STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1c1f24; --soft: #595f69; --line: #d9d5cd; --accent: #0b6e63;
  --c0: #0072b2; --c1: #b34700; --c2: #00795a; --c3: #9c4f86; }
@media (prefers-color-scheme: dark) { :root { --paper: #14161a; --ink: #eceae6; --soft: #a7adb8; --line: #3d434e;
  --accent: #63d2c3; --c0: #6cb8f0; --c1: #ff9a57; --c2: #4fd6ac; --c3: #e59ccf; } }
body { max-width: 75rem; margin: 0 auto; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
.sheet { overflow-x: auto; } svg { display: block; } svg text { fill: var(--ink); font: 14px monospace; }
.ground { fill: var(--line); fill-opacity: .45; } .ink { fill: var(--accent); } .link { stroke: var(--accent); }
.link, .curve { stroke-width: 2; }
.grid { stroke: var(--line); } .curve { fill: none; } .note, figcaption { color: var(--soft); }
.note { max-width: 46rem; } figure { margin: 0 0 1rem; } table { border-collapse: collapse; }
th, td { padding: .15rem .75rem .15rem 0; text-align: start; font-variant-numeric: tabular-nums; }
""" + "".join(
    f".curve.c{n} {{ stroke: var(--c{n}); }} .dot.c{n}, .key.c{n} {{ fill: var(--c{n}); color: var(--c{n}); }}\n"
    for n in range(4)
)
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(picture: Picture) -> str:
    """The page: for each sentence its words, what they come from and how likely they were, and what happened inside."""
    text, translation = picture.text, picture.translation
    sentences = [one for one in translation.explanations if one.target_words]
    body = "".join(part for one in sentences for part in _sentence(text, translation.text, one))
    title = escape(shown(picture.title))
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
        f"<p>{escape(shown(text))}</p>\n<p><b>{escape(shown(translation.text))}</b></p>\n"
        f"<p>Log-probability of all: {translation.score:.3f}</p>\n{body or '<p>No word of it was translated.</p>'}\n"
        "</body>\n</html>\n"
    )


def _sentence(text: str, translation: str, one: Explanation) -> Iterator[str]:
    sources, targets = _words(text, one.source_words), _words(translation, one.target_words)
    yield f"<h2>{escape(shown(text[slice(*one.source)]))}</h2>"
    yield _figure(word_links(sources, targets, one.links))
    yield f"<h3>Attention</h3>{_note('Attention', '')}"
    yield _figure(heatmap(sources, targets, one.attention))
    yield f"<h3>Log-probability</h3>{_note('Log-probability', '')}"
    yield _table(targets, one)
    for part in one.inside:
        yield from _inside(part)


def _words(text: str, spans: Sequence[Span]) -> list[str]:
    return [shown(text[start:end]) for start, end in spans]


def _table(targets: Sequence[str], one: Explanation) -> str:
    if not one.log_probabilities:
        return "<p>The bundle is too old to give them.</p>"
    pairs = [*zip(targets, one.log_probabilities, strict=True), ("(end)", one.end_log_probability)]
    rows = "".join(
        f"<tr><td>{escape(word)}</td><td>{gained:.3f}</td><td>{math.exp(gained):.1%}</td></tr>"
        for word, gained in pairs
    )
    return f"<table><tr><th>Word</th><th>Log-probability</th><th>Probability</th></tr>{rows}</table>"


def _inside(part: Inside) -> Iterator[str]:
    sources, targets = [list(map(shown_piece, pieces)) for pieces in (part.source_pieces, part.target_pieces)]
    yield f"<h3>Inside the network</h3>{_note('Gates')}{_note('Cell state')}"
    for layer in range(part.decoder.shape[1]):
        yield from _lstm(f"Decoder, layer {layer + 1}", targets, part.decoder[:, layer])
    yield _note("Attention entropy") + _note("Probability")
    steps = {"attention entropy": part.entropy_shares}
    if part.log_probabilities:
        steps["probability"] = part.probabilities
    yield _curves("Steps", targets, steps)
    for layer in range(part.encoder.shape[1]):
        for number, direction in enumerate(DIRECTIONS):
            yield from _lstm(f"Encoder, layer {layer + 1}, {direction}", sources, part.encoder[:, layer, number])


def _lstm(name: str, pieces: Sequence[str], numbers: np.ndarray) -> Iterator[str]:
    """The curves of one LSTM, numbers (positions, 4)."""
    yield _curves(f"{name}: gates", pieces, dict(zip(CURVES[:3], numbers.T, strict=False)))
    most = max(float(numbers[:, 3].max(initial=0)), 1e-6)
    yield _curves(f"{name}: {CURVES[3]}", pieces, {CURVES[3]: numbers[:, 3]}, most)


def _curves(name: str, pieces: Sequence[str], values: dict[str, np.ndarray], most: float = 1.0) -> str:
    keys = " \u00b7 ".join(f'<span class="key c{number}">{curve}</span>' for number, curve in enumerate(values))
    return _figure(curves(name, pieces, values, most), f"{name}: {keys}" if len(values) > 1 else name)


def _figure(svg: str, caption: str = "") -> str:
    caption = f"<figcaption>{caption}</figcaption>" if caption else ""
    return f'<figure>{caption}<div class="sheet" tabindex="0">{svg}</div></figure>\n'


def _note(name: str, mark: str = "<b>{}.</b> ") -> str:
    return f'<p class="note">{mark.format(name)}{escape(MEANINGS[name])}</p>'
