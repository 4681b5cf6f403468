"""Each prior in each generator: it is built, opened again, and what is an angle goes round."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from contracts import check_that_a_stranger_is_reported, check_whole_family
from tolerances import EXACT, SINGLE
from torch.testing import assert_close

from qgan import build
from qgan.data import basis
from qgan.description import StoredGenerator
from qgan.embedding import TanhEmbedding
from qgan.engines import BatchedEngine
from qgan.errors import QganError
from qgan.generator import Generator
from qgan.seeds import seeded
from qgan.stored import fit

KINDS: dict[str, tuple[str, ...]] = {
    "uniform": ("uniform", "uniform"),
    "normal": ("normal", "normal"),
    "periodic": ("periodic", "periodic"),
    "angle-first": ("periodic", "uniform"),
}
PLACE = "KINDS in tests/build/test_priors.py"
GENERATORS: dict[str, dict[str, Any]] = {
    "tanh": {"kind": "reuploading"},
    "affine": {"kind": "reuploading", "embedding": "affine"},
    "angles": {"kind": "register", "n_bits": 0},
    "bits": {"kind": "register", "n_bits": 3},
    "network": {"kind": "network"},
}


def made(name: str, prior: str, **settings: Any) -> Generator:
    """A small generator of two latents and two qubits."""
    generator = {**GENERATORS[name], "prior": prior, "n_layers": 1, "hidden": [5], **settings}
    experiment = build.parse({"generator": generator})
    data = basis(2, n_train=2, n_validation=1, n_held_out=1)
    return build.build_generator(experiment, data, BatchedEngine())


def test_every_registered_prior_is_under_the_contract() -> None:
    check_whole_family(build.PRIORS, KINDS, PLACE)


def test_a_prior_without_a_case_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    check_that_a_stranger_is_reported(monkeypatch, build.PRIORS, KINDS, PLACE)


@pytest.mark.parametrize("prior", build.PRIORS)
@pytest.mark.parametrize("name", GENERATORS)
def test_a_generator_is_opened_again_with_its_prior(name: str, prior: str) -> None:
    generator = made(name, prior)
    assert generator.prior.kinds == KINDS[prior]
    stored = fit(generator.describe(), StoredGenerator, "circuit.json")
    again = type(generator).rebuild(stored) if name != "network" else None
    if again is None:
        return
    again.load_state_dict(generator.state_dict())
    assert again.prior == generator.prior
    label, latent = torch.tensor([0, 1, 0]), generator.prior.sample(3, seeded(1))
    one, other = (g.exact_states(label, latent).factor for g in (generator, again))
    assert_close(one, other, **EXACT)


@pytest.mark.parametrize("name", GENERATORS)
def test_a_whole_turn_of_an_angle_changes_nothing(name: str) -> None:
    generator, label = made(name, "angle-first", spread=1.5), torch.tensor([0, 1, 0])
    latent = generator.prior.at(torch.tensor([[0.3, 0.7], [0.6, 0.2], [0.1, 0.4]]))
    turned = latent + 2 * torch.pi * torch.tensor([1.0, 0.0])
    one, other = (generator.exact_states(label, z) for z in (latent, turned))
    assert_close(one.fidelity(other), torch.ones(3).double(), **SINGLE)
    half = generator.exact_states(label, latent + torch.pi * torch.tensor([1.0, 0.0]))
    assert one.fidelity(half).min() < 0.999  # it is turned by the latent at all


def test_bits_share_a_normal_latent_equally() -> None:
    generator = made("bits", "normal")
    latent = generator.prior.sample(8000, seeded(0))
    bits = generator.inputs(torch.zeros(8000, dtype=torch.int64), latent)[:, -6:-3]
    counts = torch.bincount((bits.long() * torch.tensor([4, 2, 1])).sum(1), minlength=8)
    assert ((counts - 1000).abs() < 4 * (8000 / 8 * 7 / 8) ** 0.5).all()
    assert generator.levels is not None
    axes = generator.latent_axes()
    assert axes is not None
    assert_close(axes[0], torch.special.ndtri((2 * torch.arange(8).double() + 1) / 16), **EXACT)


def test_an_old_description_has_uniform_latents() -> None:
    described = made("tanh", "uniform").describe()
    del described["prior"]["kinds"], described["embedding"]["kinds"]
    stored = fit(described, StoredGenerator, "circuit.json")
    assert Generator.rebuild(stored).prior.kinds == ("uniform", "uniform")


@pytest.mark.parametrize(
    ("place", "kinds", "message"),
    [
        ("embedding", ["uniform", "uniform"], "`embedding.kinds` must be"),
        ("prior", ["periodic"], "`prior.kinds` must be 2, one per latent"),
        ("prior", ["round", "normal"], "`prior.kinds.0` "),
    ],
)
def test_kinds_that_do_not_fit_are_refused(place: str, kinds: list[str], message: str) -> None:
    described = made("tanh", "periodic").describe()
    described[place]["kinds"] = kinds
    with pytest.raises(QganError, match=message):
        fit(described, StoredGenerator, "circuit.json")


def test_an_embedding_of_other_kinds_is_refused() -> None:
    generator = made("tanh", "periodic")
    with pytest.raises(QganError, match="`embedding` must be of latents that are uniform"):
        Generator(generator.circuit, 2, 2, embedding=generator.embedding)


def test_an_angle_needs_a_place() -> None:
    with pytest.raises(QganError, match="must have a place for an angle"):
        made("tanh", "angle-first", n_latent=0)


@pytest.mark.parametrize("embedding", ["tanh", "affine"])
def test_an_angle_winds_once_to_start_with(embedding: str) -> None:
    """``psi_k(z) = c_k + d_k e^{iz}`` up to a phase: one rotation by z is all that z does."""
    generator = made(embedding, "angle-first", n_layers=2)
    z = torch.arange(8) * torch.pi / 4
    latent = torch.stack([z, torch.zeros(8)], 1)
    states = generator.exact_states(torch.zeros(8, dtype=torch.int64), latent)
    harmonics = torch.fft.fft(states.density_matrix(), dim=0).abs().amax((1, 2))
    assert harmonics[2:7].max() < 1e-5
    assert harmonics[1] > 1e-3


def test_winds_that_do_not_fit_are_refused() -> None:
    described = made("tanh", "periodic").describe()
    described["embedding"]["winds"] = [0]
    with pytest.raises(QganError, match=r"`embedding\.winds` must be 2 inputs below"):
        fit(described, StoredGenerator, "circuit.json")
    with pytest.raises(QganError, match="`winds` must be 1 inputs below 3"):
        TanhEmbedding(2, 1, 3, kinds="periodic", winds=(3,))
