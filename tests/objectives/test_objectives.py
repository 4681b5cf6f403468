"""The contract of objectives. A new objective joins by adding a case to ``OBJECTIVES``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, get_args

import pytest
import torch
from contracts import check_that_a_stranger_is_reported, check_whole_family
from tolerances import EXACT
from torch import Tensor
from torch.testing import assert_close

from qgan import build
from qgan.discriminator import LinearHead
from qgan.errors import QganError
from qgan.metrics import weighted_jensen_shannon
from qgan.objectives import (
    FGAN,
    DistanceOnly,
    Hinge,
    LeastSquares,
    LinearValue,
    Minimax,
    NonSaturating,
    Objective,
    QuantumSemimetric,
    Reading,
    Wasserstein,
)
from qgan.terms import Term

PLACE = "OBJECTIVES in tests/objectives/test_objectives.py"


class Case(NamedTuple):
    """An objective under the contract, with its losses at scores of zero.

    Its losses slope everywhere between the scores ``inside``, and are finite up to ``extreme``. An
    objective that reads nothing has losses of zero instead, and brings a term.
    """

    objective: Any
    name: str
    discriminator_at_zero: float
    generator_at_zero: float
    inside: tuple[float, float] = (-3.0, 3.0)
    extreme: float = 1e4

    @property
    def reads_scores(self) -> bool:
        """Whether its losses depend on scores at all."""
        return bool(self.objective.reads != "nothing")


def registered(name: str, objective_name: str, at_zero: tuple[float, float] = (0.0, 0.0)) -> Case:
    """An objective as the registry makes it."""
    return Case(build.OBJECTIVES.find(name).make(), objective_name, *at_zero)


def f_gan(name: str, discriminator_at_zero: float, generator_at_zero: float) -> Case:
    """Some tables have an exponential, which is all that an f-GAN's score may overflow."""
    inside = (-1.9, 3.0)  # below -2 Pearson's conjugate is flat
    objective, name = FGAN(name), f"f-gan:{name}"
    return Case(objective, name, discriminator_at_zero, generator_at_zero, inside, 60.0)


LN2 = math.log(2)

OBJECTIVES = {
    "minimax": Case(Minimax(), "minimax", 2 * LN2, -LN2),
    "non-saturating": Case(NonSaturating(), "non-saturating", 2 * LN2, LN2),
    "non-saturating:r1": registered("non-saturating:r1", "non-saturating", (2 * LN2, LN2)),
    "least-squares": Case(LeastSquares(), "least-squares", 0.5, 0.5, (0.0, 1.0)),
    "least-squares, symmetric": Case(
        LeastSquares(-1.0, 1.0, 1.0), "least-squares", 1.0, 0.5, (-1.0, 1.0)
    ),
    "hinge": Case(Hinge(), "hinge", 2.0, 0.0, (-1.0, 1.0)),
    "linear": Case(LinearValue(), "linear", 0.0, 0.0),
    "linear, another angle": Case(LinearValue(phi=0.5), "linear", 0.0, 0.0),
    "wasserstein": Case(Wasserstein(), "wasserstein", 0.0, 0.0),
    "wasserstein:ends": registered("wasserstein:ends", "wasserstein"),
    "wasserstein:clip": registered("wasserstein:clip", "wasserstein"),
    "f-gan:total-variation": f_gan("total-variation", 0.0, 0.0),
    "f-gan:kl": f_gan("kl", math.exp(-1), -math.exp(-1)),
    "f-gan:reverse-kl": f_gan("reverse-kl", 0.0, 1.0),
    "f-gan:pearson": f_gan("pearson", 0.0, 0.0),
    "f-gan:pearson, not saturating": Case(
        FGAN("pearson", saturating=False), "f-gan:pearson", 0.0, 0.0, (-1.9, 3.0)
    ),
    "f-gan:neyman": f_gan("neyman", 0.0, 0.0),
    "f-gan:squared-hellinger": f_gan("squared-hellinger", 0.0, 0.0),
    "f-gan:jeffrey": f_gan("jeffrey", 0.0, 0.0),
    "f-gan:jensen-shannon": f_gan("jensen-shannon", 0.0, 0.0),
    "f-gan:weighted-jensen-shannon": f_gan("weighted-jensen-shannon", 0.0, 0.0),
    "f-gan:weighted-jensen-shannon, a quarter": Case(
        FGAN(weighted_jensen_shannon(0.25)),
        "f-gan:weighted-jensen-shannon",
        0.75 * math.log(1.5) + 0.25 * math.log(0.5),
        -0.75 * math.log(1.5),
    ),
    "quantum-semimetric": Case(QuantumSemimetric(), "quantum-semimetric", 0.0, 0.0),
    "quantum-w1": registered("quantum-w1", "quantum-w1"),
    "mmd": registered("mmd", "mmd"),
    "energy": registered("energy", "energy"),
}
each_objective = pytest.mark.parametrize("case", OBJECTIVES.values(), ids=OBJECTIVES)


def test_every_registered_objective_is_under_the_contract() -> None:
    check_whole_family(build.OBJECTIVES, OBJECTIVES, PLACE)


def test_an_objective_without_a_case_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    check_that_a_stranger_is_reported(monkeypatch, build.OBJECTIVES, OBJECTIVES, PLACE)


