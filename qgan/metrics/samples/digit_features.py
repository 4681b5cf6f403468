"""Features of 8 x 8 handwritten digits, from a small classifier that is trained once and stored."""

from __future__ import annotations

import io
import os
from functools import cache
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from qgan import errors
from qgan.files import write_atomically
from qgan.metrics.samples.transport import frechet_distance

__all__ = [
    "HELD_OUT",
    "DigitClassifier",
    "cache_file",
    "classifier",
    "digit_features",
    "digit_frechet_distance",
    "digits",
    "recognised",
]

N_FEATURES = 32
VERSION = 1
"""The version of the training below. A change of the training needs a new number, which gives the
classifier another file."""
STEPS, RATE, WIDTH = 150, 1e-2, 64
HELD_OUT = 5
"""Every fifth digit is left out of the training, so that the accuracy can be known."""


class DigitClassifier(nn.Module):
    """A network from 64 pixels through two tanh layers to ten logits.

    The 32 values of the second layer are the features.
    """

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(64, WIDTH), nn.Tanh(), nn.Linear(WIDTH, N_FEATURES), nn.Tanh()
        )
        self.head = nn.Linear(N_FEATURES, 10)

    def forward(self, images: Float[Tensor, "B 64"]) -> Float[Tensor, "B 10"]:
        """The logits of images of norm 4: amplitudes of norm one, times four."""
        logits: Tensor = self.head(self.body(images))
        return logits


def cache_file() -> Path:
    """Where the trained classifier is stored: in the folder ``qgan`` of the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "qgan" / f"digit-classifier-{VERSION}.pt"


def digits() -> tuple[Float[Tensor, "N 64"], Int[Tensor, " N"]]:
    """The 1797 digits that come with scikit-learn, as vectors of unit norm, and their labels.

    Raises:
        QganError: if scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise errors.unsupported(
            "Features of digits", "scikit-learn is not installed", 'pip install "qgan[digits]"'
        ) from error
    bunch = load_digits()
    images = torch.as_tensor(bunch.data, dtype=torch.float32)
    return _unit(images), torch.as_tensor(bunch.target, dtype=torch.int64)


def _unit(images: Tensor) -> Tensor:
    """The images as vectors of norm one, as amplitudes are, so that brightness is no feature."""
    norms: Tensor = torch.linalg.vector_norm(images, dim=1, keepdim=True)
    return images / norms.clamp_min(1e-12)


@cache
def classifier() -> DigitClassifier:
    """The trained classifier, from the cache folder; the first call trains it and stores it there.

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
        file = io.BytesIO()
        torch.save(model.state_dict(), file)
        write_atomically(path, file.getvalue())
    except (OSError, errors.QganError):
        pass  # where the folder cannot be written to, each process trains for a second
    return model.eval()


def _train(model: DigitClassifier, images: Tensor, labels: Tensor) -> None:
    """Train from a fixed start, with full batches: every machine gets the same classifier.

    The weights agree up to rounding.
    """
    rng = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            scale = float(parameter.shape[-1]) ** -0.5
            parameter.copy_(scale * torch.randn(parameter.shape, generator=rng))
    training = torch.arange(len(images)) % HELD_OUT > 0
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE, weight_decay=1e-4)
    with torch.enable_grad():
        for _ in range(STEPS):
            optimiser.zero_grad()
            nn.functional.cross_entropy(model(4 * images[training]), labels[training]).backward()
            optimiser.step()


def _prepared(images: Tensor) -> Tensor:
    """Images as the classifier wants them: flat, and of norm 4."""
    flat = images.reshape(len(images), -1) if images.ndim > 1 else images
    if flat.ndim != 2 or flat.shape[1] != 64:
        rule = "must have shape (N, 64) or (N, 8, 8)"
        raise errors.argument("images", rule, tuple(images.shape))
    return 4 * _unit(flat.float())


def digit_features(images: Float[Tensor, "*_"]) -> Float[Tensor, "N 32"]:
    """Features of digits for :func:`frechet_distance`.

    Args:
        images: N images, ``(N, 64)`` or ``(N, 8, 8)``, not negative and of any scale: each image is
            normalised.

    Returns:
        ``(N, 32)`` in (-1, 1).

    Raises:
        QganError: if the shape is another one, or if the classifier has to be trained and
            scikit-learn is not installed.
    """
    features: Tensor = classifier().body(_prepared(images))
    return features.detach()


def recognised(images: Float[Tensor, "*_"]) -> Int[Tensor, " N"]:
    """The digit that the classifier sees in each image.

    Args:
        images: N images, ``(N, 64)`` or ``(N, 8, 8)``, as for :func:`digit_features`.

    Returns:
        Digits from 0 to 9, ``(N,)``.

    Raises:
        QganError: as :func:`digit_features`.
    """
    logits: Tensor = classifier()(_prepared(images))
    return logits.argmax(1)


def digit_frechet_distance(
    images: Float[Tensor, "*_"], real: Float[Tensor, "*_"]
) -> Float[Tensor, ""]:
    """Frechet distance on the features of the digit classifier.

    It is not the FID, whose features are those of the Inception network.

    Args:
        images: N images, ``(N, 64)`` or ``(N, 8, 8)``.
        real: M real digits, ``(M, 64)`` or ``(M, 8, 8)``.

    Returns:
        A number, at least 0; a squared distance, as the FID is.

    Raises:
        QganError: as :func:`digit_features` and :func:`frechet_distance`.
    """
    return frechet_distance(digit_features(images), digit_features(real))
