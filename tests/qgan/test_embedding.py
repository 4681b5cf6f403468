"""Embeddings: (label, latent) to angles, by their formulas."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from tolerances import EXACT
from torch import Tensor, nn
from torch.testing import assert_close

from qgan.embedding import (
    AffineEmbedding,
    BitEmbedding,
    RegisterEmbedding,
    TanhEmbedding,
    from_spec,
)
from qgan.errors import QganError
from qgan.labels import condition

LABEL = torch.tensor([0, 1, 1])


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def latents(n: int = 3, width: int = 1, seed: int = 0) -> Tensor:
    return 2 * torch.rand(n, width, dtype=torch.float64, generator=seeded(seed)) - 1


def test_condition_is_one_hot_or_the_conditions_themselves() -> None:
    expected = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 1, 0]])
    assert torch.equal(condition(LABEL, 3), expected)
    real = torch.tensor([[0.5, -1.0]])
    assert condition(real, 2) is real


def test_affine_embedding() -> None:
    embedding = AffineEmbedding(2, 1, 5, rng=seeded()).double()
    weight, z = embedding.linear.weight, latents()
    angles = embedding(LABEL, z)
    assert angles.shape == (3, 5)
    expected = weight[:, LABEL].T + z @ weight[:, 2:].T + embedding.linear.bias
    assert_close(angles, expected, **EXACT)


def test_affine_embedding_with_slopes_for_each_label() -> None:
    """Label k: ``x = a_k z + c_k``; the columns are those of the labels, then of label and z."""
    embedding = AffineEmbedding(2, 2, 5, rng=seeded(), by_label=True).double()
    weight, z = embedding.linear.weight, latents(width=2)
    slopes = weight[:, 2:].reshape(5, 2, 2)  # gate, label, entry of z
    expected = torch.stack(
        [weight[:, k] + slopes[:, k] @ row for k, row in zip(LABEL.tolist(), z, strict=True)]
    )
    assert_close(embedding(LABEL, z), expected + embedding.linear.bias, **EXACT)
    again = from_spec(embedding.spec).double()
    again.load_state_dict(embedding.state_dict())
    assert_close(again(LABEL, z), embedding(LABEL, z), **EXACT)


def test_affine_embedding_starts_with_the_spread_asked_for() -> None:
    weight = AffineEmbedding(2, 1, 4000, spread=0.7, rng=seeded()).linear.weight
    assert math.isclose(weight.std().item(), 0.7, rel_tol=0.03)


@pytest.mark.parametrize("hidden", [(7,), (7, 6)])
def test_tanh_embedding(hidden: tuple[int, ...]) -> None:
    embedding = TanhEmbedding(2, 2, 5, hidden=hidden, rng=seeded()).double()
    z = latents(width=2)
    entry = torch.cat([condition(LABEL, 2).double(), z], 1)
    for layer, width in zip(embedding.layers, hidden, strict=True):
        entry = torch.tanh(entry @ layer.weight.T + layer.bias)
        assert entry.shape == (3, width)
    expected = entry @ embedding.linear.weight.T + embedding.linear.bias
    assert_close(embedding(LABEL, z), expected, **EXACT)


@pytest.mark.parametrize("make", [AffineEmbedding, TanhEmbedding])
def test_gradient_of_embeddings(make: Callable[..., nn.Module]) -> None:
    embedding = make(2, 1, 4, rng=seeded()).double()
    names, values = zip(*embedding.named_parameters(), strict=True)

    def angles(latent: Tensor, *parameters: Tensor) -> Tensor:
        given = dict(zip(names, parameters, strict=True))
        return torch.func.functional_call(embedding, given, (LABEL, latent))

    assert torch.autograd.gradcheck(angles, (latents().requires_grad_(), *values))


def test_register_embedding_writes_the_bits_of_the_label() -> None:
    """Most significant bit on the first wire, times pi."""
    embedding = RegisterEmbedding(8, 0, 3, 0, 3).double()
    angles = embedding(torch.arange(8), torch.zeros(8, 0, dtype=torch.float64))
    bits = torch.tensor([[k >> 2 & 1, k >> 1 & 1, k & 1] for k in range(8)])
    assert_close(angles, math.pi * bits.double(), **EXACT)


def test_register_embedding_turns_each_wire_by_one_entry_of_the_latent() -> None:
    embedding = RegisterEmbedding(2, 2, 1, 3, 1 + 2 * 3, seeded()).double()
    z = latents(width=2)
    angles = embedding(LABEL, z)[:, 1:]
    columns = torch.tensor([0, 1, 0, 0, 1, 0])  # wires 0, 1, 2 take z_0, z_1, z_0, twice
    assert_close(angles, z[:, columns] * embedding.scale + embedding.shift, **EXACT)


def test_register_embedding_starts_by_swinging_between_phi_and_minus_phi() -> None:
    """Turns of phi, -2 phi, 2 phi: the wire stands at phi, -phi, phi."""
    embedding = RegisterEmbedding(2, 1, 1, 1, 1 + 3, seeded()).double()
    angles = embedding(torch.tensor([0]), torch.zeros(1, 1, dtype=torch.float64))[0, 1:]
    half = math.pi / 2
    assert_close(angles.cumsum(0).tolist(), [half, -half, half], rtol=0, atol=1e-6)


def test_register_embedding_without_latent_still_turns_its_wires() -> None:
    embedding = RegisterEmbedding(2, 0, 1, 1, 3).double()
    angles = embedding(LABEL, torch.zeros(3, 0, dtype=torch.float64))
    assert_close(angles[:, 1:], embedding.shift.expand(3, -1), **EXACT)


def test_register_embedding_of_real_conditions() -> None:
    embedding = RegisterEmbedding(2, 1, 2, 1, 3).double()
    real = torch.tensor([[0.25, 0.5]], dtype=torch.float64)
    angles = embedding(real, torch.zeros(1, 1, dtype=torch.float64))
    assert_close(angles[:, :2], math.pi * real, **EXACT)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TanhEmbedding(2, 1, 4, hidden=()), r"`hidden` must be widths .* but got \(\)"),
        (lambda: TanhEmbedding(2, 1, 4, hidden=(8, 0)), r"`hidden` must be .* but got \(8, 0\)"),
        (lambda: RegisterEmbedding(3, 1, 1, 1, 2), r"`n_labels` must be at most 2\*\*1 .* got 3"),
        (lambda: RegisterEmbedding(2, 2, 1, 1, 2), "`n_latent` must be at most 1, .* but got 2"),
        (lambda: RegisterEmbedding(2, 1, 1, 2, 4), "`n_inputs` must be the label wires and a mul"),
        (lambda: RegisterEmbedding(2, 0, 1, 0, 2), "`n_inputs` must be .* but got 2"),
        (lambda: RegisterEmbedding(2, 0, 1, 0, 0), "`n_inputs` must be .* but got 0"),
    ],
)
def test_embeddings_that_do_not_fit_are_refused(
    make: Callable[[], nn.Module], message: str
) -> None:
    with pytest.raises(QganError, match=message):
        make()


def test_embeddings_leave_the_global_source_of_chance_alone() -> None:
    before = torch.get_rng_state()
    for make in (AffineEmbedding, TanhEmbedding):
        make(2, 1, 5, rng=torch.Generator().manual_seed(0))
    assert torch.equal(torch.get_rng_state(), before)


# Bits


def test_bits_of_label_and_latent() -> None:
    embedding = BitEmbedding(3, 2, n_label_wires=2, n_bits=3)
    latent = torch.tensor([[-1.0, 1.0], [-0.01, 0.01], [0.3, -0.8]], dtype=torch.float64)
    expected = [[0, 0, 0, 0, 0, 1, 1, 1], [0, 1, 0, 1, 1, 1, 0, 0], [1, 0, 1, 0, 1, 0, 0, 0]]
    bits = embedding(torch.tensor([0, 1, 2]), latent)
    assert torch.equal(bits, torch.tensor(expected).double())


@pytest.mark.parametrize("gray", [False, True])
def test_each_level_has_bits_of_its_own(gray: bool) -> None:
    embedding = BitEmbedding(1, 1, n_label_wires=0, n_bits=5, gray=gray)
    label = torch.zeros(32, dtype=torch.int64)
    bits = embedding(label, embedding.levels)
    assert len(bits.unique(dim=0)) == 32
    assert_close(embedding.levels[:, 0], torch.linspace(-31 / 32, 31 / 32, 32).double(), **EXACT)
    inside = embedding.levels + torch.tensor([[-0.03], [0.03]]).repeat(16, 1)
    assert torch.equal(embedding(label, inside), bits)  # the nearest level
    beyond = embedding(label[:2], torch.tensor([[-7.0], [7.0]]).double())
    assert torch.equal(beyond, bits[[0, 31]])


def test_neighbours_of_the_gray_code_differ_in_one_bit() -> None:
    embedding = BitEmbedding(1, 1, n_label_wires=0, n_bits=6, gray=True)
    bits = embedding(torch.zeros(64, dtype=torch.int64), embedding.levels)
    assert torch.equal((bits[1:] != bits[:-1]).sum(1), torch.ones(63, dtype=torch.int64))


def test_bits_are_refused_that_do_not_fit() -> None:
    with pytest.raises(QganError, match="to fit its register"):
        BitEmbedding(3, 1, n_label_wires=1, n_bits=2)
    with pytest.raises(QganError, match="n_bits"):
        BitEmbedding(2, 1, n_label_wires=1, n_bits=0)
    with pytest.raises(QganError, match="at most 24"):
        BitEmbedding(2, 1, n_label_wires=1, n_bits=25)
    with pytest.raises(QganError, match="must be classes"):
        BitEmbedding(1, 1, 1, 2)(torch.tensor([[0.5]]), torch.zeros(1, 1))


def test_bits_are_rebuilt_from_their_spec() -> None:
    embedding = BitEmbedding(3, 2, n_label_wires=2, n_bits=4, gray=True)
    again = from_spec(embedding.spec)
    z = latents(width=2)
    assert torch.equal(again(LABEL, z), embedding(LABEL, z))
    assert again.spec == embedding.spec
