"""Generator = embedding + circuit + engine."""

from __future__ import annotations

import math
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from qgan import errors
from qgan.embedding import RegisterEmbedding, TanhEmbedding
from qgan.engines import BatchedEngine
from qgan.engines.base import Circuit, Engine
from qgan.prior import Prior
from qgan.states import StateSource


class Generator(nn.Module):
    """A variational circuit that takes a label and a latent and prepares a state.

    ``rho_G(theta; label, z) = Tr_rest |psi><psi|``, ``|psi> = U(theta; x(label, z))|0>``.

    Args:
        circuit: any object of the ``Circuit`` protocol.
        n_labels: number of classes (or of real conditions, if labels are float).
        n_latent: entries of z, or give ``prior``.
        embedding: module (label, latent) -> inputs ``(B, n_inputs)``; by default the registers'
            if the circuit has a label register, else a small tanh network.
        engine: what runs the circuit; ``BatchedEngine()`` by default.
        prior: distribution of z; uniform on ``[-1, 1]`` by default.
        spread: initial circuit weights are uniform in ``[-spread, spread]`` radians.
        seed: seed of all initial values.

    Raises:
        QganError: if labels or latents do not fit the registers.

    Example:
        >>> from circuits import Registers, ReuploadingCircuit
        >>> circuit = ReuploadingCircuit(Registers(output=4), n_layers=4)
        >>> generator = Generator(circuit, n_labels=2, n_latent=1)
        >>> generator(torch.tensor([0, 1]), torch.zeros(2, 1))
        States(2 of 4 qubits, pure)
    """

    def __init__(
        self,
        circuit: Circuit,
        n_labels: int,
        n_latent: int = 1,
        embedding: nn.Module | None = None,
        *,
        engine: Engine | None = None,
        prior: Prior | None = None,
        spread: float = math.pi,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if n_labels < 1:
            raise errors.argument("n_labels", "must be at least 1", n_labels)
        self.circuit = circuit
        self.n_labels = n_labels
        self.prior = prior or Prior(n_latent)
        self.engine: Engine = engine or BatchedEngine()
        random = torch.Generator().manual_seed(seed)
        self.weights = nn.Parameter(torch.empty(circuit.n_weights))
        nn.init.uniform_(self.weights, -spread, spread, generator=random)
        self.embedding = embedding or default_embedding(
            circuit, n_labels, self.prior.n_latent, random
        )

    @property
    def n_latent(self) -> int:
        """Entries of z."""
        return self.prior.n_latent

    def forward(
        self, label: Int[Tensor, " B"] | Float[Tensor, "B c"], latent: Float[Tensor, "B z"]
    ) -> StateSource:
        """States of a batch of labels and latents."""
        self.check(label, latent)
        inputs = self.embedding(label, latent.to(self.weights))
        return self.engine.prepare(self.circuit, self.weights, inputs)

    def check(self, label: Tensor, latent: Tensor) -> None:
        """Refuse latents of another width and labels of another shape or out of range."""
        real = label.is_floating_point()
        if label.shape[1:] != ((self.n_labels,) if real else ()) or not label.ndim:
            shape = f"(B, {self.n_labels}) to match n_labels" if real else "(B,)"
            raise errors.argument("label", f"must have shape {shape}", tuple(label.shape))
        if latent.ndim != 2 or latent.shape[1] != self.n_latent or len(latent) != len(label):
            raise errors.argument(
                "latent",
                f"must have shape (B, {self.n_latent}) to match n_latent={self.n_latent} and the "
                f"{len(label)} labels",
                tuple(latent.shape),
            )
        if not real and label.numel():
            low, high = label.aminmax()
            if low < 0 or high >= self.n_labels:
                raise errors.argument(
                    "label", f"must be from 0 to {self.n_labels - 1}", int(low if low < 0 else high)
                )

    def sample(self, label: Tensor, generator: torch.Generator) -> StateSource:
        """States of given labels with latents drawn from the prior."""
        source: StateSource = self(label, self.prior.sample(len(label), generator))
        return source


def default_embedding(
    circuit: Circuit, n_labels: int, n_latent: int, generator: torch.Generator | None = None
) -> nn.Module:
    """The registers' embedding if there is a label register, else a small tanh network."""
    registers: Any = circuit.registers
    if registers.n_label:
        return RegisterEmbedding(
            n_labels,
            n_latent,
            registers.n_label,
            registers.n_latent_wires,
            circuit.n_inputs,
            generator,
        )
    return TanhEmbedding(n_labels, n_latent, circuit.n_inputs, generator=generator)
