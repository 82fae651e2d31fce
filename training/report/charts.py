"""Pictures of a training run: a PNG that grows while it runs, and charts for its report page."""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from training.report.markup import Html, tag

Points = Sequence[tuple[float, float]]
# Of a chart on the page, in its own units; text of 11 of them is readable on a phone 360 pixels wide.
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 400, 240, 46, 10, 12, 34
DASHES = ("", "6 3", "2 3", "8 3 2 3")  # tell lines apart without their colours


def learning_curve(history: Sequence[Mapping[str, Any]], path: Path) -> None:
    """A PNG at `path`: losses (left axis) and greedy dev BLEU (right axis) over the updates.

    Rows hold "update", "train_loss", "dev_loss" and "dev_bleu", one row a validation, at least one. Values that are
    not finite leave a gap. The best BLEU is marked, for its checkpoint is the one that is kept.
    """
    updates = [row["update"] for row in history]
    # A Figure of its own, not pyplot: pyplot keeps every figure of the process, and asks for a display.
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    losses = figure.add_subplot(xlabel="update", ylabel="loss a target piece (nats)")
    losses.plot(updates, [row["train_loss"] for row in history], marker=".", color="tab:blue", label="training loss")
    losses.plot(updates, [row["dev_loss"] for row in history], marker=".", color="tab:orange", label="validation loss")
    losses.grid(alpha=0.3)
    bleu = losses.twinx()
    bleu.set_ylabel("greedy BLEU on dev")
    _plot_bleu(bleu, updates, [row["dev_bleu"] for row in history])
    lines = [*losses.get_lines(), *bleu.get_lines()]
    losses.legend(handles=lines, loc="upper center", bbox_to_anchor=(0.5, 1.12), ncols=len(lines), frameon=False)
    figure.savefig(path, format="png", dpi=120)


def _plot_bleu(axes: Axes, updates: Sequence[int], scores: Sequence[float]) -> None:
    best = max(range(len(scores)), key=scores.__getitem__)
    axes.plot(updates, scores, marker=".", color="tab:green", label="validation BLEU")
    axes.annotate(f"{scores[best]:.1f}", (updates[best], scores[best]), xytext=(0, 6), textcoords="offset points")
    axes.margins(y=0.12)


def line_chart(title: str, unit: str, series: Mapping[str, Points]) -> Html:
    """An SVG figure of lines over updates; `unit` names the vertical axis. Colours come from the page, s0 to s3.

    Values that are not finite leave a gap; without any finite value there is a figure without lines.
    """
    finite = [point for points in series.values() for point in points if math.isfinite(point[1])]
    place = _Scale(finite or [(0.0, 0.0)])
    lines = [
        part
        for number, (name, points) in enumerate(series.items())
        for part in _line(number % len(DASHES), name, points, place)
    ]
    label = _description(title, unit, series)
    middle = (LEFT + WIDTH - RIGHT) / 2
    picture = tag(
        "svg",
        *_grid(place),
        *lines,
        tag("text", "updates", x=middle, y=HEIGHT - 3, text_anchor="middle"),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=label,
    )
    keys = [_key(number % len(DASHES), name) for number, name in enumerate(series)]
    caption = tag("figcaption", tag("strong", title), f" ({unit}) ", *keys)
    return tag("figure", caption, picture)


class _Scale:
    """Where a point lies in the picture, and the round values of its axes."""

    def __init__(self, points: Points) -> None:
        across, up = zip(*points, strict=True)
        self.updates, self.values = _round_steps(0.0, max(across)), _round_steps(min(up), max(up))

    def x(self, update: float) -> float:
        low, high = self.updates[0], self.updates[-1]
        return round(LEFT + (update - low) / (high - low) * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        low, high = self.values[0], self.values[-1]
        return round(HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)


def _round_steps(low: float, high: float) -> list[float]:
    """Three to seven values 1, 2 or 5 times a power of ten apart that enclose low and high."""
    spread = (high - low) or abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(spread / 4))
    step = next(factor * power for factor in (1, 2, 5, 10) if spread / (factor * power) <= 5)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def _grid(place: _Scale) -> Iterator[Html]:
    """Horizontal lines with their values, and the values of the horizontal axis."""
    for value in place.values:
        y = place.y(value)
        yield tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="grid")
        yield tag("text", f"{value:.3g}", x=LEFT - 5, y=y + 4, text_anchor="end")
    for update in place.updates:
        anchor = "end" if update == place.updates[-1] else "middle"  # the last one ends where the picture does
        yield tag("text", f"{update:,.0f}", x=place.x(update), y=HEIGHT - BOTTOM + 16, text_anchor=anchor)


def _line(number: int, name: str, points: Points, place: _Scale) -> Iterator[Html]:
    path, is_drawing = [], False
    for update, value in points:
        if math.isfinite(value):
            path.append(f"{'L' if is_drawing else 'M'}{place.x(update)} {place.y(value)}")
        is_drawing = math.isfinite(value)
    if path:
        yield tag("path", d=" ".join(path), class_=f"line s{number}", stroke_dasharray=DASHES[number])
    for update, value in points:
        if math.isfinite(value):
            dot = tag("title", f"{name}, update {update:,.0f}: {value:.4g}")
            yield tag("circle", dot, cx=place.x(update), cy=place.y(value), r=2.5, class_=f"dot s{number}")


def _key(number: int, name: str) -> Html:
    """The name of a line beside a piece of it."""
    stroke = tag("line", x1=0, x2=24, y1=5, y2=5, class_=f"line s{number}", stroke_dasharray=DASHES[number])
    return tag("span", tag("svg", stroke, viewBox="0 0 24 10", aria_hidden="true"), f" {name}", class_="key")


def _description(title: str, unit: str, series: Mapping[str, Points]) -> str:
    """What the picture shows, for those who do not see it."""
    spans = [
        f"{name} from {points[0][1]:.4g} at update {points[0][0]:,.0f} to {points[-1][1]:.4g} at update "
        f"{points[-1][0]:,.0f}"
        for name, points in series.items()
        if points
    ]
    return f"Chart of {title} ({unit}): {'; '.join(spans)}."
