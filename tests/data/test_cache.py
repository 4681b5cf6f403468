"""The cache: the same description makes its data once, and nothing else comes back for it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from qgan import build, data
from qgan.build.settings import parse
from qgan.data import Dataset, cache
from qgan.data.cache import VARIABLE, cached, folder_of_cache, key_of

DESCRIPTION = {"source": "here", "n_qubits": 2}


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A cache of this test's own, which keeps what takes no time as well."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "kept"))
    monkeypatch.setattr(cache, "LEAST_SECONDS", 0.0)


class Maker:
    """Makes a data set, and counts how often."""

    def __init__(self, make: Callable[[], Dataset] = lambda: data.tfim(2, 3, 2, 2)) -> None:
        self.make, self.n_calls = make, 0

    def __call__(self) -> Dataset:
        self.n_calls += 1
        return self.make()


def kept_files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "kept").iterdir()) if (tmp_path / "kept").exists() else []


@pytest.mark.parametrize("name", ["tfim", "gibbs-ensemble", "bell", "basis"])
def test_what_comes_back_is_what_was_made_bit_for_bit(name: str) -> None:
    sizes = {"n_train": 3, "n_validation": 2, "n_held_out": 2}
    first, second = (build.make_data(name, **sizes) for _ in range(2))
    assert first is not second
    for part in ("train", "validation", "held_out"):
        one, other = first.part(part), second.part(part)  # type: ignore[arg-type]
        assert torch.equal(one.states.factor, other.states.factor)
        assert one.states.factor.dtype == other.states.factor.dtype
        assert torch.equal(one.label, other.label)
        assert (one.factors is None) == (other.factors is None)
        assert one.factors is None or torch.equal(one.factors, other.factors)
    for field in ("label_values", "label_names", "factor_names", "name", "factor_periods"):
        assert getattr(first, field) == getattr(second, field)


def test_data_are_made_once_for_a_description() -> None:
    make = Maker()
    for _ in range(3):
        cached(DESCRIPTION, make)
    assert make.n_calls == 1
    cached({**DESCRIPTION, "n_qubits": 3}, make)
    assert make.n_calls == 2


def test_what_took_no_second_is_not_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cache, "LEAST_SECONDS", 1.0)
    times = iter([0.0, 0.9, 10.0, 11.1])
    monkeypatch.setattr("qgan.data.cache.time.monotonic", lambda: next(times))
    make = Maker()
    cached(DESCRIPTION, make)
    assert kept_files(tmp_path) == []
    cached(DESCRIPTION, make)
    assert len(kept_files(tmp_path)) == 1


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "other"])
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: str) -> None:
    make = Maker()
    cached(DESCRIPTION, make)
    (file,) = kept_files(tmp_path)
    whole = file.read_bytes()
    middle = len(whole) // 2
    file.write_bytes(
        {
            "flip": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
            "cut": whole[:-1],
            "empty": b"",
            "other": b"states" * 100,
        }[damage]
    )
    assert cached(DESCRIPTION, make).n_qubits == 2
    assert make.n_calls == 2
    assert file.read_bytes() == whole
    cached(DESCRIPTION, make)
    assert make.n_calls == 2


def test_another_version_of_the_code_makes_them_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    key = key_of(DESCRIPTION)
    monkeypatch.setattr(cache, "_version", lambda: ["another"])
    assert key_of(DESCRIPTION) != key


@pytest.mark.parametrize("word", ["off", "0", "OFF"])
def test_the_cache_can_be_turned_off(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, word: str
) -> None:
    monkeypatch.setenv(VARIABLE, word)
    monkeypatch.chdir(tmp_path)
    make = Maker()
    for _ in range(2):
        cached(DESCRIPTION, make)
    assert make.n_calls == 2 and folder_of_cache() is None and list(tmp_path.iterdir()) == []


def test_it_lies_where_the_system_has_caches(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / name))
    assert folder_of_cache() == tmp_path / "qgan" / "data"


def test_a_cache_that_cannot_be_written_costs_time_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file"))
    make = Maker()
    for _ in range(2):
        assert cached(DESCRIPTION, make).n_qubits == 2
    assert make.n_calls == 2


def test_the_oldest_make_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    make = Maker()
    cached(DESCRIPTION, make)
    (first,) = kept_files(tmp_path)
    monkeypatch.setattr(cache, "MOST_BYTES", int(1.5 * first.stat().st_size))
    cached({**DESCRIPTION, "n_qubits": 3}, make)
    assert len(kept_files(tmp_path)) == 1 and first not in kept_files(tmp_path)


def test_records_are_not_kept(tmp_path: Path) -> None:
    make = Maker(lambda: data.measured(data.tfim(2, 3, 2, 2), 5))
    for _ in range(2):
        cached(DESCRIPTION, make)
    assert make.n_calls == 2 and kept_files(tmp_path) == []


def test_training_and_evaluation_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = parse({"preset": "x", "data": {"source": "tfim", "qubits": 2}, "seed": 4})
    first = build.load_data(settings)
    assert len(kept_files(tmp_path)) == 1
    monkeypatch.setattr(cache, "_keep", lambda *_: pytest.fail("it was made again"))
    assert data.digest(build.load_data(settings)) == data.digest(first)


CODE = """
import sys
from qgan.data import cache, tfim
cache.LEAST_SECONDS = 0.0
for n in range(8):
    data = cache.cached({"n": n}, lambda: tfim(2, 40, 2, 2))
    assert len(data.train) == 80
"""


@pytest.mark.slow
def test_two_processes_write_at_the_same_time(tmp_path: Path) -> None:
    processes = [subprocess.Popen([sys.executable, "-c", CODE]) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    assert len(kept_files(tmp_path)) == 8
    make = Maker()
    for n in range(8):
        cached({"n": n}, make)
    assert make.n_calls == 0
