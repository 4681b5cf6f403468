"""Opening a run to look at it: whatever is wrong with the folder is said in one line."""

from __future__ import annotations

from pathlib import Path

from qgan import build, errors
from qgan.data import Dataset
from qgan.model import Model
from qgan.page.explorer import Explorer
from qgan.runs import RunFolder, load


def open_run(path: str | Path, checkpoint: str = "best") -> tuple[Model, Dataset | None, str]:
    """A run's model, its data, and a sentence if the data are not to be had.

    Args:
        path: a run folder.
        checkpoint: "best" or "last".

    Returns:
        Model, data or None, and why there are none (else empty).

    Raises:
        QganError: if the folder is missing, no run, half-written, or of a newer version.
    """
    folder = RunFolder.open(path)
    model = load(folder.path, checkpoint)
    data, why = real_data(folder)
    if data is not None and tuple(data.label_values) != tuple(model.label_values):
        data, why = None, "its data have other labels now"
    return model, data, why


def real_data(folder: RunFolder) -> tuple[Dataset | None, str]:
    """The data a run learned from, or why they are not to be had."""
    try:
        return build.load_data(folder.experiment()), ""
    except errors.QganError as error:
        return None, str(error)


def open_explorer(path: str | Path, checkpoint: str = "best") -> tuple[Explorer, str]:
    """The same as :func:`open_run`, as an :class:`Explorer`."""
    model, data, why = open_run(path, checkpoint)
    return Explorer(model, data, Path(path).resolve().name), why
