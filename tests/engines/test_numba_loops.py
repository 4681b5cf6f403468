"""What is the compiled loops' own: chunks of a batch, threads, tiles, sine and cosine."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pennylane as qml
import pytest
import torch
from numba import njit
from small_circuits import Local, draw_angles, ghz, reader, register
from tolerances import EXACT, SINGLE
from torch import Tensor
from torch.testing import assert_close

from circuits import Registers
from qgan.engines import BatchedEngine
from qgan.engines.batched.numba_loops import chunks, turns
from qgan.engines.batched.numba_loops.observables import words_of
from qgan.engines.batched.numba_loops.transform import transform
from qgan.engines.batched.numba_loops.trigonometry import constants, sine_cosine
from qgan.pauli import expval, parity_signs, pauli_words


def whole(kernel: Any) -> Any:
    """A kernel that other kernels contain, so that Python can call it."""
    arguments = ", ".join(inspect.signature(kernel.py_func).parameters)
    names = {"kernel": kernel}
    exec(f"def call({arguments}): return kernel({arguments})", names)
    return njit(names["call"])


COMPILED = BatchedEngine("double")
IN_TORCH = BatchedEngine("double", compiled=False)


def layered(n: int, n_layers: int, own: bool) -> Local:
    """Turns and phases on all wires, entangled; their angles differ per sample, or are shared."""

    def queue(weights: Any, inputs: Any) -> None:
        angles, entry = (inputs if own else weights), 0
        for wire in range(n):
            qml.RX(inputs[..., wire], wires=wire)
        for _ in range(n_layers):
            for wire in range(n):
                qml.RY(angles[..., entry], wires=wire)
                qml.RZ(angles[..., entry + 1], wires=wire)
                entry += 2
            for wire in range(n - 1):
                qml.IsingZZ(angles[..., entry], wires=[wire, wire + 1])
                entry += 1

    n_angles = n_layers * (3 * n - 1)
    return Local(queue, Registers(output=n), 0 if own else n_angles, max(n, n_angles))


def found(engine: BatchedEngine, circuit: Any, batch: int, words: list[str]) -> list[Tensor]:
    """Values and the gradients of a mix of them."""
    leaves = [angle.requires_grad_() for angle in draw_angles(circuit, batch)]
    values = engine.expval(circuit, *leaves, words)
    mix = torch.linspace(-1, 1, values.numel(), dtype=torch.float64).view_as(values)
    slopes = torch.autograd.grad((values * mix).sum(), leaves, allow_unused=True)
    return [values.detach(), *(s for s in slopes if s is not None)]


@pytest.mark.parametrize("own", [False, True], ids=["shared", "own"])
@pytest.mark.parametrize(("n", "batch"), [(1, 40), (3, 1), (3, 33), (9, 17), (11, 1), (11, 2)])
def test_chunks_and_tiles_of_every_size(n: int, batch: int, own: bool) -> None:
    """Batches of several chunks, states of several tiles, single lanes; as torch computes them."""
    circuit = layered(n, 2, own)
    words = ["Z" * n, "X" * n, "Y" + "I" * (n - 1), "I" * (n - 1) + "Z"]
    pairs = zip(
        found(COMPILED, circuit, batch, words), found(IN_TORCH, circuit, batch, words), strict=True
    )
    for ours, theirs in pairs:
        assert_close(ours, theirs, **EXACT)


def test_diagonals_that_are_not_kept_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from qgan.engines.batched.numba_loops import program

    expected = found(COMPILED, layered(5, 2, False), 3, ["ZZIII"])
    monkeypatch.setattr(program, "MOST_KEPT", 0)
    for ours, theirs in zip(
        found(COMPILED, layered(5, 2, False), 3, ["ZZIII"]), expected, strict=True
    ):
        assert_close(ours, theirs, **EXACT)


@pytest.fixture
def two_threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every batch of several chunks goes to two threads; the names of those that worked."""
    monkeypatch.setattr(chunks, "LEAST_WORK", 0)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    names: list[str] = []
    submit = ThreadPoolExecutor.submit

    def noted(pool: Any, run: Any, *bound: int) -> Any:
        def work() -> None:
            names.append(threading.current_thread().name)
            run(*bound)

        return submit(pool, work)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", noted)
    return names


