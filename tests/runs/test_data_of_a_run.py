"""The data of a run between its training and whatever opens it later."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from cli_runs import SHORT

from qgan.cli import main
from qgan.runs import RunFolder
from qgan.runs.history import read_history

pytestmark = pytest.mark.filterwarnings("always::qgan.errors.QganWarning")

Said = Callable[[], list[str]]
STATES = np.eye(2)[np.arange(40) % 2]
LABEL = np.arange(40) % 2


def write(path: Path, states: np.ndarray = STATES, label: np.ndarray = LABEL) -> None:  # type: ignore[type-arg]
    path.parent.mkdir(exist_ok=True)
    np.savez(path, states=states, label=label)


@pytest.fixture(name="folder", scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the run ``runs/x`` of the file ``data/x.npz``, which it names as it did."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write(Path("data/x.npz"))
        assert main(["train", "--data", "data/x.npz", "--run", "runs/x", *SHORT]) == 0
    return folder


@pytest.fixture(name="home")
def _home(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folder, as the current one."""
    shutil.copytree(folder, tmp_path / "home")
    description = tmp_path / "home" / "runs" / "x" / "data.json"
    description.write_text(description.read_text().replace(str(folder), f"{tmp_path}/home"))
    monkeypatch.chdir(tmp_path / "home")
    for place in ("console", "progress"):  # pictures take seconds
        monkeypatch.setattr(f"qgan.cli.{place}.show_report", lambda *a: [])
    return tmp_path / "home"


@pytest.fixture(name="said")
def _said(capsys: pytest.CaptureFixture[str]) -> Said:
    """What standard error has got about the data since the last call, line by line."""

    def said() -> list[str]:
        lines = capsys.readouterr().err.splitlines()
        of_training = ("Run: ", "All 4 steps have", "All 6 steps have")
        return [line for line in lines if not line.startswith(of_training)]

    return said


OTHER = "The states, labels or records of the data (x) are not those that run runs/x learned."
REFUSAL = (
    "Argument `data` must be the data that the run has learned so far without --changed-data, "
    "but got other states, labels or records from x."
)


def more_steps(path: Path = Path("runs/x/config.yaml")) -> None:
    path.write_text(path.read_text().replace("steps: 4", "steps: 6"))


def test_the_same_data_are_no_news(home: Path, said: Said) -> None:
    assert main(["evaluate", "runs/x"]) == 0
    assert main(["resume", "runs/x"]) == 0
    assert main(["explore", "runs/x", "--static", "page.html"]) == 0
    assert said() == []


def test_other_data_are_refused_by_resume_and_nothing_changes(home: Path, said: Said) -> None:
    write(Path("data/x.npz"), label=1 - LABEL)
    before = {p: p.read_bytes() for p in Path("runs/x").rglob("*") if p.is_file()}
    assert main(["resume", "runs/x"]) == 2
    assert said() == [REFUSAL]
    assert {p: p.read_bytes() for p in Path("runs/x").rglob("*") if p.is_file()} == before


def test_resume_goes_on_with_other_data_if_it_is_told_to(home: Path, said: Said) -> None:
    write(Path("data/x.npz"), label=1 - LABEL)
    more_steps()
    assert main(["resume", "runs/x", "--changed-data"]) == 0
    assert "The data are others than before: the best checkpoint is chosen anew." in said()
    run = RunFolder("runs/x")
    history = read_history(run.history_file)
    assert run.checkpoint("best")["step"] == run.checkpoint("last")["step"] == 6
    assert run.checkpoint("last")["best"] == history["shortfall"][-1]
    assert main(["resume", "runs/x"]) == 0
    assert main(["evaluate", "runs/x"]) == 0
    assert said() == []


@pytest.mark.parametrize("command", [["evaluate"], ["explore", "--static", "page.html"]])
def test_what_looks_at_a_run_tells_of_other_data_and_goes_on(
    home: Path, said: Said, command: list[str]
) -> None:
    write(Path("data/x.npz"), label=1 - LABEL)
    assert main([command[0], "runs/x", *command[1:]]) == 0
    assert said() == [f"Note: {OTHER}"]


def test_a_run_that_knows_no_digest_opens_in_silence(home: Path, said: Said) -> None:
    Path("runs/x/data.json").unlink()
    write(Path("data/x.npz"), label=1 - LABEL)
    assert main(["evaluate", "runs/x"]) == 0
    assert main(["resume", "runs/x"]) == 0
    assert said() == []
    write(Path("data/x.npz"))
    assert main(["resume", "runs/x"]) == 2  # from now on it knows
    assert said() == [REFUSAL]


def test_a_damaged_description_is_one_line(home: Path, said: Said) -> None:
    Path("runs/x/data.json").write_text("{")
    assert main(["resume", "runs/x"]) == 2
    assert len(lines := said()) == 1 and lines[0].startswith("File runs/x/data.json cannot be read")


