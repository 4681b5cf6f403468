"""f-divergences: conjugates, activations, closed forms, limits at zero probabilities."""

import math

import mpmath
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import entropy
from tolerances import EXACT, OPTIMUM
from torch.testing import assert_close

from qgan.errors import QganError
from qgan.metrics.distributions.f_divergences import (
    F_DIVERGENCES,
    FDivergence,
    f_divergence,
    weighted_jensen_shannon,
)
from qgan.metrics.distributions.wright_omega import wright_omega

ALL = [*F_DIVERGENCES.values(), weighted_jensen_shannon(0.2), weighted_jensen_shannon(0.9)]
each = pytest.mark.parametrize("divergence", ALL, ids=lambda d: d.name)
SINGULAR = {"total-variation", "squared-hellinger", "jensen-shannon", "weighted-jensen-shannon"}
"""Those that stay finite between distributions without a common point."""


def distributions(size: int, zeros: bool = False) -> st.SearchStrategy[torch.Tensor]:
    weight = st.floats(0.01, 1)
    if zeros:
        weight = st.one_of(st.just(0.0), weight)
    lists = st.lists(weight, min_size=size, max_size=size).filter(lambda w: sum(w) > 0)
    return lists.map(lambda w: torch.tensor(w, dtype=torch.float64) / sum(w))


