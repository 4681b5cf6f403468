"""Cheats that flatter plain coverage, and the measure that each of them fails.

The real states are ground states of the mixed-field Ising chain on four qubits, two labels.
"""

import numpy as np
import pytest
import torch
from two_parts import two_parts

from qgan import evaluation, metrics
from qgan.batch import Batch
from qgan.states import States, concatenate

N_TRAIN, N_HELD_OUT, N_GENERATED = 800, 300, 512
FIELDS = (((0.3, 0.9), (-0.5, 0.5)), ((1.1, 2.0), (-1.0, 1.0)))


def on_wires(matrix: np.ndarray, *wires: int) -> np.ndarray:
    result = np.eye(1)
    for wire in range(4):
        result = np.kron(result, matrix if wire in wires else np.eye(2))
    return result


def ground_states(h: np.ndarray, g: np.ndarray) -> States:
    x, z = np.array([[0, 1], [1, 0]]), np.diag([1, -1])
    bonds = sum(on_wires(z, q, q + 1) for q in range(3))
    x_field, z_field = (sum(on_wires(p, q) for q in range(4)) for p in (x, z))
    hamiltonian = -bonds - h[:, None, None] * x_field - g[:, None, None] * z_field
    return States.from_numpy(np.linalg.eigh(hamiltonian)[1][:, :, 0].astype(complex))


def family(seed: int, n: int) -> Batch:
    """States of both labels, with the hidden fields (h, g)."""
    rng = np.random.default_rng(seed)
    fields = [np.stack([rng.uniform(*r, n) for r in ranges], axis=1) for ranges in FIELDS]
    states = concatenate([ground_states(f[:, 0], f[:, 1]) for f in fields])
    label = torch.arange(2).repeat_interleave(n)
    return Batch(states, label, torch.as_tensor(np.concatenate(fields)))


@pytest.fixture(scope="module")
def train() -> Batch:
    return family(1, N_TRAIN)


@pytest.fixture(scope="module")
def judge(train: Batch):
    """Evaluate a generated ensemble of 512 states per label, in order of labels."""
    real = two_parts(train, family(2, N_HELD_OUT), 2, ("h", "g"))
    references = evaluation.label_references(real, n_generated=N_GENERATED)

    def evaluate(generated: list[States], latent: torch.Tensor | None = None) -> evaluation.Report:
        label = torch.arange(2).repeat_interleave(N_GENERATED)
        if latent is None:
            latent = torch.as_tensor(np.random.default_rng(5).uniform(-1, 1, (len(label), 2)))
        batch = Batch(concatenate(generated), label)
        return evaluation.evaluate(batch, latent, real, references=references)

    return evaluate


def repeated(states: States, rng: np.random.Generator, p: np.ndarray | None = None) -> States:
    return states[torch.as_tensor(rng.choice(len(states), N_GENERATED, p=p))]


@pytest.mark.parametrize("seed", [3, 4])
def test_an_honest_draw_of_real_states_scores_one(judge, seed: int):
    fresh = family(seed, N_GENERATED)
    report = judge([fresh.of(0).states, fresh.of(1).states], latent=fresh.factors)
    for entry in report.labels:
        assert entry.skill == pytest.approx(1, abs=0.1)
        assert entry.coverage > 0.999 and entry.precision > 0.999
        assert entry.coverage > entry.collapsed_coverage + 0.2
        assert entry.spread_ratio == pytest.approx(1, abs=0.1)
        assert 0.5 < entry.nearest_neighbour_ratio < 2
        assert entry.label_recovered > 0.99 and entry.label_recovered_real > 0.99
        assert entry.average_distance < 0.06
        assert entry.memorised == pytest.approx(0.05, abs=0.05)
        assert min(entry.multiple_rank.values()) > 0.97
        assert entry.spearman["h"][0] > 0.95 and entry.spearman["g"][1] > 0.95
        assert abs(entry.spearman["h"][1]) < 0.2
        assert entry.mmd_p_value > 0.02 and abs(entry.mmd) < 0.02
        assert entry.w2 < 2.5 * entry.floors["w2"] and max(entry.moments) < 0.1
        assert entry.k_eq > 40 and entry.floors["k_eq"] > 40
        assert 0.85 < entry.effective_modes / entry.effective_modes_real < 1.15
        assert min(entry.factor_reached.values()) > 0.9
        assert entry.label_information == pytest.approx(np.log(2), abs=0.02)
        low, high = entry.intervals["skill"]
        assert low < 1 < high and high - low < 0.3
    assert (report.label_collapse, report.mode_collapse, report.latent_ignored) == (False,) * 3


