"""The page as one file that works offline, by interpolation between the states of a grid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.files import check_writable, write_atomically
from qgan.page.explorer import Explorer
from qgan.page.files import one_file
from qgan.prior import Prior

__all__ = ["grid_axes", "grid_points", "page_data", "save_page"]

MOST_NUMBERS = 3_000_000
"""Most numbers in a file: 24 MB, and a third more as text."""
FINEST = {1: 201, 2: 41, 3: 15, 4: 9}
"""Most points along each latent, by the number of latents; with more latents it is 5."""


def grid_axes(
    prior: Prior, n_numbers: int, rounded_to: list[list[float]] | None = None
) -> list[list[float]]:
    """The places of the grid along each latent, as fine as the size of the file allows.

    Args:
        prior: the prior of the latents.
        n_numbers: how many numbers one point of the grid takes, over all labels.
        rounded_to: the values that each latent is rounded to; these are the places if the file can
            hold all of them.

    Returns:
        One list of places per latent, from one end of its range to the other. Both ends of an angle
        are there, so that nothing has to be interpolated across them.

    Raises:
        QganError: if not even three points along each latent fit.

    Example:
        >>> [len(axis) for axis in grid_axes(Prior(2), 1000)]
        [41, 41]
    """
    n, levels = prior.n_latent, prior.n_levels
    fine = FINEST.get(n, 5)
    if rounded_to and n:
        axes = list(rounded_to)
        if levels:
            axes[-1] = prior.levels.tolist()
        if torch.Size(map(len, axes)).numel() * n_numbers <= MOST_NUMBERS:
            return axes
    while fine >= 3:
        sizes = [fine] * n
        if levels:
            sizes[-1] = levels
        total = torch.Size(sizes).numel() * n_numbers
        if total <= MOST_NUMBERS or not n:
            # Sliders have the same round numbers, and at these nothing is interpolated.
            return [_evenly(*ends, size) for ends, size in zip(prior.ranges, sizes, strict=True)]
        fine -= 2
    rule = "must have few enough latents and qubits for a grid in one file"
    raise errors.argument("static", rule, f"{n} latents, {n_numbers} numbers per point")


def _evenly(low: float, high: float, size: int) -> list[float]:
    places = [round(low + (high - low) * k / (size - 1), 9) for k in range(size)]
    return [low, *places[1:-1], high]


def grid_points(axes: list[list[float]]) -> Float[Tensor, "P z"]:
    """All points of a grid, ``(P, n_latent)``, in an order in which the last latent is fastest."""
    if not axes:
        return torch.zeros(1, 0)
    places = [torch.tensor(axis, dtype=torch.float64) for axis in axes]
    return torch.stack([p.flatten() for p in torch.meshgrid(*places, indexing="ij")], dim=1)


def page_data(explorer: Explorer) -> dict[str, Any]:
    """The data of the page: the facts about the run, and its states on a grid."""
    circuit = explorer.sampler.circuit
    origin = explorer.compute(0, torch.zeros(1, explorer.sampler.n_latent))
    numbers = 2 * 2**explorer.n_qubits * origin["rank"] + circuit.n_inputs + 8
    levels = explorer.sampler.levels
    axes = grid_axes(
        explorer.sampler.prior,
        numbers * explorer.n_labels,
        None if levels is None else levels.T.tolist(),
    )
    points = grid_points(axes)
    about = explorer.about()
    if axes:
        sizes = " x ".join(str(len(axis)) for axis in axes)
        about["note"] = f"one file: interpolated between {sizes} points"
    labels = [explorer.compute(label, points) for label in range(explorer.n_labels)]
    return {"about": about, "grid": {"axes": axes, "labels": labels}}


def save_page(explorer: Explorer, path: str | Path) -> str:
    """Write the page as one HTML file.

    Args:
        explorer: an opened run.
        path: the file.

    Returns:
        A sentence about what the file holds.

    Raises:
        QganError: if the folder does not exist or the states are too many for one file.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise errors.argument("static", "must be a file in a folder that exists", path)
    check_writable(path)
    data = page_data(explorer)
    write_atomically(path, one_file(data).encode())
    axes = " x ".join(str(len(axis)) for axis in data["grid"]["axes"]) or "1"
    size = path.stat().st_size / 1e6
    return f"{size:.1f} MB, {explorer.n_labels} labels, {axes} points, works offline"