def numbers(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


@each
def test_conjugate_meets_the_tangent(divergence: FDivergence) -> None:
    u = torch.logspace(-3, 3, 61, dtype=torch.float64)
    slope = divergence.derivative(u)
    expected = u * slope - divergence.f(u)
    assert_close(divergence.conjugate(slope), expected, rtol=1e-9, atol=1e-9)
    assert divergence.f(numbers(1.0)).item() == pytest.approx(0, abs=1e-15)
    low, high = divergence.domain
    assert bool(((slope >= low) & (slope <= high)).all())


@each
def test_derivatives_are_those_of_f_and_of_its_conjugate(divergence: FDivergence) -> None:
    u = torch.logspace(-2, 2, 40, dtype=torch.float64).requires_grad_()
    (slope,) = torch.autograd.grad(divergence.f(u).sum(), u)
    assert_close(slope, divergence.derivative(u.detach()), rtol=1e-10, atol=1e-10)
    if divergence.name == "total-variation":
        return  # f has a kink, f* a flat slope
    t = slope.requires_grad_()
    (back,) = torch.autograd.grad(divergence.conjugate(t).sum(), t)
    assert_close(back, u.detach(), rtol=1e-7, atol=1e-7)


@each
@pytest.mark.parametrize("v", [-3.0, -0.5, 0.4, 1.5])
def test_conjugate_is_the_supremum(divergence: FDivergence, v: float) -> None:
    t = divergence.activation(numbers(v))

    def minus(u: float) -> float:
        return float(divergence.f(numbers(u)) - u * t)

    optimum = minimize_scalar(
        minus, bounds=(1e-9, 400.0), method="bounded", options={"xatol": 1e-9}
    )
    assert float(divergence.conjugate(t)) == pytest.approx(-optimum.fun, **{"abs": OPTIMUM["atol"]})


@each
def test_activation_stays_in_the_domain_increases_and_composes(divergence: FDivergence) -> None:
    v = torch.linspace(-30, 30, 601, dtype=torch.float64)
    t = divergence.activation(v)
    low, high = divergence.domain
    assert bool(((t >= low) & (t <= high)).all())
    assert bool((t.diff() >= 0).all()) and float(t[300:310].diff().min()) > 0
    near = v.abs() < 5
    composed = divergence.conjugate_at_activation(v)
    assert_close(composed[near], divergence.conjugate(t)[near], rtol=1e-9, atol=1e-9)
    far = divergence.conjugate_at_activation(numbers(-80.0, 80.0).requires_grad_())
    assert bool(far.isfinite().all())


@each
@given(p=distributions(4), q=distributions(4))
def test_bound_is_below_and_met_at_the_derivative(
    divergence: FDivergence, p: torch.Tensor, q: torch.Tensor
) -> None:
    exact = divergence(p, q)
    assert exact >= -1e-12
    assert_close(divergence(p, p), torch.zeros((), dtype=torch.float64), **EXACT)
    best = divergence.derivative(p / q)
    met = (p * best).sum() - (q * divergence.conjugate(best)).sum()
    assert_close(met, exact, rtol=1e-9, atol=1e-9)
    v = torch.linspace(-1, 1, 4, dtype=torch.float64)
    free = (p * divergence.activation(v)).sum() - (q * divergence.conjugate_at_activation(v)).sum()
    assert free <= exact + 1e-9


@each
@given(p=distributions(4, zeros=True), q=distributions(4, zeros=True))
def test_coarse_graining_never_increases(
    divergence: FDivergence, p: torch.Tensor, q: torch.Tensor
) -> None:
    merged = [x.reshape(2, 2).sum(-1) for x in (p, q)]
    assert not divergence(p, q).isnan()
    assert divergence(*merged) <= divergence(p, q) + 1e-9


@given(p=distributions(5), q=distributions(5))
def test_closed_forms(p: torch.Tensor, q: torch.Tensor) -> None:
    middle = (p + q) / 2
    expected = {
        "total-variation": float((p - q).abs().sum()) / 2,
        "kl": entropy(p, q),
        "reverse-kl": entropy(q, p),
        "pearson": float(((p - q) ** 2 / q).sum()),
        "neyman": float(((p - q) ** 2 / p).sum()),
        "squared-hellinger": float(((p.sqrt() - q.sqrt()) ** 2).sum()),
        "jeffrey": entropy(p, q) + entropy(q, p),
        "jensen-shannon": (entropy(p, middle) + entropy(q, middle)) / 2,
    }
    assert expected.keys() == F_DIVERGENCES.keys()
    for name, value in expected.items():
        assert float(F_DIVERGENCES[name](p, q)) == pytest.approx(value, abs=1e-9, rel=1e-9)
    mixed = 0.3 * p + 0.7 * q
    weighted = 0.3 * entropy(p, mixed) + 0.7 * entropy(q, mixed)
    assert float(weighted_jensen_shannon(0.3)(p, q)) == pytest.approx(weighted, abs=1e-10)
    half = weighted_jensen_shannon(0.5)(p, q)
    assert_close(half, F_DIVERGENCES["jensen-shannon"](p, q), **EXACT)


EXACT_SUMMANDS = {
    "total-variation": lambda p, q: abs(p - q) / 2,
    "kl": lambda p, q: p * mpmath.log(p / q),
    "reverse-kl": lambda p, q: q * mpmath.log(q / p),
    "pearson": lambda p, q: (p - q) ** 2 / q,
    "neyman": lambda p, q: (p - q) ** 2 / p,
    "squared-hellinger": lambda p, q: (mpmath.sqrt(p) - mpmath.sqrt(q)) ** 2,
    "jeffrey": lambda p, q: (p - q) * mpmath.log(p / q),
    "jensen-shannon": lambda p, q: mixed_summand(p, q, 0.5),
    "weighted-jensen-shannon": lambda p, q: mixed_summand(p, q, 0.2),
}


def mixed_summand(p: mpmath.mpf, q: mpmath.mpf, pi: float) -> mpmath.mpf:
    m = pi * p + (1 - pi) * q
    return pi * p * mpmath.log(p / m) + (1 - pi) * q * mpmath.log(q / m)


@pytest.mark.parametrize("divergence", ALL[:-1], ids=lambda d: d.name)
@given(data=st.data())
def test_summands_are_exact_down_to_the_smallest_normal_number(
    divergence: FDivergence, data: st.DataObject
) -> None:
    dtype = data.draw(st.sampled_from([torch.float32, torch.float64]))
    limits = torch.finfo(dtype)
    exponents = st.floats(math.log(limits.tiny), 0.0)
    p, q = (torch.tensor(data.draw(exponents), dtype=dtype).exp() for _ in "pq")
    p, q = p.clamp_min(limits.tiny).requires_grad_(), q.clamp_min(limits.tiny).requires_grad_()
    value = divergence.perspective(p, q)
    slopes = torch.autograd.grad(value, (p, q))
    with mpmath.workdps(400):
        exact = EXACT_SUMMANDS[divergence.name](mpmath.mpf(p.item()), mpmath.mpf(q.item()))
        # The values of both logarithms are rounded, and so is the difference of p and q.
        most = max(p.item(), q.item())
        rounding = 4 * limits.eps * (abs(exact) + most * mpmath.mpf(-math.log(limits.tiny)))
        if exact < limits.max / 2:
            assert abs(mpmath.mpf(value.item()) - exact) <= rounding
        assert not value.isnan()
    assert not any(slope.isnan() for slope in slopes)
    ratio = mpmath.mpf(max(p.item(), q.item())) / min(p.item(), q.item())
    if ratio**2 < limits.max / 4:
        assert all(slope.isfinite() for slope in slopes)


def test_js_of_two_normals_that_are_far_apart_is_ln_2() -> None:
    x = torch.linspace(-40, 70, 4001, dtype=torch.float64)
    p, q = (torch.softmax(-((x - mean) ** 2) / 2, 0) for mean in (0.0, 30.0))
    assert float(F_DIVERGENCES["jensen-shannon"](p, q)) == pytest.approx(math.log(2), abs=1e-12)
    x = torch.linspace(-7, 37, 4001, dtype=torch.float64)  # no density is zero here
    p, q = (torch.softmax(-((x - mean) ** 2) / 2, 0) for mean in (0.0, 30.0))
    assert float(F_DIVERGENCES["kl"](p, q)) == pytest.approx(450, rel=1e-7)  # 30^2 / 2
    assert float(F_DIVERGENCES["jeffrey"](p, q)) == pytest.approx(900, rel=1e-7)


def test_half_weight_is_jensen_shannon_in_every_function() -> None:
    half, plain = weighted_jensen_shannon(0.5), F_DIVERGENCES["jensen-shannon"]
    t = numbers(-2.0, 0.0, 0.3)
    assert_close(half.conjugate(t), plain.conjugate(t), **EXACT)
    assert_close(half.activation(t), plain.activation(t), **EXACT)
    assert half.domain == pytest.approx(plain.domain)


@each
def test_zero_probabilities_follow_the_limits(divergence: FDivergence) -> None:
    none = divergence(numbers(1.0, 0.0), numbers(0.0, 1.0))
    expected = divergence.at_zero + divergence.at_infinity
    assert none.item() == expected and math.isinf(expected) == (divergence.name not in SINGULAR)
    tiny = 1e-13
    for p, q in (
        (numbers(0.0, 1.0), numbers(0.5, 0.5)),
        (numbers(0.5, 0.5), numbers(0.0, 1.0)),
        (numbers(0.0, 0.5, 0.5), numbers(0.0, 0.2, 0.8)),
    ):
        exact, near = divergence(p, q), divergence((p + tiny) / 1, (q + tiny) / 1)
        if exact.isinf():
            assert near > 5  # the logarithms grow slowly
        else:
            assert_close(near, exact, rtol=0, atol=1e-5)


@each
def test_gradients_are_right_inside_and_finite_on_the_boundary(divergence: FDivergence) -> None:
    logits = torch.tensor([[0.3, -1.0, 0.5], [0.1, 0.7, -0.4]], dtype=torch.float64)

    def value(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return f_divergence(divergence, a.softmax(-1), b.softmax(-1))

    pair = (logits.clone().requires_grad_(), logits.flip(0).contiguous().requires_grad_())
    assert torch.autograd.gradcheck(value, pair)
    p, q = numbers(0.0, 0.4, 0.6).requires_grad_(), numbers(0.5, 0.5, 0.0).requires_grad_()
    divergence(p, q).backward()
    assert bool(p.grad.isfinite().all()) and bool(q.grad.isfinite().all())


def test_jeffrey_conjugate_far_out() -> None:
    jeffrey = F_DIVERGENCES["jeffrey"]
    t = numbers(-1e8, -1e4, -700.0, 0.0, 300.0, 700.0).requires_grad_()
    values = jeffrey.conjugate(t)
    (slope,) = torch.autograd.grad(values.sum(), t)
    assert bool(values.isfinite().all()) and bool(slope.isfinite().all())
    assert bool((slope > 0).all())
    assert values[0].item() == pytest.approx(-1 - math.log(1e8 - math.log(1e8)), abs=1e-6)
    assert values[4].item() == pytest.approx(math.exp(299.0), rel=1e-12)  # 1/w - 1 - log w
    single = jeffrey.conjugate(torch.tensor([-1e5, 80.0]).requires_grad_())
    assert bool(single.isfinite().all()) and single.dtype == torch.float32


def test_wright_omega_solves_its_equation_and_has_two_derivatives() -> None:
    x = torch.linspace(-5, 50, 30, dtype=torch.float64).requires_grad_()
    omega = wright_omega(x)
    assert_close(omega + omega.log(), x, rtol=1e-12, atol=1e-12)
    assert torch.autograd.gradcheck(wright_omega, (x,))
    assert torch.autograd.gradgradcheck(wright_omega, (x,))


def test_batches_and_single_precision() -> None:
    p = torch.tensor([[0.2, 0.8], [0.5, 0.5]])
    q = torch.tensor([[0.6, 0.4], [0.5, 0.5]])
    for divergence in ALL:
        values = divergence(p, q)
        assert values.shape == (2,) and values.dtype == torch.float32
        assert values[1].item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("p", "q", "message"),
    [
        (numbers(0.5, 0.5), numbers(1.0), r"`q` must have the shape \(2,\) of p"),
        (numbers(0.5, 0.6), numbers(0.5, 0.5), "`p` must sum to 1"),
        (numbers(1.5, -0.5), numbers(0.5, 0.5), "`p` must hold numbers from 0 to 1"),
        (numbers(0.5, 0.5), numbers(math.nan, 0.5), "`q` must hold numbers from 0 to 1"),
    ],
)
def test_what_is_no_distribution_is_refused(p: torch.Tensor, q: torch.Tensor, message: str) -> None:
    with pytest.raises(QganError, match=message):
        F_DIVERGENCES["kl"](p, q)


@pytest.mark.parametrize("pi", [0.0, 1.0, -0.1, math.nan])
def test_weights_outside_are_refused(pi: float) -> None:
    with pytest.raises(QganError, match="`pi` must lie in"):
        weighted_jensen_shannon(pi)
