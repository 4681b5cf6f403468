"""The proof of each objective of scores: two known distributions and a table of scores.

Training the table reaches the value that theory gives AND the scores that theory gives. Several
values are symmetric in the two distributions; the scores are not, so a proof by swapped arguments
fails.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import torch
from tolerances import EXACT, OPTIMUM, PROOF
from torch import Tensor
from torch.testing import assert_close

from qgan.metrics import F_DIVERGENCES, f_divergence, weighted_jensen_shannon
from qgan.objectives import FGAN, Hinge, LeastSquares, Minimax, NonSaturating

REAL = torch.tensor([0, 0, 0, 0, 1, 1, 2, 3])
FAKE = torch.tensor([0, 1, 2, 2, 3, 3, 3, 3])
P = torch.bincount(REAL).double() / 8
Q = torch.bincount(FAKE).double() / 8
M = (P + Q) / 2


def kl(p: Tensor, q: Tensor) -> Tensor:
    return torch.xlogy(p, p / q).sum()


def js(p: Tensor, q: Tensor) -> Tensor:
    return (kl(p, (p + q) / 2) + kl(q, (p + q) / 2)) / 2


def train(objective: Any, real: Tensor = REAL, fake: Tensor = FAKE) -> tuple[float, Tensor]:
    """The least discriminator loss over tables of scores, and the table."""
    table = torch.zeros(4, dtype=torch.float64, requires_grad=True)

    def loss() -> Tensor:
        return objective.discriminator_loss(real=table[real], fake=table[fake])

    smooth = torch.optim.LBFGS(
        [table],
        max_iter=300,
        tolerance_grad=1e-12,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        smooth.zero_grad()
        found = loss()
        found.backward()
        return found

    if not isinstance(objective, Hinge):
        smooth.step(closure)
        return loss().item(), table.detach()
    for k in range(400):  # the optimum is at kinks: a subgradient that shrinks
        (gradient,) = torch.autograd.grad(loss(), table)
        table = (table - 0.1 * 0.98**k * gradient.sign()).detach().requires_grad_()
    return loss().item(), table.detach()


class Proof(NamedTuple):
    """What theory says of an objective at (P, Q): the least loss, and what scores become there."""

    objective: Any
    loss: Tensor
    read: Callable[[Tensor], Tensor]
    best: Tensor


def f_gan(name: str) -> Proof:
    """Value ``D_f(P || Q)``, ``T* = f'(p / q)``."""
    f = weighted_jensen_shannon(0.3) if name == "weighted-jensen-shannon" else F_DIVERGENCES[name]
    return Proof(FGAN(f), -f_divergence(f, P, Q), f.activation, f.derivative(P / Q))


NAMES = [*F_DIVERGENCES, "weighted-jensen-shannon"]
PROOFS = {
    "minimax": Proof(Minimax(), 2 * math.log(2) - 2 * js(P, Q), torch.sigmoid, P / (P + Q)),
    "non-saturating": Proof(
        NonSaturating(), 2 * math.log(2) - 2 * js(P, Q), torch.sigmoid, P / (P + Q)
    ),
    # D* = (b p + a q) / (p + q), and the least loss is the mean of (b - a)^2 / 2 p q / (p + q).
    "least-squares": Proof(LeastSquares(), (P * Q / (P + Q)).sum() / 2, lambda t: t, P / (P + Q)),
    "least-squares, Pearson": Proof(
        LeastSquares(-1.0, 1.0, 0.0),
        2 * (P * Q / (P + Q)).sum(),
        lambda t: t,
        (P - Q) / (P + Q),
    ),
    # 2 (1 - TV), at the sign of p - q.
    "hinge": Proof(Hinge(), 2 - (P - Q).abs().sum(), lambda t: t, (P - Q).sign()),
    **{f"f-gan:{name}": f_gan(name) for name in NAMES},
}
each_proof = pytest.mark.parametrize("proof", PROOFS.values(), ids=PROOFS)


@each_proof
def test_value_and_scores_at_the_optimum(proof: Proof) -> None:
    loss, scores = train(proof.objective)
    assert_close(torch.tensor(loss).double(), proof.loss, **PROOF)
    assert_close(proof.read(scores), proof.best, **PROOF)


@each_proof
def test_swapped_arguments_fail_the_proof(proof: Proof) -> None:
    _, scores = train(proof.objective, real=FAKE, fake=REAL)
    assert (proof.read(scores) - proof.best).abs().max() > 0.1


def test_all_nine_divergences_are_there() -> None:
    assert len(NAMES) == 9


def test_jensen_shannon_is_the_weighted_one_at_one_half() -> None:
    one, other = FGAN("jensen-shannon"), FGAN(weighted_jensen_shannon(0.5))
    scores = torch.linspace(-3, 3, 8, dtype=torch.float64)
    a, b = (o.discriminator_loss(real=scores[:4], fake=scores[4:]) for o in (one, other))
    assert_close(a, b, **EXACT)
    assert_close(one.generator_loss(fake=scores), other.generator_loss(fake=scores), **EXACT)