def test_generated_data_have_a_digest_too(home: Path) -> None:
    settings = ["--qubits", "1", "--run", "runs/basis", "--data.source", "basis", *SHORT]
    assert main(["train", "--preset", "ddk", *settings]) == 0
    description = RunFolder("runs/basis").data_description()
    assert len(description.digest) == 64
    assert main(["resume", "runs/basis"]) == 0


COMMANDS = {
    "resume": ["resume"],
    "evaluate": ["evaluate"],
    "explore": ["explore", "--static", "page.html"],
}


def run_command(command: str, run: str, *more: str) -> int:
    name, *options = COMMANDS[command]
    return main([name, run, *options, *more])


@pytest.mark.parametrize("command", COMMANDS)
def test_a_run_finds_its_data_from_another_folder(
    home: Path, monkeypatch: pytest.MonkeyPatch, said: Said, command: str
) -> None:
    (home / "elsewhere").mkdir()
    monkeypatch.chdir(home / "elsewhere")
    assert run_command(command, "../runs/x") == 0
    assert said() == []
    assert not Path("data").exists()


@pytest.fixture(name="moved")
def _moved(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which run and data were made, and which has got another name since."""
    assert main(["train", "--data", "data/x.npz", "--run", "runs/y", *SHORT]) == 0
    moved = home.with_name("moved")
    home.rename(moved)
    (moved / "elsewhere").mkdir()
    monkeypatch.chdir(moved / "elsewhere")
    return moved


@pytest.mark.parametrize("command", COMMANDS)
def test_a_run_that_was_moved_with_its_data_finds_them_and_says_so(
    moved: Path, said: Said, command: str
) -> None:
    said()
    old = moved.with_name("home") / "data" / "x.npz"
    note = f"The data are read from {moved}/data/x.npz, since {old} does not exist any more."
    assert run_command(command, "../runs/y") == 0
    assert said() == [f"Note: {note}"]
    assert run_command(command, "../runs/y") == 0
    assert said() == ([] if command == "resume" else [f"Note: {note}"])  # resume has noted it


def test_the_path_of_the_settings_in_the_current_folder_is_the_last_resort(
    moved: Path, monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    (moved / "data").rename(moved / "elsewhere" / "data")
    said()
    assert main(["evaluate", "../runs/y"]) == 0
    assert said()[0].startswith("Note: The data are read from data/x.npz, since ")


@pytest.mark.parametrize("command", COMMANDS)
def test_data_that_are_nowhere_can_be_named(moved: Path, said: Said, command: str) -> None:
    (moved / "data" / "x.npz").rename(moved / "other.npz")
    said()
    status = run_command(command, "../runs/y")
    (line,) = said()
    places = f"{moved.with_name('home')}/data/x.npz, {moved}/data/x.npz, data/x.npz"
    assert line.endswith(
        "Argument `data.file` must be a file that exists, or `data` must name another, "
        f"but got {places}."
    )
    assert status == (0 if command == "explore" else 2)  # which goes on without real states
    assert run_command(command, "../runs/y", "--data", "../other.npz") == 0
    assert said() == []
    if command == "resume":
        assert main(["evaluate", "../runs/y"]) == 0
        assert said() == []


def test_another_file_of_the_same_name_is_told(moved: Path, said: Said) -> None:
    write(moved / "data" / "x.npz", label=1 - LABEL)
    said()
    assert main(["evaluate", "../runs/y"]) == 0
    first, second = said()
    assert "The data are read from " in first
    assert "(x) are not those that run ../runs/y learned." in second


def test_a_file_that_the_settings_name_anew_is_taken(home: Path, said: Said) -> None:
    write(Path("data/new.npz"), label=1 - LABEL)
    config = Path("runs/x/config.yaml")
    config.write_text(config.read_text().replace("data/x.npz", "data/new.npz"))
    assert main(["evaluate", "runs/x"]) == 0
    assert said() == [f"Note: {OTHER.replace('(x)', '(new)')}"]
    assert main(["resume", "runs/x"]) == 2
    assert said() == [REFUSAL.replace("from x", "from new")]
    shutil.copy("data/x.npz", "data/new.npz")
    assert main(["resume", "runs/x"]) == 0
    assert said() == [
        "`data.file` was data/x.npz and is now data/new.npz: not the same run bit for bit."
    ]


def test_a_file_is_named_for_a_run_only(home: Path, said: Said) -> None:
    files = ["--real", "data/x.npz", "--generated", "data/x.npz"]
    assert main(["evaluate", *files, "--data", "data/x.npz"]) == 2
    assert said() == ["Argument `data` must be given with DIR only, but got data/x.npz."]
