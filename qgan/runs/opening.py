"""Opening a run together with the data that it learned."""

from __future__ import annotations

from pathlib import Path

from qgan import errors
from qgan.data import Dataset
from qgan.model import Model
from qgan.runs.data import load_run_data
from qgan.runs.folder import RunFolder, load

__all__ = ["open_run"]


def open_run(
    path: str | Path, checkpoint: str = "best", data_file: Path | None = None
) -> tuple[Model, Dataset | None, str]:
    """Open the model of a run and, where they can be loaded, its data.

    Args:
        path: a run folder.
        checkpoint: "best" or "last".
        data_file: where the file of the data is now, if a user names it.

    Returns:
        The model, its data or None, and the reason why there are none (else empty). Data that are
        others than the run learned are told.

    Raises:
        QganError: if the folder is missing, or it is no run that can be opened.
    """
    folder = RunFolder.open(path)
    model = load(folder.path, checkpoint)
    try:
        data = load_run_data(folder, data_file)
    except errors.QganError as error:
        return model, None, str(error)
    if tuple(data.label_values) != tuple(model.label_values):
        return model, None, "its data have other labels now"
    return model, data, ""
