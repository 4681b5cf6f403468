"""The quantum Fisher information of z against closed forms."""

import pennylane as qml
import pytest
import torch
from small_models import dephased, model, turning
from tolerances import EXACT
from torch.testing import assert_close

from qgan.errors import QganError
from qgan.explore import sensitivity
from qgan.explore.differentiable import slopes, smooth_states
from qgan.explore.paths import interpolate
from qgan.prior import Prior


def test_a_rotation_by_z_has_information_one_everywhere():
    result = sensitivity(turning(), 0, [[-0.8], [0.0], [0.3]])
    assert_close(result.information, torch.ones(3, 1, 1, dtype=torch.float64), **EXACT)
    assert not result.rank_changes.any()
    assert_close(sensitivity(turning(3.0), 1, [0.2]).strengths, torch.tensor([[9.0]]).double())


def test_a_generator_that_ignores_z_has_none_and_warns():
    still = model(lambda x: qml.RY(x[..., 0], wires=0), 1, lambda k, z: 0 * z + 0.4, output=1)
    with pytest.warns(UserWarning, match="label 0 do not depend on the latent"):
        result = sensitivity(still, 0, [0.5])
    assert result.strengths.tolist() == [[0.0]]


def test_a_mixed_state_with_classical_weights_has_their_fisher_information():
    # p = cos^2 z: I = p'^2 / (p (1 - p)) = 4
    result = sensitivity(dephased(), 0, [[0.5], [-0.3]])
    assert_close(result.information, torch.full((2, 1, 1), 4.0).double(), **EXACT)
    assert not result.rank_changes.any()


def test_a_change_of_rank_is_flagged():
    result = sensitivity(dephased(), 0, [[0.0], [0.5]])
    assert result.rank_changes.tolist() == [[True], [False]]
    assert result.strengths[0, 0] < 1e-6  # at z = 0 itself rho' = 0, though the limit is 4
    assert "rank changes" in str(result)


def test_directions_come_with_the_strongest_first():
    both = model(
        lambda x: qml.RY(x[..., 0], wires=0),
        1,
        lambda k, z: 3 * z[:, :1] + 4 * z[:, 1:],
        Prior(2),
        output=1,
    )
    result = sensitivity(both, 0, [0.1, 0.1])
    assert_close(result.strengths, torch.tensor([[25.0, 0.0]]).double(), **EXACT)
    assert_close(
        result.directions[0, 0].abs(), torch.tensor([0.6, 0.8], dtype=torch.float64), **EXACT
    )
    assert str(result).splitlines()[0].split()[0] == "25.0000"


def test_it_is_four_times_the_bures_metric():
    step, at = 1e-2, 0.35
    walk = interpolate(dephased(), 0, [at - step / 2], [at + step / 2], 2)
    bures = 2 * (1 - (1 - walk.infidelity[0]).sqrt()) / step**2
    assert float(4 * bures) == pytest.approx(4.0, rel=1e-3)


def test_slopes_are_those_of_the_gates():
    smooth, at = smooth_states(turning().sampler), torch.tensor([[0.6]], dtype=torch.float64)
    factor, slope = slopes(smooth, torch.tensor([0]), at)
    angle = torch.tensor(0.3, dtype=torch.float64)
    expected = torch.stack([angle.cos(), angle.sin()]).to(torch.complex128)
    assert_close(factor[0, :, 0], expected, **EXACT)
    derivative = torch.stack([-angle.sin(), angle.cos()]).to(torch.complex128) / 2
    assert_close(slope[0, 0, :, 0], derivative, **EXACT)


def test_wrong_requests_are_refused():
    with pytest.raises(QganError, match=r"`latent` must have 1 entries, but got \(1, 2\)"):
        sensitivity(turning(), 0, [0.1, 0.2])
    with pytest.raises(QganError, match="`label` must be one of"):
        sensitivity(turning(), 5, [0.1])
    still = model(lambda x: qml.X(0), 0, lambda k, z: z[:, :0], Prior(0), output=1)
    with pytest.raises(QganError, match="must have a latent"):
        sensitivity(still, 0, [])
