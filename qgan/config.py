"""The schema of an experiment: it holds data and builds nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from qgan import errors

__all__ = [
    "MOST_SMALL",
    "DataConfig",
    "DiscriminatorConfig",
    "EngineConfig",
    "Experiment",
    "GeneratorConfig",
    "OneOf",
    "Section",
    "TrainerConfig",
]

MOST_SMALL = 5
"""Qubits up to which settings that nobody has set are those of small circuits."""
MOST = 10**9
"""Most of anything that is counted: beyond it lies no experiment, and int32 soon ends."""
Positive = Annotated[int, Field(ge=1, le=MOST)]
Natural = Annotated[int, Field(ge=0, le=MOST)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Layers = Annotated[int, Field(ge=1, le=1000)]
Wires = Annotated[int, Field(ge=0, le=64)]
Rate = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
Decay = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Widths = Annotated[tuple[Positive, ...], Field(max_length=64, strict=False)]
Name = Annotated[str, Field(max_length=200)]


def _without_null(path: Path) -> Path:
    if "\0" in str(path):
        raise PydanticCustomError("null_byte", "must have no null byte")
    return path


File = Annotated[Path, Field(strict=False), AfterValidator(_without_null)]


def _as_python_has_it(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


@dataclass(frozen=True)
class OneOf:
    """Marks a setting that names a choice: which names it takes, the registry knows.

    Args:
        kind: the kind of the choice, as :data:`qgan.build.registry.FAMILIES` has it.
        also: a name that stands for one of them, which :func:`qgan.build.settle` finds out.
    """

    kind: str
    also: tuple[str, ...] = ()


class Section(BaseModel):
    """A part of the schema: unknown keys are refused, values cannot change later.

    A value must have the type of its key, so that `"yes"` is no true and `true` is no 1. A list is
    taken as a tuple and a text as a path, since a file of YAML has neither.

    Raises:
        QganError: for the first key or value that breaks the schema.

    Example:
        >>> TrainerConfig(steps=0)
        Traceback (most recent call last):
        qgan.errors.QganError: Argument `steps` must be greater than or equal to 1, but got 0.
    """

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True
    )

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise errors.schema(error, type(self)) from None

    # The parts of a larger section are then checked with it, and a mistake keeps its whole path.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @field_validator("*", mode="before")
    @classmethod
    def as_python_has_it(cls, value: Any) -> Any:
        """A number of NumPy as the same number of Python."""
        if isinstance(value, list | tuple):
            return type(value)(map(_as_python_has_it, value))
        return _as_python_has_it(value)


class DataConfig(Section):
    """Where the states come from."""

    source: Annotated[str, OneOf("source")] = "ising"
    """Name of a data source (`qgan list` names them); ignored when a file is given."""
    file: File | None = None
    """A file of states with `states`, `label`, optional `factors`: npz, HDF5, PennyLane or MATLAB
    (docs/data.md); or one of YAML that describes Hamiltonians, whose ground or thermal states are
    then the data."""
    little_endian: bool = False
    """Whether qubit 0 of a file is the least significant bit of an amplitude's index, as in Qiskit;
    wire 0 is the most significant bit here."""
    rescale: bool = False
    """Whether states of a file may have any norm, or be rounded to few digits; they are rescaled
    then."""
    qubits: Annotated[int, Field(ge=1, le=64)] | None = None
    """Qubits of each state, for sources of any size; None takes the source's own."""
    shots: Positive | None = None
    """Show the discriminator records of so many shots of each training state; None shows states."""
    measurement: Literal["pauli-6", "pauli-4", "tetrahedral"] = "pauli-6"
    """What the records are of, qubit by qubit: pauli-6 is a random Pauli basis in each shot."""


