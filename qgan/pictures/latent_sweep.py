"""The picture of each latent: observables along it, over the range of the real states."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor

from qgan.batch import Batch
from qgan.data import Dataset
from qgan.explore.observables import (
    Observable,
    StateFunction,
    Sweep,
    nearest_real,
    observables,
    real_band,
    real_part,
    sweep_observables,
)
from qgan.pictures.canvas import (
    CURVE_COLOURS,
    DARK,
    GREY,
    SMALL,
    TEXT,
    Canvas,
    latent_name,
    open_frame,
    plain,
    set_latent_axis,
)
from qgan.prior import Prior, as_prior

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["latent_sweep"]

MOST_FACTORS = 3
LEFT, TOP, GAP, BETWEEN = 0.85, 0.85, 0.1, 0.25
"""Inches: margins, and space between panels and between columns."""
CURVE, SLIM, TITLE, FOOT = 0.75, 0.45, 0.25, 0.5
"""Inches: heights of the panel of an observable and of a factor, and space above and below."""
LEAST_WIDTH = 6.4
"""Least width of the picture in inches."""
LEAST_RANGE = 0.2
"""Least range of the axis of an observable."""


def latent_sweep(
    sample: StateFunction, data: Dataset, prior: Prior | int, path: str | Path, caption: str = ""
) -> Path:
    """Draw observables of each label (rows) along each latent (columns); other latents are 0.

    Behind each curve, in its colour, is the range of the held-out states of the label: from 5 % to
    95 % dark, from least to largest pale. Below are the hidden factors of the nearest held-out
    state of the label, if the data have any. Without a latent, bars compare the one state of each
    label with the range instead.

    Args:
        sample: a function of label ``(B,)`` and latent ``(B, n_latent)`` to states.
        data: the data set that the generator learned.
        prior: the prior of the latents, or the number of uniform ones.
        path: path of the PNG.
        caption: a line above the picture.

    Returns:
        The path.

    Raises:
        QganError: if a label has no held-out state.
    """
    real = [real_part(data, label) for label in range(data.n_labels)]
    bands = torch.stack([real_band(part.states) for part in real])
    prior = as_prior(prior)
    if not prior.n_latent:
        values = [sweep_observables(sample, label, 0, 0).values for label in range(data.n_labels)]
        return _draw_bars(data, bands, torch.cat(values), caption).save(path)
    sweeps = [
        [sweep_observables(sample, label, prior, axis) for axis in range(prior.n_latent)]
        for label in range(data.n_labels)
    ]
    return _Grid(data, real, bands, sweeps, prior, caption).draw().save(path)


class _Grid:
    """The grid of sweeps: a cell has one panel per observable, and below one per hidden factor."""

    def __init__(
        self,
        data: Dataset,
        real: list[Batch],
        bands: Float[Tensor, "labels 4 K"],
        sweeps: list[list[Sweep]],
        prior: Prior,
        caption: str,
    ) -> None:
        self.prior = prior
        self.data, self.real, self.bands, self.sweeps = data, real, bands, sweeps
        self.observables = observables(data.n_qubits)
        self.n_latent = len(sweeps[0])
        self.factors = data.factor_names[:MOST_FACTORS]
        panels = len(self.observables) * (CURVE + GAP) + len(self.factors) * (SLIM + GAP)
        self.row = TITLE + panels + FOOT
        least = 3.3 if self.n_latent < 3 else 2.4
        self.cell = max(least, (LEAST_WIDTH - LEFT) / self.n_latent - BETWEEN)
        width = LEFT + self.n_latent * (self.cell + BETWEEN)
        self.canvas = Canvas(width, TOP + data.n_labels * self.row, caption)

    def draw(self) -> Canvas:
        """Draw all cells, and above them the legend."""
        for label, sweeps in enumerate(self.sweeps):
            for axis, sweep in enumerate(sweeps):
                self._draw_cell(label, axis, sweep)
        _draw_legend(self.canvas, self.observables, factors=bool(self.factors))
        return self.canvas

    def _draw_cell(self, label: int, axis: int, sweep: Sweep) -> None:
        panels = self._panels(label, axis)
        for k, panel in enumerate(panels[: len(self.observables)]):
            self._draw_curve(panel, label, k, sweep)
        if self.factors:
            nearest, _ = nearest_real(sweep.states, self.real[label].states)
            for k, panel in enumerate(panels[len(self.observables) :]):
                self._draw_factor(panel, label, k, sweep.position, nearest)
        name = latent_name(axis, self.n_latent)
        title = f"{plain(self.data.label_names[label])},  along {name}"
        panels[0].set_title(title, y=1.0, fontsize=TEXT + 1, loc="left", color=DARK)
        others = ", other latents 0" if self.n_latent > 1 else ""
        panels[-1].set_xlabel(f"latent {name}{others}", fontsize=TEXT, labelpad=2)
        panels[-1].tick_params(labelbottom=True)

    def _panels(self, label: int, axis: int) -> list[Axes]:
        """Make the empty panels of a cell; the first column names the vertical axes."""
        left = LEFT + axis * (self.cell + BETWEEN)
        top = TOP + label * self.row + TITLE
        heights = [CURVE] * len(self.observables) + [SLIM] * len(self.factors)
        names = [o.name for o in self.observables] + [plain(name, 6) for name in self.factors]
        panels = []
        for height, name in zip(heights, names, strict=True):
            panel = open_frame(self.canvas.axes(left, top, self.cell, height))
            set_latent_axis(panel, self.prior.kinds[axis])
            panel.tick_params(labelbottom=False, labelleft=axis == 0)
            if not axis:
                panel.set_ylabel(name, fontsize=TEXT if height == CURVE else SMALL + 0.5)
                panel.yaxis.set_label_coords(-0.48 / self.cell, 0.5)
            panels.append(panel)
            top += height + GAP
        return panels

    def _draw_curve(self, axes: Axes, label: int, k: int, sweep: Sweep) -> None:
        """Draw one observable over the range of real states; all its panels have the same scale."""
        values = [s.values[:, k] for row in self.sweeps for s in row] + [
            self.bands[:, :, k].ravel()
        ]
        low, high = torch.cat(values).aminmax()
        middle, half = float(low + high) / 2, 0.55 * max(float(high - low), LEAST_RANGE)
        axes.set_ylim(middle - half, middle + half)
        axes.locator_params(axis="y", nbins=4)
        least, lower, upper, largest = self.bands[label, :, k].tolist()
        axes.axhspan(least, largest, color=CURVE_COLOURS[k], alpha=0.12, linewidth=0)
        axes.axhspan(lower, upper, color=CURVE_COLOURS[k], alpha=0.2, linewidth=0)
        axes.plot(sweep.position.numpy(), sweep.values[:, k].numpy(), color=CURVE_COLOURS[k], lw=2)

    def _draw_factor(
        self, axes: Axes, label: int, k: int, position: Tensor, nearest: Tensor
    ) -> None:
        """Draw one hidden factor of the nearest real states, on the range of all real states."""
        factors = self.real[label].factors
        assert factors is not None
        column = factors[:, k]
        low, high = float(column.min()), float(column.max())
        margin = 0.1 * (high - low) or 0.5
        axes.set_ylim(low - margin, high + margin)
        axes.plot(position.numpy(), column[nearest].numpy(), ".-", color=DARK, ms=3, lw=0.6)
        axes.locator_params(axis="y", nbins=3)


def _draw_legend(canvas: Canvas, chain: Sequence[Observable], *, factors: bool) -> None:
    """Explain the marks on one line and the observables on a second one."""
    strip = canvas.axes(0.0, 0.0, canvas.width, TOP)  # in inches from the upper left corner
    strip.set(xlim=(0, canvas.width), ylim=(TOP, 0))
    strip.set_axis_off()
    left = 0.3
    marks = [("generated", 0, 1.1), ("real, 5 to 95 %", 2, 1.35), ("least to largest", 1, 1.3)]
    for words, depth, room in marks:
        for alpha in (0.15, 0.25)[:depth]:
            strip.fill_between([left, left + 0.3], 0.15, 0.29, color=GREY, alpha=alpha, lw=0)
        if not depth:
            strip.plot([left, left + 0.3], [0.22, 0.22], color=GREY, linewidth=2)
        canvas.text(left + 0.36, 0.22, words, fontsize=SMALL + 0.5)
        left += room
    if factors:
        strip.plot([left, left + 0.15, left + 0.3], [0.22] * 3, ".-", color=DARK, ms=3, lw=0.6)
        canvas.text(left + 0.36, 0.22, "factors of the nearest real state", fontsize=SMALL + 0.5)
    names: dict[str, list[str]] = {}
    for observable in chain:
        names.setdefault(observable.meaning, []).append(observable.name)
    words = ";   ".join(f"{', '.join(symbols)} {meaning}" for meaning, symbols in names.items())
    canvas.text(0.3, 0.5, words, fontsize=SMALL)


def _draw_bars(
    data: Dataset,
    bands: Float[Tensor, "labels 4 K"],
    values: Float[Tensor, "labels K"],
    caption: str,
) -> Canvas:
    """Draw the one state of each label: a mark per observable, with the real range as a bar."""
    chain = observables(data.n_qubits)
    canvas = Canvas(max(4.6, LEFT + 2.9 * data.n_labels), 3.4, caption)
    for label, name in enumerate(data.label_names):
        axes = open_frame(canvas.axes(LEFT + 2.9 * label, 0.8, 2.6, 2.1))
        axes.grid(False, axis="x")
        for k, colour in enumerate(CURVE_COLOURS[: len(chain)]):
            least, lower, upper, largest = bands[label, :, k].tolist()
            axes.bar(k, largest - least, 0.6, least, color=colour, alpha=0.15)
            axes.bar(k, upper - lower, 0.6, lower, color=colour, alpha=0.3)
            axes.plot(k, float(values[label, k]), "D", color=colour, markersize=6, mec="white")
        axes.set_ylim(-1.08, 1.08)
        axes.set_xticks(range(len(chain)), [o.name for o in chain], fontsize=SMALL)
        axes.set_title(plain(name), y=1.0, fontsize=TEXT + 1, loc="left", color=DARK)
        axes.tick_params(labelleft=label == 0)
        if not label:
            axes.set_ylabel("expectation value", fontsize=TEXT)
    words = "diamond: generated;  bars: real states, 5 to 95 % and least to largest"
    canvas.text(0.3, 0.22, words, fontsize=SMALL)
    return canvas
