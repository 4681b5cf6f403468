"""The atlas: a map of latent space on which real states are placed by inversion."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from qgan import errors
from qgan.data import Dataset
from qgan.explore.inversion import invert
from qgan.explore.observables import mean_values, nearest_real, observables, real_part
from qgan.metrics.ensembles.covering import prepare
from qgan.model import Model
from qgan.pictures.canvas import (
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
from qgan.pictures.drawn_labels import DrawnLabels
from qgan.prior import Prior

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["atlas"]

GRID = 41
"""Number of points along each side of a map."""
LINE = 81
"""Number of points on a line, where there is one latent."""
MOST_REAL = 80
"""Most real states that are placed for each label."""
MOST_PROPERTIES = 3
SIDE, GAP, LEFT, TOP, FOOT = 2.3, 1.15, 0.85, 0.75, 0.95
"""Inches: side of a map, space between maps, margins, and space below a row of maps."""


def atlas(model: Model, data: Dataset, path: str | Path) -> Path:
    """Draw a map of latent space for each label (rows) and each property (columns).

    The colour of the map is the property of the state that is generated at each latent. A dot is a
    real held-out state: its place is the latent that :func:`qgan.explore.invert` finds for it, and
    its colour is its own property. Where the generator is right, the dots cannot be told from the
    map. The properties are the hidden factors, or magnetisations and correlations where no factor
    is known. With one latent the map is a line; with more than two, the first two are drawn and
    the others are 0. Of many labels a few are drawn, see :meth:`DrawnLabels.of`.

    Args:
        model: an opened run.
        data: the data set that it learned.
        path: path of the PNG.

    Returns:
        The path.

    Raises:
        QganError: if the generator has no latent, or a label has no held-out state.
    """
    n_latent = model.sampler.n_latent
    if not n_latent:
        raise errors.argument("model", "must have a latent", "a generator without one")
    names = list(data.factor_names) or [o.name for o in observables(data.n_qubits)]
    names = names[:MOST_PROPERTIES]
    row = SIDE + FOOT
    drawn = DrawnLabels.of(data.n_labels)
    size = LEFT + len(names) * (SIDE + GAP), TOP + len(drawn.labels) * row
    canvas = Canvas(*size, drawn.caption)
    for place, label in enumerate(drawn.labels):
        prior = model.sampler.prior
        points = _points(prior)
        values = _property(model, data, label, points)
        part = real_part(data, label)[:MOST_REAL]
        inversion = invert(model, part.states, model.label_values[label])
        real = (
            part.factors
            if data.factor_names
            else mean_values(part.states, observables(data.n_qubits))
        )
        assert real is not None
        for k, name in enumerate(names):
            axes = open_frame(canvas.axes(LEFT + k * (SIDE + GAP), TOP + place * row, SIDE, SIDE))
            title = plain(name, 12) if data.factor_names else name
            axes.set_title(f"{plain(data.label_names[label])}: {title}", fontsize=TEXT, color=DARK)
            draw = _draw_line if n_latent == 1 else _draw_map
            draw(axes, points, values[:, k], inversion.latent, real[:, k], title)
            set_latent_axis(axes, prior.kinds[0], margin=0.015)
            if n_latent > 1:
                set_latent_axis(axes, prior.kinds[1], margin=0.015, side="y")
        note = f"mean fidelity of the placed states {float(inversion.fidelity.mean()):.4f}"
        canvas.text(LEFT, TOP + place * row + SIDE + 0.5, note, fontsize=SMALL, color=GREY)
    what = "factors of the nearest real state" if data.factor_names else "observables"
    words = f"colour: {what} at each latent;  dots: real states, placed by inversion, own values"
    canvas.text(0.3, 0.25, words, fontsize=SMALL)
    return canvas.save(path)


def _points(prior: Prior) -> Tensor:
    if prior.n_latent == 1:
        return prior.positions(0, LINE).float()[:, None]
    lines = (prior.positions(axis, GRID).float() for axis in (1, 0))
    up, across = torch.meshgrid(*lines, indexing="ij")
    points = torch.zeros(GRID**2, prior.n_latent)
    points[:, 0], points[:, 1] = across.flatten(), up.flatten()
    return points


def _property(model: Model, data: Dataset, label: int, points: Tensor) -> Tensor:
    """The properties of the states that are generated at some points, ``(P, K)``."""
    states = prepare(model.sampler.exact_states(torch.full((len(points),), label), points))
    if not data.factor_names:
        return mean_values(states, observables(data.n_qubits))
    part = real_part(data, label)
    assert part.factors is not None
    return part.factors[nearest_real(states, part.states)[0]]


def _draw_map(
    axes: Axes, points: Tensor, values: Tensor, latent: Tensor, real: Tensor, name: str
) -> None:
    low, high = torch.cat([values, real]).aminmax()
    scale: dict[str, Any] = {"cmap": "viridis", "vmin": float(low), "vmax": float(high)}
    square = values.reshape(GRID, GRID).numpy()
    extent = (*points[[0, -1], 0].tolist(), *points[[0, -1], 1].tolist())
    image = axes.imshow(square, origin="lower", extent=extent, aspect="auto", **scale)
    axes.scatter(
        latent[:, 0], latent[:, 1], c=real.numpy(), s=16, edgecolors="white", lw=0.5, **scale
    )
    axes.grid(False)
    axes.set_xlabel(latent_name(0, 2), fontsize=TEXT, labelpad=1)
    axes.set_ylabel(latent_name(1, 2), fontsize=TEXT, labelpad=1)
    bar = axes.figure.colorbar(image, ax=axes, fraction=0.046, pad=0.03)
    bar.ax.tick_params(labelsize=SMALL)


def _draw_line(
    axes: Axes, points: Tensor, values: Tensor, latent: Tensor, real: Tensor, name: str
) -> None:
    axes.plot(points[:, 0].numpy(), values.numpy(), color=DARK, lw=1.5)
    axes.scatter(
        latent[:, 0], real, s=14, c="#D55E00", edgecolors="white", linewidths=0.5, zorder=3
    )
    axes.set_xlabel(latent_name(0, 1), fontsize=TEXT, labelpad=1)
    axes.set_ylabel(name, fontsize=TEXT)