class GeneratorConfig(Section):
    """The generator's circuit and embedding."""

    kind: Annotated[str, OneOf("generator")] = "reuploading"
    """Label and latent in every angle, or in registers of their own."""
    ansatz: Annotated[str, OneOf("ansatz", also=("auto",))] = "auto"
    """Family of layers; auto takes hardware-efficient, and ising beyond 5 qubits, where n_bits is
    not 0."""
    n_layers: Layers | None = None
    """Layers of the circuit; None takes 4 of the re-uploading circuit (12 with the embedding
    affine) and 8 of the register one (12 with n_bits 0), or as many as there are qubits beyond 5
    if that is more."""
    n_bits: Annotated[int, Field(ge=0, le=24)] = 6
    """Bits of each latent in the register circuit, whose registers are in basis states; 0 turns a
    wire for each latent by an angle instead, and leaves the output mixed."""
    n_controls: Annotated[int, Field(ge=1, le=2)] = 1
    """Latent bits that control each rotation of the register circuit at the same time, at most."""
    degree: Annotated[int, Field(ge=0, le=5)] = 0
    """Degree of the polynomials of z that angles of the register circuit of bits are, with small
    corrections for each bit; 0 gives each bit a number of its own and nothing else."""
    gray: bool = False
    """Whether the bits are those of the Gray code, in which neighbouring latents differ in one."""
    bath: Wires | None = None
    """Wires traced out; None takes what the rank of the data asks."""
    n_latent: Annotated[int, Field(ge=0, le=1000)] | Literal["auto"] = 2
    """Entries of the latent z; auto tries one, two and three in short trainings, and takes the
    fewest that are as good as the best."""
    n_levels: Natural = 0
    """Values of the last latent if it is discrete; 0 keeps it continuous."""
    prior: Annotated[str, OneOf("prior")] = "uniform"
    """What latents are drawn from. A periodic latent is an angle, and follows a phase."""
    embedding: Annotated[str, OneOf("embedding")] = "tanh"
    """How (label, z) becomes angles in the re-uploading circuit."""
    spread: Rate = 0.2
    """Initial weights of the register circuit are uniform in [-spread, spread] radians."""
    hidden: Widths = (32, 32)
    """Widths of the hidden layers of the tanh embedding."""


class DiscriminatorConfig(Section):
    """The discriminator's view and head."""

    kind: Annotated[str, OneOf("view", also=("auto",))] = "auto"
    """The view (`qgan list` tells of each); auto takes density, and sketch beyond 5 qubits.
    Objectives that are distances take none."""
    head: Annotated[str, OneOf("head")] = "mlp"
    """What scores the view with the label (`qgan list` tells of each)."""
    spectral: bool = False
    """Spectral normalisation of the layers of mlp, projection, auxiliary and minibatch heads."""
    hidden: Widths = (128, 128)
    """Widths of the head's hidden layers."""
    max_weight: Annotated[int, Field(ge=1, le=64)] = 2
    """Largest weight of the words of the Pauli view."""
    n_words: Positive | None = None
    """Words of the Pauli view, drawn at random by the seed; None takes all."""
    n_observables: Positive = 256
    """Random observables of the sketch view."""
    povm: Literal["pauli-4", "pauli-6", "tetrahedral"] = "pauli-4"
    """Measurement of each qubit in the POVM view."""
    n_references: Positive = 4
    """Training states of each label that the swap-test view compares with."""
    n_circuits: Layers = 3
    """Circuits of the circuit view, side by side."""
    n_layers: Layers = 4
    """Layers of each of them."""
    label: Literal["reupload", "register"] = "reupload"
    """How the label enters the circuits of the circuit view."""
    bath: Wires = 0
    """Ancillas of the circuits; in ddk, Bath D beside the wire that is read."""
    scale: Rate = 4.0
    """Factor on the readouts of the circuit views and of the swap test."""
    trainable: bool = True
    """Whether the circuits' angles are trained; False leaves random features."""


