"""Phases: the diagonals of a group's rows, and the gradients of their angles."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from qgan.engines.batched.torch_ops.gathering import Gathered, span
from qgan.pauli import EVERY, SignTable

__all__ = ["Phases"]

MOST_AT_ONCE = 2**22  # entries of all diagonals together; beyond, each is made when it is needed


class Phases:
    """The phases of a group at given angles.

    Args:
        shared: whether the batch shares them.
        diagonals: those of all rows, complex ``(b, rows, 2**n)``, b = 1 if shared; or None.
        slots: instead of diagonals, ``(b, rows, T)``.
        signs: the signs of the T products of each row, which turn slots into phases.
        keeps: whether diagonals that are made of slots are kept, if all of them fit.
    """

    def __init__(
        self,
        shared: bool,
        diagonals: Tensor | None,
        slots: Tensor | None = None,
        signs: SignTable | None = None,
        keeps: bool = True,
    ) -> None:
        self.shared = shared
        self.slots = slots
        self.signs = signs
        self.gathered = Gathered()
        self._diagonals = diagonals
        if diagonals is None and keeps and self._fits():
            self._diagonals = self._spread(EVERY)
        self._adjoints: Tensor | None = None

    def _fits(self) -> bool:
        assert self.slots is not None
        assert self.signs is not None
        return self.slots[..., 0].numel() * self.signs.dimension <= MOST_AT_ONCE

    def _spread(self, rows: slice | list[int]) -> Tensor:
        assert self.slots is not None
        assert self.signs is not None
        phases = self.signs.spread(self.slots[:, rows].transpose(0, 1), rows)
        return torch.complex(torch.cos(phases), torch.sin(phases)).transpose(0, 1)

    def diagonals(self, rows: slice | list[int]) -> Tensor:
        """The diagonals of some rows, complex ``(b, rows, 2**n)``."""
        return self._spread(rows) if self._diagonals is None else self._diagonals[:, rows]

    def diagonal(self, row: int) -> Tensor:
        """The diagonal of a row, complex ``(b, 2**n)``."""
        if self._diagonals is None:
            return self._spread(slice(row, row + 1))[:, 0]
        return self._diagonals[:, row]

    def adjoint(self, row: int) -> Tensor:
        """The conjugate of the diagonal of a row."""
        if self._diagonals is None:
            return torch.conj_physical(self.diagonal(row))
        if self._adjoints is None:
            self._adjoints = torch.conj_physical(self._diagonals)
        return self._adjoints[:, row]

    def note(self, rows: Sequence[int], gradient: Tensor, state: Tensor) -> None:
        """Gather the gradients of rows from G and psi beside each phase, ``(B, rows, 2**n, r)``.

        The gradient of the phase of exp(i phi) is ``dL/dphi = Im(G conj(psi))``.
        """
        of_phases = (gradient * torch.conj_physical(state)).imag
        if self.shared and len(of_phases) > 1:
            of_phases = of_phases.sum(0, keepdim=True)
        self.add(rows, of_phases.squeeze(-1) if of_phases.shape[-1] == 1 else of_phases.sum(-1))

    def add(self, rows: Sequence[int], gradient: Tensor) -> None:
        """Gather the gradient of the phases of rows, ``(b, rows, 2**n)``."""
        if self.signs is not None:
            gradient = self.signs.gather(gradient.transpose(0, 1), span(rows)).transpose(0, 1)
        self.gathered.add(rows, gradient)
