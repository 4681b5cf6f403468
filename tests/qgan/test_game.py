"""The game: its rules from Python and from the command line, its losses and the terms it brings."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import small_games
import torch
from torch.testing import assert_close

from circuits import ConditionalReadout, Registers, ReuploadingCircuit, SwapTest
from qgan import Discriminator, Game, Generator, Trainer, rules
from qgan.cli import main
from qgan.config import TrainerConfig
from qgan.data import basis, measured
from qgan.discriminator import (
    AuxiliaryHead,
    BoundedLinearHead,
    IdentityHead,
    LinearHead,
    MinibatchHead,
    MLPHead,
    PlainHead,
    PotentialsHead,
    no_discriminator,
)
from qgan.engines import BatchedEngine, PennyLaneEngine
from qgan.engines.base import Engine
from qgan.errors import QganError
from qgan.game import default_terms
from qgan.objectives import (
    DistanceOnly,
    Hinge,
    LinearValue,
    NonSaturating,
    Objective,
    QuantumSemimetric,
    Wasserstein,
)
from qgan.terms import (
    R1,
    AuxiliaryClassifier,
    CouplingPenalty,
    EnergyDistance,
    GradientPenalty,
    Moment,
    PurityMatching,
    Term,
    WeightClipping,
)
from qgan.views import DensityView, PauliView, SwapTestView, TwoCopyView, View

DATA = small_games.data()
VIEW = DensityView(2)


def mlp(view: View = VIEW) -> Discriminator:
    return Discriminator(view, MLPHead(view.n_features, 2, (4,)))


def with_head(make: Callable[..., Any]) -> Discriminator:
    return Discriminator(VIEW, make(VIEW.n_features, 2))


def generator(engine: Engine | None = None) -> Generator:
    circuit = ReuploadingCircuit(Registers(output=2), n_layers=1)
    return Generator(circuit, 2, n_latent=1, engine=engine)


def potentials() -> Discriminator:
    return Discriminator(VIEW, PotentialsHead(VIEW.operator, VIEW.n_features, 2))


def swap_test() -> Discriminator:
    view = SwapTestView(SwapTest(Registers(4)), DATA.train.states[[0, 20]], 2, scale=4.0)
    return Discriminator(view, IdentityHead(1))


def two_copies(engine: Engine) -> Discriminator:
    return mlp(TwoCopyView(ConditionalReadout(Registers(4), 1), 2, engine=engine))


class Refusal(NamedTuple):
    """A game from Python, and flags that describe it to the command line."""

    play: Callable[[], object]
    flags: str
    message: str


LIGHTNING = PennyLaneEngine("lightning.qubit", "adjoint")
SHOTS = PennyLaneEngine("lightning.qubit", "parameter-shift", 1)
MISREAD = PennyLaneEngine("default.mixed", "backprop", readout=0.1)
ON_LIGHTNING = "--device lightning.qubit "
WAS = Wasserstein()
TWO_STATES = TrainerConfig(batch=2)


def trainer(discriminator: Discriminator, objective: Objective, *terms: Term, **more: Any) -> Any:
    engine, data = more.pop("engine", None), more.pop("data", DATA)
    return Trainer(generator(engine), discriminator, data, objective, terms, **more)


REFUSALS: dict[str, Refusal] = {
    "a penalty of no score": Refusal(
        lambda: trainer(no_discriminator(), DistanceOnly("energy"), GradientPenalty()),
        "--objective energy --term gradient-penalty",
        "Term GradientPenalty: it penalises a score, and objective energy has none; "
        "use term none or objective wasserstein.",
    ),
    "an unbounded head": Refusal(
        lambda: trainer(mlp(), LinearValue()),
        "--objective linear --discriminator.head mlp",
        "Objective linear: its scores are expectation values in [-1, 1], and MLPHead is unbounded; "
        "use head bounded-linear or objective hinge.",
    ),
    "the view's number beyond one": Refusal(
        lambda: trainer(swap_test(), LinearValue()), "", "and IdentityHead is unbounded"
    ),
    "a coupling of one observable": Refusal(
        lambda: trainer(mlp(), WAS, CouplingPenalty()),
        "--term coupling",
        "Term CouplingPenalty: it holds two observables per label, and MLPHead has one; "
        "use head potentials or objective wasserstein.",
    ),
    "potentials without a coupling": Refusal(
        lambda: trainer(potentials(), WAS, GradientPenalty()),
        "--discriminator.head potentials --term gradient-penalty",
        "Head PotentialsHead: only the coupling term trains its second observable; "
        "use objective quantum-semimetric or head bounded-linear.",
    ),
    "a guess that nobody trains": Refusal(
        lambda: trainer(with_head(AuxiliaryHead), Hinge()),
        "--objective hinge --discriminator.head auxiliary --term none",
        "Head AuxiliaryHead: its score does not see the label, and no term trains its guess; "
        "use term auxiliary-classifier or head projection.",
    ),
    "a guess that nobody makes": Refusal(
        lambda: trainer(mlp(), Hinge(), AuxiliaryClassifier()),
        "--objective hinge --term auxiliary-classifier",
        "Term AuxiliaryClassifier: it trains a guess of the label, and MLPHead makes none; "
        "use head auxiliary or term none.",
    ),
    "a slope among states": Refusal(
        lambda: trainer(with_head(MinibatchHead), Hinge(), R1()),
        "--objective hinge --discriminator.head minibatch --term r1",
        "Term R1: it takes the slope of one state's score, and the minibatch head compares states; "
        "use head mlp or objective wasserstein:clip.",
    ),
    "a critic without bound": Refusal(
        lambda: trainer(mlp(), WAS),
        "--term none",
        "Objective wasserstein: its critic must be Lipschitz, and no penalty, clip or bound holds "
        "its slope; use term gradient-penalty or head bounded-linear.",
    ),
    "a distance without a distance": Refusal(
        lambda: trainer(no_discriminator(), DistanceOnly("energy")),
        "",
        "Objective energy: it has no losses, and no term gives the generator one; "
        "use objective energy or objective mmd.",
    ),
    "a view of states on lightning": Refusal(
        lambda: trainer(mlp(), Hinge(), engine=LIGHTNING),
        ON_LIGHTNING + "--objective hinge",
        "View DensityView: pennylane lightning.qubit gives no states; "
        "use view circuit or view pauli.",
    ),
    "a term of states on lightning": Refusal(
        lambda: trainer(mlp(PauliView(2)), Hinge(), PurityMatching(), engine=LIGHTNING),
        ON_LIGHTNING + "--objective hinge --discriminator pauli --term purity-matching",
        "Term PurityMatching: pennylane lightning.qubit gives no states; "
        "use objective quantum-w1 or device default.qubit.",
    ),
    "two copies and shots": Refusal(
        lambda: trainer(two_copies(SHOTS), Hinge(), engine=SHOTS),
        ON_LIGHTNING + "--shots 1 --objective hinge --discriminator two-copy",
        "View TwoCopyView: it measures two copies of a state together, and shots are of one copy "
        "each; use view circuit or view pauli.",
    ),
    "bits read wrongly of a state": Refusal(
        lambda: trainer(mlp(), Hinge(), engine=MISREAD),
        "--device default.mixed --engine.readout 0.1 --objective hinge",
        "View DensityView: it reads states by itself, and wrongly read bits are the engine's; "
        "use view circuit or readout 0.",
    ),
    "a distance of states from records": Refusal(
        lambda: trainer(
            no_discriminator(), DistanceOnly("energy"), EnergyDistance(), data=measured(DATA, 5)
        ),
        "--objective energy --data.shots 5",
        "Term EnergyDistance: it reads real states, and the data show records of their "
        "measurement; use objective wasserstein or objective quantum-w1.",
    ),
    "a batch without a pair": Refusal(
        lambda: trainer(
            no_discriminator(),
            DistanceOnly("energy"),
            EnergyDistance(),
            config=TrainerConfig(batch=2),
        ),
        "",
        "Argument `batch` must be at least 3, so that EnergyDistance can compare 2 states of one "
        "of 2 labels, but got 2.",
    ),
    "a generator that is frozen": Refusal(
        lambda: Trainer(generator(None).requires_grad_(False), mlp(), DATA, Hinge(), ()),
        "",
        "Argument `generator` must have parameters to train, but got none.",
    ),
    "a generator of other qubits": Refusal(
        lambda: trainer(mlp(), Hinge(), data=small_games.data(3)),
        "",
        "Argument `data` must have 2 qubits, as many as the generator, but got 3.",
    ),
    "a generator of other labels": Refusal(
        lambda: trainer(mlp(), Hinge(), data=basis(2, n_train=2, n_validation=1, n_held_out=1)),
        "",
        "Argument `data` must have 2 labels, as many as the generator, but got 4.",
    ),
    "a share of one": Refusal(
        lambda: trainer(mlp(), Hinge(), mismatched_share=1.0),
        "",
        "Argument `mismatched_share` must be from 0 to below 1, but got 1.0.",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_game_without_meaning_is_refused_from_python(case: str) -> None:
    with pytest.raises(QganError) as caught:
        REFUSALS[case].play()
    assert REFUSALS[case].message in str(caught.value) and "--" not in str(caught.value)


@pytest.mark.parametrize("case", [name for name, refusal in REFUSALS.items() if refusal.flags])
def test_the_command_line_refuses_with_the_same_words(
    case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its flags stand where the library names choices; all else is the same."""
    with pytest.raises(QganError) as caught:
        REFUSALS[case].play()
    small = ["--preset", "tfim", "--qubits", "2", "--batch", "4"]
    assert main(["train", *small, *REFUSALS[case].flags.split()]) == 2
    reason, _, instead = capsys.readouterr().err.strip().rpartition("; use ")
    assert str(caught.value).startswith(f"{reason}; use ")
    names = [name for _, name in caught.value.choices]
    assert [word for word in instead.rstrip(".").split() if word in names] == names
    assert all(word.startswith("--") for word in instead.split() if word[0] == "-")


