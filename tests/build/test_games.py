"""Every game that the table allows: each pair of choices meets and trains; the rest is refused."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from qgan import build
from qgan.build import build_term
from qgan.build.compatibility import adversarial, smallest, why_not
from qgan.build.settings import parse
from qgan.data import Dataset, tfim
from qgan.errors import QganError
from qgan.game import Game
from qgan.terms import WeightClipping
from qgan.training import Trainer

GENERATORS = ("reuploading", "register", "network")
TWENTY = {"steps": 20, "batch": 4, "n_critic": 1, "average": 0.9}
Row = tuple[str, str, str, str]


@functools.cache
def data() -> Dataset:
    return tfim(2, n_train=8, n_validation=2, n_held_out=2)


ALL = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))
FEW = ((0, 1), (2, 2), (3, 3))


def rows(meeting: tuple[tuple[int, int], ...]) -> list[Row]:
    """Few games in which compatible choices meet: of view, head, objective, generator, by place."""
    allowed = [
        (view, head, objective, generator)
        for view, head, objective, generator in itertools.product(
            build.VIEWS, build.HEADS, adversarial(), GENERATORS
        )
        if why_not(view, head, objective) is None
    ]

    def pairs(row: Row) -> Iterator[tuple[int, str, int, str]]:
        yield from ((i, row[i], j, row[j]) for i, j in meeting)

    missing = {pair for row in allowed for pair in pairs(row)}
    chosen: list[Row] = []
    while missing:
        best = max(allowed, key=lambda row: sum(pair in missing for pair in pairs(row)))
        chosen.append(best)
        missing -= set(pairs(best))
    free = [name for name in build.OBJECTIVES if name not in adversarial()]
    return chosen + [("density", "mlp", name, kind) for name in free for kind in GENERATORS]


def settings_of(row: Row, **trainer: Any) -> dict[str, Any]:
    view, head, objective, generator = row
    made = smallest(view, head, objective).model_dump()
    made["generator"] = {"kind": generator, "n_layers": 1, "n_latent": 1, "hidden": (4,)}
    # Angles and weights at ordinary rates: clipping's published ones hardly move in 20 steps.
    made["trainer"].update(TWENTY, generator_rate=2e-3, discriminator_rate=2e-3, **trainer)
    made["mismatched_share"] = 0.1
    return made


QUICK, ROWS = rows(FEW), rows(ALL)
each_row = pytest.mark.parametrize("row", QUICK, ids="-".join)
each_other_row = pytest.mark.parametrize("row", sorted({*ROWS} - {*QUICK}), ids="-".join)


@each_row
def test_twenty_steps(row: Row) -> None:
    """Every view with every head, every objective, every generator."""
    play(row)


@pytest.mark.slow
@each_other_row
def test_twenty_steps_of_all_pairs(row: Row) -> None:
    """Every compatible pair of view, head, objective and generator."""
    play(row)


def play(row: Row) -> None:
    trainer = build.build_trainer(data(), parse(settings_of(row)))
    sides = {"generator": trainer.generator, "discriminator": trainer.discriminator}
    before = {k: [p.detach().clone() for p in side.parameters()] for k, side in sides.items()}
    trainer.fit()  # a loss that is not finite is an error
    for name, side in sides.items():
        after = list(side.parameters())
        assert all(torch.isfinite(p).all() for p in after)
        moved = [not torch.equal(a, b) for a, b in zip(before[name], after, strict=True)]
        assert any(moved) or not moved, name


def test_everything_listed_is_played() -> None:
    listed = (build.VIEWS, build.HEADS, build.OBJECTIVES, GENERATORS)
    for some in (QUICK, ROWS):
        assert [set(column) for column in zip(*some, strict=True)] == [set(x) for x in listed]


def refusal(**settings: Any) -> QganError:
    with pytest.raises(QganError) as caught:
        build.build_trainer(data(), parse(settings))
    return caught.value


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no penalty": ({"term": []}, "Objective wasserstein: its critic must be Lipschitz"),
    "no penalty, semimetric": (
        {"objective": "quantum-semimetric", "term": []},
        "Head PotentialsHead: only the coupling term trains",
    ),
    "unbounded": (
        {"objective": "linear", "discriminator": {"head": "mlp"}},
        r"Objective linear: its scores are expectation values in \[-1, 1\], and MLPHead is unb",
    ),
    "minibatch": (
        {"discriminator": {"head": "minibatch"}},
        "Term GradientPenalty: it takes the slope of one state's score",
    ),
    "minibatch, ends": (
        {"objective": "wasserstein:ends", "discriminator": {"head": "minibatch"}},
        "Term GradientPenalty: it takes the slope of one state's score",
    ),
    "minibatch and r1": (
        {"objective": "hinge", "term": ["r1"], "discriminator": {"head": "minibatch"}},
        "Term R1: it takes the slope of one state's score",
    ),
    "minibatch, free": (
        {"term": [], "discriminator": {"head": "minibatch"}},
        "Objective wasserstein: its critic must be Lipschitz",
    ),
    "coupling": ({"term": ["coupling"]}, "Term CouplingPenalty: it holds two observables"),
    "potentials": (
        {"discriminator": {"head": "potentials"}},
        "Head PotentialsHead: only the coupling term trains its second observable",
    ),
    "potentials of a circuit": (
        {"objective": "quantum-semimetric", "discriminator": {"kind": "circuit"}},
        "Head PotentialsHead: it needs observables that are fixed, and CircuitView trains",
    ),
    "root of words": (
        {"discriminator": {"head": "root", "kind": "pauli"}},
        "Head RootHead: it takes the root of the state itself, which PauliView does not give",
    ),
    "guess": ({"term": ["auxiliary-classifier", "gradient-penalty"]}, "Term AuxiliaryClassifier"),
    "no guess": (
        {"objective": "hinge", "term": [], "discriminator": {"head": "auxiliary"}},
        "Head AuxiliaryHead: its score does not see the label",
    ),
    "penalty of nothing": (
        {"objective": "energy", "term": ["gradient-penalty"]},
        "Term GradientPenalty: it penalises a score, and objective energy has none",
    ),
    "identity": (
        {"discriminator": {"head": "identity"}},
        "Head IdentityHead: it takes the view's one number, and DensityView has 16",
    ),
    "pi": (
        {"objective": "f-gan:weighted-jensen-shannon:1.5"},
        r"f-gan:weighted-jensen-shannon: Argument `pi` must lie in \(0, 1\), but got 1.5; use",
    ),
    "two copies of shots": (
        {
            "engine": {"device": "lightning.qubit", "shots": 1},
            "discriminator": {"kind": "two-copy"},
        },
        "View TwoCopyView: it measures two copies of a state together, and shots are of one",
    ),
    "states": (
        {"engine": {"device": "lightning.qubit"}},
        "View DensityView: pennylane lightning.qubit gives no states",
    ),
    "distance of states": (
        {"objective": "energy", "engine": {"device": "lightning.qubit"}},
        "Term EnergyDistance: pennylane lightning.qubit gives no states",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_game_without_meaning_is_refused_with_two_choices(case: str) -> None:
    """The rule is told, and each of the two choices it names makes a game that is played."""
    settings, message = REFUSED[case]
    error = refusal(**settings)
    assert re.search(message, str(error)) and "\n" not in str(error)
    assert len(error.choices) == 2
    words = " or ".join(f"{kind} {name}" for kind, name in error.choices)
    assert str(error).endswith(f"use {words}.")
    for kind, name in error.choices:
        build.build_trainer(data(), parse(chosen(settings, kind, name)))


def chosen(settings: dict[str, Any], kind: str, name: str) -> dict[str, Any]:
    """The settings with one choice taken; with another objective, its own terms."""
    if kind == "objective":
        others = {key: value for key, value in settings.items() if key != "term"}
        if name == "quantum-semimetric":
            others["discriminator"] = {"head": "potentials"}
        return {**others, "objective": name}
    if kind == "term":
        return {**settings, "term": [] if name == "none" else [name]}
    section, key, value = {
        "view": ("discriminator", "kind", name),
        "head": ("discriminator", "head", name),
        "device": ("engine", "device", name),
        "readout": ("engine", "readout", float(name) if kind == "readout" else name),
    }[kind]
    return {**settings, section: {**settings.get(section, {}), key: value}}


@pytest.mark.parametrize("objective", ["minimx", "f-gan:person", "hinge:2", "mmd:x", "energy:1"])
def test_an_unknown_objective_is_refused_with_the_nearest_two(objective: str) -> None:
    message = str(refusal(objective=objective))
    found = re.search(r"\(nearest: (\S+) and (\S+)\), but got '", message)
    assert found and all(name in build.OBJECTIVES for name in found.groups())


def test_numbers_after_names() -> None:
    def objective(text: str) -> Any:
        return build.build_objective(parse({"objective": text}))

    assert objective("linear:0.6").phi == 0.6
    name = "f-gan:weighted-jensen-shannon"
    assert objective(f"{name}:0.3").name == objective(name).name == name
    assert objective(f"{name}:0.3") != objective(name)
    assert objective("mmd:4").terms[0].power == 4
    assert objective("quantum-w1:1").terms[0].max_weight == 1
    with pytest.raises(QganError, match=r"must have a whole number after mmd, but got 1\.5"):
        objective("mmd:1.5")


def test_clipping_sets_what_was_published_and_flags_win() -> None:
    """alpha 5e-5, c 0.01, m 64, n_critic 5, RMSProp."""
    trainer = parse({"objective": "wasserstein:clip"}).trainer
    found = (trainer.optimiser, trainer.generator_rate, trainer.batch, trainer.n_critic)
    assert found == ("rmsprop", 5e-5, 64, 5) and trainer.final_rate == 1.0
    assert build_term("weight-clipping") == WeightClipping(0.01)
    game = build.build_trainer(data(), parse({"objective": "wasserstein:clip"}))
    assert isinstance(game.players["generator"], torch.optim.RMSprop)
    mine = parse({"objective": "wasserstein:clip", "trainer": {"batch": 8}}).trainer
    assert (mine.batch, mine.optimiser) == (8, "rmsprop")
    assert parse({"objective": "linear:0.6"}).discriminator.head == "bounded-linear"
    assert build.preset("tfim", "quantum-semimetric").discriminator.head == "potentials"
    assert build.preset("ddk", "linear").discriminator.head == "identity"


@pytest.mark.parametrize("head", ["mlp", "projection", "minibatch"])
def test_normalised_and_clipped_games_go_on_where_they_stopped(head: str) -> None:
    """The power iteration's vectors and RMSProp's averages are part of a checkpoint."""
    settings = settings_of(("density", head, "wasserstein:clip", "reuploading"))
    settings["discriminator"]["spectral"] = True

    def game() -> Trainer:
        return build.build_trainer(data(), parse(settings))

    whole, first, second = game(), game(), game()
    expected = [whole.train_step() for _ in range(4)]
    for _ in range(2):
        first.train_step()
    second.load_state_dict(first.state_dict())
    assert [second.train_step() for _ in range(2)] == expected[2:]


def test_the_rules_hold_from_python_too() -> None:
    """A trainer that is put together by hand is refused with the words of the command line."""
    game = build.build_trainer(data(), parse({})).game
    with pytest.raises(QganError, match="its critic must be Lipschitz"):
        Trainer(game.generator, game.discriminator, data(), game.objective, terms=())
    with pytest.raises(QganError, match="its critic must be Lipschitz"):
        Game(game.generator, game.discriminator, game.objective, terms=())
