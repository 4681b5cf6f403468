"""Pictures of many labels: which are chosen, and that each shows the states of its own label."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.testing import assert_close

from qgan.batch import Batch
from qgan.data import Dataset
from qgan.pictures import judged
from qgan.pictures.drawn_labels import DrawnLabels
from qgan.pictures.run import save_pictures
from qgan.states import States

N_LABELS = 20


def turned(label: torch.Tensor, latent: torch.Tensor | None = None) -> States:
    """A qubit whose angle is a tenth of its label."""
    angle = label.double() / 10
    vectors = torch.stack([angle.cos(), angle.sin()], 1).to(torch.complex128)
    return States(vectors[..., None])


def batch(n: int) -> Batch:
    label = torch.arange(N_LABELS).repeat(n)
    return Batch(turned(label), label, label.double()[:, None])


@pytest.fixture
def data() -> Dataset:
    values = tuple(range(100, 100 + N_LABELS))
    names = tuple(f"label {value}" for value in values)
    return Dataset(batch(3), batch(0), batch(2), values, names, ("f",), "turned", (4.0,))


def test_few_labels_are_all_drawn(data: Dataset) -> None:
    drawn = DrawnLabels.of(8, [0.5] * 8)
    assert drawn.labels == tuple(range(8)) and not drawn.caption
    assert drawn.data(data) is data and drawn.batch(data.train) is data.train


def test_the_worst_and_the_best_skill_are_drawn_and_others_between() -> None:
    skills = [(7 * k) % 15 / 10 for k in range(15)]
    skills[3] = math.nan
    drawn = DrawnLabels.of(15, skills)
    chosen = [skills[label] for label in drawn.labels]
    known = sorted(x for x in skills if not math.isnan(x))
    assert chosen == [known[k] for k in (0, 2, 4, 6, 7, 9, 11, 13)]
    assert drawn.caption == "8 of 15 labels: the worst skill, the best, and evenly between"
    for unknown in ([], [math.nan] * 15, [*skills[:7], *[math.nan] * 8]):
        drawn = DrawnLabels.of(15, unknown)
        assert drawn.labels == (0, 2, 4, 6, 8, 10, 12, 14)
        assert drawn.caption == "8 of 15 labels: the first, the last, and evenly between"


def test_each_label_keeps_its_states_and_its_name(data: Dataset) -> None:
    drawn = DrawnLabels((17, 0, 5), "three")
    part = drawn.data(data)
    assert part.label_values == (117, 100, 105) and part.label_names[0] == "label 117"
    assert part.factor_periods == (4.0,) and len(part.train) == 9 and not len(part.validation)
    sample = drawn.sample(turned)
    for place, label in enumerate(drawn.labels):
        expected = turned(torch.full((2,), label)).factor
        assert_close(part.held_out.of(place).states.factor, expected)
        assert_close(sample(torch.full((2,), place), torch.zeros(2, 0)).factor, expected)
        assert part.held_out.of(place).factors.tolist() == [[label], [label]]


@pytest.mark.slow
def test_all_pictures_choose_the_same_labels_and_say_so(
    data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words: list[str] = []

    def text(self: Any, left: float, top: float, words_: str, **style: Any) -> None:
        words.append(words_)

    monkeypatch.setattr("qgan.pictures.canvas.Canvas.text", text)
    skills = [label / 20 for label in range(N_LABELS)]
    history = {"step": [1.0], "shortfall": [0.5]}
    save_pictures(turned, data, history, 1, tmp_path, skills)
    judged.judged_pictures(data.train, data, tmp_path, skills)
    caption = "8 of 20 labels: the worst skill, the best, and evenly between"
    assert words.count(caption) == 4