def test_outputs_of_total_variation_lie_within_one_half() -> None:
    f = FGAN("total-variation").f
    far = f.activation(torch.tensor([-50.0, 50.0]))
    assert far.tolist() == [-0.5, 0.5] and torch.equal(f.conjugate(far), far)


def test_best_discriminator_where_the_supports_differ() -> None:
    """``D* = p / (p + q)`` reaches 1 where q is zero."""
    p, q = torch.tensor([[4, 2, 2, 0], [2, 2, 2, 2]]).double() / 8
    real, fake = torch.tensor([0, 0, 1, 2]), torch.tensor([0, 1, 2, 3])
    loss, scores = train(Minimax(), real, fake)
    assert_close(torch.tensor(loss).double(), 2 * math.log(2) - 2 * js(p, q), **OPTIMUM)
    assert_close(scores.sigmoid(), p / (p + q), **OPTIMUM)


# What the generator minimises against the best discriminator.


def generator_gradient(objective: Any, scores: Tensor) -> tuple[Tensor, Tensor]:
    """The gradient of ``E_q(theta) loss(score)`` in theta, with q = softmax(theta); and theta."""
    theta = Q.log().requires_grad_()
    each = torch.stack([objective.generator_loss(fake=score[None]) for score in scores])
    (gradient,) = torch.autograd.grad((theta.softmax(0) * each).sum(), theta)
    return gradient, theta


def test_non_saturating_gradient_is_that_of_kl_minus_two_js() -> None:
    """Arjovsky and Bottou, theorem 2.5: the reverse KL, minus twice JS."""
    found, theta = generator_gradient(NonSaturating(), (P / Q).log())
    q = theta.softmax(0)
    (expected,) = torch.autograd.grad(kl(q, P) - 2 * js(P, q), theta)
    assert_close(found, expected, **EXACT)
    other = torch.autograd.grad(kl(P, theta.softmax(0)) - 2 * js(P, theta.softmax(0)), theta)[0]
    assert not torch.allclose(found, other, atol=1e-2)


def test_minimax_gradient_is_that_of_two_js() -> None:
    found, theta = generator_gradient(Minimax(), (P / Q).log())
    (expected,) = torch.autograd.grad(2 * js(P, theta.softmax(0)), theta)
    assert_close(found, expected, **EXACT)


@pytest.mark.parametrize("name", [n for n in NAMES if n != "total-variation"])
def test_f_gan_gradient_is_that_of_the_divergence(name: str) -> None:
    """Envelope theorem: at ``T*`` the generator descends ``D_f(p || q)``."""
    objective = f_gan(name).objective
    found, theta = generator_gradient(objective, train(objective)[1])
    (expected,) = torch.autograd.grad(f_divergence(objective.f, P, theta.softmax(0)), theta)
    assert_close(found, expected, **PROOF)


def test_least_squares_generator_minimises_pearson() -> None:
    """``E_p (D* - c)^2 + E_q (D* - c)^2 = chi^2(p + q || 2 q)``, with b - c = 1 and b - a = 2."""
    objective = LeastSquares(-1.0, 1.0, 0.0)
    best = (P - Q) / (P + Q)
    both = objective.generator_loss(fake=best[REAL]) + objective.generator_loss(fake=best[FAKE])
    pearson = ((P + Q - 2 * Q).square() / (P + Q)).sum()
    assert_close(2 * both, pearson, **EXACT)


# Gradients and values in closed form.


def test_losses_are_the_cross_entropy_of_the_paper() -> None:
    real, fake = torch.randn(2, 6, generator=torch.Generator().manual_seed(0)).double()
    value = real.sigmoid().log().mean() + (1 - fake.sigmoid()).log().mean()
    assert_close(Minimax().discriminator_loss(real=real, fake=fake), -value, **EXACT)
    assert_close(Minimax().generator_loss(fake=fake), (1 - fake.sigmoid()).log().mean(), **EXACT)
    assert_close(NonSaturating().generator_loss(fake=fake), -fake.sigmoid().log().mean(), **EXACT)


@pytest.mark.parametrize(
    ("objective", "gradient"),
    [(Minimax(), 0.0), (NonSaturating(), -1.0), (FGAN("jensen-shannon", saturating=False), -0.5)],
)
def test_gradient_of_a_generator_that_is_found_out(objective: Any, gradient: float) -> None:
    """It vanishes in the minimax game and is full in the non-saturating ones."""
    fake = torch.tensor([-30.0], dtype=torch.float64, requires_grad=True)
    (found,) = torch.autograd.grad(objective.generator_loss(fake=fake), fake)
    assert math.isclose(found.item(), gradient, abs_tol=1e-10)
    assert found.item() < 0
