"""The classical twin of a generator: the network writes the state, and no circuit prepares it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.engines.base import Engine, RegistersLike
from qgan.generator import Generator
from qgan.sampler import ParameterCounts, SamplerCost
from qgan.states import States

__all__ = ["NetworkGenerator", "NoGates"]


@dataclass(frozen=True, eq=False)
class NoGates:
    """The place of a circuit in a generator that has none: it queues nothing.

    Args:
        registers: the output, and the bath of the circuit that it stands for.

    Attributes:
        n_weights: none.
        n_inputs: real and imaginary parts of a factor of ``2**n_output`` rows, with one column for
            each basis state of the bath.
    """

    registers: RegistersLike
    n_weights: int = 0

    @property
    def n_inputs(self) -> int:
        """Numbers that the network writes for each state."""
        return int(2 * 2**self.registers.n_wires)

    def __call__(self, weights: Any, inputs: Any) -> None:
        """Queue nothing."""


class NetworkGenerator(Generator):
    """A generator without a circuit: the embedding writes a factor of the state.

    ``rho_G = A A^dagger / Tr(A A^dagger)``, where the outputs of the embedding are the real and
    imaginary parts of A, ``2**n_output`` rows by ``2**n_bath`` columns. With one column the
    outputs are amplitudes. It stands beside a quantum generator to show what the circuit is worth:
    its outputs number ``2**n``, it runs on no quantum device, and its states are known only as
    numbers.

    Args:
        circuit: a :class:`NoGates`; the other arguments are those of :class:`Generator`, whose
            engine is not used.

    Raises:
        QganError: if the circuit has gates.

    Example:
        >>> from circuits import Registers
        >>> twin = NetworkGenerator(NoGates(Registers(output=4)), n_labels=2, n_latent=1)
        >>> twin(torch.tensor([0, 1]), torch.zeros(2, 1))
        States(2 of 4 qubits, pure)
    """

    def forward(self, label: Tensor, latent: Float[Tensor, "B z"]) -> States:
        """States of a batch of labels and latents (see :class:`Generator`)."""
        return self.states(label, latent)

    def states(
        self, label: Tensor, latent: Float[Tensor, "B z"], engine: Engine | None = None
    ) -> States:
        """States of labels and latents; an engine decides on the precision only.

        Raises:
            QganError: if :meth:`check` refuses labels or latents.
        """
        numbers = self.inputs(label, latent)
        if engine is not None:
            numbers = numbers.double()
        registers = self.circuit.registers
        rank = 2 ** (registers.n_wires - registers.n_output)
        parts = numbers.reshape(len(numbers), 2**registers.n_output, rank, 2)
        norm = parts.square().sum((1, 2, 3), keepdim=True).sqrt()
        return States(torch.view_as_complex((parts / norm).contiguous()))

    def cost(self, batch: int) -> SamplerCost:
        """Nothing runs on a quantum computer."""
        errors.integer("batch", batch)
        return SamplerCost(0, 0, 1)

    def parameter_counts(self) -> ParameterCounts:
        """All trained numbers are in the network, whose outputs are no angles."""
        return ParameterCounts(0, 0, sum(p.numel() for p in self.parameters()))
