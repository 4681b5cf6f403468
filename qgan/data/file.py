"""A user's own states, read from NumPy archives and written to them."""

from __future__ import annotations

import io
import lzma
import math
import os
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from qgan import errors
from qgan.batch import Batch, join
from qgan.data.agreement import check_agreement
from qgan.data.dataset import FEWEST, Dataset, check_periods, check_seed, split
from qgan.engines.memory import check_bytes
from qgan.files import write_atomically
from qgan.records import Records
from qgan.states import States

__all__ = ["from_file", "halves", "read_generated", "write_file"]

Array = NDArray[Any]

LABEL_KINDS = "biufU"
LABEL_RULE = "must hold integers, real numbers or strings"
MOST_REAL_LABELS = 64
"""Most distinct values of a real label that is a class, and not a condition."""
MOST_TURNS = 4
"""Turns beyond which the values of an angle are likely to be in other units than its period."""
FACTOR_ARRAYS = ("factors", "factor_names", "factor_periods")
"""Names of the arrays about hidden factors."""
RECORD_ARRAYS = ("outcome", "measurement")
"""Names of the arrays that hold measurement records."""
LEAST_EIGENVALUE = 1e-6
"""Eigenvalues below this are what rounding in single precision leaves of a zero."""


def from_file(path: str | os.PathLike[str], seed: int = 0) -> Dataset:
    """Labelled states of a NumPy archive, of which each label is split 70/15/15.

    Args:
        path: an ``.npz`` file. It has arrays ``states``, vectors ``(N, 2**n)`` or density matrices
            ``(N, 2**n, 2**n)``, and ``label`` ``(N,)``, numbers or strings. Where they are known it
            has ``factors`` ``(N, k)``, with ``factor_names`` ``(k,)`` and ``factor_periods``
            ``(k,)``: the period of a factor that is an angle (2 pi for radians), and 0 or nan for a
            factor that is none. Where a discriminator is to see no more than records of
            measurements, it has ``outcome`` ``(N, shots, n)``, the integer outcome of each qubit,
            and their ``measurement``: "pauli-6" (X+, X-, Y+, Y-, Z+, Z- are 0 to 5: 2 axis + bit;
            the default), "pauli-4" (X+, Y+, Z+, rest; other programs begin with Z+) or
            "tetrahedral". The states are then for evaluation. Other arrays are not read.
        seed: at least 0; it decides which states come into which part.

    Returns:
        The data set, complex128; class indices follow the sorted label values, which are kept.
        Eigenvalues of density matrices below 1e-6 of all states count as zero.

    Raises:
        QganError: if there is no such file, an array is missing or has a wrong shape, the states
            are not states, a label has fewer than 7 of them, a real label more than 64 values, or
            records do not fit the states.

    Example:
        >>> import tempfile
        >>> from qgan.data.bell import depolarised_bell
        >>> batch = depolarised_bell(20)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_file(f"{folder}/bell.npz", batch.states, batch.label, batch.factors)
        ...     data = from_file(f"{folder}/bell.npz")
        >>> data.label_values, data.rank, len(data.train)
        ((0, 1), 4, 28)
    """
    check_seed(seed)
    arrays = _arrays(Path(path))
    _check_states(arrays["states"])
    n_states = len(arrays["states"])
    values, label = _classes(arrays["label"], n_states)
    factors, factor_names = _factors(arrays, n_states)
    factor_periods = _periods(arrays, factors)
    states = _trimmed(States.from_numpy(arrays["states"]))
    batch = Batch(states, label, factors, _records(arrays, states))
    parts = split(batch, seed)
    names = tuple(str(value) for value in values)
    return Dataset(*parts, values, names, factor_names, Path(path).stem, factor_periods)