def test_every_rule_is_among_the_refusals() -> None:
    """A rule that is added to the module is shown to be refused from Python."""
    messages = " ".join(refusal.message for refusal in REFUSALS.values())
    calls = [
        node
        for node in ast.walk(ast.parse(Path(rules.__file__).read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("errors.")
    ]
    assert len(calls) >= 16
    for call in calls:
        texts = [piece.value for piece in ast.walk(call.args[1]) if isinstance(piece, ast.Constant)]
        assert all(str(text).strip(" ,") in messages for text in texts), texts


@pytest.mark.parametrize(
    ("objective", "make", "terms"),
    [
        (Wasserstein(), MLPHead, (GradientPenalty(),)),
        (Wasserstein(terms=(WeightClipping(),)), MLPHead, (WeightClipping(),)),
        (Wasserstein(terms=()), MLPHead, ()),
        (QuantumSemimetric(), LinearHead, (CouplingPenalty(),)),
        (NonSaturating(), MLPHead, ()),
        (NonSaturating(terms=(R1(),)), MLPHead, (R1(),)),
        (Wasserstein(), AuxiliaryHead, (GradientPenalty(), AuxiliaryClassifier())),
        (Hinge(), AuxiliaryHead, (AuxiliaryClassifier(),)),
    ],
)
def test_an_objective_and_a_head_bring_their_terms(
    objective: Objective, make: Any, terms: tuple[Term, ...]
) -> None:
    assert default_terms(objective, with_head(make)) == terms


def test_a_head_of_bounded_slope_needs_no_penalty() -> None:
    head = BoundedLinearHead(VIEW.bounds, VIEW.n_features, 2)
    assert Game(generator(), Discriminator(VIEW, head)).terms == ()


def test_the_semimetric_gets_its_coupling_and_no_gradient_penalty_from_python() -> None:
    game = Game(generator(), potentials(), QuantumSemimetric())
    assert game.terms == (CouplingPenalty(),)
    assert not issubclass(QuantumSemimetric, Wasserstein)


NO_PLAYERS: dict[str, tuple[Callable[..., Any], tuple[Any, ...], str]] = {
    "objective": (Trainer, (generator(), mlp(), DATA, Wasserstein), "got the class Wasserstein"),
    "name": (Trainer, (generator(), mlp(), DATA, "hinge"), "class Objective, but got 'hinge'"),
    "term": (Game, (generator(), mlp(), WAS, [R1]), "`terms[0]` must be of class Term, but got"),
    "terms": (Game, (generator(), mlp(), WAS, R1()), "`terms` must be of class Sequence, but got"),
    "config": (
        Trainer,
        (generator(), mlp(), DATA, None, None, {"steps": 3}),
        "class TrainerConfig, but got {'steps': 3}",
    ),
    "data": (Trainer, (generator(), mlp(), DATA.train), "but got an object of class Batch"),
    "order": (Trainer, (mlp(), generator(), DATA), "`generator` must be of class Generator"),
    "view": (Discriminator, (DensityView, MLPHead(16, 2)), "`view` must be of class View"),
    "head": (Discriminator, (VIEW, MLPHead), "must be of class Module, but got the class MLPHead"),
    "circuit": (Generator, (ReuploadingCircuit, 2), "`circuit` must be a circuit, which"),
}
"""What is no player, and a part of what is said of it."""


@pytest.mark.parametrize("case", NO_PLAYERS)
@pytest.mark.usefixtures("as_users_run_it")
def test_what_is_no_player_is_refused_by_its_name(case: str) -> None:
    make, arguments, message = NO_PLAYERS[case]
    with pytest.raises(QganError) as caught:
        make(*arguments)
    assert message in str(caught.value)


def test_a_plain_module_is_a_head_and_may_not_declare_by_itself() -> None:
    class Sum(torch.nn.Module):
        def forward(self, features: Any, label: Any) -> Any:
            return features.sum(1)

    class Declares(Sum):
        lipschitz = True

    discriminator = Discriminator(VIEW, Sum())
    assert isinstance(discriminator.head, PlainHead)
    states = DATA.train.states[:3].to(torch.complex64)
    label = torch.zeros(3, dtype=torch.int64)
    assert_close(discriminator(states, label), VIEW(states, label).sum(1))
    with pytest.raises(QganError, match=r"`head` must be a subclass of .* declare `lipschitz`"):
        Discriminator(VIEW, Declares())


def test_what_is_nearly_a_declared_name_is_refused() -> None:
    with pytest.raises(QganError, match="`persample` must be spelt `per_sample`, but got it in"):

        class Misspelt(LinearHead):
            persample = False

    with pytest.raises(QganError, match="`generator_terms` must be spelt `generator_term`"):

        class AlsoMisspelt(Term):
            def generator_terms(self, context: Any) -> None:
                return None


def test_a_head_gives_one_score_per_state() -> None:
    class Column(torch.nn.Module):
        def forward(self, features: Any, label: Any) -> Any:
            return features[:, :1]

    label = torch.zeros(3, dtype=torch.int64)
    with pytest.raises(QganError, match=r"`head` must give one score per state, of shape \(3,\)"):
        Discriminator(VIEW, Column()).scores(torch.zeros(3, 16), label, 3)


def test_losses_are_summands_by_name_and_repeat_with_the_chance() -> None:
    game = Game(generator(), mlp(), Wasserstein(), [GradientPenalty(), GradientPenalty(3.0)], 0.25)
    batch = DATA.to(torch.complex64).train[:8]
    drawn = game.generator.draw(batch.label, torch.Generator().manual_seed(1))

    def moment() -> Moment:
        return Moment(0, 10, torch.Generator().manual_seed(2))

    critic, again = (game.critic_loss(batch, drawn, moment()) for _ in range(2))
    assert list(critic) == ["Wasserstein", "GradientPenalty", "GradientPenalty 2"]
    assert all(torch.equal(critic[name], again[name]) for name in critic)
    loss = game.generator_loss(batch, drawn, moment())
    scores = game.discriminator(drawn.seen, batch.label)
    assert list(loss) == ["Wasserstein"]
    assert_close(loss["Wasserstein"], -scores.mean())
    assert loss["Wasserstein"].requires_grad


def test_a_round_gives_the_losses_of_its_parts() -> None:
    """What is computed for all steps at once is what each step would compute by itself."""
    game = Game(generator(BatchedEngine("double")).double(), mlp().double(), Hinge(), [], 0.3)
    batch = DATA.train[:8]
    whole = game.critic_round(batch, torch.Generator().manual_seed(3))
    assert whole.views is not None and whole.wrong_label is not None
    part = whole[4:8]
    moment = Moment(0, 1, torch.Generator())
    fast = game.critic_loss(part.batch, part.drawn, moment, part)["Hinge"]
    alone = game.discriminator
    real, fake = (alone(s, part.batch.label) for s in (part.batch.states, part.drawn.seen))
    wrong = alone(part.batch.states, part.wrong_label)
    expected = game.objective.discriminator_loss(
        real=real, fake=fake, mismatched=wrong, mismatched_share=0.3
    )
    assert_close(fast, expected)