def test_threads_give_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit, words = layered(4, 2, False), ["ZZII", "XIYI"]
    alone = found(COMPILED, circuit, 70, words)
    monkeypatch.setattr(chunks, "LEAST_WORK", 0)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    for together, one in zip(found(COMPILED, circuit, 70, words), alone, strict=True):
        assert torch.equal(together, one)


def test_threads_do_work(two_threads: list[str]) -> None:
    found(COMPILED, layered(4, 2, False), 70, ["ZZII"])
    assert len(two_threads) == 4 and all(name.startswith("qgan") for name in two_threads)


def test_one_wide_state_is_left_to_the_threads_of_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    assert not chunks.serves(17, 7)
    assert chunks.serves(17, 8) and chunks.serves(16, 1)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert chunks.serves(25, 1)


@pytest.mark.parametrize("n", [1, 2, 4, 13])
def test_words_are_read_without_a_state_of_torch(n: int) -> None:
    """Against qgan.pauli, which reads them from the states; 13 qubits are several tiles."""
    circuit = ghz(n, n) if n > 1 else layered(1, 1, True)
    words = list(pauli_words(n, min(n, 2)))[:: 1 if n < 5 else 40]
    angles = draw_angles(circuit, 3)
    states = COMPILED.run(circuit, *angles)
    assert_close(COMPILED.expval(circuit, *angles, words), expval(states.factor, words), **EXACT)


def test_words_as_bits() -> None:
    words = words_of(("YZX", "IIZ", "YYY", "ZIZ", "XXX"))
    assert words.flips.tolist() == [0b000, 0b101, 0b111]
    assert words.tops.tolist() == [0b000, 0b100, 0b100]
    assert words.masks.tolist() == [0b101, 0b010, 0b011]
    assert words.parities.tolist() == [1, 2, 3]
    assert words.starts.tolist() == [0, 2, 3, 5]
    assert words.place.tolist() == [1, 3, 0, 2, 4]
    assert words.sign.tolist() == [0b001, 0b101, 0b110, 0b111, 0b000]
    assert words.line.tolist() == [0b01, 0b11, 0b1, 0b11, 0b00]
    assert words.n_y.tolist() == [0, 0, 1, 3, 0]


@pytest.mark.parametrize("words", [("II",), ("XX", "XX"), ("YZ", "ZY", "YI"), ("ZIZI", "YYXY")])
def test_groups_with_one_kind_of_words(words: tuple[str, ...]) -> None:
    """Only even or only odd numbers of Y, one word twice, the identity: values and gradients."""
    circuit = layered(len(words[0]), 2, False)
    pairs = zip(
        found(COMPILED, circuit, 3, list(words)),
        found(IN_TORCH, circuit, 3, list(words)),
        strict=True,
    )
    for ours, theirs in pairs:
        assert_close(ours, theirs, **EXACT)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 3e-7), (np.float64, 1e-15)])
def test_sine_and_cosine(dtype: Any, tolerance: float) -> None:
    """Over 600 turns either way, at multiples of pi / 4, and at 0."""
    x = np.concatenate([np.linspace(-4e3, 4e3, 4001), np.arange(-20, 21) * np.pi / 4])
    x = x.astype(dtype)
    trig = constants(np.dtype(dtype))
    compiled = whole(sine_cosine)
    ours = np.array([compiled(value, trig) for value in x])
    exact = np.stack([np.sin(x.astype(np.float64)), np.cos(x.astype(np.float64))], 1)
    assert np.abs(ours - exact).max() < tolerance


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5])
@pytest.mark.parametrize("width", [1, 3])
def test_walsh_hadamard_transform(n: int, width: int) -> None:
    values = np.random.default_rng(0).normal(size=(2**n, width))
    signs = torch.stack(
        [
            parity_signs(tuple(q for q in range(n) if mask >> (n - 1 - q) & 1), n)
            for mask in range(2**n)
        ]
    )
    expected = signs.numpy() @ values
    flat = values.ravel().copy()
    whole(transform)(flat, width)
    np.testing.assert_allclose(flat.reshape(-1, width), expected, atol=1e-12)


