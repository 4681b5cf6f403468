"""Generator = embedding + circuit + engine: a circuit as a sampler."""

from __future__ import annotations

import math
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor, nn

from qgan import errors
from qgan.description import StoredGenerator
from qgan.embedding import (
    BitEmbedding,
    Embedding,
    RegisterEmbedding,
    TanhEmbedding,
    from_spec,
)
from qgan.engines import BatchedEngine
from qgan.engines.base import BitRegisters, Circuit, Engine
from qgan.engines.counting import count_rotations
from qgan.engines.gates import TracedCircuit
from qgan.engines.reduction import reduction_of
from qgan.engines.trace import trace
from qgan.labels import read_labels
from qgan.prior import Prior
from qgan.sampler import Drawn, ParameterCounts, SamplerCost
from qgan.seeds import seeded
from qgan.states import States, StateSource

__all__ = ["Generator", "default_embedding"]


@runtime_checkable
class HasStart(Protocol):
    """A circuit that says which weights a training starts from."""

    def start(self, noise: NDArray[np.floating]) -> NDArray[np.floating]:
        """The weights, made of independent noise; both are ``(n_weights,)``."""


class Generator(nn.Module):
    """A variational circuit that takes a label and a latent and prepares a state.

    ``rho_G(theta; label, z) = Tr_rest |psi><psi|``, ``|psi> = U(theta; x(label, z))|0>``.

    Where the registers of the circuit hold bits, engines run the circuit without these wires,
    which prepares the same states (:mod:`qgan.engines.reduction`).

    Args:
        circuit: any object of the ``Circuit`` protocol.
        n_labels: number of classes, or of real conditions if labels are float.
        n_latent: entries of z; ``prior`` can be passed instead.
        embedding: a module from (label, latent) to inputs ``(B, n_inputs)``; by default that of
            :func:`default_embedding`.
        engine: what runs the circuit; ``BatchedEngine()`` by default.
        prior: distribution of z; uniform on ``[-1, 1]`` by default. An embedding of
            :mod:`qgan.embedding` must have been made for the same kinds of latents.
        spread: initial circuit weights are uniform in ``[-spread, spread]`` radians; a circuit
            with a method ``start`` makes its own of this noise.
        seed: seed of all initial values.

    Raises:
        QganError: if labels or latents do not fit the registers, if the embedding is of other kinds
            of latents than the prior, or if the circuit does not keep to what its registers declare
            of bits.

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
        if isinstance(circuit, type):
            rule = "must be a circuit, which has registers and is called with weights and inputs"
            raise errors.argument("circuit", rule, f"the class {circuit.__name__} itself")
        self.circuit = circuit
        self.n_labels = n_labels = errors.integer("n_labels", n_labels, least=1)
        self.prior = prior or Prior(n_latent)
        self.engine: Engine = engine or BatchedEngine()
        rng = seeded(seed)
        self.weights = nn.Parameter(torch.empty(circuit.n_weights))
        nn.init.uniform_(self.weights, -spread, spread, generator=rng)
        if isinstance(circuit, HasStart):
            self.weights.data = torch.from_numpy(circuit.start(self.weights.data.numpy()))
        self.reduction = reduction_of(circuit)
        self.embedding = embedding or default_embedding(circuit, n_labels, self.prior, rng)
        self._check_kinds()

    @property
    def n_latent(self) -> int:
        """Entries of z."""
        return self.prior.n_latent

    @property
    def levels(self) -> Float[Tensor, "L z"] | None:
        """The values ``(2**m, n_latent)`` that a circuit of bits rounds z to; None of a continuous
        latent.

        There is no derivative with respect to a latent that is rounded.
        """
        return self.embedding.levels if isinstance(self.embedding, BitEmbedding) else None

    def latent_axes(self) -> list[Float[Tensor, " L"]] | None:
        """The values of each entry of z that make different states; None of a continuous latent.

        A discrete entry has the levels of the prior, others have those of :attr:`levels`.
        """
        levels, prior = self.levels, self.prior
        if levels is None:
            return None
        axes = list(levels.unbind(1))
        if prior.n_levels:
            axes[-1] = prior.levels
        return axes

    @property
    def n_qubits(self) -> int:
        """Qubits of each state."""
        return self.circuit.registers.n_output

    def forward(self, label: Tensor, latent: Float[Tensor, "B z"]) -> StateSource:
        """States of a batch of labels and latents, as the engine gives them.

        Args:
            label: class indices ``(B,)`` of any integer type or of bool; or real conditions, float
                ``(B, n_conditions)``.
            latent: ``(B, n_latent)``.

        Raises:
            QganError: if :meth:`check` refuses them.
        """
        return self.engine.prepare(*self._program(label, latent))

    def inputs(self, label: Tensor, latent: Float[Tensor, "B z"]) -> Float[Tensor, "B X"]:
        """The circuit's angles for labels and latents, ``(B, n_inputs)`` in radians.

        Raises:
            QganError: if :meth:`check` refuses them.
        """
        angles: Tensor = self.embedding(self.check(label, latent), latent.to(self.weights))
        return angles

    def states(
        self, label: Tensor, latent: Float[Tensor, "B z"], engine: Engine | None = None
    ) -> States:
        """States of labels and latents from an engine that has states, inside the graph.

        Args:
            label: ``(B,)`` or ``(B, n_conditions)``.
            latent: ``(B, n_latent)``.
            engine: what runs the circuit; the generator's own by default.

        Raises:
            QganError: if :meth:`check` refuses them, or if the engine gives no states.
        """
        runner = self.engine if engine is None else engine
        return runner.run(*self._program(label, latent))

    @property
    def run_circuit(self) -> Circuit:
        """The circuit that engines run: without the wires that hold bits, where there are any."""
        return self.circuit if self.reduction is None else self.reduction.circuit

    def _program(
        self, label: Tensor, latent: Float[Tensor, "B z"]
    ) -> tuple[Circuit, Tensor, Tensor]:
        """The circuit to run with its weights and its inputs."""
        inputs = self.inputs(label, latent)
        if self.reduction is None:
            return self.circuit, self.weights, inputs
        angles = self.reduction.angles(self.weights, inputs)
        return self.reduction.circuit, self.weights.new_zeros(0), angles

    def exact_engine(self) -> Engine:
        """The batched engine in double precision, or this generator's own where that cannot run."""
        engine = BatchedEngine(precision="double")
        return engine if engine.why_not(self.run_circuit) is None else self.engine

    @torch.no_grad()
    def exact_states(self, label: Tensor, latent: Float[Tensor, "B z"]) -> States:
        """States of labels and latents in double precision, on the CPU and outside the graph.

        Evaluation, sampling and the page come through here, whatever device the training runs on.

        Raises:
            QganError: if a state is not finite or has another trace than one, as weights beyond
                the range of floats make it.
        """
        label = read_labels(label).to(self.weights.device)
        states = self.states(label, latent, self.exact_engine()).detach().to(device="cpu")
        states.check_normalised()
        return states

    def draw(self, label: Tensor, rng: torch.Generator, *, exact: bool = False) -> Drawn:
        """States of the labels with latents drawn from the prior (:class:`qgan.sampler.Sampler`).

        Args:
            label: ``(B,)`` or ``(B, n_conditions)``.
            rng: the only source of chance.
            exact: whether the states are those of :meth:`exact_states` or of :meth:`forward`.

        Raises:
            QganError: if :meth:`check` refuses the labels.
        """
        label = read_labels(label)
        latent = self.prior.sample(len(label), rng)
        if exact:
            return Drawn(self.exact_states(label, latent), label, latent)
        latent = latent.to(self.weights)
        return Drawn(self(label, latent), label, latent)

    def describe(self) -> dict[str, Any]:
        """The generator without its weights, as the plain data that :meth:`rebuild` reads.

        Raises:
            QganError: if the embedding is of a kind that cannot be described as data.
        """
        if not isinstance(self.embedding, Embedding):
            raise errors.unsupported(
                f"Embedding {type(self.embedding).__name__}",
                "it is no qgan.embedding.Embedding, so a run with it could not be opened again",
                "use one of qgan.embedding",
            )
        return {
            "circuit": trace(self.circuit).to_dict(),
            "embedding": self.embedding.spec,
            "prior": {
                "n_latent": self.prior.n_latent,
                "n_levels": self.prior.n_levels,
                "kinds": list(self.prior.kinds),
            },
            "n_labels": self.n_labels,
        }

    @classmethod
    def rebuild(cls, stored: StoredGenerator) -> Generator:
        """A generator with fresh weights from what :meth:`describe` wrote; it runs no user code."""
        return cls(
            TracedCircuit.from_stored(stored.circuit),
            stored.n_labels,
            embedding=from_spec(stored.embedding.model_dump(exclude_none=True)),
            prior=Prior(**stored.prior.model_dump(exclude_none=True)),
        )

    def _check_kinds(self) -> None:
        """Refuse an embedding of other kinds of latents than the prior."""
        if not isinstance(self.embedding, Embedding):
            return
        kinds = self.embedding.spec["kinds"]
        if kinds != list(self.prior.kinds):
            rule = f"must be of latents that are {', '.join(self.prior.kinds)}, as in the prior"
            raise errors.argument("embedding", rule, ", ".join(kinds) or "none")

    def cost(self, batch: int) -> SamplerCost:
        """What drawing so many states takes on a quantum computer.

        Gradients go through the rotations by trained weights, and through those by inputs where
        the embedding is trained.
        """
        batch = errors.integer("batch", batch)
        trained = {
            "weights": self.weights.requires_grad,
            "inputs": any(p.requires_grad for p in self.embedding.parameters())
            or (self.reduction is not None and self.weights.requires_grad),
        }
        sources = [source for source, is_trained in trained.items() if is_trained]
        shifted = 2 * count_rotations(self.run_circuit, sources)
        return SamplerCost(batch, batch * (1 + shifted), self.engine.shots or 1)

    def parameter_counts(self) -> ParameterCounts:
        """Where the trained numbers are."""
        of_embedding = sum(p.numel() for p in self.embedding.parameters())
        of_gates = isinstance(self.embedding, Embedding) and self.embedding.of_gates
        in_circuit = self.weights.numel() + (of_embedding if of_gates else 0)
        total = sum(p.numel() for p in self.parameters())
        in_embedding = 0 if of_gates else of_embedding
        return ParameterCounts(in_circuit, in_embedding, total - in_circuit - in_embedding)

    def check(self, label: Tensor, latent: Tensor) -> Tensor:
        """Refuse latents of another width or not finite, and labels of another shape or range.

        Returns:
            The labels as :func:`qgan.labels.read_labels` reads them.
        """
        label = read_labels(label, self.n_labels, wait=True)
        if latent.ndim != 2 or latent.shape[1] != self.n_latent or len(latent) != len(label):
            raise errors.argument(
                "latent",
                f"must have shape (B, {self.n_latent}) to match n_latent={self.n_latent} and the "
                f"{len(label)} labels",
                tuple(latent.shape),
            )
        if latent.is_complex() or latent.dtype == torch.bool:
            raise errors.argument("latent", "must hold real numbers", latent.dtype)
        if latent.device.type == "cpu" and not bool(latent.isfinite().all()):
            raise errors.argument("latent", "must be finite", "an entry that is not")
        return label


