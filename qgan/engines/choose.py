"""Which engine is the fastest: every candidate is timed on the circuit and batch at hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from qgan import errors
from qgan.engines.base import Circuit, Engine
from qgan.engines.batched import BatchedEngine
from qgan.engines.pennylane import PennyLaneEngine
from qgan.pauli import z_words

__all__ = ["Candidate", "Timing", "candidates", "choose", "seconds_of", "time_engines"]

BUDGET = 2.0  # seconds for all candidates together
PATIENCE = 20.0  # seconds up to which a batch that is one call is run as it is
MOST_REPEATS = 7


@dataclass(frozen=True)
class Candidate:
    """An engine with a gradient method, as a configuration names them."""

    kind: str
    device: str | None
    diff_method: str
    accelerator: str = "cpu"

    @property
    def name(self) -> str:
        """How the table calls it."""
        place = " on cuda" if self.accelerator == "cuda" else ""
        return (self.device or self.kind) + place

    def build(self, shots: int | None = None, noise: Any = None, readout: float = 0.0) -> Engine:
        """The engine, with the shots and the noise of :class:`PennyLaneEngine`.

        Raises:
            QganError: if its device is not installed, or lacks the method or the noise.
        """
        if self.kind == "batched":
            if shots is not None:
                raise errors.argument("shots", "must be None on the batched engine", shots)
            if noise is not None or readout:
                raise errors.argument("device", "must be default.mixed with noise", "batched")
            return BatchedEngine()
        device, method = self.device or "default.qubit", self.diff_method
        return PennyLaneEngine(device, method, shots, noise=noise, readout=readout)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Timing:
    """What a candidate costs for one forward and backward pass, or why it cannot serve.

    Args:
        candidate: the engine.
        seconds: process time of a pass, the median, or on CUDA that of the clock; None where it
            was not run.
        extrapolated: whether that is the time of one sample times the batch.
        memory: bytes of states that the pass needs, as the engine estimates them.
        exact: whether values are exact rather than estimated from shots.
        why_not: the reason, if it cannot serve.
    """

    candidate: Candidate
    seconds: float | None = None
    extrapolated: bool = False
    memory: int | None = None
    exact: bool = True
    why_not: str | None = None


def candidates() -> tuple[Candidate, ...]:
    """All engines and gradient methods; those of CUDA where torch sees a device."""
    known = [
        Candidate("batched", None, "adjoint"),
        Candidate("pennylane", "default.qubit", "backprop"),
        Candidate("pennylane", "lightning.qubit", "adjoint"),
        Candidate("pennylane", "lightning.gpu", "adjoint"),
        Candidate("pennylane", "lightning.kokkos", "adjoint"),
        Candidate("pennylane", "default.mixed", "backprop"),
        Candidate("pennylane", "default.qubit", "parameter-shift"),
        Candidate("pennylane", "lightning.qubit", "parameter-shift"),
    ]
    if torch.cuda.is_available():
        known.insert(1, Candidate("batched", None, "adjoint", "cuda"))
    return tuple(known)


def time_engines(
    circuit: Circuit,
    batch: int,
    *,
    needs_states: bool = False,
    shots: int | None = None,
    noise: Any = None,
    readout: float = 0.0,
    among: Sequence[Candidate] | None = None,
    budget: float = BUDGET,
) -> list[Timing]:
    """Time one forward and backward pass of each candidate.

    The pass reads all Z words of one qubit and differentiates their sum by all angles. A
    device that runs one sample after another runs one only, where the batch would pass its share
    of the budget; so does one that takes a batch at once, where a sample takes seconds.

    Args:
        circuit: the circuit to run.
        batch: B.
        needs_states: whether the discriminator's view reads states.
        shots: measurements of each circuit; None is exact.
        noise: a ``qml.NoiseModel``; None is without.
        readout: probability that a bit is read wrongly.
        among: candidates; all by default.
        budget: seconds for all together.

    Returns:
        A timing of each candidate, in their order.

    Raises:
        QganError: if the batch is not positive.
    """
    if batch < 1:
        raise errors.argument("batch", "must be at least 1", batch)
    among = candidates() if among is None else tuple(among)
    share = budget / len(among)

    def build(candidate: Candidate) -> Engine:
        return candidate.build(shots, noise, readout)

    return [_timing(c, build, circuit, batch, needs_states, shots, share) for c in among]


def choose(timings: Sequence[Timing]) -> Timing:
    """The fastest exact candidate that serves; the fastest that serves if none is exact.

    Raises:
        QganError: if none serves, with each reason.
    """
    serving = [timing for timing in timings if timing.seconds is not None]
    if not serving:
        reasons = "; ".join(f"{timing.candidate.name}: {timing.why_not}" for timing in timings)
        raise errors.unsupported("Engine auto", f"no engine serves ({reasons})", "ask for less")
    return min(serving, key=lambda timing: (not timing.exact, timing.seconds))


def seconds_of(run: Callable[[], object], place: str) -> float:
    """Process time of a call; on CUDA the time of the clock until the device has done its work.

    Args:
        run: what is timed.
        place: where it runs, ``cpu`` or ``cuda``.
    """

    def now() -> float:
        if place == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() if place == "cuda" else time.process_time()

    start = now()
    run()
    return now() - start


def _timing(
    candidate: Candidate,
    build: Callable[[Candidate], Engine],
    circuit: Circuit,
    batch: int,
    needs_states: bool,
    shots: int | None,
    share: float,
) -> Timing:
    try:
        engine = build(candidate)
        reason = engine.why_not(circuit, candidate.diff_method, shots)
        if reason is None and needs_states and not engine.gives_states:
            reason = "gives no states, which the discriminator's view reads"
        if reason is not None:
            return Timing(candidate, why_not=reason)
        one = _seconds(engine, candidate, circuit, 1, share / 4)
        # Backprop and ours take a batch at once, whose time is no multiple of a sample's; other
        # devices run one sample after another.
        at_once = candidate.kind == "batched" or candidate.diff_method == "backprop"
        extrapolated = one * batch > (PATIENCE if at_once else 4 * share)
        if extrapolated:
            seconds = one * batch
        else:
            seconds = _seconds(engine, candidate, circuit, batch, share)
    except errors.QganError as error:
        return Timing(candidate, why_not=str(error))
    memory = engine.memory(circuit, batch, candidate.accelerator)
    return Timing(candidate, seconds, extrapolated, memory, exact=shots is None)


def _seconds(
    engine: Engine, candidate: Candidate, circuit: Circuit, batch: int, share: float
) -> float:
    """Median seconds of passes, at least one and as many as the share allows."""
    place = candidate.accelerator
    rng = torch.Generator().manual_seed(0)
    weights = torch.rand(circuit.n_weights, generator=rng).to(place).requires_grad_()
    inputs = torch.rand(batch, circuit.n_inputs, generator=rng).to(place).requires_grad_()
    words = z_words(circuit.registers.n_wires, 1)

    def step() -> None:
        engine.expval(circuit, weights, inputs, words).sum().backward()

    step()  # traces the circuit
    seconds = [seconds_of(step, place)]
    while len(seconds) < MOST_REPEATS and sum(seconds) < share:
        seconds.append(seconds_of(step, place))
    return sorted(seconds)[len(seconds) // 2]