def halves(path: str | os.PathLike[str], seed: int = 0) -> Dataset:
    """Labelled states of an archive in two halves, by which other states are judged.

    Args:
        path: an ``.npz`` file as :func:`from_file` reads it.
        seed: at least 0; it decides which states come into which half.

    Returns:
        A data set without a validation part. One half is held out: others are judged on it. The
        other half is the training part; its distance from the first is the best to expect.

    Raises:
        QganError: for a file that :func:`from_file` refuses.
    """
    data = from_file(path, seed)
    whole = join([data.train, data.validation, data.held_out])
    places = [torch.nonzero(whole.label == label).flatten() for label in range(data.n_labels)]
    train, held_out = (whole[torch.cat([place[start::2] for place in places])] for start in (0, 1))
    return replace(data, train=train, validation=whole[:0], held_out=held_out)


def read_generated(
    path: str | os.PathLike[str], real: Dataset
) -> tuple[Batch, Float[Tensor, "N n_latent"]]:
    """Generated states of an archive, labelled as the real ones are.

    Args:
        path: an ``.npz`` file with ``states`` and ``label`` as :func:`from_file` reads them, and,
            if known, ``latent`` ``(N, n_latent)``.
        real: the data they imitate.

    Returns:
        The states with the class indices of the real data, and the latents, of no entries where
        the file has none.

    Raises:
        QganError: for arrays that :func:`from_file` refuses, if the qubits differ, if a label is
            not one of the real data, or if one of these has no state.
    """
    arrays = _arrays(Path(path))
    _check_states(arrays["states"])
    states = _trimmed(States.from_numpy(arrays["states"]))
    if len(states) and states.n_qubits != real.n_qubits:
        rule = f"must be of {real.n_qubits} qubits, as the real ones are"
        raise errors.argument("states", rule, f"{states.n_qubits} in {path}")
    label = arrays["label"]
    if label.shape != (len(states),) or label.dtype.kind not in LABEL_KINDS:
        raise errors.argument("label", f"must have shape ({len(states)},)", label.shape)
    index = {value: place for place, value in enumerate(real.label_values)}
    strange = [value for value in label.tolist() if value not in index]
    if strange:
        rule = f"must be labels of the real states, {list(index)}"
        raise errors.argument("label", rule, repr(strange[0]))
    missing = [value for value in index if value not in label.tolist()]
    if missing:
        raise errors.argument("label", "must hold each label of the real states", f"no {missing}")
    latent = arrays.get("latent", np.zeros((len(states), 0)))
    if latent.ndim != 2 or len(latent) != len(states) or latent.dtype.kind not in "biuf":
        raise errors.argument("latent", f"must have shape ({len(states)}, n_latent)", latent.shape)
    classes = torch.tensor([index[value] for value in label.tolist()])
    return Batch(states, classes), torch.from_numpy(latent.astype(np.float64))


def write_file(
    path: str | os.PathLike[str],
    states: States,
    label: Tensor | Array | Sequence[Any],
    latent: Float[Tensor, "B n_latent"],
) -> None:
    """Write states in the layout that :func:`from_file` reads, whole or not at all.

    Args:
        path: the file to write or replace, in a folder that exists; its name gets no suffix.
        states: ``B`` states; pure ones are written as vectors, others as density matrices.
        label: ``B`` class indices or original label values.
        latent: what the states were generated from, ``(B, n_latent)``.

    Raises:
        QganError: if the lengths disagree, a state or a latent is not finite, a state is not
            normalised, or the folder does not exist or cannot be written to.

    Example:
        >>> import tempfile
        >>> states = States(torch.eye(2, dtype=torch.complex128)[..., None])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_file(f"{folder}/s.npz", states, ["up", "down"], torch.zeros(2, 1))
        ...     sorted(np.load(f"{folder}/s.npz").files)
        ['label', 'latent', 'states']
    """
    path = Path(path)
    labels = label.detach().cpu().numpy() if isinstance(label, Tensor) else np.asarray(label)
    if labels.dtype.kind not in LABEL_KINDS:
        raise errors.argument("label", LABEL_RULE, f"dtype {labels.dtype}")
    if labels.shape != (len(states),):
        raise errors.argument("label", f"must have shape ({len(states)},)", labels.shape)
    if latent.ndim != 2 or len(latent) != len(states):
        rule = f"must have shape ({len(states)}, n_latent)"
        raise errors.argument("latent", rule, tuple(latent.shape))
    if path.is_dir() or not path.parent.is_dir():
        raise errors.argument("path", "must be a file in a folder that exists", path)
    latents = latent.detach().cpu().numpy()
    if not np.isfinite(latents).all():
        raise errors.argument("latent", "must hold finite numbers", "NaN or inf")
    states.check_normalised()
    buffer = io.BytesIO()
    np.savez(buffer, states=states.numpy(), label=labels, latent=latents)
    write_atomically(path, buffer.getvalue())


