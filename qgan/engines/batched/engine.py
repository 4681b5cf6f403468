"""The batched engine: a batch of circuits at once, the backward pass is the adjoint method."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Literal

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from qgan import errors, pauli
from qgan.engines.base import Circuit, Engine, check_angles, check_source
from qgan.engines.batched.channels import apply_channel, most_columns
from qgan.engines.batched.lowering import ChannelLayer, lower
from qgan.engines.batched.numba_loops.chunks import serves
from qgan.engines.batched.plan import Plan, make_plan
from qgan.engines.batched.torch_ops.run import run_in_torch
from qgan.engines.gates import TracedCircuit
from qgan.engines.memory import check_memory
from qgan.engines.trace import trace
from qgan.states import States, StateSource

__all__ = ["BatchedEngine", "Segments", "segments_of"]

LEAST_ALIVE = 3  # states of a batch that a forward pass holds at the same time

Segments = tuple[Plan | ChannelLayer, ...]

_segments: weakref.WeakKeyDictionary[TracedCircuit, dict[bool, Segments]]
_segments = weakref.WeakKeyDictionary()


def segments_of(circuit: Circuit, compiled: bool = False) -> Segments:
    """The plans and channels of a circuit in order; the first is a plan.

    They are made once, and kept as long as the circuit exists.

    Args:
        circuit: the circuit.
        compiled: whether they are for compiled loops, which know flips.
    """
    traced = trace(circuit)
    segments = _segments.setdefault(traced, {})
    if compiled not in segments:
        segments[compiled] = _make_segments(traced, compiled)
    return segments[compiled]


@torch.inference_mode(False)  # a plan that was made while sampling serves training too
def _make_segments(traced: TracedCircuit, flips: bool) -> Segments:
    return tuple(
        segment
        if isinstance(segment, ChannelLayer)
        else make_plan(segment, traced.n_weights, traced.n_inputs)
        for segment in lower(traced, flips).segments()
    )


class BatchedEngine(Engine):
    """Simulates a batch of small circuits at once, on CPU or CUDA.

    On a CPU, compiled loops take a few samples at a time through all gates and back, and keep
    nothing but the final states. They are compiled at the first call on a machine, which takes ten
    to twenty seconds for each precision and kind of circuit, and read from numba's cache from then
    on. On CUDA the batch is one tensor, and blocks of gates are products of matrices.

    Channels of fixed strength on one or two wires act on the factor, whose rank they raise up to
    ``2**n_wires``: a noisy circuit takes up to that many times the memory of a pure one.

    Args:
        precision: "single" (complex64) or "double" (complex128).
        low_memory: whether no states are kept for the backward pass, however few they are. The
            backward pass then takes the final states back, which costs as much as running the
            circuit twice. Compiled loops do so in any case.
        compiled: whether compiled loops run circuits on a CPU; False takes the operations of torch
            that run them on CUDA.

    Raises:
        QganError: for another precision.

    References:
        Adjoint method: Jones and Gacon, arXiv:2009.02823.

    Example:
        >>> from circuits import Registers, ReuploadingCircuit
        >>> circuit = ReuploadingCircuit(Registers(output=2), n_layers=1)
        >>> engine = BatchedEngine(precision="double")
        >>> engine.run(circuit, torch.zeros(0), torch.zeros(3, circuit.n_inputs)).purity().tolist()
        [1.0, 1.0, 1.0]
    """

    name = "batched"
    gives_states = True
    gives_isometries = True

    def __init__(
        self,
        precision: Literal["single", "double"] = "single",
        low_memory: bool = False,
        compiled: bool = True,
    ) -> None:
        if precision not in ("single", "double"):
            raise errors.argument("precision", "must be 'single' or 'double'", repr(precision))
        self.precision = precision
        self.low_memory = low_memory
        self.compiled = compiled
        self.real = torch.float32 if precision == "single" else torch.float64
        self.complex = torch.complex64 if precision == "single" else torch.complex128

    def run(
        self,
        circuit: Circuit,
        weights: Float[Tensor, " W"],
        inputs: Float[Tensor, "B X"],
        source: StateSource | None = None,
    ) -> States:
        """States of the output register (see :class:`qgan.engines.base.Engine`)."""
        final, n_output = self._run(circuit, weights, inputs, source), circuit.registers.n_output
        batch, rows, columns = final.shape
        if rows == 2**n_output:
            return States(final)
        return States(final.reshape(batch, 2**n_output, rows // 2**n_output * columns))

    def expval(
        self,
        circuit: Circuit,
        weights: Float[Tensor, " W"],
        inputs: Float[Tensor, "B X"],
        observables: Sequence[str],
        source: StateSource | None = None,
    ) -> Float[Tensor, "B K"]:
        """Expectation values of Pauli words (see :class:`qgan.engines.base.Engine`)."""
        pauli.check_words(observables, circuit.registers.n_wires)
        return self._run(circuit, weights, inputs, source, tuple(observables))

    def gives_isometry_of(self, circuit: Circuit) -> bool:
        """Whether the circuit has no channels."""
        return len(segments_of(circuit)) == 1

    def isometry(
        self, circuit: Circuit, weights: Float[Tensor, " W"], inputs: Float[Tensor, "B X"]
    ) -> Complex[Tensor, "B N D"]:
        """What the circuit does to each basis state (see :class:`qgan.engines.base.Engine`).

        Raises:
            QganError: for a circuit with channels, which is no isometry.
        """
        if not self.gives_isometry_of(circuit):
            raise errors.unsupported("Isometry", "the circuit has channels", "ask for its states")
        eye = torch.eye(2**circuit.registers.n_output, dtype=self.complex, device=inputs.device)
        return self._run(circuit, weights, inputs, States(eye.repeat(len(inputs), 1, 1)))

    def why_not(
        self, circuit: Circuit, diff_method: str | None = None, shots: int | None = None
    ) -> str | None:
        """The reason why a request cannot be served, or None."""
        if shots is not None:
            return "the batched engine gives exact expectation values, not shots"
        if diff_method not in (None, "adjoint"):
            return f"the batched engine differentiates by the adjoint method, not {diff_method}"
        try:
            trace(circuit)
        except errors.QganError as error:
            return str(error)
        return None

    def memory(self, circuit: Circuit, batch: int, accelerator: str = "cpu") -> int:
        """Bytes of states that exist at once; operations of torch keep one more per stage."""
        n_wires, alive = circuit.registers.n_wires, LEAST_ALIVE
        compiles = self._compiles(n_wires, batch, accelerator)
        segments = segments_of(circuit, compiles)
        if not (self.low_memory or compiles):
            alive += sum(len(segment.stages) for segment in segments if isinstance(segment, Plan))
        amplitudes: int = 2**n_wires
        columns = most_columns(segments, amplitudes, 1)
        return self.complex.itemsize * amplitudes * columns * batch * alive

    def _run(
        self,
        circuit: Circuit,
        weights: Tensor,
        inputs: Tensor,
        source: StateSource | None,
        words: tuple[str, ...] | None = None,
    ) -> Tensor:
        """Final factors of all wires, ``(B, 2**n_wires, r)``, or values of words, ``(B, K)``."""
        check_angles(circuit, weights, inputs)
        batch, n_wires = inputs.shape[0], circuit.registers.n_wires
        compiles = self._compiles(n_wires, batch, inputs.device.type)
        segments = segments_of(circuit, compiles)
        columns = source.rank if isinstance(source, States) else 1
        alive = LEAST_ALIVE * max(1, batch) * most_columns(segments, 2**n_wires, columns)
        check_memory(n_wires, alive, self.complex.itemsize, inputs.device)
        state = None
        if source is not None:
            check_source(circuit, inputs, source)
            state = self._place(source.materialise(), n_wires)
        if batch == 0 and words is not None:
            return inputs.new_zeros(0, len(words), dtype=self.real)
        if batch == 0:
            columns = 1 if state is None else state.shape[2]
            return inputs.new_zeros(0, 2**n_wires, columns, dtype=self.complex)
        if weights.dtype != self.real or inputs.dtype != self.real:
            weights, inputs = weights.to(self.real), inputs.to(self.real)
        for segment in segments:
            if isinstance(segment, ChannelLayer):
                assert state is not None
                state = apply_channel(segment, state)
            elif not compiles:
                state = run_in_torch(segment, weights, inputs, state, self.low_memory)
            else:
                from qgan.engines.batched.numba_loops.run import run_in_numba  # imports numba

                if words and segment is segments[-1]:
                    values = run_in_numba(segment, weights, inputs, state, words)
                    return values if values.shape[0] == batch else values.expand(batch, -1)
                state = run_in_numba(segment, weights, inputs, state)
        assert state is not None
        if state.shape[0] != batch:
            state = state.expand(batch, -1, -1)
        return state if words is None else pauli.expval(state, words)

    def _compiles(self, n_wires: int, batch: int, accelerator: str) -> bool:
        """Whether compiled loops run a circuit, rather than operations of torch."""
        return self.compiled and accelerator == "cpu" and serves(n_wires, batch)

    def _place(self, states: States, n_wires: int) -> Tensor:
        """The factor on the first wires, the others in ``|0>``."""
        factor = states.factor.to(self.complex)
        rest = 2 ** (n_wires - states.n_qubits)
        if rest == 1:
            return factor
        padded = torch.nn.functional.pad(factor.unsqueeze(2), (0, 0, 0, rest - 1))
        return padded.reshape(len(states), 2**n_wires, states.rank)
