"""The command `qgan evaluate`, which judges the checkpoints of a run, or states in two files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import tyro

from qgan import errors
from qgan.cli.parsing import parse_command

__all__ = ["command_evaluate"]

OptionalRun = Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")]


def command_evaluate(argv: Sequence[str]) -> int:
    """`qgan evaluate DIR`, or `--real FILE --generated FILE`: judge states on held-out ones."""

    def evaluate(
        run: OptionalRun = None,
        real: Path | None = None,
        generated: Path | None = None,
        out: Path | None = None,
        seed: int = 0,
        data: Path | None = None,
        full: bool = False,
    ) -> dict[str, Any]:
        return dict(locals())

    text = (
        "Judge a run on held-out states (--data FILE says where its data are now); or judge the "
        "states of --generated on those of --real, files as `qgan train` reads them "
        "(--generated may hold `latent` too), and write report.json, report.html and pictures to "
        "--out (default: the generated file's name and -judged). --full prints all measures."
    )
    arguments = parse_command(evaluate, argv, "qgan evaluate", text)
    real, generated, out = arguments["real"], arguments["generated"], arguments["out"]
    if arguments["run"] is None:
        if real is None or generated is None:
            raise errors.argument("DIR", "must be given, or --real and --generated", "neither")
        if arguments["data"] is not None:
            raise errors.argument("data", "must be given with DIR only", arguments["data"])
        return _judge_files(real, generated, out, arguments["seed"], arguments["full"])
    if any(value is not None for value in (real, generated, out)):
        raise errors.argument("DIR", "must not be given with --real, --generated or --out", "both")
    return _judge_run(arguments["run"], arguments["data"], arguments["full"])


def _judge_run(run: Path, data_file: Path | None, full: bool) -> int:
    from qgan.cli.console import show_report, waiting
    from qgan.runs import RunFolder, report
    from qgan.runs.data import load_run_data

    folder = RunFolder.open(run)
    with waiting("judging on held-out states"):
        data = load_run_data(folder, data_file)
        model, result = report(folder, data)
    show_report(folder, data, model, result, full)
    return 0


def _judge_files(real: Path, generated: Path, out: Path | None, seed: int, full: bool) -> int:
    import json

    from qgan.cli import report_table
    from qgan.cli.console import waiting
    from qgan.cli.html_report import report_page
    from qgan.cli.tables import wide_console
    from qgan.data import halves, read_generated
    from qgan.evaluation import evaluate, label_references
    from qgan.pictures.judged import judged_pictures
    from qgan.runs.checkpoint import write_atomically
    from qgan.runs.provenance import versions

    errors.integer("seed", seed, least=0)
    with errors.of_file(f"--real {real}"):
        data = halves(real, seed)
    with errors.of_file(f"--generated {generated}"):
        batch, latent = read_generated(generated, data)
    folder = out or Path(f"{generated.stem}-judged")
    if folder.exists() and not folder.is_dir():
        raise errors.argument("out", "must be a folder", folder)
    sizes = batch.label.bincount(minlength=data.n_labels).tolist()
    with waiting("judging on real states"):
        report = evaluate(
            batch, latent, data, references=label_references(data, n_generated=sizes, seed=seed)
        )
    title = f"{generated} judged on one half of {real}, with the other half as floor"
    console = wide_console()
    names = (data.label_names, data.factor_names, title)
    report_table.show(console, report, *names, full)
    contents = {
        "real": str(real),
        "generated": str(generated),
        "held_out": report.to_dict(),
        "label_values": list(data.label_values),
        "factor_names": list(data.factor_names),
        "versions": versions(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(contents, indent=2, allow_nan=False)
    write_atomically(folder / "report.json", text.encode())
    pictures = judged_pictures(batch, data, folder, [entry.skill for entry in report.labels])
    settings = f"real: {real}\ngenerated: {generated}\nseed: {seed}"
    page = report_page(
        f"States of {generated}", report, *names, pictures=pictures, settings=settings
    )
    write_atomically(folder / "report.html", page)
    console.print(f"Written: {folder}  (report.html, report.json, coverage.png, average.png)")
    return 0