def test_one_state_per_label(judge, train: Batch):
    """A generator that ignores z: one pure state per label, the best there is."""
    single = [metrics.top_eigenstate(train.of(k).states)[1] for k in (0, 1)]
    report = judge([repeated(s, np.random.default_rng(0)) for s in single])
    for entry in report.labels:
        assert entry.skill == pytest.approx(0, abs=0.05)
        assert entry.coverage == pytest.approx(entry.collapsed_coverage, abs=0.02)
        assert entry.precision > 0.9  # which by itself flatters
        assert entry.spread_ratio == pytest.approx(0, abs=1e-9)
        assert entry.spearman == {"h": (0.0, 0.0), "g": (0.0, 0.0)}
        assert entry.multiple_rank == {"h": 0.0, "g": 0.0}
        assert entry.k_eq <= 2 and entry.effective_modes == 1
        assert entry.factor_reached == {"h": 0.05, "g": 0.05}
        assert entry.mmd_p_value < 0.01 and entry.intervals["skill"][1] < 0.1
    assert report.mode_collapse is True and report.latent_ignored is True
    assert report.label_collapse is False


def test_one_state_can_cover_a_narrow_family_and_has_no_skill():
    rng = np.random.default_rng(0)
    real = ground_states(rng.uniform(1.8, 2.2, 600), rng.uniform(-0.25, 0.25, 600))
    _, single = metrics.top_eigenstate(real[:300])
    reference = evaluation.Reference.of(real[:300], real[300:])
    generated = repeated(single, rng)
    assert metrics.coverage(metrics.fidelity_matrix(real[300:], generated)) > 0.98
    assert reference.skill(generated) == pytest.approx(0, abs=0.05)


def test_eight_frozen_real_states_per_label(judge, train: Batch):
    """A lucky choice of eight may pass 0.9 in skill; it is copies in every draw."""
    skills, coverages = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        draws = [torch.as_tensor(rng.choice(N_TRAIN, 8, replace=False)) for _ in (0, 1)]
        report = judge([repeated(train.of(k).states[draws[k]], rng) for k in (0, 1)])
        for entry in report.labels:
            assert entry.precision > 0.99  # flattered
            assert entry.nearest_neighbour_ratio < 1e-6
            assert entry.mode_collapse is True
            assert entry.k_eq <= 10 < entry.floors["k_eq"]
            assert entry.memorised == 1 and entry.floors["memorised"] == pytest.approx(14 / 300)
            assert max(entry.factor_reached.values()) < 0.5
            assert entry.w2 > 1.5 * entry.floors["w2"]
        skills.append([entry.skill for entry in report.labels])
        coverages.append([entry.coverage for entry in report.labels])
    assert np.median(coverages, axis=0).min() > 0.97  # flattered
    assert np.mean(skills, axis=0).max() < 0.85
    assert np.max(skills) < 0.95


def best_states(states: States, n: int) -> tuple[States, np.ndarray]:
    """The n states (k-medoids) that serve best as frozen copies, and the share each stands for."""
    distance = (1 - metrics.fidelity_matrix(states, states)).sqrt().numpy()
    medoids = np.random.default_rng(0).choice(len(states), n, replace=False)
    for _ in range(20):
        nearest = distance[:, medoids].argmin(axis=1)
        groups = [np.flatnonzero(nearest == k) for k in range(n)]
        medoids = np.array([g[distance[np.ix_(g, g)].sum(axis=0).argmin()] for g in groups])
    share = np.bincount(distance[:, medoids].argmin(axis=1), minlength=n) / len(states)
    return states[torch.as_tensor(medoids)], share