def _arrays(path: Path) -> dict[str, Array]:
    """Those arrays of an archive that this module reads."""
    try:
        exists = path.is_file()
    except (OSError, ValueError):  # a name that is too long or has a null byte
        exists = False
    if not exists:
        raise errors.argument("path", "must be a file that exists", path)
    rule = "must be a readable .npz file without pickled objects"
    try:
        known = ("states", "label", *FACTOR_ARRAYS, "latent", *RECORD_ARRAYS)
        _check_room(path, known)
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            names = list(archive.files)
            arrays = {key: np.asarray(archive[key]) for key in known if key in names}
    except errors.QganError:
        raise
    except (OSError, ValueError, EOFError, AttributeError, TypeError) as error:
        raise errors.argument("path", rule, path) from error
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, MemoryError) as error:
        raise errors.argument("path", rule, path) from error
    for key in ("states", "label"):
        if key not in arrays:
            raise errors.argument("path", f"must hold an array `{key}`", f"{path} with {names}")
    return arrays


def _check_room(path: Path, names: Sequence[str]) -> None:
    """Refuse an archive by the sizes that its arrays declare, before one of them is read."""
    needed, parts = 0, []
    with zipfile.ZipFile(path) as archive:
        members = set(archive.namelist())
        for name in names:
            if f"{name}.npy" not in members:
                continue
            with archive.open(f"{name}.npy") as member:
                shape, dtype = _header(member)  # type: ignore[arg-type]
            if dtype.hasobject or any(size < 0 for size in shape):
                raise ValueError("an array of objects, or of a negative size")
            size = math.prod(shape)
            # States are read, made complex128 and factored; the rest is read and copied.
            item_size = max(dtype.itemsize, 8)
            needed += size * (item_size + (3 * 16 if name == "states" else item_size))
            parts.append(f"`{name}` of shape {shape}")
    check_bytes("path", ", ".join(parts), needed)


def _header(member: zipfile.ZipExtFile) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """The shape and the type that the header of an array declares."""
    if np.lib.format.read_magic(member) == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(member)
    else:
        shape, _, dtype = np.lib.format.read_array_header_2_0(member)
    return shape, dtype


def _check_states(array: Array) -> None:
    """Refuse what is not an array of finite vectors or square matrices over whole qubits."""
    square = array.ndim == 2 or (array.ndim == 3 and array.shape[1] == array.shape[2])
    if not square:
        rule = "must have shape (N, 2**n) or (N, 2**n, 2**n)"
        raise errors.argument("states", rule, array.shape)
    dimension = array.shape[1]
    if dimension < 2 or dimension & (dimension - 1):
        rule = "must have a dimension that is a power of two, 2 at least"
        raise errors.argument("states", rule, f"{dimension} in shape {array.shape}")
    if array.dtype.kind not in "fciu":
        raise errors.argument("states", "must hold numbers", f"dtype {array.dtype}")
    finite = np.isfinite(array).all(axis=tuple(range(1, array.ndim)))
    if not finite.all():
        at = int(finite.argmin())
        raise errors.argument("states", "must hold finite numbers", f"NaN or inf at index {at}")


