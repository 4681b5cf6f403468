"""All pictures of a run, in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from qgan.data import Dataset
from qgan.explore.observables import StateFunction
from qgan.pictures.density_matrices import density_matrices
from qgan.pictures.drawn_labels import DrawnLabels
from qgan.pictures.latent_sweep import latent_sweep
from qgan.pictures.training_curves import training_curves
from qgan.prior import Prior

__all__ = ["density_matrices", "latent_sweep", "save_pictures", "training_curves"]


def save_pictures(
    sample: StateFunction,
    data: Dataset,
    history: Mapping[str, Sequence[float]],
    prior: Prior | int,
    folder: str | Path,
    skills: Sequence[float] = (),
) -> list[Path]:
    """Write ``training.png``, ``sweep.png`` and ``density.png``.

    Of many labels a few are drawn, see :meth:`DrawnLabels.of`.

    Args:
        sample: a function of label ``(B,)`` and latent ``(B, n_latent)`` to states.
        data: the data set that the generator learned; its held-out states are the real ones here.
        history: the columns of the training, see :func:`training_curves`.
        prior: the prior of the latents, or the number of uniform ones.
        folder: the folder of the pictures, which is made if it does not exist.
        skills: the skill of each label, by which labels are chosen if there are many.

    Returns:
        The three paths.

    Raises:
        QganError: if a label has no held-out state.
    """
    folder, drawn = Path(folder), DrawnLabels.of(data.n_labels, skills)
    subject = drawn.sample(sample), drawn.data(data), prior
    return [
        training_curves(history, folder / "training.png"),
        latent_sweep(*subject, folder / "sweep.png", drawn.caption),
        density_matrices(*subject, folder / "density.png", drawn.caption),
    ]
