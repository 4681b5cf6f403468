"""What a page is told: the numbers of the states, and refusals."""

import base64
import json

import numpy as np
import pytest
import torch
from small_models import dephased, model, turned_data, turning
from tolerances import EXACT, SINGLE
from torch.testing import assert_close

from qgan.errors import QganError
from qgan.explore.correlations import entanglement
from qgan.page.explorer import Explorer
from qgan.states import States


def from_base64(text, *shape):
    return np.frombuffer(base64.b64decode(text), "<f8").reshape(shape)


def bell(weight):
    """sqrt(1-w)|00> + sqrt(w)|11>."""
    amplitudes = torch.tensor([(1 - weight) ** 0.5, 0, 0, weight**0.5])
    return States(amplitudes.reshape(1, 4, 1).to(torch.complex128))


def test_entanglement_of_pure_states_is_the_entropy():
    for weight in (0.0, 0.1, 0.5):
        bits = sum(-p * np.log2(p) for p in (weight, 1 - weight) if p)
        assert float(entanglement(bell(weight))) == pytest.approx(bits, abs=1e-6)
    assert entanglement(States(torch.eye(2, dtype=torch.complex128)[:, :, None])).tolist() == [0, 0]


def test_entanglement_of_mixed_states_is_the_negativity():
    # A Werner state p |Phi><Phi| + (1 - p) 1/4 has ||rho^TA||_1 = (1 + 3p) / 2 above p = 1/3.
    for p in (0.2, 0.7, 1.0):
        phi = bell(0.5).factor
        columns = torch.cat([p**0.5 * phi, ((1 - p) / 4) ** 0.5 * torch.eye(4)[None]], dim=2)
        bits = np.log2(max(1.0, (1 + 3 * p) / 2))
        assert float(entanglement(States(columns))) == pytest.approx(bits, abs=1e-6)


def test_states_go_out_as_the_model_makes_them():
    explorer = Explorer(turning(), turned_data(), "turned")
    answer = explorer.states(1, [[0.25], [-1.0]])
    factor = from_base64(answer["factor"], 2, 2, 1, 2)
    expected = turning().sample(1, latent=[[0.25], [-1.0]])
    assert_close(torch.from_numpy(factor.copy())[..., 0], expected.factor.real, **EXACT)
    np.testing.assert_allclose(from_base64(answer["inputs"], 2, 1)[:, 0], [np.pi + 0.25, np.pi - 1])
    assert answer["purity"] == pytest.approx([1, 1])
    near = answer["nearest"]
    assert near["fidelity"][1] == pytest.approx(1, abs=1e-6) and near["factors"][1] == [-1.0]
    assert near["factors"][0][0] == pytest.approx(0.25, abs=0.03)
    json.dumps(answer, allow_nan=False)


def test_mixed_states_have_no_more_columns_than_rows():
    wide = model(lambda x: None, 0, lambda k, z: z[:, :0], output=1, bath=3)
    assert Explorer(wide, None, "wide").states(0, [[0.0]])["rank"] == 2
    answer = Explorer(dephased(), None, "mixed").states(0, [[0.5]])
    assert answer["purity"][0] == pytest.approx(np.cos(0.5) ** 4 + np.sin(0.5) ** 4, abs=1e-6)
    assert answer["nearest"] is None


def test_ranges_are_those_of_the_labels_real_states():
    about = Explorer(turning(), turned_data(), "turned").about()
    x = about["observables"][0]
    assert (x["name"], x["words"]) == ("⟨X⟩", ["X"])
    z = np.linspace(-1, 1, 40)
    for label, sign in ((0, 1), (1, -1)):
        expected = np.quantile(sign * np.sin(z), [0, 0.05, 0.95, 1])
        assert_close(about["real"][label]["observables"][0], expected.tolist(), **SINGLE)
    assert about["real"][0]["factors"][0][0] == -1.0
    assert [label["name"] for label in about["labels"]] == ["up", "down"]
    json.dumps(about, allow_nan=False)


def test_without_data_there_are_no_ranges():
    about = Explorer(turning(), None, "bare").about()
    assert about["real"] == [] and about["factors"] == []
    assert [label["name"] for label in about["labels"]] == ["0", "1"]


@pytest.mark.parametrize(
    ("label", "latent", "message"),
    [
        (7, [[0.0]], "`label` must be from 0 to 1, but got 7"),
        (True, [[0.0]], "`label` must be from 0 to 1, but got True"),
        ("0", [[0.0]], "`label` must be from 0 to 1, but got '0'"),
        (None, [[0.0]], "`label` must be"),
        (0, [], "`latent` must be a list of 1 to 512 points, but got 0 points"),
        (0, [[0.0]] * 513, "but got 513 points"),
        (0, "x" * 99, "`latent` must be a list"),
        (0, [[0.0, 0.0]], "`latent` must have 1 entries a point"),
        (0, [0.0], "`latent` must have 1 entries a point, but got 0.0"),
        (0, [[float("nan")]], "`latent` must be from -1 to 1, but got nan"),
        (0, [[1.5]], "`latent` must be from -1 to 1, but got 1.5"),
        (0, [["0"]], "`latent` must be from -1 to 1, but got '0'"),
        (0, [[10**400]], "`latent` must be from -1 to 1"),
    ],
)
def test_requests_out_of_range_are_refused(label, latent, message):
    explorer = Explorer(turning(), None, "bare")
    with pytest.raises(QganError, match=message):
        explorer.states(label, latent)
    assert len(explorer.states(0, [[0.0]])["purity"]) == 1


def test_states_too_wide_to_look_at_are_refused(monkeypatch):
    monkeypatch.setattr("qgan.page.explorer.MOST_QUBITS", 0)
    with pytest.raises(QganError, match="`run` must have at most 0 qubits to be explored"):
        Explorer(turning(), None, "wide")
