"""`qgan explore --static` and `--gif`: what is in the files, and what is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from cli_runs import new_home, shrink, train, tree
from PIL import Image
from small_models import model, turned_data, turning

from qgan.cli import main
from qgan.errors import QganError
from qgan.page.explorer import Explorer
from qgan.page.static import grid_axes, grid_points, page_data
from qgan.pictures.animation import _few_colours, save_animation
from qgan.prior import Prior
from qgan.runs import checkpoint


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the run ``r``."""
    with new_home(tmp_path_factory) as folder:
        train("--run", "r")
    return folder


def test_the_grid_holds_what_the_server_would_answer() -> None:
    explorer = Explorer(turning(), turned_data(), "turned")
    data = page_data(explorer)
    axis = data["grid"]["axes"][0]
    assert len(axis) == 201 and (axis[0], axis[-1]) == (-1, 1)
    assert data["grid"]["labels"][1] == explorer.compute(1, torch.tensor(axis).double()[:, None])
    assert data["about"]["note"] == "one file: interpolated between 201 points"


def test_the_last_latent_turns_fastest_and_keeps_its_levels() -> None:
    axes = grid_axes(Prior(2, n_levels=2), 100)
    assert [len(axis) for axis in axes] == [41, 2]
    assert grid_points(axes)[:3].tolist() == [[-1, -1], [-1, 1], [-0.95, -1]]
    assert grid_points([]).shape == (1, 0)


def test_the_grid_of_a_latent_in_bits_has_its_levels() -> None:
    levels = [-0.75, -0.25, 0.25, 0.75]
    assert grid_axes(Prior(2), 100, [levels] * 2) == [levels, levels]
    assert grid_axes(Prior(2, n_levels=2), 100, [levels] * 2) == [levels, [-1, 1]]
    assert [len(axis) for axis in grid_axes(Prior(2), 20_000, [[0.0] * 64] * 2)] == [11, 11]


def test_a_grid_gets_coarser_until_it_fits() -> None:
    assert [len(axis) for axis in grid_axes(Prior(2), 20_000)] == [11, 11]
    with pytest.raises(QganError, match="`static` must have few enough latents and qubits"):
        grid_axes(Prior(5), 20_000)


def test_both_files_are_written(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(home)
    shrink(monkeypatch)
    monkeypatch.setattr("qgan.pictures.animation.N_FRAMES", 4)
    monkeypatch.setattr("qgan.pictures.animation.N_POINTS", 16)
    assert main(["explore", "r", "--static", "page.html", "--gif", "sweep.gif"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"page.html: \d+\.\d MB, 2 labels, 201 points, works offline", first)
    assert re.fullmatch(r"sweep.gif: \d+\.\d MB, 12 frames, 2 labels, 1 latents", second)
    page = Path("page.html").read_text(encoding="utf-8")
    match = re.search(r"window\.qganData = (.*?);</script>", page)
    assert match is not None
    about = json.loads(match[1])["about"]
    assert (about["name"], about["n_qubits"], about["factors"]) == ("r", 2, ["h"])
    assert Path("sweep.gif").read_bytes().startswith(b"GIF89a")


def test_the_few_colours_of_an_animation_are_near_those_drawn() -> None:
    level = np.linspace(0, 255, 16).astype(np.uint8)
    pixels = np.full((128, 64, 3), 255, dtype=np.uint8)
    pixels[:64] = np.stack(np.meshgrid(level, level, level), -1).reshape(64, 64, 3)
    pixels[72:, 8:56] = 232  # a wide grey band below every hue there is
    (few,) = _few_colours([Image.fromarray(pixels)])
    off = np.abs(np.asarray(few.convert("RGB")).astype(int) - pixels)
    assert off[72:].max() <= 15
    assert off[:64].mean() < 14


def test_a_run_whose_data_are_gone_is_shown_without_them(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from qgan import build
    from qgan.errors import argument

    def gone(experiment: object) -> None:
        raise argument("data.file", "must be a file that exists", "gone.npz")

    monkeypatch.setattr(build, "load_data", gone)
    assert main(["explore", str(home / "r"), "--static", str(tmp_path / "page.html")]) == 0
    assert "Without real states: Argument `data.file` must be" in capsys.readouterr().err


def newer_circuit(run: Path) -> None:
    file = run / "circuit.json"
    file.write_text(file.read_text().replace('"format": 2', '"format": 3', 1))


def without_prior(run: Path) -> None:
    file = run / "circuit.json"
    data = json.loads(file.read_text())
    del data["sampler"]["prior"]
    file.write_text(json.dumps(data))


def other_weights(run: Path) -> None:
    place = run / "checkpoints" / "best.pt"
    state = checkpoint.read_checkpoint(place)
    del state["model"]["weights"]
    checkpoint.save_checkpoint(place, state)


WRONG = {
    "newer": (newer_circuit, "has format 3, and this version of qgan reads format 2"),
    "half a description": (without_prior, "`sampler.prior` must be given, but got nothing"),
    "cut description": (
        lambda run: (run / "circuit.json").write_text('{"format": 1, "circ'),
        "circuit.json cannot be read as JSON",
    ),
    "no checkpoint": (
        lambda run: (run / "checkpoints" / "best.pt").unlink(),
        "`checkpoint` must be readable",
    ),
    "cut checkpoint": (
        lambda run: (run / "checkpoints" / "best.pt").write_bytes(
            (run / "checkpoints" / "best.pt").read_bytes()[:999]
        ),
        "`checkpoint` must match its SHA-256",
    ),
    "other weights": (other_weights, "`model.weights` must be given, but got nothing"),
    "no run": (lambda run: (run / "config.yaml").unlink(), "`run` must hold config.yaml"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_folder_that_cannot_be_shown_is_one_line(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    import shutil

    spoil, message = WRONG[case]
    run = Path(shutil.copytree(home / "r", tmp_path / "r"))
    spoil(run)
    before = tree(tmp_path)
    assert main(["explore", str(run), "--static", str(tmp_path / "page.html")]) == 2
    output = capsys.readouterr()
    assert message in output.err and output.err.count("\n") == 1 and output.out == ""
    assert tree(tmp_path) == before


def test_a_missing_run_and_a_missing_folder_are_one_line(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(home)
    shrink(monkeypatch)
    for words, message in (
        ("absent", "`run` must be an existing run folder, but got absent"),
        ("r --static no/page.html", "`static` must be a file in a folder that exists"),
        ("r --gif no/sweep.gif", "`gif` must be a file in a folder that exists"),
        ("r --port 99999", "`port` must be from 0 to 65535"),
        ("r --checkpoint other", "`checkpoint` must be"),
    ):
        assert main(["explore", *words.split()]) == 2
        output = capsys.readouterr()
        assert message in output.err and output.err.count("\n") == 1


def test_without_a_latent_there_is_no_sweep_to_animate(tmp_path: Path) -> None:
    still = model(lambda x: None, 0, lambda k, z: z[:, :0], Prior(0), output=1)
    with pytest.raises(QganError, match="`gif` must be of a run with a latent"):
        save_animation(Explorer(still, None, "still"), tmp_path / "sweep.gif")
    assert page_data(Explorer(still, None, "still"))["grid"]["axes"] == []


def test_without_the_extra_the_page_says_how_to_get_it(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("qgan.page.needs.find_spec", lambda name: None if name[0] in "pu" else name)
    assert main(["explore", str(home / "r"), "--no-browser"]) == 2
    message = capsys.readouterr().err
    assert message.startswith("The page: plotly and uvicorn must be installed for it; ")
    assert "pip install 'qgan[page]'" in message and message.count("\n") == 1