def default_embedding(
    circuit: Circuit, n_labels: int, prior: Prior, rng: torch.Generator | None = None
) -> nn.Module:
    """Bits for registers that hold them, angles for others, else a small tanh network.

    Args:
        circuit: what is executed.
        n_labels: number of classes, or of real conditions.
        prior: distribution of the latents.
        rng: seeded source of the initial weights.

    Raises:
        QganError: if labels or latents do not fit the registers.
    """
    registers, n_latent, kinds = circuit.registers, prior.n_latent, prior.kinds
    if isinstance(registers, BitRegisters) and registers.holds_bits:
        n_wires = registers.n_latent_wires
        if bool(n_latent) != bool(n_wires) or n_wires % max(1, n_latent):
            rule = f"must share the {n_wires} wires of the latent register equally"
            raise errors.argument("n_latent", rule, n_latent)
        n_bits = n_wires // max(1, n_latent)
        return BitEmbedding(n_labels, n_latent, registers.n_label, n_bits, kinds=kinds)
    if registers.n_label:
        return RegisterEmbedding(
            n_labels,
            n_latent,
            registers.n_label,
            registers.n_latent_wires,
            circuit.n_inputs,
            rng,
            kinds,
        )
    return TanhEmbedding(n_labels, n_latent, circuit.n_inputs, rng=rng, kinds=kinds)
