"""A description of a model that is damaged, or forged, is refused before anything is made of it."""

from __future__ import annotations

import json
import math
from typing import Any

import pennylane as qml
import pytest
import small_games
from small_models import Gates

from qgan import Generator
from qgan.description import StoredModel
from qgan.engines import BatchedEngine
from qgan.engines.gates import Gate, TracedCircuit
from qgan.engines.trace import trace
from qgan.engines.traced_registers import TracedRegisters
from qgan.errors import QganError
from qgan.model import Model, describe, rebuild
from qgan.page.circuit_code import circuit_code
from qgan.stored import fit

CODE = "RZ(0.0, wires=0), __import__('os').system('touch x'), qml.RZ"
NORM_7 = [[[7.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [7.0, 0.0]]]
ONE = [[[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [1.0, 0.0]]]


def queue(x: Any) -> None:
    qml.RX(x[..., 0], wires=0)
    qml.Hadamard(wires=1)
    qml.MultiRZ(x[..., 1], wires=[0, 1])
    qml.DepolarizingChannel(0.1, wires=1)
    qml.PauliRot(x[..., 0], "XY", wires=[1, 0])


def described(kind: str = "reuploading") -> Any:
    """A description as plain data; `gates` has one gate of each kind."""
    engine = BatchedEngine(precision="double")
    if kind == "gates":
        generator = Generator(Gates(queue, 2, output=2), 2, 1)
    else:
        generator = small_games.generator(kind, engine)
    return json.loads(json.dumps(describe(generator, ("a", "b"))))


def change(data: Any, path: str, value: Any) -> Any:
    """The same data with another value at a path of keys and places."""
    *way, last = path.split(".")
    part = data
    for key in way:
        part = part[int(key)] if isinstance(part, list) else part[key]
    if value is KeyError:
        del part[last]
    else:
        part[int(last) if isinstance(part, list) else last] = value
    return data


GATE = "sampler.circuit.gates"
VARIANTS: list[tuple[str, str, Any, str]] = [
    ("gates", f"{GATE}.0.entry", 10**9, "gates.0.entry` must be below 2, the number of inputs"),
    ("gates", f"{GATE}.0.entry", -1, "gates.0.entry` must be greater than or equal to 0"),
    ("gates", f"{GATE}.0.entry", 1.0, "gates.0.entry` must be a valid integer"),
    ("gates", f"{GATE}.0.entry", True, "gates.0.entry` must be a valid integer"),
    ("gates", f"{GATE}.0.gate", CODE, "gates.0.gate` must be 'RX'"),
    ("gates", f"{GATE}.0.wires", [2], "gates.0.wires` must be below 2, but got [2]"),
    ("gates", f"{GATE}.0.wires", [-1], "gates.0.wires.0` must be greater than or equal to 0"),
    ("gates", f"{GATE}.0.wires", [], "gates.0.wires` must have at least 1 entries"),
    ("gates", f"{GATE}.0.wires", [0, 1], "gates.0.wires` must be at most 1 of a RX"),
    ("gates", f"{GATE}.2.wires", [1, 1], "gates.2.wires` must be distinct"),
    ("gates", f"{GATE}.2.wires", ["0"], "gates.2.wires.0` must be a valid integer"),
    ("gates", f"{GATE}.0.scale", math.nan, "gates.0.scale` must be a finite number"),
    ("gates", f"{GATE}.0.shift", math.inf, "gates.0.shift` must be a finite number"),
    ("gates", f"{GATE}.0.scale", None, "gates.0.scale` must be a valid number"),
    ("gates", f"{GATE}.0.source", "elsewhere", "gates.0.source` must be 'weights' or 'inputs'"),
    ("gates", f"{GATE}.0.source", "weights", "gates.0.entry` must be below 0"),
    ("gates", f"{GATE}.0.matrix", ONE, "gates.0.matrix` must be there in a Unitary"),
    ("gates", f"{GATE}.0.more", 1, "gates.0.more` must be a key that this version knows"),
    ("gates", f"{GATE}.1.matrix", NORM_7, "gates.1.matrix` must be unitary, but got an entry of 7"),
    ("gates", f"{GATE}.1.matrix.0.0.0", math.nan, "matrix.0.0.0` must be a finite number"),
    ("gates", f"{GATE}.1.matrix.0.0.0", 0.0, "gates.1.matrix` must be unitary"),
    ("gates", f"{GATE}.1.matrix", [], "gates.1.matrix` must have 2 rows of 2 entries"),
    ("gates", f"{GATE}.1.matrix.0", [[1.0, 0.0]], "matrix` must have 2 rows of 2 entries"),
    ("gates", f"{GATE}.1.matrix", KeyError, "matrix` must be there in a Unitary"),
    ("gates", f"{GATE}.3.kraus", [ONE, ONE], "gates.3.kraus` must preserve the trace"),
    ("gates", f"{GATE}.3.kraus", [], "gates.3.kraus` must have at least 1 entries"),
    ("gates", f"{GATE}.3.source", "inputs", "gates.3.source` must not be there"),
    ("gates", f"{GATE}.4.word", "X", "gates.4.word` must have 2 letters, one per wire"),
    ("gates", f"{GATE}.4.word", "XA", "gates.4.word` must"),
    ("gates", f"{GATE}.4.word", CODE, "gates.4.word` must"),
    ("gates", f"{GATE}.4.word", KeyError, "word` must be there in a PauliRot"),
    ("gates", f"{GATE}.0.word", "X", "gates.0.word` must be there in a PauliRot"),
    ("gates", GATE, {}, "gates` must be a valid"),
    ("gates", GATE, KeyError, "gates` must be given"),
    ("gates", "sampler.circuit.registers.n_output", 10**9, "n_output` must be less than"),
    ("gates", "sampler.circuit.registers.n_bath", 60, "must leave a state that memory holds"),
    ("gates", "sampler.circuit.registers.n_bath", -2, "n_bath` must be greater than"),
    ("gates", "sampler.circuit.registers.n_output", 0, "n_output` must be greater than"),
    ("gates", "sampler.circuit.n_weights", 10**18, "n_weights` must be less than"),
    ("gates", "sampler.circuit.n_weights", 10**9 - 1, "must fit in memory"),
    ("gates", "sampler.circuit.n_inputs", 1, "gates.2.entry` must be below 1"),
    ("gates", "sampler.circuit.n_inputs", 3, "embedding.n_inputs` must be 3, as beside it"),
    ("gates", "sampler.circuit.format", 2, "format` must be 1"),
    ("gates", "sampler.embedding.kind", "evil", "embedding` "),
    ("gates", "sampler.embedding.hidden", [], "hidden` must have at least 1 entries"),
    ("gates", "sampler.embedding.hidden", [10**9, 10**9], "must fit in memory"),
    ("gates", "sampler.embedding.n_labels", 3, "embedding.n_labels` must be 2"),
    ("register", "sampler.embedding.n_label_wires", 0, "n_labels` must be at most 2**0"),
    ("register", "sampler.embedding.n_latent_wires", 0, "n_latent` must be at most 0"),
    ("register", "sampler.embedding.n_latent_wires", 62, "n_inputs` must be the label wires"),
    ("gates", "sampler.prior.n_latent", 2, "prior.kinds` must be 2, one per latent"),
    ("gates", "sampler.prior.n_levels", 1, "n_levels` must be 0 or at least 2"),
    ("gates", "sampler.n_labels", 3, "embedding.n_labels` must be 3"),
    ("gates", "label_values", ["a"], "label_values` must be 2, one per label"),
    ("gates", "label_values", ["1", 1], "label_values` must be distinct"),
    ("gates", "label_values", ["a", None], "label_values.1"),
    ("gates", "label_values", [0.0, math.nan], "label_values.1"),
    ("gates", "kind", "evil", "kind` must be 'generator'"),
    ("gates", "format", "2", "format` must be 2"),
]  # fmt: skip


@pytest.fixture(name="enough", autouse=True)
def _enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with 4 GiB, whatever runs the test."""
    monkeypatch.setattr("qgan.engines.memory.available", lambda device: 4 * 2**30)


@pytest.mark.parametrize("kind", ["gates", "reuploading", "register"])
def test_what_is_described_is_read(kind: str) -> None:
    assert isinstance(fit(described(kind), StoredModel, "c.json"), StoredModel)


@pytest.mark.parametrize(("kind", "path", "value", "message"), VARIANTS)
def test_a_damaged_description_names_file_field_and_rule(
    kind: str, path: str, value: Any, message: str
) -> None:
    data = change(described(kind), path, value)
    with pytest.raises(QganError) as error:
        rebuild(data)
    line = str(error.value)
    assert line.startswith("File circuit.json: `") and message in line
    assert "\n" not in line and len(line) < 400


@pytest.mark.parametrize("data", [b"", b"[1]", b"null", b"\xff", b"[" * 20_000, b"1" * 5000, b"{"])
def test_what_is_no_description_is_one_line(data: bytes) -> None:
    with pytest.raises(QganError) as error:
        fit(data, StoredModel, "c.json")
    assert str(error.value).startswith("File c.json") and len(str(error.value)) < 300


def test_a_circuit_alone_goes_through_the_same_door() -> None:
    circuit = trace(Gates(queue, 2, output=2)).to_dict()
    circuit["gates"][0]["entry"] = 10**9
    with pytest.raises(QganError, match=r"`gates\.0\.entry` must be below 2"):
        TracedCircuit.from_dict(circuit)


def test_what_would_not_be_read_is_not_written() -> None:
    generator = small_games.generator("reuploading", BatchedEngine())
    with pytest.raises(QganError, match=r"`label_values` must be 2, one per label"):
        describe(generator, ("a",))


@pytest.mark.parametrize("language", ["pennylane", "openqasm"])
def test_no_text_of_a_circuit_becomes_code(language: str) -> None:
    """Even for a circuit that came by another way than a file."""
    gate = Gate("RX", (0,))
    object.__setattr__(gate, "gate", CODE)
    circuit = TracedCircuit(TracedRegisters(1, 0, 0, 0), 0, 0, (gate,))
    model = Model(Generator(circuit, 2, 1).requires_grad_(False), (0, 1), "best", 1)
    with pytest.raises(QganError, match=r"`gate` must be one of RX, RY, RZ, MultiRZ, PauliRot"):
        circuit_code(model, 0, [0.0], language)
    object.__setattr__(gate, "gate", "PauliRot")
    object.__setattr__(gate, "word", CODE)
    with pytest.raises(QganError, match=r"`word` must be of the letters I, X, Y and Z"):
        circuit_code(model, 0, [0.0], language)