def test_two_wires_at_once_are_one_after_the_other() -> None:
    state = np.random.default_rng(0).normal(size=32)
    one, both = state.copy(), state.copy()
    turn = whole(turns.turn)
    turn(one, 4, 0.6, 0.8)
    turn(one, 8, -0.8, 0.6)
    whole(turns.turn_two)(both, 4, 0.6, 0.8, -0.8, 0.6)
    np.testing.assert_allclose(both, one, atol=1e-14)


def test_single_precision_is_near_double() -> None:
    circuit = layered(6, 4, False)
    weights, inputs = draw_angles(circuit, 40)
    words = ["ZIIIII", "XXIIII"]
    values = COMPILED.expval(circuit, weights, inputs, words)
    single = BatchedEngine().expval(circuit, weights, inputs, words)
    assert single.dtype == torch.float32
    assert_close(single.double(), values, **SINGLE)


def test_backward_twice_gives_the_same() -> None:
    """The states that are taken back are copies."""
    circuit = reader()
    leaves = [angle.requires_grad_() for angle in draw_angles(circuit, 3)]
    value = COMPILED.expval(circuit, *leaves, ["ZII", "XYI"]).sum()
    first = torch.autograd.grad(value, leaves, retain_graph=True)
    second = torch.autograd.grad(value, leaves)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_angles_that_are_not_contiguous() -> None:
    circuit = register()
    weights, inputs = draw_angles(circuit, 4)
    words = ["Z" + "I" * (circuit.registers.n_wires - 1)]
    spread = torch.stack([inputs, inputs], -1)[..., 0]
    assert not spread.is_contiguous()
    expected = COMPILED.expval(circuit, weights, inputs, words)
    assert torch.equal(COMPILED.expval(circuit, weights, spread, words), expected)


def test_qgan_does_not_import_numba_before_it_runs_a_circuit() -> None:
    program = "import json, sys, qgan; print(json.dumps('numba' in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) is False


def test_a_folder_that_cannot_be_written_to_costs_the_cache_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from qgan.engines.batched.numba_loops import compiling

    real, asked = compiling.njit, []

    def njit(**options: Any) -> Any:
        asked.append(options)
        if "cache" in options:
            raise RuntimeError("cannot cache function: no locator available")
        return real(**options)

    monkeypatch.setattr(compiling, "njit", njit)

    def twice(x: float) -> float:
        return 2 * x

    assert compiling.kernel(whole=True)(twice)(3.0) == 6.0
    assert [("cache" in options) for options in asked] == [True, False]


@pytest.mark.slow
def test_a_process_that_compiles_gives_the_bits_of_one_that_does_not(tmp_path: Path) -> None:
    program = """
import torch
from circuits import Registers, ReuploadingCircuit
from qgan.engines import BatchedEngine
torch.manual_seed(0)
circuit = ReuploadingCircuit(Registers(output=4), n_layers=3)
inputs = torch.rand(40, circuit.n_inputs, requires_grad=True)
values = BatchedEngine().expval(circuit, torch.zeros(0), inputs, ["ZIII", "XYZI"])
values.square().sum().backward()
print(values.detach().numpy().tobytes().hex(), inputs.grad.numpy().tobytes().hex())
"""
    told = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
            capture_output=True, text=True, check=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    assert ["Compiling" in done.stderr for done in told] == [True, False]
    assert told[0].stdout == told[1].stdout


def test_names_of_cached_kernels_change_with_any_source() -> None:
    """Numba looks for changes in a function's own file; what it calls lies in others."""
    from qgan.engines.batched.numba_loops.compiling import DIGEST

    assert turns.turn.py_func.__qualname__ == f"turn-{DIGEST}"


def test_every_kernel_lies_where_the_digest_looks() -> None:
    folder = Path(turns.__file__).parent
    package = folder.parents[2]
    homes = {path.parent for path in package.rglob("*.py") if "\n@kernel(" in path.read_text()}
    assert homes == {folder}


def test_only_what_is_really_compiled_is_announced_and_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    from qgan.engines.batched.numba_loops.compiling import announce

    long, short = njit(lambda x: x + 1), njit(lambda x: x + 2)
    announce(long)
    short(1)  # a view's kernel is small
    assert not caplog.records
    long(1)
    long(2)  # compiled already
    long(1.0)  # of another kind, but in the same process
    assert [record.message for record in caplog.records] == [
        "Compiling the batched engine for circuits of this kind, once on this machine: "
        "ten to twenty seconds."
    ]
