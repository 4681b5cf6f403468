"""Numbers from outside: each has a range, and each size is compared with memory beforehand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_runs import new_home, shrink, train
from pydantic import BaseModel

from qgan import build, data
from qgan.cli import main
from qgan.config import Experiment
from qgan.engines import memory
from qgan.errors import QganError
from qgan.runs import load
from qgan.seeds import seeded

GIB = 2**30


@pytest.fixture(autouse=True)
def _four_gibibytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda device: 4 * GIB)


def nested(path: str, value: Any) -> dict[str, Any]:
    for key in reversed(path.split(".")):
        value = {key: value}
    return dict(value)


def numbers(model: type[BaseModel], prefix: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Every key that takes a number or a list of numbers, with its JSON schema."""
    schema, rows = model.model_json_schema(), []
    for key, field in model.model_fields.items():
        kind: Any = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            rows += numbers(kind, f"{prefix}{key}.")
            continue
        rules = schema["properties"][key]
        for rule in rules.get("anyOf", [rules]):
            for inner in (rule, rule.get("items", {}), *rule.get("prefixItems", ())):
                if inner.get("type") in ("integer", "number"):
                    rows.append((prefix + key, inner))
    return rows


NUMBERS = numbers(Experiment)


def test_every_number_of_the_schema_has_a_range() -> None:
    assert len(NUMBERS) > 30
    for key, rules in NUMBERS:
        assert {"minimum", "exclusiveMinimum"} & set(rules), key
        assert {"maximum", "exclusiveMaximum"} & set(rules), key


@pytest.mark.parametrize("key", dict.fromkeys(key for key, _ in NUMBERS))
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1, 10**30, -(10**30), 1e300])
def test_no_number_out_of_range_comes_in(key: str, value: float) -> None:
    for what in (value, [value, value]):
        with pytest.raises(QganError, match=rf"`{key}(\.0)?` must (be|have)") as caught:
            build.parse(nested(key, what))
        assert str(caught.value).isprintable()


def test_lists_have_a_length() -> None:
    for key, value in (("generator.hidden", [8] * 65), ("term", ["r1"] * 101)):
        with pytest.raises(QganError, match=f"`{key}`"):
            build.parse(nested(key, value))


def test_names_end_no_path() -> None:
    for key in ("data.file", "preset"):
        for value in ("a\0b", "x" * 101 if key == "preset" else "\0"):
            with pytest.raises(QganError, match=f"`{key}` "):
                build.parse(nested(key, value))
    for value in ("../up", "a/b", "", ".."):
        with pytest.raises(QganError, match="`preset` "):
            build.parse({"preset": value})
    assert build.parse({"preset": "mein-Beispiel_2.0"}).preset == "mein-Beispiel_2.0"


@pytest.fixture(name="run", scope="module")
def _run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with new_home(tmp_path_factory) as folder:
        train("--run", "r")
    return folder / "r"


TOO_LARGE = {
    "generator.hidden": {"generator": {"hidden": [10**9]}},
    "shots": {"data": {"shots": 10**9}},
    "circuit": {"generator": {"kind": "register", "n_bits": 0, "n_latent": 1000}},
}


def test_more_rotations_than_can_be_written_down_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shrink(monkeypatch)
    settings = build.parse(
        {"generator": {"kind": "register", "n_latent": 1000}, "data": {"source": "tfim"}}
    )
    with pytest.raises(QganError, match=r"`generator.n_bits` must leave at most 300,000"):
        build.build_circuit(settings, build.load_data(settings))


@pytest.mark.parametrize(("name", "value"), [("n_controls", 2), ("gray", True)])
def test_polynomials_of_z_are_of_plain_numbers_alone(name: str, value: Any) -> None:
    generator = {"kind": "register", "degree": 2, name: value}
    settings = build.parse({"generator": generator, "data": {"source": "tfim", "qubits": 2}})
    with pytest.raises(QganError, match=rf"`generator.{name}` must be .* where generator.degree"):
        build.build_circuit(settings, build.load_data(settings))


@pytest.mark.parametrize("name", TOO_LARGE)
def test_what_no_memory_holds_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    shrink(monkeypatch)
    experiment = build.parse(
        {
            **TOO_LARGE[name],
            "data": {"source": "tfim", "qubits": 2, **TOO_LARGE[name].get("data", {})},
        }
    )
    with pytest.raises(QganError, match=rf"`{name}` must fit in the 4\.0 GiB that are free"):
        build.build_trainer(build.load_data(experiment), experiment)


