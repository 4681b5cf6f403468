"""Pictures of an evaluation: the coverage along the hidden factors, and the average states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from qgan.batch import Batch
from qgan.data import Dataset
from qgan.explore.observables import real_part
from qgan.metrics import fidelity_matrix
from qgan.metrics.ensembles.covering import ensemble_average, prepare
from qgan.pictures.canvas import (
    BLUE,
    DARK,
    GREEN,
    GREY,
    PURPLE,
    SMALL,
    VERMILLION,
    Canvas,
    open_frame,
    plain,
)
from qgan.pictures.drawn_labels import DrawnLabels
from qgan.states import States

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable

__all__ = [
    "N_DRAWN", "NearestInfidelities", "average_states", "coverage_curves", "judged_pictures",
    "nearest_infidelities",
]  # fmt: skip

N_DRAWN = 512
"""Number of generated states per label that are drawn from the prior for the pictures."""
MOST_FACTORS = 3
MOST_DRAWN_QUBITS = 4
"""Average states of more qubits are drawn reduced to their first qubits."""
LEAST_INFIDELITY = 1e-8
"""Smaller infidelities are drawn as this: a logarithmic axis has no zero."""
WIDTH, HEIGHT, LEFT, TOP, GAP, FOOT = 3.2, 1.9, 0.85, 0.55, 0.35, 0.55
"""Inches: width and height of a panel of coverage, margins, and space between and below panels."""


def judged_pictures(
    generated: Batch, data: Dataset, folder: str | Path, skills: Sequence[float] = ()
) -> list[Path]:
    """Write ``coverage.png`` and ``average.png``.

    Of many labels a few are drawn, see :meth:`DrawnLabels.of`.

    Args:
        generated: generated states with their labels, at least one of each label.
        data: the real states that they are judged on.
        folder: the folder of the pictures, which is made if it does not exist.
        skills: the skill of each label, by which labels are chosen if there are many.

    Returns:
        The paths of both.

    Raises:
        QganError: if a label has no held-out state.
    """
    folder, drawn = Path(folder), DrawnLabels.of(data.n_labels, skills)
    generated, data = drawn.batch(generated), drawn.data(data)
    ensembles = [prepare(generated.of(label).states) for label in range(data.n_labels)]
    return [
        coverage_curves(ensembles, data, folder / "coverage.png", drawn.caption),
        average_states(ensembles, data, folder / "average.png", drawn.caption),
    ]


@dataclass(frozen=True, eq=False)
class NearestInfidelities:
    """The infidelity of each held-out state of a label with the nearest generated one.

    Args:
        position: the hidden factors of each state, ``(R, P)``. Where no factor is known,
            each kind of infidelity is sorted for itself, and this is the rank from 0 to 1.
        generated: infidelity with the nearest generated state, ``(R,)``.
        real: infidelity with the nearest of as many training states, ``(R,)``: the floor.
    """

    position: Float[Tensor, "R P"]
    generated: Float[Tensor, " R"]
    real: Float[Tensor, " R"]


def nearest_infidelities(generated: States, held_out: Batch, train: States) -> NearestInfidelities:
    """Compare held-out states with the nearest generated and the nearest training state.

    Args:
        generated: generated states of one label.
        held_out: held-out states of that label.
        train: training states of that label, of which as many are taken as are generated.

    Returns:
        The infidelities with both.
    """
    best = 1 - fidelity_matrix(held_out.states, generated).amax(1)
    floor = 1 - fidelity_matrix(held_out.states, prepare(train[: len(generated)])).amax(1)
    if held_out.factors is None:
        best, floor = best.sort().values, floor.sort().values
        rank = torch.linspace(0, 1, len(best), dtype=torch.float64)
        return NearestInfidelities(rank[:, None], best, floor)
    return NearestInfidelities(held_out.factors[:, :MOST_FACTORS], best, floor)


def coverage_curves(
    ensembles: Sequence[States], data: Dataset, path: str | Path, caption: str = ""
) -> Path:
    """Draw how far each held-out state lies from the best generated one, along each factor.

    Rows are labels and columns are hidden factors; the infidelity is on a logarithmic axis. Grey
    points compare with as many training states instead. Where no factor is known, the
    infidelities are sorted.

    Args:
        ensembles: generated states of each label.
        data: the real states.
        path: path of the PNG.
        caption: a line above the picture.

    Returns:
        The path.

    Raises:
        QganError: if a label has no held-out state.
    """
    rows = [
        nearest_infidelities(states, real_part(data, k), data.train.of(k).states)
        for k, states in enumerate(ensembles)
    ]
    names = [plain(name) for name in data.factor_names[:MOST_FACTORS]]
    axes_names = names or ["share of held-out states"]
    width = LEFT + len(axes_names) * (WIDTH + GAP)
    canvas = Canvas(max(width, 5.2), TOP + len(rows) * (HEIGHT + FOOT + GAP), caption)
    lowest = min(float(torch.minimum(row.generated, row.real).min()) for row in rows)
    low = 0.5 * max(lowest, LEAST_INFIDELITY)
    for k, row in enumerate(rows):
        for column, name in enumerate(axes_names):
            top = TOP + k * (HEIGHT + FOOT + GAP)
            place = (LEFT + column * (WIDTH + GAP), top, WIDTH, HEIGHT)
            axes = open_frame(canvas.axes(*place))
            _draw_infidelities(axes, row, column, low)
            axes.set_xlabel(name, fontsize=SMALL)
            if column:
                axes.tick_params(labelleft=False)
            else:
                axes.set_ylabel("1 - F of the best", fontsize=SMALL)
                axes.set_title(plain(data.label_names[k]), y=1.0, fontsize=SMALL + 1, loc="left")
    canvas.text(LEFT, 0.2, "generated", color=BLUE)
    canvas.text(LEFT + 0.9, 0.2, "training states in their place", color=GREY)
    return canvas.save(path)


def _draw_infidelities(axes: Axes, row: NearestInfidelities, column: int, low: float) -> None:
    position = row.position[:, column].numpy()
    for values, colour, size in ((row.real, GREY, 5), (row.generated, BLUE, 7)):
        heights = values.clamp_min(low).numpy()
        axes.scatter(position, heights, s=size, color=colour, alpha=0.6, linewidths=0)
    axes.set_yscale("log")
    axes.minorticks_off()
    axes.set_ylim(low / 1.5, 1.5)


def average_states(
    ensembles: Sequence[States], data: Dataset, path: str | Path, caption: str = ""
) -> Path:
    """Draw the average density matrices of real and generated states as Hinton diagrams.

    The area of a square is the modulus of an entry, and its colour is the phase. The average state
    of each label is all that a linear discriminator of single copies sees.

    Args:
        ensembles: generated states of each label.
        data: real states, of which the held-out ones are averaged.
        path: path of the PNG.
        caption: a line above the picture.

    Returns:
        The path.

    Raises:
        QganError: if a label has no held-out state.
    """
    n = min(data.n_qubits, MOST_DRAWN_QUBITS)
    side = 2.4 if n > 2 else 1.7
    left, right, top, title = 0.75, 0.9, 0.3, 0.5
    width, row = left + 2 * side + 0.55 + right, side + title + 0.3
    canvas = Canvas(width, top + len(ensembles) * row, caption)
    for k, states in enumerate(ensembles):
        held_out = real_part(data, k).states
        matrices = [_average(s, n) for s in (held_out, states)]
        largest = max(float(np.abs(m).max()) for m in matrices)
        for column, (matrix, name) in enumerate(zip(matrices, ("real", "generated"), strict=True)):
            place = (left + column * (side + 0.55), top + k * row + title / 2)
            axes = canvas.axes(*place, side, side)
            _draw_hinton(axes, matrix, largest, n)
            words = f"{plain(data.label_names[k])}, {name}"
            axes.set_title(words, y=1.0, fontsize=SMALL, color=DARK, pad=3)
    bar = canvas.axes(canvas.width - right + 0.25, top + title / 2, 0.14, side)
    canvas.figure.colorbar(_phases(), cax=bar, ticks=[-np.pi, 0, np.pi])
    bar.set_yticklabels([r"$-\pi$", "0", r"$\pi$"], fontsize=SMALL)
    bar.set_ylabel("phase", fontsize=SMALL, labelpad=-4)
    if data.n_qubits > n:
        canvas.text(left, 0.12, f"first {n} of {data.n_qubits} qubits", fontsize=SMALL)
    return canvas.save(path)


def _average(states: States, n_qubits: int) -> NDArray[Any]:
    average = ensemble_average(states)
    if average.n_qubits > n_qubits:
        average = average.reduced(range(n_qubits))
    return np.asarray(average.density_matrix()[0].numpy())


def _phases() -> ScalarMappable:
    """A closed circle of colours for phases, in which blue is positive and vermillion negative."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    circle = [VERMILLION, PURPLE, BLUE, GREEN, VERMILLION]
    colours = LinearSegmentedColormap.from_list("phase", circle)
    return ScalarMappable(Normalize(-np.pi, np.pi), colours)


