"""What may happen to a run folder: each is one clear line, and the last good state goes on."""

from __future__ import annotations

import copy
import io
import math
import os
import pickle
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_games
import torch
from same_runs import assert_same_run

from qgan.build.settings import to_yaml
from qgan.config import Experiment
from qgan.errors import QganError
from qgan.runs import RunFolder, Session, checkpoint
from qgan.terms import Term

Spoil = Callable[[Path], None]


def begin(path: Path, **options: Any) -> Session:
    run = RunFolder.create(path, Experiment(trainer=small_games.SHORT))
    session = Session(small_games.trainer(), run, **options)
    session.start()
    return session


def carry_on(path: Path, tell: Callable[[str], None] = print, **settings: Any) -> Session:
    config = small_games.SHORT.model_copy(update=settings)
    session = Session(small_games.trainer(config, seed=9), RunFolder.open(path), tell=tell)
    session.resume()
    return session


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody disturbed."""
    path = tmp_path_factory.mktemp("whole") / "run"
    assert begin(path).train()
    return path


@pytest.fixture(name="finished")
def _finished(tmp_path: Path) -> Path:
    path = tmp_path / "run"
    assert begin(path).train()
    return path


class Evil:
    """Makes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (str(self.mark),)


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:1000])


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 16
    file.write_bytes(data)


def newer(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"checkpoint-2", b"checkpoint-9", 1))


def foreign(file: Path) -> None:
    file.write_bytes(b"not ours")


def malicious(file: Path) -> None:
    file.write_bytes(pickle.dumps(Evil(file.parent / "ran")))


def malicious_torch(file: Path) -> None:
    """Sealed as ours are, so that only the loader is left to refuse it."""
    checkpoint.save_checkpoint(file, {"step": Evil(file.parent / "ran")})


SPOILS: dict[Spoil, str] = {
    truncate: "must match its SHA-256 (it is damaged)",
    flip: "must match its SHA-256 (it is damaged)",
    newer: "of newer format 9",
    foreign: "must be a checkpoint of this program",
    malicious: "must be a checkpoint of this program",
    malicious_torch: "must hold tensors and plain data only",
    Path.unlink: "There is no checkpoint `last`.",
}


@pytest.mark.parametrize("spoil", SPOILS, ids=lambda spoil: spoil.__name__)
def test_a_bad_checkpoint_is_named_and_the_one_before_goes_on(
    finished: Path, whole: Path, spoil: Spoil
) -> None:
    spoil(finished / "checkpoints" / "last.pt")
    lines: list[str] = []
    session = carry_on(finished, lines.append)
    assert session.learner.step == 4
    assert SPOILS[spoil] in lines[0]
    assert "Going on from checkpoint `previous`, step 4." in lines[-1]
    assert all("\n" not in line for line in lines)
    assert session.train()
    assert_same_run(finished, whole)
    assert not (finished / "checkpoints" / "ran").exists()


def test_a_run_goes_on_from_the_newest_checkpoint_that_is_good(finished: Path) -> None:
    """A later step loses less work; the best checkpoint may be of the first one."""
    run = RunFolder.open(finished)
    for name in ("last", "previous", "best"):
        lines: list[str] = []
        step = run.checkpoint(name)["step"]
        state = run.good_checkpoint(lines.append)
        assert state is not None and state["step"] == step
        remark = f"Going on from checkpoint `{name}`, step {step}."
        assert lines[-1:] == ([] if name == "last" else [remark])
        flip(finished / "checkpoints" / f"{name}.pt")


def test_where_no_checkpoint_is_good_the_first_is_named_and_nothing_changes(finished: Path) -> None:
    for name in ("last", "previous", "best"):
        flip(finished / "checkpoints" / f"{name}.pt")
    before = (finished / "history.csv").read_bytes()
    with pytest.raises(QganError, match=r"must match its SHA-256 .* got .*last\.pt\.$"):
        carry_on(finished)
    assert (finished / "history.csv").read_bytes() == before


def test_a_malicious_file_would_run_in_a_loader_that_trusts_it(tmp_path: Path) -> None:
    """Else the test above could not fail."""
    malicious_torch(tmp_path / "a.pt")
    body = (tmp_path / "a.pt").read_bytes().split(b"\n", 2)[2]
    with pytest.raises(Exception):  # noqa: B017 - mkdir gives None, which is no step
        assert torch.load(io.BytesIO(body), weights_only=False)["step"] is not None
    assert (tmp_path / "ran").exists()


