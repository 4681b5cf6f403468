"""The atlas: latent space as a map, real states placed on it by inversion."""

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
from qgan.pictures.canvas import DARK, GREY, SMALL, TEXT, Canvas, latent_name, open_frame, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GRID, LINE, REAL = 41, 81, 80
"""Points a side of a map, of a line, and real states placed for each label."""
MOST_PROPERTIES = 3
SIDE, GAP, LEFT, TOP, FOOT = 2.3, 1.15, 0.85, 0.75, 0.95
"""Inches."""


def atlas(model: Model, data: Dataset, path: str | Path) -> Path:
    """Draw all labels (rows): a map of latent space for each property, real states on it.

    The map's colour is the property of the generated state at each latent, a dot's colour the
    same property of a real held-out state, at the latent that :func:`invert` finds for it: where
    the generator is right, dots vanish in their surroundings. Properties are the hidden factors,
    or magnetisations and correlations where none is known. With one latent a map is a line; of
    more than two the first two are drawn, the others at 0.

    Args:
        model: an opened run.
        data: what it learned.
        path: of the PNG.

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
    canvas = Canvas(LEFT + len(names) * (SIDE + GAP), TOP + data.n_labels * row)
    for label in range(data.n_labels):
        points = _points(n_latent)
        generated = _property(model, data, label, points)
        part = real_part(data, label)[slice(REAL)]
        placed = invert(model, part.states, model.label_values[label])
        real = (
            part.factors
            if data.factor_names
            else mean_values(part.states, observables(data.n_qubits))
        )
        assert real is not None
        for k, name in enumerate(names):
            axes = open_frame(canvas.axes(LEFT + k * (SIDE + GAP), TOP + label * row, SIDE, SIDE))
            shown = plain(name, 12) if data.factor_names else name
            axes.set_title(f"{plain(data.label_names[label])}: {shown}", fontsize=TEXT, color=DARK)
            draw = _draw_line if n_latent == 1 else _draw_map
            draw(axes, points, generated[:, k], placed.latent, real[:, k], shown)
        told = f"mean fidelity of the placed states {float(placed.fidelity.mean()):.4f}"
        canvas.text(LEFT, TOP + label * row + SIDE + 0.5, told, fontsize=SMALL, color=GREY)
    what = "factors of the nearest real state" if data.factor_names else "observables"
    words = f"colour: {what} at each latent;  dots: real states, placed by inversion, own values"
    canvas.text(0.3, 0.25, words, fontsize=SMALL)
    return canvas.save(path)


def _points(n_latent: int) -> Tensor:
    if n_latent == 1:
        return torch.linspace(-1, 1, LINE)[:, None]
    line = torch.linspace(-1, 1, GRID)
    up, across = torch.meshgrid(line, line, indexing="ij")
    points = torch.zeros(GRID**2, n_latent)
    points[:, 0], points[:, 1] = across.flatten(), up.flatten()
    return points


def _property(model: Model, data: Dataset, label: int, points: Tensor) -> Tensor:
    """What the maps show of generated states."""
    states = prepare(model.sampler.exact_states(torch.full((len(points),), label), points))
    if not data.factor_names:
        return mean_values(states, observables(data.n_qubits))
    part = real_part(data, label)
    assert part.factors is not None
    return part.factors[nearest_real(states, part.states)[0]]


def _draw_map(
    axes: Axes, points: Tensor, made: Tensor, at: Tensor, real: Tensor, name: str
) -> None:
    low, high = torch.cat([made, real]).aminmax()
    scale: dict[str, Any] = {"cmap": "viridis", "vmin": float(low), "vmax": float(high)}
    square = made.reshape(GRID, GRID).numpy()
    image = axes.imshow(square, origin="lower", extent=(-1, 1, -1, 1), aspect="auto", **scale)
    axes.scatter(at[:, 0], at[:, 1], c=real.numpy(), s=16, edgecolors="white", lw=0.5, **scale)
    axes.grid(False)
    axes.set(xlim=(-1.03, 1.03), ylim=(-1.03, 1.03))
    axes.set_xlabel(latent_name(0, 2), fontsize=TEXT, labelpad=1)
    axes.set_ylabel(latent_name(1, 2), fontsize=TEXT, labelpad=1)
    bar = axes.figure.colorbar(image, ax=axes, fraction=0.046, pad=0.03)
    bar.ax.tick_params(labelsize=SMALL)


def _draw_line(
    axes: Axes, points: Tensor, made: Tensor, at: Tensor, real: Tensor, name: str
) -> None:
    axes.plot(points[:, 0].numpy(), made.numpy(), color=DARK, lw=1.5)
    axes.scatter(at[:, 0], real, s=14, c="#D55E00", edgecolors="white", linewidths=0.5, zorder=3)
    axes.set_xlim(-1.03, 1.03)
    axes.set_xlabel(latent_name(0, 1), fontsize=TEXT, labelpad=1)
    axes.set_ylabel(name, fontsize=TEXT)
