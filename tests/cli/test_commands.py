"""The command line from training to sampling and back, in a folder of its own."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from cli_runs import SHORT, new_home, shrink, train, tree

from qgan import build, data, load
from qgan.build.settings import from_yaml
from qgan.cli import COMMANDS, default_run, main
from qgan.runs import RunFolder
from qgan.runs.history import COLUMNS, read_history
from qgan.training import Trainer


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one short run, ``runs/tfim-seed0``."""
    with new_home(tmp_path_factory) as folder:
        train()
    return folder


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shrink(monkeypatch)


def test_a_run_gets_its_default_name_and_all_its_files(home: Path) -> None:
    run = home / "runs" / "tfim-seed0"
    files = set(tree(run))
    assert {"config.yaml", "circuit.json", "history.csv", "report.json", "report.html"} <= files
    assert {"checkpoints/best.pt", "checkpoints/last.pt"} <= files
    assert {Path(f).suffix for f in files if f.startswith("plots/")} == {".png"}
    settings = RunFolder(run).experiment()
    assert (settings.preset, settings.data.qubits, settings.trainer.steps) == ("tfim", 2, 4)


def test_default_names_count_up(tmp_path: Path) -> None:
    settings = build.preset("tfim").model_copy(update={"seed": 7})
    for name in ("tfim-seed7", "tfim-seed7-2", "tfim-seed7-3"):
        assert default_run(settings) == Path("runs") / name
        default_run(settings).mkdir(parents=True)