class EngineConfig(Section):
    """What runs the circuits."""

    kind: Annotated[str, OneOf("engine")] = "batched"
    """Our batched engine, a PennyLane device, or whichever is timed to be the fastest."""
    device: Name | None = None
    """Name of a PennyLane device; implies the pennylane engine."""
    diff_method: Literal["backprop", "adjoint", "parameter-shift"] | None = None
    """Gradient method; None takes the device's best."""
    shots: Positive | None = None
    """Shots for each expectation value; None is exact."""
    depolarising: Share = 0.0
    """Probability of a depolarising error after each gate on each of its wires; default.mixed."""
    readout: Annotated[float, Field(ge=0, le=0.5, allow_inf_nan=False)] = 0.0
    """Probability that a bit is read wrongly; default.mixed, and views that are circuits."""
    precision: Literal["single", "double"] = "single"
    """complex64 or complex128 in training."""
    low_memory: bool = False
    """Whether the batched engine on CUDA keeps no states for the backward pass: it is then slower
    and needs less memory, for many qubits."""
    accelerator: Literal["cpu", "cuda"] = "cpu"
    """Where torch computes."""


class TrainerConfig(Section):
    """The alternation and its optimisers."""

    steps: Positive = 3000
    """Generator steps; every schedule counts them."""
    batch: Positive = 64
    """States of each kind shown in a step."""
    n_critic: Positive = 5
    """Discriminator steps before each generator step."""
    generator_rate: Rate | None = None
    """Adam's learning rate for the generator; None takes 2e-3, and 5e-3 beyond 5 qubits."""
    discriminator_rate: Rate = 2e-3
    """Adam's learning rate for the discriminator's head."""
    view_rate: Rate = 5e-3
    """Adam's learning rate for a trainable view."""
    optimiser: Literal["adam", "rmsprop"] = "adam"
    """Optimiser of both sides; RMSProp takes no betas."""
    betas: Annotated[tuple[Decay, Decay], Field(strict=False)] = (0.5, 0.9)
    """Adam's two decays."""
    final_rate: Share = 0.05
    """Fraction of the learning rates that the cosine decay ends at."""
    gradient: Literal["auto", "closed-form", "autograd"] = "auto"
    """How the discriminator's gradient is found: by autograd, or in closed form, which serves plain
    perceptrons on a fixed view. auto takes the latter where it serves; the run keeps the choice."""
    average: Decay = 0.99
    """Decay of the running average of the generator that is judged and saved; 0 is none."""
    evaluate_every: Positive = 250
    """Steps between evaluations on validation states; the best checkpoint is chosen there."""
    checkpoint_every: Positive = 250
    """Steps between checkpoints, the most that a crash loses; every evaluation makes one too."""
    log_every: Positive = 10
    """Steps between rows of the history."""
    on_nonfinite: Literal["stop", "skip", "halve-rate"] = "stop"
    """What follows a loss or a gradient that is NaN or infinite, beside leaving out its update:
    training stops, goes on, or goes on with half the learning rates."""


class Experiment(Section):
    """Everything a run is made from."""

    preset: Annotated[str, Field(max_length=100, pattern=r"^\w[\w.+-]*$")] = "ising"
    """Name of the preset these settings started from."""
    seed: Seed = 0
    """Seed of everything random."""
    data: DataConfig = DataConfig()
    generator: GeneratorConfig = GeneratorConfig()
    discriminator: DiscriminatorConfig = DiscriminatorConfig()
    objective: Name = "wasserstein"
    """The game: a name of `qgan list`, some with a number, as f-gan:pearson or linear:0.6."""
    term: Annotated[tuple[Name, ...], Field(max_length=100, strict=False)] | None = None
    """Penalties and cures, each NAME or NAME:NUMBER. None takes what the objective and the head
    need, and purity matching for a register generator of pure states."""
    mismatched_share: Decay = 0.0
    """Share of real states with wrong labels in what the discriminator rejects; 0 shows none. A
    small share keeps labels apart whose states nearly touch, but narrows labels that vary little.
    """
    plugin: Annotated[tuple[File, ...], Field(strict=False)] = ()
    """Files of Python code that register further choices. They run when they are named on the
    command line, and only then."""
    loggers: Annotated[
        tuple[Literal["tensorboard", "wandb", "mlflow"], ...], Field(strict=False)
    ] = ("tensorboard",)
    """Where the history goes beside history.csv. wandb and mlflow must be installed, and lightning
    (the extra `loggers`) to reach them."""
    engine: EngineConfig = EngineConfig()
    trainer: TrainerConfig = TrainerConfig()
