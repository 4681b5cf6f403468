"""The data of a run: whether they are still those that it has learned."""

from __future__ import annotations

from qgan import build, errors
from qgan.data import Dataset, digest
from qgan.runs.folder import RunFolder

__all__ = ["have_changed", "load_run_data", "note_data"]


def note_data(run: RunFolder, data: Dataset) -> None:
    """Write into the folder which data the run learns."""
    run.save_data({"digest": digest(data)})


def have_changed(run: RunFolder, data: Dataset) -> bool:
    """Whether data are others than those that the folder tells of; False where it tells nothing."""
    known = run.data_description().get("digest")
    return known is not None and known != digest(data)


def load_run_data(run: RunFolder) -> Dataset:
    """The data of a run, to look at; others than those that it learned are told.

    Raises:
        QganError: if they cannot be loaded.
    """
    data = build.load_data(run.experiment(check_choices=False))
    if have_changed(run, data):
        errors.warn(
            f"The states, labels or records of the data ({data.name}) are not those that run "
            f"{run.path} learned."
        )
    return data
