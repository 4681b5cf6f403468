"""The picture of density matrices: those of generated states beside the nearest real ones."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from qgan.data import Dataset
from qgan.explore.observables import StateFunction, generated_states, nearest_real, real_part
from qgan.pictures.canvas import DARK, SMALL, TEXT, Canvas, latent_name, plain, signed_root
from qgan.prior import Prior, as_prior
from qgan.states import States

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["density_matrices"]

SHARES = (0.1, 0.5, 0.9)
"""Shares of the prior below the values of the latent."""
MOST_QUBITS = 8
"""States of more qubits are drawn reduced to their first qubits, so that each entry can be seen."""
MOST_KETS = 16
SIDE = {1: 1.15, 2: 1.3, 3: 1.5, 4: 1.7}
"""Side of a matrix in inches, by the number of qubits: each row has room for its ket."""
LEFT, TOP, RIGHT = 0.95, 0.2, 1.0
MARKS = (0.002, 0.01, 0.05, 0.2, 0.5, 1.0)
"""Entries that the colour bar names, with both signs."""
NEAR, APART, TITLE, FOOT = 0.07, 0.3, 0.45, 0.55
"""Inches: between matrices of one pair, between pairs, above and below the rows of a label."""


def density_matrices(
    sample: StateFunction, data: Dataset, prior: Prior | int, path: str | Path, caption: str = ""
) -> Path:
    """Draw Re and Im of generated density matrices beside those of the nearest real states.

    For each label the first latent takes three values, below which 10, 50 and 90 per cent of its
    prior lie (-0.8, 0 and 0.8 if it is uniform), and the others are 0; F is the Uhlmann fidelity
    with the nearest held-out state of the label. All matrices share one colour scale, in the signed
    square root of an entry, so that small entries can be seen too.

    Args:
        sample: a function of label ``(B,)`` and latent ``(B, n_latent)`` to states.
        data: the data set that the generator learned.
        prior: the prior of the latents, or the number of uniform ones. Without a latent there is
            one state per label.
        path: path of the PNG.
        caption: a line above the picture.

    Returns:
        The path.

    Raises:
        QganError: if a label has no held-out state.
    """
    prior = as_prior(prior)
    latent = torch.zeros(len(SHARES) if prior.n_latent else 1, prior.n_latent)
    if prior.n_latent:
        shares = torch.tensor(SHARES, dtype=torch.float64)[:, None].repeat(1, prior.n_latent)
        latent[:, 0] = prior.at(shares)[:, 0]
    pairs, fidelities = [], []
    for label in range(data.n_labels):
        real = real_part(data, label).states
        states = generated_states(sample, label, latent)
        nearest, fidelity = nearest_real(states, real)
        pairs.append(np.stack([_matrices(states), _matrices(real[nearest])], axis=1))
        fidelities.append(fidelity.tolist())
    sheet = _Sheet(data, np.stack(pairs), np.array(fidelities), latent, caption)
    return sheet.draw().save(path)


def _matrices(states: States) -> NDArray[Any]:
    if states.n_qubits > MOST_QUBITS:
        states = states.reduced(range(MOST_QUBITS))
    return np.asarray(states.density_matrix().numpy())


class _Sheet:
    """A sheet of matrices ``(labels, latents, generated or real, D, D)`` with their fidelities."""

    def __init__(
        self,
        data: Dataset,
        pairs: NDArray[Any],
        fidelities: NDArray[Any],
        latent: Tensor,
        caption: str,
    ) -> None:
        self.data, self.pairs, self.fidelities = data, pairs, fidelities
        self.latent, self.n_latent = latent, latent.shape[1]
        self.n_qubits = min(data.n_qubits, MOST_QUBITS)
        self.side = SIDE.get(self.n_qubits, 1.7)
        self.scale = float(max(np.abs(pairs.real).max(), np.abs(pairs.imag).max()))
        self.norm = signed_root(self.scale)
        self.pair = 2 * self.side + NEAR
        self.row = TITLE + self.pair + FOOT
        n_pairs = pairs.shape[1]
        self.right = LEFT + n_pairs * self.pair + (n_pairs - 1) * APART
        self.canvas = Canvas(self.right + RIGHT, TOP + len(pairs) * self.row, caption)

    def draw(self) -> Canvas:
        """Draw all matrices, and the one colour bar that they share."""
        for label in range(self.pairs.shape[0]):
            for z in range(self.pairs.shape[1]):
                image = self._draw_pair(label, z)
        self._draw_colour_bar(image)
        if self.data.n_qubits > MOST_QUBITS:
            words = f"reduced to the first {MOST_QUBITS} of {self.data.n_qubits} qubits"
            self.canvas.text(LEFT, 0.09, words, fontsize=SMALL)
        return self.canvas

    def _draw_colour_bar(self, image: Any) -> None:
        bar = self.canvas.axes(self.right + 0.2, TOP + TITLE, 0.14, self.pair)
        marks = [m for m in MARKS if 0.01 < m / self.scale < 0.75] + [self.scale]
        ticks = [*(-m for m in reversed(marks)), 0.0, *marks]
        self.canvas.figure.colorbar(image, cax=bar, ticks=ticks, format=lambda x, _: f"{x:.2g}")
        bar.tick_params(labelsize=SMALL)
        bar.minorticks_off()
        bar.set_ylabel(r"entry of $\rho$, square-root scale", fontsize=SMALL)

    def _draw_pair(self, label: int, z: int) -> Any:
        """Draw Re above Im, generated beside real; returns an image with the common scale."""
        left = LEFT + z * (self.pair + APART)
        top = TOP + label * self.row + TITLE
        fidelity = math.floor(self.fidelities[label, z] * 1e4) / 1e4  # never rounded up to 1
        value = ""
        if self.n_latent:
            value = f"{latent_name(0, self.n_latent)}$\\, = {float(self.latent[z, 0]):.3g}$,   "
        title = f"{value}$F$ = {fidelity:.4f}"
        self.canvas.text(left + self.pair / 2, top - 0.33, title, ha="center")
        for column, kind in enumerate(("generated", "nearest real")):
            rho = self.pairs[label, z, column]
            for row, (part, entries) in enumerate((("Re", rho.real), ("Im", rho.imag))):
                step = self.side + NEAR
                place = left + column * step, top + row * step
                axes = self.canvas.axes(*place, self.side, self.side)
                image = axes.imshow(entries, cmap="RdBu_r", norm=self.norm, aspect="equal")
                first = not z and not column
                self._ticks(axes, left=first, bottom=row == 1)
                if not row:
                    axes.set_title(kind, y=1.0, fontsize=SMALL, color=DARK, pad=3)
                if first:
                    middle = place[1] + self.side / 2
                    words = part + r"$\,\rho$"
                    self.canvas.text(0.38, middle, words, rotation=90, ha="center")
        if not z:
            name = plain(self.data.label_names[label])
            style = {"rotation": 90, "ha": "center", "fontsize": TEXT + 1}
            self.canvas.text(0.16, top + self.pair / 2, name, **style)
        return image

    def _ticks(self, axes: Axes, *, left: bool, bottom: bool) -> None:
        """Name the rows and columns: by kets where there is room, otherwise by a few numbers."""
        dimension, kets = 2**self.n_qubits, 2**self.n_qubits <= MOST_KETS
        places = list(range(0, dimension, 1 if kets else dimension // 4))
        names = [f"|{place:0{self.n_qubits}b}⟩" if kets else str(place) for place in places]
        for axis, has_names in ((axes.yaxis, left), (axes.xaxis, bottom)):
            if has_names:
                axis.set_ticks(places, labels=names)
            else:  # a tick takes as long to make as a matrix to draw
                axis.set_visible(False)
        size = 6.0 if dimension == MOST_KETS else SMALL
        axes.tick_params(length=1.5, labelsize=size)
        axes.tick_params(axis="x", labelrotation=90 if kets else 0)