def double(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def scores(case: Case | None = None, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(3, 6, dtype=torch.float64, generator=generator)
    if case is not None:
        low, high = case.inside
        drawn = low + (high - low) * drawn.sigmoid()
    real, fake, mismatched = drawn
    return real, fake, mismatched


@each_objective
def test_protocol_and_name(case: Case) -> None:
    assert isinstance(case.objective, Objective)
    assert case.objective.name == case.name
    assert case.objective.reads in get_args(Reading)
    assert isinstance(case.objective, DistanceOnly) is (not case.reads_scores)


@each_objective
def test_it_brings_terms(case: Case) -> None:
    """A distance brings itself, whatever the head; none brings what is no term."""
    terms = case.objective.default_terms(LinearHead(4, 2))
    assert all(isinstance(term, Term) for term in terms)
    assert terms or case.reads_scores


@each_objective
def test_nothing_can_be_told_apart(case: Case) -> None:
    zero = torch.zeros(5, dtype=torch.float64)
    found = case.objective.discriminator_loss(real=zero, fake=zero)
    assert_close(found, double(case.discriminator_at_zero)[0], **EXACT)
    assert_close(
        case.objective.generator_loss(fake=zero), double(case.generator_at_zero)[0], **EXACT
    )


@each_objective
def test_real_and_fake_are_not_swapped(case: Case) -> None:
    low, high = case.inside
    top, bottom = high - 0.1 * double(0.5, 2.0, 1.0), low + 0.1 * double(1.0, 0.2, 2.0)
    middle = double((low + high) / 2)
    right = case.objective.discriminator_loss(real=top, fake=bottom)
    equal = case.objective.discriminator_loss(real=middle, fake=middle)
    swapped = case.objective.discriminator_loss(real=bottom, fake=top)
    if not case.reads_scores:
        assert right == equal == swapped == 0
        assert all(case.objective.generator_loss(fake=s) == 0 for s in (top, middle, bottom))
        return
    assert right < equal < swapped
    fooled, half, caught = (case.objective.generator_loss(fake=s) for s in (top, middle, bottom))
    assert fooled < half < caught


@each_objective
def test_signs_of_gradients(case: Case) -> None:
    """Real scores are pushed up, all others down; the generator pushes its own up."""
    real, fake, mismatched = (s.requires_grad_() for s in scores(case))
    loss = case.objective.discriminator_loss(
        real=real, fake=fake, mismatched=mismatched, mismatched_share=0.02
    )
    if not case.reads_scores:
        slopes = torch.autograd.grad(loss, (real, fake, mismatched), materialize_grads=True)
        assert not torch.stack(slopes).any()
        return
    of_real, of_fake, of_mismatched = torch.autograd.grad(loss, (real, fake, mismatched))
    assert (of_real < 0).all()
    assert (of_fake > 0).all()
    assert (of_mismatched > 0).all()
    (of_fake,) = torch.autograd.grad(case.objective.generator_loss(fake=fake), fake)
    assert (of_fake < 0).all()


@each_objective
def test_gradients(case: Case) -> None:
    def loss(real: Tensor, fake: Tensor, mismatched: Tensor) -> tuple[Tensor, Tensor]:
        objective = case.objective
        return (
            objective.discriminator_loss(
                real=real, fake=fake, mismatched=mismatched, mismatched_share=0.02
            ),
            objective.generator_loss(fake=fake),
        )

    assert torch.autograd.gradcheck(loss, tuple(s.requires_grad_() for s in scores(case)))


@each_objective
def test_losses_are_means_over_the_batch(case: Case) -> None:
    real, fake, _ = scores()
    order = torch.tensor([3, 1, 5, 0, 4, 2])
    loss = case.objective.discriminator_loss(real=real, fake=fake)
    for again in (torch.cat([real, real]), torch.cat([fake, fake])), (real[order], fake):
        found = case.objective.discriminator_loss(real=again[0], fake=again[1])
        assert_close(found, loss, **EXACT)
    generator = case.objective.generator_loss
    assert_close(generator(fake=torch.cat([fake, fake])), generator(fake=fake), **EXACT)


@each_objective
@pytest.mark.parametrize("share", [0.02, 0.5])
def test_mismatched_are_a_share_of_what_is_rejected(case: Case, share: float) -> None:
    real, fake, mismatched = scores()
    loss = case.objective.discriminator_loss
    together = loss(real=real, fake=fake, mismatched=mismatched, mismatched_share=share)
    parts = (1 - share) * loss(real=real, fake=fake) + share * loss(real=real, fake=mismatched)
    assert_close(together, parts, **EXACT)
    assert_close(loss(real=real, fake=fake, mismatched=None), loss(real=real, fake=fake), **EXACT)


@each_objective
def test_arguments_are_keywords(case: Case) -> None:
    real, fake, _ = scores()
    with pytest.raises(TypeError):
        case.objective.discriminator_loss(real, fake)
    with pytest.raises(TypeError):
        case.objective.generator_loss(fake)


@each_objective
def test_extreme_scores_stay_finite(case: Case) -> None:
    for sign in (1.0, -1.0):
        real, fake = (torch.tensor([s * case.extreme], requires_grad=True) for s in (sign, -sign))
        loss = case.objective.discriminator_loss(real=real, fake=fake)
        loss = loss + case.objective.generator_loss(fake=fake)
        gradients = torch.autograd.grad(loss, (real, fake), materialize_grads=not case.reads_scores)
        assert all(torch.isfinite(x).all() for x in (loss, *gradients))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FGAN("pearso"), "`divergence` must be one of total-variation, .* but got 'pear"),
        (lambda: weighted_jensen_shannon(1.0), r"`pi` must lie in \(0, 1\), but got 1.0"),
        (lambda: LinearValue(phi=0.0), r"`phi` must lie in \(0, pi/2\), but got 0.0"),
    ],
)
def test_wrong_parameters_are_refused(make: Callable[[], Objective], message: str) -> None:
    with pytest.raises(QganError, match=message):
        make()
