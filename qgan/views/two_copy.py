"""Two-copy circuit view: circuits that measure two copies of a state together."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.batch import Seen
from qgan.engines.base import Circuit, Engine
from qgan.states import States
from qgan.views.base import states_of
from qgan.views.circuit import CircuitView

__all__ = ["TwoCopyView", "tensor_product"]


class TwoCopyView(CircuitView):
    """``m_k(rho) = c Tr[P_k V (rho x rho x |0><0|) V^dagger]``: quadratic in the state.

    With a linear head it sees what one copy does not: the second moment of an ensemble, hence its
    diversity. It needs the state, of which it makes a second copy.

    Args:
        circuit: a readout circuit whose output register is twice as wide as the state.
        n_labels: number of classes, or of real conditions.
        observables: Pauli words on all its wires; all Z words up to weight 3 by default.
        engine: what runs it.
        n_circuits: circuits side by side, each with its own angles.
        scale: c.
        trainable: whether the angles are trained.
        seed: seed of the initial angles.

    Raises:
        QganError: if the output register has an odd number of wires.

    References:
        Huang et al., arXiv:2112.00778 (what two copies measured together can tell).
    """

    needs_states = True
    n_copies = 2

    def __init__(
        self,
        circuit: Circuit,
        n_labels: int,
        observables: Sequence[str] | None = None,
        *,
        engine: Engine | None = None,
        n_circuits: int = 1,
        scale: float = 4.0,
        trainable: bool = True,
        seed: int = 0,
    ) -> None:
        n_output = circuit.registers.n_output
        if n_output % 2:
            raise errors.argument("circuit", "must read an even number of qubits", n_output)
        super().__init__(
            circuit,
            n_labels,
            observables,
            engine=engine,
            n_circuits=n_circuits,
            scale=scale,
            trainable=trainable,
            seed=seed,
        )

    def forward(self, source: Seen, label: Tensor) -> Float[Tensor, "B K"]:
        """Scaled expectation values ``(B, K)``."""
        states = states_of(source, self).materialise()
        return super().forward(tensor_product(states, states), label)


def tensor_product(a: States, b: States) -> States:
    """``rho_b x sigma_b``, state by state: the Kronecker products of the factors."""
    product = a.factor[:, :, None, :, None] * b.factor[:, None, :, None, :]
    return States(product.flatten(3, 4).flatten(1, 2))
