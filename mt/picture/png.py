"""The same as a PNG, by matplotlib."""

import io
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mt.inside import Inside
from mt.picture.picture import Picture
from mt.picture.words import CURVES, DIRECTIONS, shown, shown_piece
from mt.protecting import Explanation

if TYPE_CHECKING:
    from matplotlib.figure import SubFigure

INCH = 0.42  # of a word or a piece
# Of Okabe & Ito's palette, which colour-blind readers tell apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")


def png(picture: Picture) -> bytes:
    """On white, so that it can be read on light and dark pages and be printed."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    sentences = [one for one in picture.translation.explanations if one.target_words]
    heights = [_height(one) for one in sentences]
    width = max(_width(one) for one in sentences)
    stream = io.BytesIO()
    # A text may hold dollar signs, which are no formulas, and letters that the fonts of the machine have not.
    with mpl.rc_context({"text.parse_math": False}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = Figure(figsize=(width, sum(heights) + 0.5), layout="constrained", facecolor="white")
        FigureCanvasAgg(figure)
        figure.suptitle(shown(picture.title))
        places = figure.subfigures(len(sentences), 1, squeeze=False, height_ratios=heights)[:, 0]
        for place, one in zip(places, sentences, strict=True):
            _draw_sentence(place, picture, one)
        figure.savefig(stream, format="png", dpi=110, metadata={"Software": None})
    return stream.getvalue()


def _height(one: Explanation) -> float:
    return INCH * len(one.target_words) + 2 + 2.4 * sum(len(_charts(part)) for part in one.inside)


def _width(one: Explanation) -> float:
    pieces = max((max(len(part.source_pieces), len(part.target_pieces)) for part in one.inside), default=0)
    return max(9.0, INCH * len(one.source_words) + 6, INCH * pieces + 3)


def _draw_sentence(place: "SubFigure", picture: Picture, one: Explanation) -> None:
    charts = [chart for part in one.inside for chart in _charts(part)]
    heights = [INCH * len(one.target_words) + 1.8, *[2.4] * len(charts)]
    grid = place.add_gridspec(len(heights), 2, height_ratios=heights, width_ratios=(2, 1))
    attention = place.add_subplot(grid[0, 0])
    _draw_words(attention, place.add_subplot(grid[0, 1], sharey=attention), picture, one)
    for row, (name, pieces, values) in enumerate(charts, start=1):
        axes = place.add_subplot(grid[row, :])
        for number, (curve, numbers) in enumerate(values.items()):
            axes.plot(numbers, color=COLOURS[number], marker=".", label=curve)
        axes.set_title(name, loc="left", fontsize="medium")
        axes.set_xticks(range(len(pieces)), pieces, rotation=45, ha="right")
        axes.set_ylim(bottom=0, top=1.02 if max(map(np.max, values.values())) <= 1 and len(values) > 1 else None)
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)


def _draw_words(attention: Any, likelihood: Any, picture: Picture, one: Explanation) -> None:
    """Attention, the links framed, and beside it the log-probabilities."""
    text, translation = picture.text, picture.translation.text
    sources = [shown(text[start:end]) for start, end in one.source_words]
    targets = [shown(translation[start:end]) for start, end in one.target_words]
    attention.imshow(one.attention, cmap="Greens", vmin=0, vmax=1, aspect="auto")
    attention.set_xticks(range(len(sources)), sources, rotation=45, ha="right")
    attention.set_yticks(range(len(targets)), targets)
    attention.set_title("attention; \u25cf belong together", loc="left", fontsize="medium")
    for source, target in one.links:
        attention.plot(source, target, "o", color=COLOURS[1], markersize=4)
    likelihood.barh(range(len(one.log_probabilities)), one.log_probabilities, color=COLOURS[0])
    likelihood.tick_params(labelleft=False)
    likelihood.set_title("log-probability", loc="left", fontsize="medium")


def _charts(part: Inside) -> list[tuple[str, Sequence[str], dict[str, np.ndarray]]]:
    """The names, pieces and curves of all that is drawn of a part."""
    sources, targets = [list(map(shown_piece, pieces)) for pieces in (part.source_pieces, part.target_pieces)]
    charts: list[tuple[str, Sequence[str], dict[str, np.ndarray]]] = []
    layers = [(f"decoder, layer {n + 1}", targets, part.decoder[:, n]) for n in range(part.decoder.shape[1])]
    for n in range(part.encoder.shape[1]):
        layers += [
            (f"encoder, layer {n + 1}, {way}", sources, part.encoder[:, n, side]) for side, way in enumerate(DIRECTIONS)
        ]
    for name, pieces, numbers in layers:
        charts.append((f"{name}: gates, means", pieces, dict(zip(CURVES[:3], numbers.T, strict=False))))
        charts.append((f"{name}: {CURVES[3]}", pieces, {CURVES[3]: numbers[:, 3]}))
    steps = {"attention entropy / log S": part.entropy_shares, "probability": part.probabilities}
    return [*charts, ("steps", targets, {name: one for name, one in steps.items() if len(one)})]
