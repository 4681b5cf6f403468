"""The examples beside the main job, run as a user runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(name: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(EXAMPLES / name), *arguments]
    options = {"capture_output": True, "text": True, "timeout": 400}
    return subprocess.run(command, cwd=folder, check=False, **options)


@pytest.mark.slow
def test_two_roles_without_a_run(tmp_path: Path) -> None:
    result = run("two_roles.py", tmp_path, "--n-bits", "3")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].startswith("0: 8 states of fixed z have purity 1.000000 or more")
    distances = [float(line.split("is ")[-1].rstrip(".")) for line in lines[:2]]
    assert max(distances) < 1e-6
    assert (tmp_path / "two-roles.png").exists()


@pytest.mark.slow
def test_two_roles_refuses_a_run_without_bits(tmp_path: Path) -> None:
    train = [sys.executable, "-m", "qgan", "train", "--preset", "tfim", "--qubits", "2"]
    subprocess.run([*train, "--steps", "1", "--run", "r"], cwd=tmp_path, check=True, timeout=400)
    result = run("two_roles.py", tmp_path, "r")
    assert result.returncode == 2
    assert "with latents held in bits" in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["reuploading", "register"])
def test_what_learns(kind: str, tmp_path: Path) -> None:
    flags = ["--preset", "tfim", "--qubits", "2", "--steps", "2", "--batch", "4"]
    result = run("what_learns.py", tmp_path, *flags, "--generator", kind)
    assert result.returncode == 0, result.stderr
    rows = json.loads((tmp_path / "what-learns.json").read_text())["results"]
    trained = {row["generator"]: row["trained"] for row in rows}
    in_circuit = rows[0]["parameters"]["circuit"]
    assert (in_circuit > 0) == (kind == "register")
    assert trained["circuit frozen"] == trained["as asked"] - in_circuit
    assert trained["embedding frozen"] == in_circuit
    assert trained["classical twin"] == rows[3]["parameters"]["elsewhere"] > 0


@pytest.mark.slow
def test_scaling_leaves_out_what_takes_too_long(tmp_path: Path) -> None:
    out = tmp_path / "scaling.json"
    flags = ["--qubits", "2", "--steps", "2", "--batch", "4", "--out", str(out)]
    for limit in ("300", "0"):
        result = run("benchmarks/scaling.py", tmp_path, *flags, "--limit", limit)
        assert result.returncode == 0, result.stderr
        rows = json.loads(out.read_text())["results"]
        assert len(rows) == result.stdout.count("\n") == 3
        for row, place in zip(rows, ("circuit", "embedding", "elsewhere"), strict=True):
            assert [key for key, number in row["parameters"].items() if number] == [place]
            assert ("left_out" in row) == (limit == "0") != ("skill" in row)