def test_evaluate_writes_the_same_report_again(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = home / "runs" / "tfim-seed0" / "report.json"
    before = json.loads(path.read_text())
    path.unlink()
    assert main(["evaluate", str(path.parent)]) == 0
    after = json.loads(path.read_text())
    assert after["held_out"] == before["held_out"]
    assert after["step"] == before["step"]
    output = capsys.readouterr().out
    assert "skill" in output and "held-out states" in output and "qgan sample" in output
    counts = after["parameters"]  # one latent, a layer of 32, 20 angles of 4 layers and a last row
    assert counts == {"circuit": 0, "embedding": 4 * 32 + 33 * 24, "elsewhere": 0}
    assert "Trained parameters: 0 in the circuit, 920 in the embedding, 0 elsewhere." in output
    assert "roughness of the walk" in output


def test_a_register_generator_is_trained_judged_and_opened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train("--generator", "register", "--run", "bits")
    output = capsys.readouterr().out
    n_angles = 8 * 5 + 4  # of the layers, and of the last row
    assert f"Trained parameters: {n_angles * 2 * 7:,} in the circuit, 0 in the embed" in output
    assert main(["sample", "bits", "--n", "3", "--out", "states.npz"]) == 0
    assert np.load("states.npz")["states"].shape == (6, 4)
    assert main(["explore", "bits", "--static", "page.html"]) == 0
    assert "64 points" in capsys.readouterr().out


def test_a_sample_is_what_the_model_says_and_can_be_trained_on(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = home / "runs" / "tfim-seed0"
    assert main(["sample", str(run), "--n", "10", "--seed", "5", "--out", "s.npz"]) == 0
    output = capsys.readouterr().out
    model = load(run)
    assert output == f"s.npz: 20 states from checkpoint best, step {model.step}\n"
    with np.load("s.npz") as archive:
        arrays = dict(archive)
    assert arrays.keys() == {"states", "label", "latent"}
    batch = model.draw(n=10, seed=5)
    states, label, latent = batch.states, batch.label, batch.latent
    assert np.array_equal(arrays["states"], states.numpy())
    assert np.array_equal(arrays["label"], label.numpy())
    assert np.array_equal(arrays["latent"], latent.numpy())
    assert main(["train", "--data", "s.npz", *SHORT, "--run", "again"]) == 0
    settings = RunFolder(tmp_path / "again").experiment()
    assert settings.data.file == Path("s.npz")
    assert load("again").sampler.n_latent == settings.generator.n_latent


def test_a_sample_of_one_label_and_latent(home: Path) -> None:
    run = str(home / "runs" / "tfim-seed0")
    flags = ["--n", "3", "--label", "1", "--latent", "-0.3", "--checkpoint", "last"]
    assert main(["sample", run, *flags, "--out", "one.npz"]) == 0
    with np.load("one.npz") as archive:
        arrays = dict(archive)
    assert arrays["label"].tolist() == [1, 1, 1]
    assert np.allclose(arrays["latent"], -0.3)
    expected = load(run, "last").sample(label=1, n=3, latent=[-0.3]).numpy()
    assert np.array_equal(arrays["states"], expected)


def test_mixed_data_in_a_file_train_a_mixed_generator(tmp_path: Path) -> None:
    batch = data.depolarised_bell(10)
    np.savez("bell.npz", states=batch.states.numpy(), label=np.array(["a", "b"])[batch.label])
    assert main(["train", "--data", "bell.npz", *SHORT, "--run", "mixed"]) == 0
    model = load("mixed")
    assert model.label_values == ("a", "b")
    assert model.sample(label="b").rank > 1


def test_overwriting_a_run(tmp_path: Path) -> None:
    train("--run", "r", "--seed", "1")
    before = tree(tmp_path)
    assert main(["train", "--preset", "tfim", "--run", "r"]) == 2
    assert tree(tmp_path) == before
    train("--run", "r", "--seed", "2", "--overwrite")
    assert RunFolder("r").experiment().seed == 2


def test_a_config_file_starts_another_run(home: Path, tmp_path: Path) -> None:
    config = str(home / "runs" / "tfim-seed0" / "config.yaml")
    assert main(["train", "--config", config, "--run", "copy"]) == 0
    first, second = (
        read_history(p / "history.csv") for p in (home / "runs" / "tfim-seed0", Path("copy"))
    )
    for name in set(COLUMNS) - {"seconds"}:
        np.testing.assert_array_equal(first[name], second[name])


def test_an_interrupted_run_reports_and_resumes(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    step = Trainer.train_step

    def interrupt(self: Trainer) -> dict[str, float]:
        if self.step == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return step(self)

    from cli_runs import TFIM

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "train_step", interrupt)
        assert main(["train", *TFIM, "--run", "cut"]) == 130
    assert "Stopped at step 3 of 4; go on with\n  qgan resume cut\n" in capsys.readouterr().out
    assert RunFolder("cut").checkpoint("last")["step"] == 3
    assert main(["resume", "cut"]) == 0
    assert json.loads(Path("cut/report.json").read_text())["last"]["step"] == 4
    first, second = (
        read_history(p / "history.csv") for p in (home / "runs" / "tfim-seed0", Path("cut"))
    )
    for name in set(COLUMNS) - {"seconds"}:
        np.testing.assert_array_equal(first[name], second[name])


def test_a_second_interrupt_ends_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(self: Trainer) -> dict[str, float]:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("never reached")

    from cli_runs import TFIM

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "train_step", interrupt)
        assert main(["train", *TFIM, "--run", "cut"]) == 130
    assert capsys.readouterr().out == (
        "Stopped at once; the last checkpoint is of step 0. Go on with\n  qgan resume cut\n"
    )


def test_print_config_is_a_file_that_config_reads_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--preset", "tfim", "--steps", "7", "--term", "r1:0.5"]
    assert main(["train", *flags, "--print-config"]) == 0
    text = capsys.readouterr().out
    assert "# Seed of everything random." in text
    Path("experiment.yaml").write_text(text)
    assert main(["train", "--config", "experiment.yaml", "--print-config"]) == 0
    assert capsys.readouterr().out == text
    assert [path.name for path in tmp_path.iterdir()] == ["experiment.yaml"]
    settings = from_yaml("experiment.yaml")
    assert (settings.preset, settings.trainer.steps, settings.term) == ("tfim", 7, ("r1:0.5",))


def test_runs_are_compared(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = home / "runs" / "tfim-seed0"
    train("--run", "other", "--trainer.n-critic", "2")
    Path("notes").mkdir()
    capsys.readouterr()
    assert main(["compare", str(first), "other", "notes"]) == 0
    output = capsys.readouterr()
    assert output.err == "notes is no run and is left out.\n"
    assert "trainer.n_critic" in output.out and "trainer.steps" not in output.out
    label = json.loads((first / "report.json").read_text())["held_out"]["labels"][0]
    assert f"{label['coverage']:.4f}" in output.out
    assert "8, 4,096, 8" in output.out
    monkeypatch.setattr("qgan.cli.tables.PLAIN_WIDTH", 80)
    assert main(["compare", str(first), "other"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80 and not any("\u2026" in line for line in lines)


@pytest.mark.parametrize("command", [None, *sorted(set(COMMANDS) - {"list"})])
def test_help(command: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--help"] if command is None else [command, "--help"]
    assert main(arguments) == 0
    output = capsys.readouterr()
    assert "usage" in output.out.lower()
    assert output.err == ""


def test_help_of_train_names_presets_and_short_flags(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--help"]) == 0
    output = capsys.readouterr().out
    for word in (*build.PRESETS, "--steps", "--qubits", "--run", "--overwrite", "--term"):
        assert word in output


def test_list_names_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    words = capsys.readouterr().out.split()
    for family in build.FAMILIES.values():
        assert len(family) and set(family) <= set(words)


def test_no_command_is_status_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert main(["trian"]) == 2
    assert "`command` must be one of train, " in capsys.readouterr().err


def test_lightning_trains_a_circuit_discriminator(tmp_path: Path) -> None:
    flags = "--device lightning.qubit --diff-method adjoint --discriminator circuit"
    assert main(["train", *flags.split(), "--steps", "2", "--batch", "2"]) == 0
    assert load("runs/ising-seed0", "last").step == 2
