"""Labels of every type mean the same to every part; what is no label is refused by name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jaxtyping
import numpy as np
import pytest
import torch
from small_circuits import random_states
from small_games import data
from small_models import model
from torch.testing import assert_close
from view_cases import VIEWS

from circuits import RegisterCircuit, Registers, ReuploadingCircuit
from qgan import Discriminator, Generator
from qgan.batch import Batch
from qgan.discriminator import (
    AuxiliaryHead,
    BoundedLinearHead,
    LinearHead,
    MinibatchHead,
    MLPHead,
    PotentialsHead,
    ProjectionHead,
)
from qgan.embedding import RegisterEmbedding
from qgan.errors import QganError
from qgan.evaluation import evaluate
from qgan.evaluation.labels import confusion_matrix
from qgan.labels import INTEGERS, condition, read_labels
from qgan.sampler import Drawn
from qgan.views import PauliView

each_type = pytest.mark.parametrize("dtype", INTEGERS, ids=str)
CLASSES = torch.tensor([1, 0, 1, 1])
"""As a mask they would choose the rows 0, 2 and 3; as labels they choose 1, 0, 1, 1."""
PAULI = PauliView(2, 1)
HEADS = {
    "linear": LinearHead(6, 2),
    "bounded-linear": BoundedLinearHead(PAULI.bounds, 6, 2),
    "mlp": MLPHead(6, 2, (8,)),
    "projection": ProjectionHead(6, 2, (8,)),
    "auxiliary": AuxiliaryHead(6, 2, (8,)),
    "minibatch": MinibatchHead(6, 2, (8,)),
    "potentials": PotentialsHead(PAULI.operator, 6, 2),
}
GENERATORS = {
    "reuploading": ReuploadingCircuit(Registers(output=2), n_layers=1),
    "registers": RegisterCircuit(Registers(output=2, label=1, latent=1), n_layers=1),
}
REFUSED: list[tuple[Any, str]] = [
    ([0, 1], "`label` must be a tensor, but got a list"),
    (np.array([0, 1]), "`label` must be a tensor, but got a ndarray"),
    (1, "`label` must be a tensor, but got a int"),
    (
        torch.zeros(2, dtype=torch.complex64),
        "`label` must be class indices of an integer type, or real conditions, but got "
        "torch.complex64",
    ),
    (torch.tensor(1), r"`label` must have shape \(B,\), but got \(\)"),
    (torch.zeros(2, 1, dtype=torch.uint8), r"`label` must have shape \(B,\), but got \(2, 1\)"),
    (torch.zeros(2), r"`label` must have shape \(B, .*, but got \(2,\)"),
    (torch.tensor([0, 2]), "`label` must be from 0 to 1, but got 2"),
    (torch.tensor([0, -1], dtype=torch.int8), "`label` must be from 0 to 1, but got -1"),
]
each_refused = pytest.mark.parametrize(("label", "message"), REFUSED)


@pytest.fixture
def no_shape_checker(monkeypatch: pytest.MonkeyPatch) -> None:
    """What users have: the checker of shapes belongs to the tests, and would speak first."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


needs_no_shape_checker = pytest.mark.usefixtures("no_shape_checker")


@each_type
@pytest.mark.parametrize("kind", GENERATORS)
def test_the_type_of_labels_does_not_change_the_states(kind: str, dtype: torch.dtype) -> None:
    generator = Generator(GENERATORS[kind], n_labels=2)
    label, latent = CLASSES.to(dtype), torch.linspace(-1, 1, 4)[:, None]
    expected = generator(CLASSES, latent).factor
    assert_close(generator(label, latent).factor, expected)
    assert_close(generator.states(label, latent).factor, expected)
    exact = generator.exact_states(label, latent).factor
    assert_close(exact, generator.exact_states(CLASSES, latent).factor)
    for k in (True, False):
        drawn = generator.draw(label, torch.Generator().manual_seed(0), exact=k)
        again = generator.draw(CLASSES, torch.Generator().manual_seed(0), exact=k)
        assert_close(drawn.states.factor, again.states.factor)
        assert_close(drawn.label, CLASSES)


def test_bytes_choose_among_three_labels() -> None:
    generator = Generator(GENERATORS["reuploading"], n_labels=3)
    latent = torch.zeros(3, 1)
    one_by_one = [generator(torch.tensor([k]), latent[:1]).factor[0] for k in (1, 2, 1)]
    states = generator(torch.tensor([1, 2, 1], dtype=torch.uint8), latent)
    assert_close(states.factor, torch.stack(one_by_one))


@each_type
@pytest.mark.parametrize("name", [name for name, case in VIEWS.items() if case.sees_label])
def test_the_type_of_labels_does_not_change_a_view(name: str, dtype: torch.dtype) -> None:
    view, states = VIEWS[name].make(), random_states(4, 2, 1)
    assert_close(view(states, CLASSES.to(dtype)), view(states, CLASSES))


@each_type
@pytest.mark.parametrize("name", HEADS)
def test_the_type_of_labels_does_not_change_a_head(name: str, dtype: torch.dtype) -> None:
    head, states = HEADS[name], random_states(4, 2, 1)
    features, label = PAULI(states, CLASSES).float(), CLASSES.to(dtype)
    assert_close(head(features, label), head(features, CLASSES))
    scores = Discriminator(PAULI, head)(states, label)
    assert_close(scores, head(features, CLASSES), check_dtype=False)


