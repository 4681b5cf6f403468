"""A trained generator by itself: described as data, sampled by label, latent given or drawn."""

from __future__ import annotations

import json
from typing import Any

import pytest
import small_games
import torch
from tolerances import EXACT
from torch import Tensor, nn
from torch.testing import assert_close

from qgan import Generator
from qgan.engines import BatchedEngine
from qgan.errors import QganError
from qgan.model import Model, describe, rebuild

DOUBLE = BatchedEngine(precision="double")


@pytest.fixture
def model() -> Model:
    return Model(small_games.generator("reuploading", DOUBLE).double(), ("cat", "dog"), "best", 3)


def expected(model: Model, label: list[int], latent: list[list[float]]) -> Tensor:
    states = model.sampler.exact_states(torch.tensor(label), torch.tensor(latent))
    return states.density_matrix()


def test_sample_takes_the_label_as_the_data_had_it(model: Model) -> None:
    found = model.sample(label="dog", latent=[[0.3], [-0.2]]).density_matrix()
    assert_close(found, expected(model, [1, 1], [[0.3], [-0.2]]), **EXACT)
    numbers = Model(model.sampler, (-3, 7), "best", 3)
    for label in (7, "7"):
        assert_close(numbers.sample(label=label, latent=[0.3]).density_matrix(), found[:1], **EXACT)


def test_no_label_gives_each_in_turn(model: Model) -> None:
    drawn = model.draw(n=3, seed=2)
    states, label, latent = drawn.states, drawn.label, drawn.latent
    assert label.tolist() == [0, 0, 0, 1, 1, 1]
    assert latent.shape == (6, 1)
    assert len(latent.unique()) == 6
    assert_close(states.density_matrix(), expected(model, label.tolist(), latent.tolist()), **EXACT)
    assert len(model.sample()) == 2


def test_one_latent_serves_each_label_and_n(model: Model) -> None:
    found = model.sample(latent=[0.5])
    assert_close(found.density_matrix(), expected(model, [0, 1], [[0.5], [0.5]]), **EXACT)
    assert model.draw("cat", 4, latent=torch.tensor([0.5])).latent.tolist() == [[0.5]] * 4


def test_the_seed_alone_decides_the_latents(model: Model) -> None:
    one, same, other = (model.sample(n=5, seed=s).density_matrix() for s in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert not one.requires_grad


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"label": "cow"}, r"`label` must be one of \['cat', 'dog'\], but got cow"),
        ({"label": 1}, r"`label` must be one of"),
        ({"n": 0}, r"`n` must be at least 1, but got 0"),
        ({"latent": [0.1, 0.2]}, r"`latent` must have 1 entries, but got \(1, 2\)"),
        ({"latent": torch.zeros(1, 1, 1)}, r"`latent` must have 1 entries, but got \(1, 1, 1\)"),
        ({"latent": [float("nan")]}, r"`latent` must be finite, but got \[nan\]"),
        ({"latent": [[0.1], [0.2]], "n": 3}, r"`n` must be 2, as many as latents, but got 3"),
    ],
)
def test_what_cannot_be_sampled_is_refused(
    model: Model, asked: dict[str, Any], message: str
) -> None:
    with pytest.raises(QganError, match=message):
        model.sample(**asked)


@pytest.mark.parametrize("kind", ["reuploading", "register"])
def test_a_description_is_json_that_rebuilds_the_generator(kind: str) -> None:
    generator = small_games.generator(kind, DOUBLE)
    again = rebuild(json.loads(json.dumps(describe(generator, (0, 1)))))
    again.load_state_dict(generator.state_dict())
    label, latent = torch.tensor([0, 1, 1]), torch.tensor([[-0.9], [0.2], [0.4]])
    found, wanted = (g.exact_states(label, latent).density_matrix() for g in (again, generator))
    assert_close(found, wanted, **EXACT)


def test_an_embedding_that_is_no_data_is_refused() -> None:
    circuit = small_games.generator("reuploading", DOUBLE).circuit
    generator = Generator(circuit, 2, 1, embedding=nn.Identity())
    with pytest.raises(QganError, match=r"Embedding Identity: it is no qgan\.embedding\.Embedding"):
        describe(generator, (0, 1))


def test_another_format_is_refused() -> None:
    with pytest.raises(QganError, match=r"circuit\.json: `format` must be 2, but got 3\.$"):
        rebuild({"format": 3})