def test_left_overs_of_writes_are_removed(finished: Path) -> None:
    for name in (".history.csv.part", "checkpoints/.last.pt.part"):
        (finished / name).write_bytes(b"half")
    carry_on(finished)
    assert not list(finished.rglob("*.part"))


def test_lost_rows_are_named(finished: Path) -> None:
    file = finished / "history.csv"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:4]))
    lines: list[str] = []
    carry_on(finished, lines.append)
    assert lines == [f"{file} has lost 4 of 7 rows."]


def test_settings_that_changed_are_named(finished: Path) -> None:
    settings = small_games.SHORT.model_copy(update={"steps": 8})
    (finished / "config.yaml").write_text(to_yaml(Experiment(trainer=settings)))
    lines: list[str] = []
    session = carry_on(finished, lines.append, steps=8)
    assert lines == ["`trainer.steps` was 6 and is now 8: not the same run bit for bit."]
    assert session.train() and session.learner.step == 8


def test_a_checkpoint_of_another_model_is_refused_in_a_line(finished: Path) -> None:
    run = RunFolder.open(finished)
    session = Session(small_games.trainer(kind="register"), run)
    with pytest.raises(QganError, match=r"`checkpoint` must fit .*config\.yaml, but got") as error:
        session.resume()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["last.pt", "history.csv"])
def test_a_full_disk_stops_in_a_line_and_the_run_goes_on_later(
    tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    session, open_file = begin(tmp_path / "run"), os.open

    def full(path: Any, flags: int, *mode: int) -> int:
        if name in str(path) and session.learner.step == 4 and flags & (os.O_WRONLY | os.O_RDWR):
            raise OSError(28, "No space left on device")
        return open_file(path, flags, *mode)

    with monkeypatch.context() as patch:
        patch.setattr("qgan.files.os.open", full)
        message = "No space left on device\\. .*checkpoint of step 2 is whole: qgan resume"
        with pytest.raises(QganError, match=message) as error:
            session.train()
    assert "\n" not in str(error.value)
    assert not list((tmp_path / "run").rglob("*.part"))
    assert carry_on(tmp_path / "run").train()
    assert_same_run(tmp_path / "run", whole)


LIMITED = """import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import small_games
from qgan.config import Experiment
from qgan.runs import RunFolder, Session
session = Session(small_games.trainer(), RunFolder.create(Path(sys.argv[1]), Experiment()))
session.start()
session.train()
"""


def test_a_limit_on_the_size_of_files_is_one_line(tmp_path: Path) -> None:
    """The system's own refusal, not one that the test has put in its place."""
    command = [
        sys.executable,
        "-B",  # the limit would cut the bytecode of the source, too
        "-c",
        LIMITED,
        str(tmp_path / "run"),
        str(Path(__file__).parents[1] / "support"),
    ]
    process = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000)),
    )
    assert "last.pt cannot be written: File too large" in process.stderr
    assert not list((tmp_path / "run").rglob("*.part"))


class Remembers(Term):
    """A term with a state of its own: adds the running mean of what it saw."""

    def __init__(self) -> None:
        self.mean = torch.zeros((), dtype=torch.float64)

    limits_slope = True  # it stands alone in a Wasserstein game

    def generator_term(self, context: Any) -> Any:
        self.mean = 0.5 * self.mean + 0.5 * context.fake_view.detach().mean()
        return self.mean * context.fake_view.mean()

    def state_dict(self) -> dict[str, Any]:
        return {"mean": self.mean}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.mean = state["mean"]


def test_the_state_of_terms_is_kept() -> None:
    first, second = (small_games.trainer(terms=[Remembers()]) for _ in range(2))
    for _ in range(3):
        first.train_step()
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    assert float(second.game.terms[0].mean) == float(first.game.terms[0].mean) != 0
    assert second.train_step() == first.train_step()


def test_nothing_uses_the_legacy_generators_of_chance(tmp_path: Path) -> None:
    import numpy as np

    session = begin(tmp_path / "run")  # torch's own layers start from its global state
    np.random.seed(5)  # noqa: NPY002
    torch.manual_seed(5)
    legacy, of_torch = np.random.get_state()[1].tolist(), torch.get_rng_state()  # noqa: NPY002
    assert session.train()
    assert np.random.get_state()[1].tolist() == legacy  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), of_torch)
    assert math.isfinite(RunFolder(tmp_path / "run").checkpoint("last")["best"])