@each_type
def test_a_batch_and_what_is_drawn_hold_class_indices(dtype: torch.dtype) -> None:
    states, label = random_states(4, 2, 1), CLASSES.to(dtype)
    batch = Batch(states, label)
    assert batch.label.dtype == torch.int64
    assert_close(batch.of(1).states.factor, states.factor[[0, 2, 3]])
    assert Drawn(states, label, torch.zeros(4, 1)).label.dtype == torch.int64


def test_a_user_s_own_head_is_shown_class_indices() -> None:
    class Table(torch.nn.Module):
        def forward(self, features: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
            return torch.tensor([10.0, 20.0])[label] + 0 * features[:, 0]

    scores = Discriminator(PAULI, Table())(random_states(4, 2, 1), CLASSES.to(torch.uint8))
    assert scores.tolist() == [20.0, 10.0, 20.0, 20.0]


@each_type
def test_counts_of_many_bytes_do_not_overflow(dtype: torch.dtype) -> None:
    label = torch.tensor([16, 3]) if dtype != torch.bool else torch.tensor([1, 0])
    counts = confusion_matrix(label.to(dtype), label.to(dtype), 17)
    assert_close(counts, torch.diag(torch.bincount(label, minlength=17)).double())


@each_refused
@needs_no_shape_checker
@pytest.mark.parametrize("kind", GENERATORS)
def test_a_generator_refuses_what_is_no_label(kind: str, label: Any, message: str) -> None:
    generator = Generator(GENERATORS[kind], n_labels=2)
    rng = torch.Generator()
    for call in (generator, generator.states, generator.exact_states):
        with pytest.raises(QganError, match=message):
            call(label, torch.zeros(2, 1))
    with pytest.raises(QganError, match=message):
        generator.draw(label, rng)


@each_refused
@needs_no_shape_checker
@pytest.mark.parametrize("name", ["circuit", "circuit, register", "swap-test", "two-copy"])
def test_a_view_refuses_what_is_no_label(name: str, label: Any, message: str) -> None:
    if name == "swap-test" and isinstance(label, torch.Tensor) and label.is_floating_point():
        message = r"`label` must have shape \(B, n_conditions\), but got \(2,\)"
    with pytest.raises(QganError, match=message):
        VIEWS[name].make()(random_states(2, 2, 1), label)


@each_refused
@needs_no_shape_checker
@pytest.mark.parametrize("name", [name for name in HEADS if HEADS[name].sees_label])
def test_a_head_refuses_what_is_no_label(name: str, label: Any, message: str) -> None:
    features = torch.zeros(2, 6)
    with pytest.raises(QganError, match=message):
        HEADS[name](features, label)
    with pytest.raises(QganError, match=message):
        Discriminator(PAULI, HEADS[name])(random_states(2, 2, 1), label)


@pytest.mark.parametrize(("label", "message"), REFUSED[:-2])
@needs_no_shape_checker
def test_a_batch_refuses_what_is_no_label(label: Any, message: str) -> None:
    with pytest.raises(QganError, match=message):
        Batch(random_states(2, 2, 1), label)
    with pytest.raises(QganError, match=message):
        Drawn(random_states(2, 2, 1), label, torch.zeros(2, 1))


def test_a_register_holds_no_label_beyond_its_classes() -> None:
    embedding = RegisterEmbedding(3, 0, 2, 0, 2)
    with pytest.raises(QganError, match="`label` must be from 0 to 2, but got 3"):
        embedding(torch.tensor([3]), torch.zeros(1, 0))


def test_a_data_set_and_an_evaluation_know_their_labels() -> None:
    real = data()
    part = real.train
    for label in (part.label + 1, part.label - 1):
        with pytest.raises(QganError, match="`label` must be from 0 to 1"):
            replace(real, train=Batch(part.states, label, part.factors))
        with pytest.raises(QganError, match="`label` must be from 0 to 1"):
            evaluate(Batch(part.states, label), torch.zeros(len(part), 1), real)
    conditions = Batch(part.states, torch.zeros(len(part), 1), part.factors)
    rule = "`label` must be class indices, but got numbers of torch.float32"
    with pytest.raises(QganError, match=rule):
        replace(real, train=conditions)
    with pytest.raises(QganError, match=rule):
        evaluate(conditions, torch.zeros(len(part), 1), real)


@pytest.mark.parametrize("label", [[0, 1], np.array([0, 1]), torch.tensor([0, 1])])
def test_a_model_samples_one_label_at_a_time(label: Any) -> None:
    trained = model(lambda inputs: None, 0, lambda label, latent: latent[:, :0], output=1)
    with pytest.raises(QganError, match="`label` must be one label, but got a"):
        trained.sample(label)


@each_type
def test_a_model_takes_a_label_of_any_type(dtype: torch.dtype) -> None:
    trained = model(lambda inputs: None, 0, lambda label, latent: latent[:, :0], output=1)
    assert trained.draw(torch.tensor(1, dtype=dtype)).label.tolist() == [1]


def test_real_conditions_stay_as_they_are() -> None:
    label = torch.tensor([[0.5, -2.0]], dtype=torch.float64)
    assert read_labels(label) is label
    assert condition(label, 2) is label
    with pytest.raises(QganError, match=r"must have shape \(B, 3\) to match n_labels"):
        condition(label, 3)


def test_a_label_beyond_64_bits_is_named_as_it_is() -> None:
    with pytest.raises(QganError, match=r"must be below 2\*\*63, but got 9223372036854775809"):
        read_labels(torch.tensor([1, 2**63 + 1], dtype=torch.uint64), 2)


def test_no_labels_are_labels() -> None:
    assert condition(torch.zeros(0, dtype=torch.uint8), 2).shape == (0, 2)
