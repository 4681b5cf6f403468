"""The commands `qgan train` and `qgan resume`."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

from qgan.cli.parsing import Run, parse_command, parse_train
from qgan.config import Experiment

__all__ = ["command_resume", "command_train", "default_run"]


def command_train(argv: Sequence[str]) -> int:
    """`qgan train`: train, judge, draw."""
    from qgan import build
    from qgan.cli.console import tell_notes, waiting
    from qgan.cli.progress import train_and_report
    from qgan.runs import RunFolder

    experiment, run, overwrite = parse_train(argv, "qgan train")
    if run is not None:
        RunFolder.check_free(run, overwrite)
    with waiting("making the data"):
        data = build.load_data(experiment)
    tell_notes(data)
    experiment = build.settle(experiment, data, tell=print)
    trainer = build.build_trainer(data, experiment)
    experiment = experiment.model_copy(update={"trainer": trainer.config})
    folder = RunFolder.create(run or default_run(experiment), experiment, overwrite)
    return train_and_report(trainer, folder)


def default_run(experiment: Experiment) -> Path:
    """The folder of a run that has no name: ``runs/PRESET-seedS``.

    If it exists, ``-2``, ``-3``, ... is added.
    """
    base = Path("runs") / f"{experiment.preset}-seed{experiment.seed}"
    path, count = base, 1
    while path.exists():
        count += 1
        path = base.with_name(f"{base.name}-{count}")
    return path


def command_resume(argv: Sequence[str]) -> int:
    """`qgan resume DIR`: go on from the last checkpoint."""
    from qgan import build
    from qgan.cli.console import waiting
    from qgan.cli.progress import train_and_report
    from qgan.runs import RunFolder, Session
    from qgan.runs.data import settings_with_data

    def resume(
        run: Run, changed_data: bool = False, data: Path | None = None
    ) -> tuple[Path, bool, Path | None]:
        return run, changed_data, data

    text = "Resume a run; --plugin FILE names again a plug-in that it was made with."
    text += " --data FILE says where its data are now, --changed-data goes on with other data."
    run, changed_data, file = parse_command(resume, argv, "qgan resume", text)
    folder = RunFolder.open(run)
    experiment = settings_with_data(folder, file)
    with waiting("making the data"):
        data = build.load_data(experiment)
    trainer = build.build_trainer(data, experiment)
    begin = functools.partial(
        Session.resume, changed_data=changed_data, data_file=experiment.data.file
    )
    return train_and_report(trainer, folder, begin)
