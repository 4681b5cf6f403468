"""The data of a run: where they are now, and whether they are still those that it has learned."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from qgan import build, errors
from qgan.config import Experiment
from qgan.data import Dataset, digest
from qgan.runs.folder import RunFolder

__all__ = ["have_changed", "load_run_data", "note_data", "settings_with_data"]


def note_data(run: RunFolder, data: Dataset, file: Path | None = None) -> None:
    """Write into the folder which data the run learns, and where their file is if they have one.

    Args:
        run: the run.
        data: its data.
        file: the file that they were read from; None stands for the one that the folder knows, and
            in a new folder for the one that its settings name.
    """
    given = run.experiment(check_choices=False).data.file
    description: dict[str, Any] = {"digest": digest(data)}
    if given is not None:
        known = _known_places(run, given)
        description["file"] = known if known and file is None else _places(run, given, file)
    run.save_data(description)


def _places(run: RunFolder, given: Path, file: Path | None) -> dict[str, str]:
    """A file as the settings name it, by its absolute path, and as seen from the run folder."""
    places = {"given": str(given), "absolute": os.path.abspath(file or given)}
    with contextlib.suppress(ValueError):  # a folder on another drive of Windows has no such path
        places["relative"] = os.path.relpath(places["absolute"], os.path.abspath(run.path))
    return places


def _known_places(run: RunFolder, given: Path) -> dict[str, str]:
    """The places of the file that the settings name; empty if the folder knows of none."""
    description = run.data_description()
    places = None if description is None else description.file
    if places is None or places.given != str(given):
        return {}
    return places.model_dump(exclude_none=True)


def settings_with_data(
    run: RunFolder, file: Path | None = None, check_choices: bool = True
) -> Experiment:
    """The settings of a run with the place where the file of its data is now.

    It is looked for where it was, then at the same place as seen from the run folder, which may
    have been moved together with it, and last at the path of the settings as seen from the current
    folder. Another place than the first is told.

    Args:
        run: the run.
        file: another place that a user names, or None.
        check_choices: as :meth:`RunFolder.experiment` has it.

    Raises:
        QganError: if the settings name a file and there is none in any of these places.
    """
    settings = run.experiment(check_choices)
    given = settings.data.file
    if file is None and given is not None:
        file = _present_place(_known_places(run, given), run, given)
    data = settings.data.model_copy(update={"file": file})
    return settings.model_copy(update={"data": data})


def _present_place(known: dict[str, str], run: RunFolder, given: Path) -> Path:
    absolute, relative = known.get("absolute"), known.get("relative")
    places = [] if absolute is None else [absolute]
    if relative is not None:
        places.append(os.path.normpath(os.path.join(os.path.abspath(run.path), relative)))
    places.append(str(given))
    place = next((place for place in places if os.path.isfile(place)), None)
    if place is None:
        rule = "must be a file that exists, or `data` must name another"
        raise errors.argument("data.file", rule, ", ".join(dict.fromkeys(places)))
    if known and place != absolute:
        errors.warn(f"The data are read from {place}, since {absolute} does not exist any more.")
    return Path(place)


def have_changed(run: RunFolder, data: Dataset) -> bool:
    """Whether data are others than those that the folder tells of; False where it tells nothing."""
    description = run.data_description()
    return description is not None and description.digest != digest(data)


def load_run_data(run: RunFolder, file: Path | None = None) -> Dataset:
    """The data of a run, to look at; others than those that it learned are told.

    Args:
        run: the run.
        file: where the file of the data is now, if a user names it.

    Raises:
        QganError: if they cannot be loaded.
    """
    data = build.load_data(settings_with_data(run, file, check_choices=False))
    if have_changed(run, data):
        errors.warn(
            f"The states, labels or records of the data ({data.name}) are not those that run "
            f"{run.path} learned."
        )
    return data
