"""Pictures of a training run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


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
