"""The picture of a training: two losses, and two measures on validation states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qgan.pictures.canvas import (
    BLUE,
    DARK,
    GREEN,
    GREY,
    PURPLE,
    SMALL,
    TEXT,
    VERMILLION,
    Canvas,
    open_frame,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["best_step", "finite_values", "moving_mean", "training_curves"]

Array = NDArray[Any]
LEAST_INFIDELITY = 1e-8
"""Drawn where a coverage is 1: a logarithmic axis has no zero."""
N_WINDOWS = 40
"""Number of windows of the moving mean in a curve: fewer would hide changes of the training."""

PANELS = (
    ("discriminator_loss", "discriminator loss", VERMILLION),
    ("generator_loss", "generator loss", BLUE),
    ("coverage", "coverage infidelity $1 - C$", GREEN),
    ("shortfall", "$1 -$ skill on validation states", PURPLE),
)


def finite_values(history: Mapping[str, Sequence[float]], name: str) -> tuple[Array, Array]:
    """The steps and values of a column where it is finite; empty if the column is missing."""
    step = np.asarray(history.get("step", ()), dtype=float)
    values = np.asarray(history.get(name, ()), dtype=float)
    if len(values) != len(step):
        return np.empty(0), np.empty(0)
    finite = np.isfinite(values)
    return step[finite], values[finite]


def best_step(history: Mapping[str, Sequence[float]]) -> float | None:
    """The step of the least shortfall of skill; None if it was never evaluated.

    Example:
        >>> best_step({"step": [0.0, 10.0, 20.0], "shortfall": [0.4, 0.1, float("nan")]})
        10.0
    """
    step, shortfall = finite_values(history, "shortfall")
    return float(step[shortfall.argmin()]) if len(step) else None


def moving_mean(values: Array, window: int) -> Array:
    """The centred moving mean; at the ends the window is shorter.

    Example:
        >>> moving_mean(np.array([0.0, 3.0, 6.0, 9.0]), 3).tolist()
        [1.5, 3.0, 6.0, 7.5]
    """
    half = min(window, len(values)) // 2
    total = np.concatenate([[0.0], np.cumsum(values)])
    place = np.arange(len(values))
    first, last = np.maximum(place - half, 0), np.minimum(place + half + 1, len(values))
    return np.asarray((total[last] - total[first]) / (last - first))


def training_curves(history: Mapping[str, Sequence[float]], path: str | Path) -> Path:
    """Draw the losses, the coverage infidelity and the shortfall of skill over the steps.

    The coverage infidelity is ``1 - C``, where C is the mean fidelity of validation states with the
    best generated state; the shortfall is 1 - skill on validation states. Both are means over the
    labels. A dashed line marks the step of the least shortfall, whose model a run keeps.

    Args:
        history: columns ``step``, ``discriminator_loss``, ``generator_loss``, ``coverage`` and
            ``shortfall`` of equal length, with nan where there was no evaluation. A column may be
            missing.
        path: path of the PNG.

    Returns:
        The path.
    """
    canvas = Canvas(8.9, 5.75)
    best = best_step(history)
    for place, (name, title, colour) in enumerate(PANELS):
        row, column = divmod(place, 2)
        axes = open_frame(canvas.axes(0.8 + 4.3 * column, 0.55 + 2.6 * row, 3.65, 2.1))
        step, values = finite_values(history, name)
        if not len(step):
            _say_missing(axes)
        elif name.endswith("_loss"):
            _draw_loss(axes, step, values, colour)
        else:
            values = np.maximum(1 - values, LEAST_INFIDELITY) if name == "coverage" else values
            _draw_evaluation(axes, step, values, colour, log=name == "coverage")
        if best is not None:
            axes.axvline(best, color=DARK, linewidth=0.9, linestyle=(0, (4, 3)))
        axes.set_title(title, y=1.0, fontsize=TEXT, loc="left", color=DARK)
        axes.set_xlim(_limits(history))
        if row:
            axes.set_xlabel("generator step", fontsize=TEXT)
        else:
            axes.tick_params(labelbottom=False)
    if best is not None:
        words = f"dashed: greatest skill on validation states, step {best:g}"
        canvas.text(0.8, 0.16, words, fontsize=SMALL)
    return canvas.save(path)


def _limits(history: Mapping[str, Sequence[float]]) -> tuple[float, float]:
    step = np.asarray(history.get("step", ()), dtype=float)
    if not len(step):
        return 0.0, 1.0
    low, high = float(step.min()), float(step.max())
    return low, high + (0.02 * (high - low) or 1.0)


def _say_missing(axes: Axes) -> None:
    axes.text(
        0.5, 0.5, "not evaluated", transform=axes.transAxes, ha="center", color=GREY, fontsize=TEXT
    )
    axes.set_yticks([])


def _draw_loss(axes: Axes, step: Array, values: Array, colour: str) -> None:
    """Draw raw values thin and their moving mean over them; extreme values do not set the scale."""
    window = max(3, len(values) // N_WINDOWS)
    axes.plot(step, values, color=colour, linewidth=0.5, alpha=0.4, label="as logged")
    mean = moving_mean(values, window)
    axes.plot(step, mean, color=colour, linewidth=1.6, label=f"mean over {window} rows")
    low, high = np.percentile(values, [1, 99])
    margin = 0.15 * (high - low) or 1.0
    axes.set_ylim(low - margin, high + margin)
    axes.legend(
        fontsize=SMALL,
        frameon=False,
        ncols=2,
        loc="lower right",
        bbox_to_anchor=(1.02, 0.98),
        borderpad=0.2,
        columnspacing=1.2,
        handlelength=1.5,
    )


def _draw_evaluation(axes: Axes, step: Array, values: Array, colour: str, *, log: bool) -> None:
    axes.plot(step, values, color=colour, linewidth=1.3, marker="o", markersize=3)
    if log:
        axes.set_yscale("log")
        axes.tick_params(which="minor", labelsize=SMALL, length=1.5, color=GREY)
    else:
        axes.set_ylim(0, 1.08 * float(values.max()) or 1.0)
