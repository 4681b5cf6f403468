"""The digit classifier: trained once, kept, and good enough that its features mean something."""

import sys
from pathlib import Path

import pytest
import torch
from tolerances import SINGLE
from torch.testing import assert_close

from qgan.errors import QganError
from qgan.metrics.samples import digit_features as module
from qgan.metrics.samples.digit_features import (
    HELD_OUT,
    classifier,
    digit_features,
    digit_frechet_distance,
    digits,
    recognised,
)


@pytest.fixture(scope="module", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory):
    """A cache folder of the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        classifier.cache_clear()
        yield
        classifier.cache_clear()


def test_it_recognises_digits_it_was_not_trained_on() -> None:
    pytest.importorskip("sklearn")
    images, labels = digits()
    unseen = torch.arange(len(images)) % HELD_OUT == 0
    right = (recognised(images[unseen]) == labels[unseen]).double().mean()
    assert right > 0.95
    assert module.cache_file().is_file()


def test_the_kept_one_is_the_trained_one(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn")
    images, _ = digits()
    before = digit_features(images[:20])
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)  # and needs no scikit-learn
    classifier.cache_clear()
    after = digit_features(16 * images[:20].reshape(-1, 8, 8).double())
    assert_close(after, before, **SINGLE)
    assert before.shape == (20, 32)


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """The classifier as its training starts, kept in a folder that exists already."""
    pytest.importorskip("sklearn")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(module, "STEPS", 0)
    module.cache_file().parent.mkdir()
    classifier.cache_clear()
    yield classifier()
    classifier.cache_clear()


def test_a_cache_folder_that_exists_is_used(untrained: torch.nn.Module) -> None:
    kept = torch.load(module.cache_file(), weights_only=True)
    assert_close(kept, untrained.state_dict(), **SINGLE)


def test_training_starts_from_normal_weights(untrained: torch.nn.Module) -> None:
    for weight in (p.detach() for p in untrained.parameters() if p.ndim == 2):
        scaled = weight * weight.shape[1] ** 0.5
        assert abs(float(scaled.mean())) < 0.15 and abs(float(scaled.std()) - 1) < 0.15


def test_distance_of_digits_of_other_kinds_is_greater() -> None:
    pytest.importorskip("sklearn")
    images, labels = digits()
    half = torch.arange(len(images)) % 2 == 0
    floor = digit_frechet_distance(images[half], images[~half])
    one_label = digit_frechet_distance(images[labels == 3], images)
    mean = images[labels == 3].mean(0, keepdim=True).expand(20, -1)
    frozen = digit_frechet_distance(mean, images[labels == 3])
    same = digit_frechet_distance(images[(labels == 3) & half], images[(labels == 3) & ~half])
    assert floor < 0.1 * one_label and same < 0.5 * frozen


def test_without_scikit_learn_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    classifier.cache_clear()
    with pytest.raises(QganError, match=r"scikit-learn is not installed; pip install"):
        digit_features(torch.rand(2, 64))
    assert not list(tmp_path.iterdir())
    classifier.cache_clear()


def test_other_shapes_are_refused() -> None:
    with pytest.raises(QganError, match=r"`images` must have shape \(N, 64\) or \(N, 8, 8\)"):
        digit_features(torch.rand(2, 63))
