"""Generators: label and latent, purity, seeds, a user's own circuit, refusals."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pennylane as qml
import pytest
import torch
from small_circuits import density_by_matrices, partial_trace
from tolerances import EXACT, LIGHTNING_GRADIENT, SINGLE
from torch import Tensor, nn
from torch.testing import assert_close

from circuits import BitRegisterCircuit, DDKLayers, RegisterCircuit, Registers, ReuploadingCircuit
from qgan import Generator, States
from qgan.description import StoredGenerator
from qgan.embedding import AffineEmbedding, BitEmbedding, RegisterEmbedding, TanhEmbedding
from qgan.engines import BatchedEngine, PennyLaneEngine
from qgan.errors import QganError
from qgan.prior import Prior
from qgan.states import Prepared
from qgan.stored import fit
from qgan.views import PauliView

LABEL = torch.tensor([0, 1, 1])


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def latents(n: int = 3, width: int = 1, seed: int = 0) -> Tensor:
    return 2 * torch.rand(n, width, dtype=torch.float64, generator=seeded(seed)) - 1


def reuploading(**settings: Any) -> Generator:
    circuit = ReuploadingCircuit(Registers(output=2), n_layers=2)
    engine = BatchedEngine(precision="double")
    return Generator(circuit, n_labels=2, engine=engine, **settings).double()


def register(**settings: Any) -> Generator:
    circuit = RegisterCircuit(Registers(output=2, label=1, latent=1), n_layers=3)
    engine = BatchedEngine(precision="double")
    return Generator(circuit, n_labels=2, engine=engine, **settings).double()


@pytest.mark.parametrize("make", [reuploading, register])
def test_states_are_those_of_the_circuit(make: Callable[..., Generator]) -> None:
    generator, z = make(), latents()
    states = generator(LABEL, z)
    assert isinstance(states, States)
    inputs = generator.embedding(LABEL, z).detach()
    rho = density_by_matrices(generator.circuit, generator.weights.detach(), inputs)
    assert_close(states.density_matrix().detach(), partial_trace(rho, 2), **EXACT)


@pytest.mark.parametrize("make", [reuploading, register])
def test_label_and_latent_both_matter(make: Callable[..., Generator]) -> None:
    generator = make(spread=1.0)
    z = torch.tensor([[-0.9], [0.9]], dtype=torch.float64)
    for label in (0, 1):
        rho = generator(torch.tensor([label, label]), z).density_matrix()
        assert torch.linalg.matrix_norm(rho[0] - rho[1]) > 0.05
    rho = generator(torch.tensor([0, 1]), torch.zeros(2, 1)).density_matrix()
    assert torch.linalg.matrix_norm(rho[0] - rho[1]) > 0.05


def test_default_embedding_follows_the_registers() -> None:
    assert isinstance(reuploading().embedding, TanhEmbedding)
    assert isinstance(register().embedding, RegisterEmbedding)
    own = AffineEmbedding(2, 1, 14)
    assert reuploading(embedding=own).embedding is own


def test_purity() -> None:
    ones = torch.ones(3, dtype=torch.float64)
    assert_close(reuploading()(LABEL, latents()).purity().detach(), ones, **EXACT)
    generator = register()
    assert (generator(LABEL, latents()).purity() < 0.99).all()
    # without couplings to its registers it is pure: entries after RY, RZ and the ring of a layer
    with torch.no_grad():
        for layer in range(3):
            generator.weights[layer * 9 + 5 : layer * 9 + 9] = 0.0
    assert_close(generator(LABEL, latents()).purity().detach(), ones, **EXACT)


def test_small_couplings_keep_the_start_nearly_pure() -> None:
    """The swing of the latent wires: the impurity is of higher order in the coupling."""
    generator = register()
    with torch.no_grad():
        for layer in range(3):
            generator.weights[layer * 9 + 5 : layer * 9 + 9] *= 0.02 / math.pi
    states = generator(torch.tensor([0, 0]), torch.tensor([[-0.8], [0.8]]))
    assert (states.purity() > 0.999).all()


@pytest.mark.parametrize("make", [reuploading, register])
def test_every_parameter_is_trained(make: Callable[..., Generator]) -> None:
    generator = make()
    words = ["XI", "ZZ", "IY", "ZX"]
    generator(LABEL, latents()).expval(words).square().sum().backward()
    for parameter in generator.parameters():
        if parameter.numel():
            assert parameter.grad is not None
            assert parameter.grad.abs().max() > 1e-6


@pytest.mark.parametrize("make", [reuploading, register])
def test_gradient(make: Callable[..., Generator]) -> None:
    generator = make()
    names, values = zip(
        *((k, p) for k, p in generator.named_parameters() if p.numel()), strict=True
    )

    def features(latent: Tensor, *parameters: Tensor) -> Tensor:
        given = dict(zip(names, parameters, strict=True))
        states: States = torch.func.functional_call(generator, given, (LABEL, latent))
        return states.expval(["XI", "ZZ"])

    point = (latents().requires_grad_(), *values)
    # Every entry would be slow; random projections see all of them.
    assert torch.autograd.gradcheck(features, point, fast_mode=True)


@pytest.mark.parametrize("make", [reuploading, register])
def test_deterministic_by_seed(make: Callable[..., Generator]) -> None:
    torch.manual_seed(1)
    one = make(seed=3)
    torch.manual_seed(2)  # the global state has no part in it
    two, other = make(seed=3), make(seed=4)
    for (name, a), b in zip(one.named_parameters(), two.parameters(), strict=True):
        assert torch.equal(a, b), name
    z = latents()
    assert torch.equal(one(LABEL, z).factor, two(LABEL, z).factor)
    assert not torch.allclose(one(LABEL, z).density_matrix(), other(LABEL, z).density_matrix())


def test_draw_draws_from_the_prior() -> None:
    generator = reuploading(prior=Prior(2, 2))
    assert generator.n_latent == 2
    expected = generator(LABEL, Prior(2, 2).sample(3, seeded(5)))
    assert torch.equal(generator.draw(LABEL, seeded(5)).states.factor, expected.factor)
    assert not torch.equal(generator.draw(LABEL, seeded(6)).states.factor, expected.factor)


def test_spread_bounds_the_weights_at_the_start() -> None:
    weights = register(spread=0.1).weights
    assert weights.abs().max() <= 0.1
    assert register().weights.abs().max() > 1.0


def test_single_precision_is_the_default() -> None:
    generator = Generator(ReuploadingCircuit(Registers(2), 1), n_labels=2)
    states = generator(LABEL, torch.zeros(3, 1))
    assert states.factor.dtype == torch.complex64
    # a latent of another dtype, as an experiment's file may hold, does as well
    again = generator(LABEL, torch.zeros(3, 1, dtype=torch.float64))
    assert torch.equal(again.factor, states.factor)


def test_real_conditions() -> None:
    circuit = ReuploadingCircuit(Registers(2), 1)
    generator = Generator(circuit, n_labels=2)
    conditions = torch.tensor([[0.1, 0.2], [0.1, 0.2], [0.4, 0.2]])
    rho = generator(conditions, torch.zeros(3, 1)).density_matrix()
    assert torch.equal(rho[0], rho[1])
    assert not torch.allclose(rho[0], rho[2], atol=1e-4)


def test_circuit_of_the_paper() -> None:
    circuit = RegisterCircuit(Registers(output=1, label=1), n_layers=2, ansatz=DDKLayers)
    generator = Generator(circuit, n_labels=2, n_latent=0)
    states = generator(torch.tensor([0, 1]), torch.zeros(2, 0))
    assert sum(p.numel() for p in generator.parameters()) == 10
    assert (len(states), states.n_qubits) == (2, 1)


# A user's own circuit: no base class, nothing of ours but Registers, or not even that.


class UsersCircuit:
    """``RZ(x_1) RX(w_0 + x_0)`` and an entangler; also gates that need decomposition."""

    registers = Registers(output=2)
    n_weights, n_inputs = 3, 2

    def __call__(self, weights: Any, inputs: Any) -> None:
        qml.RX(weights[..., 0] + inputs[..., 0], wires=0)
        qml.CRY(weights[..., 1], wires=[0, 1])
        qml.SingleExcitation(2 * weights[..., 2] - 0.5, wires=[1, 0])
        qml.RZ(inputs[..., 1], wires=1)


class UsersCircuitWithoutInputs:
    """Ignores label and latent."""

    registers = Registers(output=1, bath=1)
    n_weights, n_inputs = 1, 0

    def __call__(self, weights: Any, inputs: Any) -> None:
        qml.RY(weights[..., 0], wires=0)
        qml.CNOT([0, 1])


def test_users_circuit_is_a_generator() -> None:
    engine = BatchedEngine(precision="double")
    generator = Generator(UsersCircuit(), n_labels=2, n_latent=1, engine=engine).double()
    z = latents()
    states = generator(LABEL, z)
    inputs, weights = generator.embedding(LABEL, z), generator.weights
    rho = density_by_matrices(generator.circuit, weights, inputs)
    assert_close(states.density_matrix().detach(), rho, **EXACT)
    states.expval(["ZI"]).sum().backward()
    assert generator.weights.grad is not None


def test_users_circuit_without_inputs_is_a_generator() -> None:
    generator = Generator(UsersCircuitWithoutInputs(), n_labels=1, n_latent=1)
    states = generator(torch.tensor([0, 0]), torch.zeros(2, 1))
    cos = torch.cos(generator.weights.detach())
    expected = torch.stack([(1 + cos) / 2, (1 - cos) / 2], 1).expand(2, -1)
    assert_close(states.probabilities().detach(), expected, **SINGLE)
    assert (states.purity() < 1 - 1e-4).all()


# Refusals.


@pytest.mark.parametrize(
    ("label", "latent", "message"),
    [
        (LABEL, torch.zeros(3, 2), r"`latent` must have shape \(B, 1\) .* but got \(3, 2\)"),
        (LABEL, torch.zeros(2, 1), r"n_latent=1 and the 3 labels, but got \(2, 1\)"),
        (LABEL, torch.zeros(3), r"but got \(3,\)"),
        (torch.tensor([0, 2, 1]), torch.zeros(3, 1), "`label` must be from 0 to 1, but got 2"),
        (torch.tensor([0, -1, 1]), torch.zeros(3, 1), "`label` must be from 0 to 1, but got -1"),
        (torch.zeros(3, 1).long(), torch.zeros(3, 1), r"`label` must have shape \(B,\)"),
        (torch.tensor(0), torch.zeros(1, 1), r"`label` must have shape \(B,\), but got \(\)"),
        (torch.zeros(3), torch.zeros(3, 1), r"`label` must have shape \(B, 2\) .* but got \(3,\)"),
        (torch.zeros(3, 3), torch.zeros(3, 1), r"\(B, 2\) to match n_labels, but got \(3, 3\)"),
        (torch.full((3, 2), math.nan), torch.zeros(3, 1), "`label` must be finite"),
        (LABEL, torch.full((3, 1), math.nan), "`latent` must be finite"),
        (LABEL, torch.full((3, 1), -math.inf), "`latent` must be finite"),
        (LABEL, torch.zeros(3, 1) * 1j, "`latent` must hold real numbers, but got torch.complex64"),
        (LABEL, torch.zeros(3, 1).bool(), "`latent` must hold real numbers, but got torch.bool"),
    ],
)
def test_labels_and_latents_that_do_not_fit_are_refused(
    label: Tensor, latent: Tensor, message: str
) -> None:
    with pytest.raises(QganError, match=message):
        reuploading().check(label, latent)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_labels": 0}, "`n_labels` must be at least 1, but got 0"),
        ({"n_labels": 3}, r"`n_labels` must be at most 2\*\*1"),
        ({"n_labels": 2, "n_latent": 2}, "`n_latent` must be at most 1"),
    ],
)
def test_generators_that_do_not_fit_are_refused(settings: dict[str, int], message: str) -> None:
    circuit = RegisterCircuit(Registers(output=1, label=1, latent=1), n_layers=1)
    with pytest.raises(QganError, match=message):
        Generator(circuit, **settings)


# Registers that hold bits


def of_bits(**settings: Any) -> Generator:
    circuit = BitRegisterCircuit(Registers(output=2, label=1, latent=4), 2, n_latent=2)
    engine = settings.pop("engine", BatchedEngine(precision="double"))
    return Generator(circuit, n_labels=2, n_latent=2, engine=engine, **settings).double()


def test_states_of_bits_are_those_of_the_whole_circuit() -> None:
    generator, z = of_bits(spread=1.0), latents(width=2)
    assert isinstance(generator.embedding, BitEmbedding)
    states = generator(LABEL, z)
    inputs = generator.inputs(LABEL, z)
    assert set(inputs.unique().tolist()) == {0.0, 1.0}
    whole = BatchedEngine("double").run(generator.circuit, generator.weights, inputs)
    assert_close(states.density_matrix(), whole.density_matrix(), **EXACT)
    assert_close(states.purity(), torch.ones(3, dtype=torch.float64), **EXACT)
    assert_close(generator.exact_states(LABEL, z).factor, states.factor.detach(), **EXACT)


@pytest.mark.parametrize("method", ["adjoint", "parameter-shift"])
def test_bits_run_on_a_device_that_has_no_states(method: Any) -> None:
    """Six wires of bits are gone before lightning sees the circuit."""
    generator = of_bits(spread=1.0, engine=PennyLaneEngine("lightning.qubit", method))
    prepared = generator(LABEL, latents(width=2))
    assert isinstance(prepared, Prepared)
    assert prepared.circuit.registers.n_wires == 2
    view = PauliView(2, max_weight=1)
    (gradient,) = torch.autograd.grad(view(prepared, LABEL).sum(), generator.weights)
    exact = of_bits(spread=1.0)
    (expected,) = torch.autograd.grad(
        view(exact(LABEL, latents(width=2)), LABEL).sum(), exact.weights
    )
    assert_close(gradient, expected, **LIGHTNING_GRADIENT)


def test_bits_have_levels_and_no_derivative() -> None:
    generator = of_bits()
    assert generator.levels is not None
    assert generator.levels[:, 0].tolist() == [-0.75, -0.25, 0.25, 0.75]
    assert reuploading().levels is None
    z = torch.tensor([[0.2, -0.9]], dtype=torch.float64)
    near = torch.tensor([[0.25, -0.75]], dtype=torch.float64)
    label = torch.tensor([1])
    assert_close(generator(label, z).factor, generator(label, near).factor, **EXACT)


def test_the_cost_of_bits_is_that_of_the_circuit_that_runs() -> None:
    """Two layers of 5 angles and a last row of 4; each is a rotation whatever sets its angle."""
    generator = of_bits()
    assert generator.cost(3).with_gradient == 3 * (1 + 2 * 14)
    assert len(generator.weights) == 14 * 2 * 5


def test_where_the_trained_parameters_are() -> None:
    """Angles and their coefficients belong to the circuit, a network to the embedding."""
    bits = of_bits().parameter_counts()
    assert (bits.circuit, bits.embedding, bits.elsewhere) == (140, 0, 0)
    tanh = reuploading().parameter_counts()
    assert tanh.circuit == 0 and tanh.embedding == 4 * 32 + 33 * 32 + 33 * 14
    affine = reuploading(embedding=AffineEmbedding(2, 1, 14, by_label=True)).parameter_counts()
    assert (affine.circuit, affine.embedding) == (14 * (2 + 2 + 1), 0)
    former = register().parameter_counts()
    assert former.embedding == 0 and former.circuit == sum(
        p.numel() for p in register().parameters()
    )
    own = reuploading(embedding=nn.Linear(1, 14)).parameter_counts()
    assert own.circuit == 0 and own.embedding == 28


def test_bits_are_described_and_rebuilt() -> None:
    generator, z = of_bits(spread=1.0), latents(width=2)
    stored = fit(json.loads(json.dumps(generator.describe())), StoredGenerator, "of a generator")
    again = Generator.rebuild(stored).double()
    again.load_state_dict(generator.state_dict())
    assert_close(again.exact_states(LABEL, z).factor, generator.exact_states(LABEL, z).factor)


@pytest.mark.parametrize("n_latent", [0, 3])
def test_latents_share_the_wires_of_bits(n_latent: int) -> None:
    circuit = BitRegisterCircuit(Registers(output=2, label=1, latent=4), 2, n_latent=2)
    with pytest.raises(QganError, match="must share the 4 wires"):
        Generator(circuit, n_labels=2, n_latent=n_latent)