def _draw_hinton(axes: Axes, matrix: NDArray[Any], largest: float, n_qubits: int) -> None:
    """Draw squares of area ``|rho_ij| / largest``, coloured by the phase.

    An imaginary part that is only a rounding error is dropped first.
    """
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    size = np.sqrt(np.abs(matrix) / largest)
    entries = np.where(np.abs(matrix.imag) < 1e-9, matrix.real, matrix)
    colours = _phases().to_rgba(np.angle(entries + 0.0).ravel())
    rows, columns = np.indices(matrix.shape)
    squares = [
        Rectangle((column - s / 2, row - s / 2), s, s)
        for row, column, s in zip(rows.ravel(), columns.ravel(), size.ravel(), strict=True)
    ]
    axes.add_collection(PatchCollection(squares, facecolors=colours, linewidths=0))
    dimension = len(matrix)
    axes.set(xlim=(-0.6, dimension - 0.4), ylim=(dimension - 0.4, -0.6), aspect="equal")
    axes.set_facecolor("#F4F4F4")
    step = max(1, dimension // 4)
    places = list(range(0, dimension, step))
    names = [f"|{place:0{n_qubits}b}⟩" for place in places]
    axes.set_xticks(places, labels=names)
    axes.set_yticks(places, labels=names)
    axes.tick_params(labelsize=SMALL - 1.5)
