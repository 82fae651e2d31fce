"""The findings as one picture: accuracy, gradient and cells over distance."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from training.learn.lesson import Findings
from training.learn.network import LONG_LSTM, PLAIN_RNN, SHORT_LSTM
from training.learn.recall import TOKENS

# Of Okabe & Ito's palette, which colour-blind readers tell apart.
COLOURS = {PLAIN_RNN.name: "#D55E00", SHORT_LSTM.name: "#0072B2", LONG_LSTM.name: "#009E73"}
MARKERS = {PLAIN_RNN.name: "o", SHORT_LSTM.name: "s", LONG_LSTM.name: "^"}
LEAST = 1e-16  # shares of the gradient below are drawn there


def draw(findings: Findings, path: Path) -> None:
    """A PNG at `path`, on white, so that it can be read on light and dark pages."""
    figure = Figure(figsize=(12, 4.4), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    accuracy, gradient, cells = figure.subplots(1, 3)
    _draw_accuracy(accuracy, findings)
    _draw_gradient(gradient, findings)
    _draw_cells(cells, findings)
    handles, labels = accuracy.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png", dpi=100, metadata={"Software": None})


def _draw_accuracy(axes: Axes, findings: Findings) -> None:
    distances = findings.plan.distances
    for name, values in findings.alone.items():
        axes.plot(distances, values, marker=MARKERS[name], color=COLOURS[name], label=name)
    axes.axhline(1 / TOKENS, color="grey", linestyle=":", label="guessing")
    axes.set(title="What is learnt at each distance alone", xlabel="steps to recall across", ylabel="tokens recalled")
    axes.set_ylim(0, 1.05)
    _grid(axes)


def _draw_gradient(axes: Axes, findings: Findings) -> None:
    for name, shares in findings.reach.items():
        axes.semilogy(range(len(shares)), shares.clip(LEAST), color=COLOURS[name])
    axes.set(title="The gradient before training", xlabel="steps back", ylabel="share of |d loss / d state| left")
    axes.set_ylim(bottom=LEAST)
    _grid(axes)


def _draw_cells(axes: Axes, findings: Findings) -> None:
    """Cells from the longest to the shortest half-life; dotted as they began."""
    for name, (before, after) in findings.half_lives.items():
        axes.semilogy(range(1, len(before) + 1), sorted(before, reverse=True), ":", color=COLOURS[name])
        axes.semilogy(range(1, len(after) + 1), sorted(after, reverse=True), color=COLOURS[name])
    longest = findings.plan.longest
    axes.axhline(longest, color="grey", linestyle=":")
    axes.annotate(
        f"{longest} steps",
        (1, longest),
        (0, 4),
        textcoords="offset points",
        xycoords=axes.get_yaxis_transform(),
        ha="right",
    )
    axes.set(title="How long the forget gates keep a cell", xlabel="cells, the longest first (dotted: at the start)")
    axes.set_ylabel("half-life in steps")
    _grid(axes)


def _grid(axes: Axes) -> None:
    axes.grid(alpha=0.3)
