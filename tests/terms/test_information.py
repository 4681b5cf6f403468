"""The information term where the answer is known."""

import math

import pytest
import torch
from torch.testing import assert_close

from qgan.batch import Batch
from qgan.data import ising
from qgan.discriminator import Discriminator, LinearHead
from qgan.sampler import Drawn
from qgan.states import States
from qgan.terms import Moment, StepContext
from qgan.terms.information import FLOOR, Information, unexplained
from qgan.views import DensityView


def drawn(n=256, columns=2, seed=0):
    return 2 * torch.rand(n, columns, generator=torch.Generator().manual_seed(seed)).double() - 1


def context(view, latent, label=None):
    """A step of which the term sees three things."""
    label = torch.zeros(len(view), dtype=torch.int64) if label is None else label
    zeros = States(torch.zeros(len(view), 2, 1, dtype=torch.complex128))
    batch, drawn_states = Batch(zeros, label), Drawn(zeros, label, latent)
    discriminator = Discriminator(DensityView(1), LinearHead(4, 2))
    moment = Moment(0, 1, torch.Generator())
    return StepContext(discriminator, batch, drawn_states, view, view.sum(1), moment)


def test_a_view_that_shows_z_leaves_nothing_and_one_that_does_not_leaves_all():
    z = drawn()
    mixed = z @ torch.tensor([[1.0, 1.0, 0.3], [1.0, -1.0, 0.2]]).double()
    assert unexplained(mixed, z).max() < 0.01
    assert_close(unexplained(drawn(seed=1), z), torch.ones(2).double(), rtol=0, atol=0.05)
    only_first = unexplained(z[:, :1], z)
    assert only_first[0] < 0.01 and 0.95 < only_first[1] < 1.05


def test_a_linear_head_tells_axes_from_other_uniform_latents_of_the_same_square():
    z = drawn(512)
    view = z @ drawn(2, 5, seed=4)
    twisted = torch.stack([z[:, 0] * z[:, 1].sign(), z[:, 1]], 1)  # uniform and independent too
    assert unexplained(view, z).max() < 0.01
    assert_close(unexplained(view, twisted), torch.tensor([1.0, 0.0]).double(), rtol=0, atol=0.05)


@pytest.mark.parametrize("label", [0, 1])
def test_the_fields_of_the_mixed_chain_are_what_it_reads_best(label):
    part = ising(n_train=256, n_validation=1, n_held_out=1).train.of(label)
    view = DensityView(4)(part.states, part.label).double()
    low, high = part.factors.amin(0), part.factors.amax(0)
    h, g = (2 * (part.factors - low) / (high - low) - 1).unbind(1)
    ways = [(h, g), (h * g.sign(), g), (h, g * h.sign())]  # all uniform and independent
    fields, *twisted = (float(unexplained(view, torch.stack(way, 1)).log().sum()) for way in ways)
    assert all(fields < found - 0.2 for found in twisted)


def test_little_is_gained_below_the_floor():
    z = drawn(512)
    noise = drawn(512, seed=6)
    loss = [
        float(Information(1.0).generator_term(context(z + size * noise, z)))
        for size in (0.0, 0.2, 3.0)
    ]
    assert 0 < loss[1] - loss[0] < 0.5
    assert loss[2] - loss[1] > 1.3


def test_half_the_variance_is_half():
    z, noise = drawn(4000, 1), drawn(4000, 1, seed=2)
    assert_close(unexplained(z + noise, z), torch.tensor([0.5]).double(), rtol=0, atol=0.03)


def test_a_head_that_only_remembers_gains_nothing():
    z = drawn(32)
    wide = torch.randn(32, 200, generator=torch.Generator().manual_seed(3)).double()
    assert unexplained(wide, z).min() > 0.7


def test_the_term_falls_as_the_view_shows_more_and_counts_labels_apart():
    z, label = drawn(64, 1), torch.arange(64) % 2
    sign = (1 - 2 * label)[:, None].double()
    term = Information(weight=2.0)
    shown = term.generator_term(context(sign * z, z, label))  # known once the label is
    assert_close(shown, torch.tensor(2 * 0.5 * math.log(FLOOR)).double(), rtol=0.15, atol=0)
    unlabelled = term.generator_term(context(sign * z, z))
    assert unlabelled > -0.2
    assert term.discriminator_term(context(z, z)) is None


def test_its_gradient_turns_a_view_towards_z():
    z, noise = drawn(64, 1), drawn(64, 1, seed=5)
    share = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    Information().generator_term(context(share * z + noise, z)).backward()
    assert share.grad is not None and share.grad < 0


def test_too_few_states_say_nothing():
    assert Information().generator_term(context(drawn(4), drawn(4))) is None