def test_the_eight_best_frozen_states_are_caught_as_copies(judge, train: Batch):
    """They come near the floor that sampling leaves: here skill alone is not enough."""
    rng = np.random.default_rng(0)
    best = [best_states(train.of(k).states, 8) for k in (0, 1)]
    report = judge([repeated(states, rng, share) for states, share in best])
    assert report.mode_collapse is True
    for entry in report.labels:
        assert entry.coverage > 0.99 and entry.spread_ratio > 0.9  # flattered
        assert entry.nearest_neighbour_ratio < 1e-6
        assert entry.mode_collapse is True


def test_the_average_states_eigenvectors(judge, train: Batch):
    rng = np.random.default_rng(0)
    generated = []
    for label in (0, 1):
        values, vectors = torch.linalg.eigh(train.of(label).states.average())
        share = values.clamp_min(0).numpy()
        generated.append(repeated(States(vectors.T.unsqueeze(-1)), rng, share / share.sum()))
    report = judge(generated)
    for entry in report.labels:
        assert entry.average_distance < 0.1  # flattered: the averages agree up to sampling
        assert entry.spread_ratio == pytest.approx(1, abs=0.1)  # and so does the mean infidelity
        assert entry.skill < 0.3
        assert entry.precision < 0.95
        assert entry.moments[0] < 0.1 and entry.moments[1] > 0.3  # one copy sees nothing, two do
        assert entry.mmd_p_value < 0.01 and entry.mmd > 10 * abs(entry.floors["mmd"])
        assert entry.k_eq <= 3 and entry.effective_modes < entry.effective_modes_real / 3
    assert report.mode_collapse is True


def test_a_generator_that_ignores_the_label(judge):
    fresh = family(6, N_GENERATED)
    mixed = np.random.default_rng(0).permutation(2 * N_GENERATED)
    states, latent = fresh.states[torch.as_tensor(mixed)], fresh.factors[torch.as_tensor(mixed)]
    report = judge([states[:N_GENERATED], states[N_GENERATED:]], latent)
    for entry in report.labels:
        assert entry.coverage > 0.998  # flattered
        assert entry.label_recovered == pytest.approx(0.5, abs=0.06)
        assert entry.skill < 0.85
        assert entry.label_collapse is True
        assert entry.label_information < 0.01 and entry.label_information_real > 0.68
        assert entry.intervals["label_information"][1] < 0.02
        assert entry.mmd_p_value < 0.01 and entry.k_eq < entry.floors["k_eq"]
    assert report.label_collapse is True and report.mode_collapse is False
    assert report.holevo < 0.01 and report.holevo_real > 0.1


def test_a_generator_that_always_shows_one_label(judge):
    fresh = family(7, N_GENERATED).of(0).states
    report = judge([fresh, fresh])
    assert [entry.label_collapse for entry in report.labels] == [False, True]
    assert report.labels[1].label_recovered == 0 and report.labels[1].skill < 0.5
    assert report.label_collapse is True


def test_a_latent_that_is_shuffled_after_the_fact(judge):
    """Real states from a hidden source of chance, whatever z: only the correlations can tell."""
    fresh = family(8, N_GENERATED)
    report = judge([fresh.of(0).states, fresh.of(1).states])
    for entry in report.labels:
        assert entry.skill > 0.9  # flattered
        assert max(entry.multiple_rank.values()) < 0.2
        assert max(abs(r) for column in entry.spearman.values() for r in column) < 0.2
    assert report.latent_ignored is True and report.mode_collapse is False


def test_one_latent_that_sweeps_a_curve_through_two_fields(judge):
    z = torch.as_tensor(np.random.default_rng(9).uniform(-1, 1, (N_GENERATED, 2)))
    turn = np.sin(6 * z[:, 0].numpy())
    generated = []
    for (low, high), (_, g) in FIELDS:
        h = (low + high) / 2 + (high - low) / 2 * z[:, 0].numpy()
        generated.append(ground_states(h, g * turn))
    report = judge(generated, torch.cat([z, z]))
    for entry in report.labels:
        assert entry.coverage > 0.998 and entry.precision > 0.998  # flattered
        assert entry.multiple_rank["h"] > 0.95 and entry.multiple_rank["g"] < 0.8
