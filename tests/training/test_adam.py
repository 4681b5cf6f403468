"""Adam beside the one of torch."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from qgan.training._adam import Adam  # private: the reference must see both do the same

BETAS = (0.5, 0.9)


def groups() -> list[dict[str, Any]]:
    rng = torch.Generator().manual_seed(0)
    parameters = [nn.Parameter(torch.randn(size, generator=rng)) for size in (3, 2, 4)]
    return [{"params": parameters[:2], "lr": 0.1}, {"params": parameters[2:], "lr": 0.02}]


def take(optimiser: Any, steps: range) -> list[torch.Tensor]:
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    for step in steps:
        for place, parameter in enumerate(parameters):
            idle = place == 1 and step < 3  # it begins later than the others
            parameter.grad = None if idle else (parameter.detach() - place).sin() + step
        optimiser.step()
    return parameters


def test_it_moves_as_that_of_torch() -> None:
    own, reference = Adam(groups(), BETAS), torch.optim.Adam(groups(), betas=BETAS, fused=True)
    for one, other in zip(take(own, range(9)), take(reference, range(9)), strict=True):
        assert_close(one, other, rtol=0, atol=0)


@pytest.mark.parametrize("source", ["own", "torch"])
def test_it_goes_on_from_a_checkpoint(source: str) -> None:
    first = groups()
    before = Adam(first, BETAS) if source == "own" else torch.optim.Adam(first, betas=BETAS)
    take(before, range(5))
    after = Adam([{**group, "lr": 1.0} for group in before.param_groups], BETAS)
    after.load_state_dict(before.state_dict())
    assert [group["lr"] for group in after.param_groups] == [0.1, 0.02]
    whole = take(Adam(groups(), BETAS), range(9))
    for one, other in zip(take(after, range(5, 9)), whole, strict=True):
        assert_close(one, other, rtol=1e-6, atol=1e-7)


def test_a_checkpoint_is_not_the_state_itself() -> None:
    optimiser = Adam(groups(), BETAS)
    take(optimiser, range(2))
    other = Adam(groups(), BETAS)
    other.load_state_dict(optimiser.state_dict())
    kept = next(iter(other.state.values()))["exp_avg"].clone()
    take(optimiser, range(2, 4))
    assert torch.equal(next(iter(other.state.values()))["exp_avg"], kept)


def test_it_goes_on_from_its_own_state() -> None:
    optimiser = Adam(groups(), BETAS)
    take(optimiser, range(5))
    optimiser.load_state_dict(optimiser.state_dict())
    for one, other in zip(
        take(optimiser, range(5, 9)), take(Adam(groups(), BETAS), range(9)), strict=True
    ):
        assert_close(one, other, rtol=0, atol=0)


@pytest.mark.parametrize("damage", ["groups", "parameters"])
def test_another_shape_is_refused(damage: str) -> None:
    optimiser = Adam(groups(), BETAS)
    take(optimiser, range(1))
    state = optimiser.state_dict()
    if damage == "groups":
        state["param_groups"].pop()
    else:
        state["state"][7] = state["state"][0]
    with pytest.raises(ValueError, match="parameters"):
        optimiser.load_state_dict(state)


def test_a_trainer_does_not_import_the_compiler_of_torch() -> None:
    lines = (
        "import sys; from qgan import build; settings = build.preset('bell')",
        "build.build_trainer(build.load_data(settings), settings).train_step()",
        "assert 'torch._dynamo' not in sys.modules, 'it does'",
    )
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
