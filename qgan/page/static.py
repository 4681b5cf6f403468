"""The page as one file that works offline: a grid of states, interpolated between its points."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.page.explorer import Explorer
from qgan.page.files import one_file
from qgan.prior import Prior

MOST_NUMBERS = 3_000_000
"""Numbers that a file carries: 24 MB, a third more as text."""
FINEST = {1: 201, 2: 41, 3: 15, 4: 9}
"""Points along each latent, by how many there are; more latents get 5."""


def grid_axes(prior: Prior, n_numbers: int) -> list[list[float]]:
    """Places along each latent: as fine as the file may be large.

    Args:
        prior: of the latents.
        n_numbers: that one point of the grid takes, over all labels.

    Raises:
        QganError: if not even three points along each latent fit.

    Example:
        >>> [len(axis) for axis in grid_axes(Prior(2), 1000)]
        [41, 41]
    """
    n, levels = prior.n_latent, prior.n_levels
    fine = FINEST.get(n, 5)
    while fine >= 3:
        sizes = [fine] * n
        if levels:
            sizes[-1] = levels
        total = torch.Size(sizes).numel() * n_numbers
        if total <= MOST_NUMBERS or not n:
            # Round numbers, as sliders have them: at a point of the grid nothing is interpolated.
            return [[round(-1 + 2 * k / (size - 1), 9) for k in range(size)] for size in sizes]
        fine -= 2
    rule = "must have few enough latents and qubits for a grid in one file"
    raise errors.argument("static", rule, f"{n} latents, {n_numbers} numbers a point")


def grid_points(axes: list[list[float]]) -> Float[Tensor, "P z"]:
    """All points of a grid, the last latent turning fastest."""
    if not axes:
        return torch.zeros(1, 0)
    places = [torch.tensor(axis, dtype=torch.float64) for axis in axes]
    return torch.stack([p.flatten() for p in torch.meshgrid(*places, indexing="ij")], dim=1)


def page_data(explorer: Explorer) -> dict[str, Any]:
    """What the page carries: all there is to know, and states on a grid."""
    circuit = explorer.sampler.circuit
    one = explorer.compute(0, torch.zeros(1, explorer.sampler.n_latent))
    numbers = 2 * 2**explorer.n_qubits * one["rank"] + circuit.n_inputs + 8
    axes = grid_axes(explorer.sampler.prior, numbers * explorer.n_labels)
    points = grid_points(axes)
    about = explorer.about()
    if axes:
        sizes = " x ".join(str(len(axis)) for axis in axes)
        about["note"] = f"one file: interpolated between {sizes} points"
    labels = [explorer.compute(label, points) for label in range(explorer.n_labels)]
    return {"about": about, "grid": {"axes": axes, "labels": labels}}


def save_page(explorer: Explorer, path: str | Path) -> str:
    """Write the page as one HTML file.

    Returns:
        A sentence about what the file holds.

    Raises:
        QganError: if the folder does not exist or the states are too many for one file.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise errors.argument("static", "must be a file in a folder that exists", path)
    data = page_data(explorer)
    try:
        path.write_text(one_file(data), encoding="utf-8")
    except OSError as error:
        raise errors.argument("static", "must be a file that can be written", error) from None
    axes = " x ".join(str(len(axis)) for axis in data["grid"]["axes"]) or "1"
    size = path.stat().st_size / 1e6
    return f"{size:.1f} MB, {explorer.n_labels} labels, {axes} points, works offline"