def _classes(array: Array, n_states: int) -> tuple[tuple[Any, ...], Tensor]:
    """The distinct label values, sorted, and the class index of each state."""
    if array.shape != (n_states,):
        raise errors.argument("label", f"must have shape ({n_states},)", array.shape)
    if array.dtype.kind not in LABEL_KINDS:
        raise errors.argument("label", LABEL_RULE, f"dtype {array.dtype}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise errors.argument("label", "must hold finite numbers", "NaN or inf")
    values, index, counts = np.unique(array, return_inverse=True, return_counts=True)
    if array.dtype.kind == "f" and len(values) > MOST_REAL_LABELS:
        rule = f"must have at most {MOST_REAL_LABELS} distinct values where they are real numbers"
        raise errors.argument("label", rule, f"{len(values)} (put them into bins first)")
    rule = f"must have at least {FEWEST} states of each label"
    if not len(values):
        raise errors.argument("label", rule, "no states at all")
    if counts.min() < FEWEST:
        got = f"{counts.min()} of {values.tolist()[int(counts.argmin())]!r}"
        raise errors.argument("label", rule, got)
    return tuple(values.tolist()), torch.from_numpy(index.astype(np.int64))


def _factors(arrays: dict[str, Array], n_states: int) -> tuple[Tensor | None, tuple[str, ...]]:
    """The hidden factors, float64 ``(N, k)``, and their names; no names give f0, f1, ..."""
    if "factors" not in arrays:
        return None, ()
    array = arrays["factors"]
    if array.ndim != 2 or len(array) != n_states or not array.shape[1]:
        raise errors.argument("factors", f"must have shape ({n_states}, k)", array.shape)
    if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
        raise errors.argument("factors", "must hold finite real numbers", f"dtype {array.dtype}")
    default = np.array([f"f{i}" for i in range(array.shape[1])])
    names = arrays.get("factor_names", default)
    if names.shape != default.shape or names.dtype.kind != "U":
        rule = f"must be {len(default)} strings, one per factor"
        raise errors.argument("factor_names", rule, f"shape {names.shape}, dtype {names.dtype}")
    return torch.from_numpy(array.astype(np.float64)), tuple(names.tolist())


def _periods(arrays: dict[str, Array], factors: Tensor | None) -> tuple[float | None, ...]:
    """The period of each factor that is an angle; None where the archive has 0 or nan.

    Values that reach over many periods are told of: they are likely to be in another unit.
    """
    array = arrays.get("factor_periods")
    if array is None or factors is None:
        return ()
    n_factors = factors.shape[1]
    if array.shape != (n_factors,) or array.dtype.kind not in "iuf":
        rule = f"must have shape ({n_factors},), a number for each factor"
        got = f"shape {array.shape}, dtype {array.dtype}"
        raise errors.argument("factor_periods", rule, got)
    numbers = array.astype(np.float64).tolist()
    periods = check_periods([x if x and not math.isnan(x) else None for x in numbers], n_factors)
    for k, period in enumerate(periods):
        extent = float(factors[:, k].max() - factors[:, k].min())
        if period is not None and extent > MOST_TURNS * period:
            errors.warn(
                f"The values of factor {k} reach over {extent / period:.3g} of its periods in "
                f"`factor_periods`, {period:g}: is that in the units of the factor?"
            )
    return periods


def _records(arrays: dict[str, Array], states: States) -> Records | None:
    """Records of measurements of each state, where the archive has them."""
    if "outcome" not in arrays:
        return None
    array, kind = arrays["outcome"], str(arrays.get("measurement", "pauli-6"))
    shape = (len(states), "shots", states.n_qubits)
    if array.ndim != 3 or (len(array), array.shape[2]) != shape[::2]:
        raise errors.argument("outcome", f"must have shape {shape}".replace("'", ""), array.shape)
    if array.dtype.kind not in "iu":
        raise errors.argument("outcome", "must hold integers", f"dtype {array.dtype}")
    records = Records.of_outcomes(torch.from_numpy(array.astype(np.int64)), kind)
    check_agreement(records, states)
    return records


def _trimmed(states: States) -> States:
    """States of trace one without the columns that are rounding in all of them."""
    weight = (states.factor.real**2 + states.factor.imag**2).sum(1)  # eigenvalues, ascending
    columns = weight.amax(0) > LEAST_EIGENVALUE
    return States(states.factor[..., columns]).normalised()
