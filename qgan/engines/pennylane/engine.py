"""PennyLaneEngine: any PennyLane device by name, behind the contract of engines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor

from qgan import errors, pauli
from qgan.engines.base import (
    Circuit,
    DiffMethod,
    Engine,
    check_angles,
    check_source,
    typical_angles,
)
from qgan.engines.memory import check_bytes, check_memory
from qgan.engines.pennylane.device import broken_rule, check_engine_shots, diff_methods, open_device
from qgan.engines.pennylane.execution import Execution
from qgan.engines.pennylane.joint import Piece, joint_pieces, joint_word
from qgan.engines.pennylane.noise import check_noise
from qgan.engines.pennylane.request import Request
from qgan.engines.pennylane.source import column_norms, differentiable_factor, weighted_columns
from qgan.states import States, StateSource

__all__ = ["PennyLaneEngine"]

STATE_DEVICES = ("default.qubit", "default.mixed")


class PennyLaneEngine(Engine):
    """Runs circuits on a PennyLane device.

    ``run`` gives ``rho = Tr_rest |psi><psi|`` where the device has states, ``expval`` gives
    ``Tr[P_k rho]`` on every device. ``default.qubit`` and ``default.mixed`` compute in double
    precision whatever ``precision`` says; lightning's values pass through float32 (its gradients
    do not), so they are good to 1e-7. A second derivative needs backprop, others refuse it.

    Args:
        device: PennyLane's short name of the device.
        diff_method: ``backprop``, ``adjoint`` or ``parameter-shift``; None takes the first of
            these that the device has, and parameter-shift with finite shots.
        shots: measurements of each circuit, at least 1; None is exact.
        precision: dtype of the results, ``double`` or ``single``.
        device_options: further arguments of the device, as ``{"batch_obs": True}``.
        seed: seed of the device's shots.
        noise: a ``qml.NoiseModel`` for each circuit that is run; ``default.mixed`` only, which also
            takes circuits that hold channels themselves.
        readout: probability that a bit is read wrongly, where expectation values are read
            (:meth:`run` gives states, which nobody has read); ``default.mixed`` only.

    Raises:
        QganError: if the device cannot be opened, lacks the diff method, or the shots, the
            precision, the options or the noise do not fit.

    References:
        Bergholm et al., arXiv:1811.04968 (PennyLane); Jones and Gacon, arXiv:2009.02823 (adjoint);
        Schuld et al., Phys. Rev. A 99, 032331 (2019) (parameter-shift).
    """

    def __init__(
        self,
        device: str = "default.qubit",
        diff_method: DiffMethod | None = None,
        shots: int | None = None,
        *,
        precision: Literal["double", "single"] = "double",
        device_options: Mapping[str, Any] | None = None,
        seed: int | None = None,
        noise: Any = None,
        readout: float = 0.0,
    ) -> None:
        shots = check_engine_shots(shots)
        check_noise(device, noise, readout)
        if precision not in ("double", "single"):
            raise errors.argument("precision", "must be double or single", precision)
        options = dict(device_options or {})
        if "shots" in options:
            raise errors.argument("device_options", "must leave shots to `shots`", options)
        # The devices of all widths share one generator, whose state can be saved and restored.
        self._rng = None if seed is None else np.random.default_rng(seed)
        options = options if seed is None else {**options, "seed": self._rng}
        methods = diff_methods(open_device(device, 1, options))
        method = diff_method or (methods[0] if shots is None else "parameter-shift")
        rule = broken_rule(device, methods, method, shots)
        if rule is not None:
            raise errors.argument("diff_method", rule, method)
        self.name = f"pennylane {device}"
        # The gradient of states needs backprop.
        self.gives_states = device in STATE_DEVICES and method == "backprop"
        self.device, self.diff_method, self.shots = device, method, shots
        self.diff_methods, self.precision = methods, precision
        self.noise, self.readout = noise, readout
        self._execution = Execution(device, method, shots, options, noise, readout)

    def __repr__(self) -> str:
        shots = "" if self.shots is None else f", shots={self.shots}"
        return f"PennyLaneEngine({self.device!r}, {self.diff_method!r}{shots})"

    @property
    def executions(self) -> int:
        """How many circuits were run so far; they are counted under parameter-shift only."""
        return self._execution.count

    @property
    def dtype(self) -> torch.dtype:
        """The complex dtype of the states that :meth:`run` returns."""
        return torch.complex128 if self.precision == "double" else torch.complex64

    def state_dict(self) -> dict[str, Any]:
        """The state of the generator that draws shots, if it was seeded.

        A resumed run continues with it as if it had not been interrupted.
        """
        return {"rng": None if self._rng is None else self._rng.bit_generator.state}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from what :meth:`state_dict` returned."""
        if self._rng is not None and state["rng"] is not None:
            self._rng.bit_generator.state = state["rng"]

    def run(
        self,
        circuit: Circuit,
        weights: Tensor,
        inputs: Tensor,
        source: StateSource | None = None,
    ) -> States:
        """The states of the output register, all other wires traced out.

        Args:
            circuit: the circuit.
            weights: ``(n_weights,)`` in radians.
            inputs: ``(B, n_inputs)`` in radians.
            source: what the circuit acts on, on its output register: states, or a circuit not
                yet run, which is joined to this one; None is ``|0..0>``.

        Returns:
            ``B`` states; on ``default.mixed`` the factor carries the first-order gradient.

        Raises:
            QganError: if the shapes or the source do not fit or the device gives no states.
        """
        check_angles(circuit, weights, inputs)
        if not self.gives_states:
            raise errors.unsupported(
                f"Device {self.device} with {self.diff_method}",
                "gives no states",
                "read expectation values (views pauli, circuit), or use an engine that has "
                "states (default.qubit with backprop)",
            )
        if source is not None:
            check_source(circuit, inputs, source)
        n_output, mixed = circuit.registers.n_output, self.device == "default.mixed"
        if len(inputs) == 0:
            return States(inputs.new_zeros(0, 2**n_output, 1, dtype=self.dtype))
        if isinstance(source, States):
            pieces, vectors, shares = self._by_column(circuit, weights, inputs, source)
            each = self._run(pieces, n_output, vectors).unflatten(0, shares.shape)
            scaled = each * (shares if mixed else column_norms(shares))[..., None, None]
            result = scaled.sum(1) if mixed else scaled.transpose(1, 2).flatten(2)
        else:
            result = self._run(joint_pieces(circuit, weights, inputs, source), n_output)
        if not mixed:
            return States(result).to(self.dtype)
        states = States.from_density_matrix(result)
        states.factor = differentiable_factor(states)
        return states.to(self.dtype)

    def expval(
        self,
        circuit: Circuit,
        weights: Tensor,
        inputs: Tensor,
        observables: Sequence[str],
        source: StateSource | None = None,
    ) -> Float[Tensor, "B K"]:
        """Expectation values ``m_k = Tr[P_k U (rho x |0><0|) U^dagger]`` of Pauli words.

        Args:
            circuit: the circuit; one that does nothing reads the source as it is.
            weights: ``(n_weights,)`` in radians.
            inputs: ``(B, n_inputs)`` in radians.
            observables: Pauli words of length ``n_wires``, wire 0 first.
            source: what the circuit acts on, on its output register: states, or a circuit not
                yet run, which is joined to this one; None is ``|0..0>``.

        Returns:
            Real values ``(B, K)``.

        Raises:
            QganError: if shapes, words or source do not fit, or a gradient with respect to the
                source's states is asked of a device that has none.
        """
        check_angles(circuit, weights, inputs)
        observables = tuple(observables)
        pauli.check_words(observables, circuit.registers.n_wires)
        if source is not None:
            check_source(circuit, inputs, source)
        if not observables or len(inputs) == 0:
            return inputs.new_zeros(len(inputs), len(observables), dtype=self.dtype.to_real())
        if isinstance(source, States):
            pieces, vectors, shares = self._by_column(circuit, weights, inputs, source)
            each = self._expval(pieces, observables, vectors).unflatten(0, shares.shape)
            values = (each * shares.unsqueeze(-1)).sum(1)
        else:
            values = self._expval(joint_pieces(circuit, weights, inputs, source), observables)
        real: Tensor = values.to(self.dtype.to_real())
        if torch.is_grad_enabled() and not real.requires_grad:
            # A circuit that uses none of its angles has the gradient 0, not none at all.
            for angles in (weights, inputs):
                real = real + 0.0 * angles.sum() if angles.requires_grad else real
        return real

    def why_not(
        self, circuit: Circuit, diff_method: str | None = None, shots: int | None = None
    ) -> str | None:
        """The reason why this engine, as it was built, cannot serve a request, or None.

        Args:
            circuit: queued once, and sent through the device's checks.
            diff_method: the diff method that is asked for; None takes the engine's own.
            shots: the shots that are asked for; None is exact.
        """
        method = diff_method or self.diff_method
        rule = broken_rule(self.device, self.diff_methods, method, shots)
        if rule is not None:
            return str(errors.argument("diff_method", rule, method))
        if method != self.diff_method or shots != self.shots:
            return f"{self!r} was built for {self.diff_method} and shots={self.shots}"
        weights, inputs = (angles.requires_grad_() for angles in typical_angles(circuit))
        inputs = inputs.unsqueeze(0)
        words = ("Z" * circuit.registers.n_wires,)
        reason = self._execution.why_not(Request(joint_pieces(circuit, weights, inputs), words))
        return None if reason is None else f"{self!r} cannot run this circuit: {reason}"

    def memory(self, circuit: Circuit, batch: int, accelerator: str = "cpu") -> int:
        """Bytes of states alive at once: those of all gates under backprop, else a few."""
        doubled = 2 if self.device == "default.mixed" else 1
        amplitudes: int = 2 ** (doubled * circuit.registers.n_wires)
        if self.diff_method == "backprop":
            return 16 * amplitudes * batch * (circuit.n_weights + circuit.n_inputs)
        return 16 * amplitudes * 4

    def _run(
        self, pieces: tuple[Piece, ...], n_output: int, vectors: Tensor | None = None
    ) -> Complex[Tensor, "M D C"]:
        """Factors of the states of the first wires; on ``default.mixed`` their density matrices.

        There is one for each row of the pieces' inputs, or for each of the vectors.
        """
        mixed, inputs = self.device == "default.mixed", pieces[-1].inputs
        request = Request(pieces, n_output, vectors)
        n_wires = request.n_wires
        check_memory(n_wires * (2 if mixed else 1), len(inputs), 16, inputs.device)
        result: Tensor = self._execution(request)
        result = result.to(device=inputs.device, dtype=torch.complex128)
        rest = n_output if mixed else n_wires - n_output
        return result.reshape(-1, 2**n_output, 2**rest).expand(len(inputs), -1, -1)

    def _expval(
        self, pieces: tuple[Piece, ...], observables: Sequence[str], vectors: Tensor | None = None
    ) -> Float[Tensor, "M K"]:
        """Values of the words, one row for each row of the pieces' inputs, or for each vector."""
        words = tuple(joint_word(word, pieces) for word in observables)
        doubled = 2 if self.device == "default.mixed" else 1
        inputs = pieces[-1].inputs
        at_once = len(inputs) if self.diff_method == "backprop" else 1
        check_memory(doubled * len(words[0]), at_once, 16, inputs.device)
        if self.shots is not None:  # a sample is an integer of each wire
            check_bytes("shots", f"{self.shots} shots", 8 * self.shots * len(words[0]))
        results = self._execution(Request(pieces, words, vectors))
        values = torch.stack([value.to(inputs.device, torch.float64) for value in results], -1)
        return values.reshape(-1, len(words)).expand(len(inputs), -1)

    def _by_column(
        self, circuit: Circuit, weights: Tensor, inputs: Tensor, source: States
    ) -> tuple[tuple[Piece, ...], Complex[Tensor, "M D"], Float[Tensor, "B r"]]:
        """The circuit on each column c of ``rho = sum_c w_c |c><c|``.

        Returns:
            The pieces to run, the columns as normalised vectors, and their weights w.
        """
        factor = differentiable_factor(source)
        if self.diff_method != "backprop" and factor.requires_grad and torch.is_grad_enabled():
            raise errors.unsupported(
                f"Device {self.device} with {self.diff_method}",
                "has no gradient with respect to a source's states",
                "pass the circuit that prepares them (Prepared), or detach them",
            )
        vectors, shares = weighted_columns(factor.to(torch.complex128))
        pieces = joint_pieces(circuit, weights, inputs.repeat_interleave(source.rank, 0))
        return pieces, vectors, shares