@pytest.mark.parametrize("name", ["generator", "discriminator"])
def test_widths_that_no_memory_holds_are_refused_before_there_are_data(name: str) -> None:
    with pytest.raises(
        QganError, match=rf"`{name}\.hidden` must fit in the 4\.0 GiB that are free"
    ):
        build.parse({name: {"hidden": [10**9, 10**9]}})


def test_heads_without_hidden_layers_are_refused_or_made() -> None:
    small = data.tfim(2, n_train=8, n_validation=2, n_held_out=2)
    for head, term in (("mlp", None), ("linear", None), ("bounded-linear", [])):
        experiment = build.parse({"discriminator": {"head": head, "hidden": []}, "term": term})
        try:
            build.build_trainer(small, experiment)
        except QganError as error:
            assert "`hidden` must be" in str(error)


def test_sizes_of_sources_are_compared_with_memory() -> None:
    for source in (
        data.ising,
        data.tfim,
        data.level_crossing,
        data.gibbs,
        data.gibbs_ensemble,
        data.bell,
        data.basis,
    ):
        for name in ("n_train", "n_validation", "n_held_out"):
            with pytest.raises(QganError, match=f"`{name}` must fit in the 4.0 GiB"):
                source(**{name: 10**12})


def test_a_sample_is_compared_with_memory(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = run.parent / "s.npz"
    for n in (10**9, 10**15):
        assert main(["sample", str(run), "--n", str(n), "--out", str(out)]) == 2
        error = capsys.readouterr().err
        assert error.startswith("Argument `n` must fit in the 4.0 GiB that are free, but got")
        assert error.count("\n") == 1 and not out.exists()
    with pytest.raises(QganError, match="`n` must fit"):
        load(run).draw(latent=[0.5], n=10**10)
    assert main(["sample", str(run), "--seed", str(10**20), "--out", str(out)]) == 2
    assert "`seed` must be at most 18446744073709551615" in capsys.readouterr().err


def test_a_seed_has_64_bits() -> None:
    assert seeded(2**64 - 1) and seeded(-(2**63))
    for seed in (2**64, -(2**63) - 1):
        with pytest.raises(QganError, match="`seed` must be at"):
            seeded(seed)


def archive(path: Path, name: str, shape: tuple[int, ...], dtype: str = "<c16") -> Path:
    """An archive with an array that declares a shape and holds nothing, and one whole label."""
    import io
    import zipfile

    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": dtype, "fortran_order": False, "shape": shape}
    )
    label = io.BytesIO()
    np.save(label, np.zeros(4, int))
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{name}.npy", header.getvalue())
        if name != "label":
            file.writestr("label.npy", label.getvalue())
    return path


@pytest.mark.parametrize(
    ("name", "shape", "dtype"),
    [
        ("states", (2**44, 16), "<c16"),
        ("states", (2**62, 2**62), "<c16"),
        ("states", (2**28, 2), "|i1"),
        ("label", (2**40,), "<i8"),
        ("label", (2**40,), "<U0"),
        ("label", (4,), f"<U{2**28}"),
        ("outcome", (2**20, 2**20, 2), "|i1"),
        ("factors", (2**40, 1), "<f8"),
    ],
)
def test_the_sizes_that_a_file_declares_are_compared_with_memory(
    tmp_path: Path, name: str, shape: tuple[int, ...], dtype: str
) -> None:
    file = archive(tmp_path / "d.npz", name, shape, dtype)

    with pytest.raises(QganError, match=rf"`path` must fit in the 4\.0 GiB .*`{name}` of shape"):
        data.from_file(file)


@pytest.mark.parametrize("shape", [(4, 2), (-1, 2), (0, 2)])
def test_a_file_that_lacks_what_it_declares_is_unreadable(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    file = archive(tmp_path / "d.npz", "states", shape)
    with pytest.raises(QganError, match=r"must be a readable \.npz file|`label` must have shape"):
        data.from_file(file)


def test_names_that_no_file_can_have_are_absent_files() -> None:
    for name in ("x" * 5_000, "a\0b", "a/" * 3_000):
        with pytest.raises(QganError, match="`path` must be a file that exists"):
            data.from_file(name)
