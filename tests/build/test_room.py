"""Discriminators that no memory holds are refused, by name and before anything is allocated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from cli_runs import shrink
from torch.utils._python_dispatch import TorchDispatchMode

from qgan import build
from qgan.cli import main
from qgan.data import Dataset, tfim
from qgan.engines import memory
from qgan.errors import QganError
from qgan.metrics.states.semimetric import swap_cost
from qgan.views import DensityView, PauliView, POVMView

GIB = 2**30


@pytest.fixture(name="free")
def _free(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the memory that is free, in GiB."""

    def free(gibibytes: float) -> None:
        monkeypatch.setattr(memory, "available", lambda device: int(gibibytes * GIB))

    return free


class NothingLarge(TorchDispatchMode):
    """Fails at a tensor of more than 64 MiB."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if isinstance(made, torch.Tensor) and made.device.type != "meta":
            assert made.numel() * made.element_size() <= 2**26, "this would be allocated"
        return made


def data(n_qubits: int) -> Dataset:
    return tfim(n_qubits, n_train=8, n_validation=2, n_held_out=2)


def settings(**more: Any) -> Any:
    discriminator = {"kind": "density", **more.pop("discriminator", {})}
    return build.parse({"discriminator": discriminator, **more})


def refusal(of: Dataset, experiment: Any) -> str:
    with NothingLarge(), pytest.raises(QganError) as error:
        build.build_trainer(of, experiment)
    message = str(error.value)
    assert "\n" not in message
    return message


def test_the_head_of_a_large_view_is_refused(free: Callable[[float], None]) -> None:
    """Ten qubits: 4^10 numbers. A layer of 128 takes 0.5 GiB, of which there are five."""
    free(12)
    message = refusal(data(10), settings())
    assert message.startswith("View DensityView with head MLPHead: 1048576 numbers of each of 320")
    # 4 bytes * 320 states * 4^10 * 4 numbers * 2 sides; 4 bytes * 128 * 4^10 * 5
    assert (
        "states of 10 qubits take 10.0 GiB and 2.5 GiB in training, and 12.0 GiB are free"
        in message
    )
    assert message.endswith(
        "(a smaller batch, n_critic or discriminator.hidden takes less); "
        "use view sketch or view pauli."
    )


@pytest.mark.parametrize(
    ("more", "needed"),
    [
        ({}, "10.0 GiB and 2.5 GiB"),
        ({"engine": {"precision": "double"}}, "20.0 GiB and 5.0 GiB"),
        ({"trainer": {"n_critic": 1}}, "2.0 GiB and 2.5 GiB"),
        ({"trainer": {"batch": 32}}, "5.0 GiB and 2.5 GiB"),
        ({"trainer": {"optimiser": "rmsprop"}}, "10.0 GiB and 2.0 GiB"),
        (
            {"objective": "wasserstein:clip", "trainer": {"optimiser": "adam"}},
            "10.0 GiB and 2.0 GiB",
        ),
        ({"discriminator": {"hidden": [256, 128]}}, "10.0 GiB and 5.0 GiB"),
        ({"discriminator": {"head": "linear"}}, "10.0 GiB and 0.0 GiB"),
        ({"discriminator": {"head": "bounded-linear"}, "term": []}, "10.0 GiB and 0.0 GiB"),
        ({"discriminator": {"head": "projection"}}, "10.0 GiB and 2.5 GiB"),
        ({"discriminator": {"head": "auxiliary"}}, "10.0 GiB and 2.5 GiB"),
        (
            {"discriminator": {"head": "minibatch"}, "term": ["weight-clipping"]},
            "10.0 GiB and 2.0 GiB",
        ),
        # 4 bytes * 32 numbers * 4^10 * 64 states * 2 sides beside the layers
        ({"discriminator": {"head": "root"}}, "10.0 GiB and 18.5 GiB"),
        ({"discriminator": {"spectral": True}, "objective": "hinge"}, "10.0 GiB and 2.0 GiB"),
    ],
)
def test_what_training_takes(
    free: Callable[[float], None], more: dict[str, Any], needed: str
) -> None:
    free(0.5)
    assert f"take {needed} in training, and 0.5 GiB are free" in refusal(data(10), settings(**more))


def test_hidden_layers_count_by_themselves(free: Callable[[float], None]) -> None:
    free(2)
    wide = {"hidden": [20_000, 20_000]}
    message = refusal(data(2), settings(discriminator=wide))
    assert message.startswith("View DensityView with head MLPHead: 16 numbers of each")
    assert "take 0.0 GiB and 7.5 GiB in training" in message


def test_what_fits_is_made_as_ever(free: Callable[[float], None]) -> None:
    experiment = settings(discriminator={"hidden": [512, 512]}, trainer={"batch": 512})
    free(0.001)
    small = build.build_trainer(data(2), settings())  # too small to be asked about
    free(8)
    one, other = (build.build_trainer(data(4), experiment) for _ in range(2))
    for first, second in zip(
        one.discriminator.parameters(), other.discriminator.parameters(), strict=True
    ):
        assert torch.equal(first, second) and first.device.type == "cpu"
    assert small.discriminator.head.n_labels == 2


def test_a_system_that_does_not_say_refuses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda device: None)
    assert build.build_trainer(data(4), settings(trainer={"batch": 2048})).step == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DensityView(16), "View DensityView: its tables for 16 qubits take 48.0 GiB"),
        (lambda: POVMView(13), r"View POVMView: its tables for 13 qubits take 4.4 GiB"),
        (lambda: PauliView(13, 13), r"View PauliView: its tables for 13 qubits take 4.4 GiB"),
        (lambda: PauliView(24, 6, 5), "View PauliView: its tables for 24 qubits take "),
    ],
)
def test_the_tables_of_a_view_are_refused(
    free: Callable[[float], None], make: Callable[[], Any], message: str
) -> None:
    free(4)
    with pytest.raises(QganError, match=message + ".*4.0 GiB are free; use view circuit"):
        make()


ASKED = ["--preset", "tfim", "--qubits", "10", "--discriminator", "density"]


def test_a_command_says_it_in_one_line(
    free: Callable[[float], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    shrink(monkeypatch)
    free(1)
    for command in (["train"], ["plan"]):
        assert main([*command, *ASKED]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("View DensityView with head MLPHead: 1048576 numbers")
        assert line.endswith("; use --discriminator sketch or --discriminator pauli.")
    assert list(tmp_path.iterdir()) == []


def test_what_is_kept_of_an_outline_has_numbers() -> None:
    """The cost of couplings is computed once and kept, in an outline for the first time too."""
    swap_cost.cache_clear()
    with torch.device("meta"):
        assert swap_cost(2).device.type == "cpu"
