"""Features of 8 x 8 handwritten digits, of a small classifier that is trained once and kept."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from qgan import errors
from qgan.metrics.samples.transport import frechet_distance

N_FEATURES = 32
VERSION = 1
"""Of the training below: another one gets another file."""
STEPS, RATE, WIDTH = 150, 1e-2, 64
HELD_OUT = 5
"""Every fifth digit is kept from training, to know the accuracy."""


class DigitClassifier(nn.Module):
    """64 pixels, two tanh layers, ten logits; the second layer's 32 values are the features."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(64, WIDTH), nn.Tanh(), nn.Linear(WIDTH, N_FEATURES), nn.Tanh()
        )
        self.head = nn.Linear(N_FEATURES, 10)

    def forward(self, images: Float[Tensor, "B 64"]) -> Float[Tensor, "B 10"]:
        """Logits of images of unit norm."""
        logits: Tensor = self.head(self.body(images))
        return logits


def cache_file() -> Path:
    """Where the trained classifier lies: ``qgan`` in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "qgan" / f"digit-classifier-{VERSION}.pt"


def digits() -> tuple[Float[Tensor, "N 64"], Int[Tensor, " N"]]:
    """The 1797 digits that scikit-learn bundles, as vectors of unit norm, and their labels.

    Raises:
        QganError: if scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise errors.unsupported(
            "Features of digits", "scikit-learn is not installed", 'pip install "qgan[digits]"'
        ) from error
    found = load_digits()
    images = torch.as_tensor(found.data, dtype=torch.float32)
    return _unit(images), torch.as_tensor(found.target, dtype=torch.int64)


def _unit(images: Tensor) -> Tensor:
    """Vectors of norm one, as amplitudes are: brightness is no feature."""
    norms: Tensor = torch.linalg.vector_norm(images, dim=1, keepdim=True)
    return images / norms.clamp_min(1e-12)


@cache
def classifier() -> DigitClassifier:
    """The trained classifier: from the cache folder, or trained on the spot and left there.

    Raises:
        QganError: if it has to be trained and scikit-learn is not installed.
    """
    path = cache_file()
    model = DigitClassifier()
    if path.is_file():
        model.load_state_dict(torch.load(path, weights_only=True))
        return model.eval()
    _train(model, *digits())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        torch.save(model.state_dict(), part)
        part.replace(path)
    except OSError:
        pass  # a folder that cannot be written to costs a second a process, no more
    return model.eval()


def _train(model: DigitClassifier, images: Tensor, labels: Tensor) -> None:
    """Full batches with a fixed start: the same classifier on every machine, up to rounding."""
    rng = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            scale = float(parameter.shape[-1]) ** -0.5
            parameter.copy_(scale * torch.randn(parameter.shape, generator=rng))
    kept = torch.arange(len(images)) % HELD_OUT > 0
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE, weight_decay=1e-4)
    with torch.enable_grad():
        for _ in range(STEPS):
            optimiser.zero_grad()
            nn.functional.cross_entropy(model(4 * images[kept]), labels[kept]).backward()
            optimiser.step()


def _prepared(images: Tensor) -> Tensor:
    flat = images.reshape(len(images), -1) if images.ndim > 1 else images
    if flat.ndim != 2 or flat.shape[1] != 64:
        rule = "must have shape (N, 64) or (N, 8, 8)"
        raise errors.argument("images", rule, tuple(images.shape))
    return 4 * _unit(flat.float())


def digit_features(images: Float[Tensor, "*_"]) -> Float[Tensor, "N 32"]:
    """Features of digits for :func:`frechet_distance`.

    Args:
        images: ``(N, 64)`` or ``(N, 8, 8)``, not negative, of any scale: each is normalised.

    Returns:
        ``(N, 32)`` in (-1, 1).

    Raises:
        QganError: for another shape, or without classifier and scikit-learn.
    """
    features: Tensor = classifier().body(_prepared(images))
    return features.detach()


def recognised(images: Float[Tensor, "*_"]) -> Int[Tensor, " N"]:
    """The digit that the classifier sees in each image; arguments and errors as above."""
    logits: Tensor = classifier()(_prepared(images))
    return logits.argmax(1)


def digit_frechet_distance(
    images: Float[Tensor, "*_"], real: Float[Tensor, "*_"]
) -> Float[Tensor, ""]:
    """Frechet distance on the features of the digit classifier: not FID, which is Inception's.

    Args:
        images: ``(N, 64)`` or ``(N, 8, 8)``.
        real: the same of real digits.

    Returns:
        A number, at least 0, squared as FID is.

    Raises:
        QganError: as :func:`digit_features` and :func:`frechet_distance`.
    """
    return frechet_distance(digit_features(images), digit_features(real))
