"""A user's own states, read from files of several formats and written to them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.batch import Batch, join
from qgan.data.agreement import check_agreement
from qgan.data.arrays import check_new_file, read_arrays, write_arrays
from qgan.data.columns import (
    LABEL_KINDS,
    LABEL_RULE,
    LabelClasses,
    read_factors,
    read_part,
    read_periods,
)
from qgan.data.dataset import PARTS, Dataset, check_seed, split_or_repeat
from qgan.data.formats import FORMATS, NPZ, Array
from qgan.data.near_misses import check_states, repaired, turned_round
from qgan.records import Records
from qgan.states import States

__all__ = [
    "arrays_of",
    "dataset_of",
    "from_file",
    "halves",
    "order_notes",
    "read_generated",
    "write_file",
]

RECORD_ARRAYS = ("outcome", "measurement")
"""Names of the arrays that hold measurement records."""


def from_file(
    path: str | os.PathLike[str],
    seed: int = 0,
    little_endian: bool = False,
    rescale: bool = False,
) -> Dataset:
    """Labelled states of a file, of which each label is split 70/15/15.

    Args:
        path: a NumPy archive (``.npz``), an HDF5 file (``.h5``), one of PennyLane's data sets, or a
            MATLAB file (``.mat``). It has arrays ``states``, vectors ``(N, 2**n)`` or density
            matrices ``(N, 2**n, 2**n)``, and ``label`` ``(N,)``, numbers or strings. Where they are
            known it has ``factors`` ``(N, k)``, with ``factor_names`` ``(k,)`` and
            ``factor_periods`` ``(k,)``: the period of a factor that is an angle (2 pi for radians),
            and 0 or nan for a factor that is none. ``label_names`` are what people call the sorted
            label values, and ``part`` ``(N,)`` says of each state whether it is of "train",
            "validation" or "held_out". Where a discriminator is to see no more than records of
            measurements, it has ``outcome`` ``(N, shots, n)``, the integer outcome of each qubit,
            and their ``measurement``: "pauli-6" (X+, X-, Y+, Y-, Z+, Z- are 0 to 5: 2 axis + bit;
            the default), "pauli-4" (X+, Y+, Z+, rest; other programs begin with Z+) or
            "tetrahedral". The states are then for evaluation. Other arrays are not read.
        seed: at least 0; it decides which states come into which part, where the file does not.
        little_endian: whether qubit 0 is the least significant bit of the index of an amplitude, as
            Qiskit has it, and not the most significant one.
        rescale: whether states of any positive norm are taken, and matrices that were rounded to
            two digits or more.

    Returns:
        The data set, complex128; class indices follow the sorted label values, which are kept.
        Eigenvalues of density matrices below 1e-6 of all states count as zero. Labels with fewer
        than 7 states have all of them in each part (``Dataset.repeated``). What was put right or
        assumed is in ``Dataset.notes``.

    Raises:
        QganError: if there is no such file, an array is missing or has a wrong shape, the states
            are not states, a real label has more than 64 values, or records do not fit the states.

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
    contents = read_arrays(Path(path))
    contents.check_present("states", "label")
    return dataset_of(contents.arrays, Path(path).stem, seed, little_endian, rescale)


def dataset_of(
    arrays: Mapping[str, Array],
    name: str,
    seed: int = 0,
    little_endian: bool = False,
    rescale: bool = False,
) -> Dataset:
    """The data set that named arrays hold.

    Args:
        arrays: the arrays of a file as :func:`from_file` describes them, with ``states`` and
            ``label`` among them.
        name: the name of the data set.
        seed: as :func:`from_file` has it.
        little_endian: as :func:`from_file` has it.
        rescale: as :func:`from_file` has it.

    Raises:
        QganError: as :func:`from_file` does.
    """
    check_states(arrays["states"], rescale)
    n_states = len(arrays["states"])
    classes = LabelClasses.of(arrays, n_states)
    factors, factor_names = read_factors(arrays, n_states)
    factor_periods = read_periods(arrays, factors)
    masks = read_part(arrays, classes)
    ordered = turned_round(arrays["states"]) if little_endian else arrays["states"]
    states, repairs = repaired(ordered, rescale)
    batch = Batch(states, classes.index, factors, _records_in_order(arrays, states))
    if masks is None:
        (train, validation, held_out), repeated = split_or_repeat(batch, seed)
        notes = (*order_notes(states.n_qubits, little_endian), *repairs, *classes.notes())
    else:
        train, validation, held_out = (batch[mask] for mask in masks)
        repeated, notes = (), (*order_notes(states.n_qubits, little_endian), *repairs)
    values, names = classes.values, classes.names
    return Dataset(
        train, validation, held_out, values, names, factor_names, name, factor_periods,
        repeated, notes,
    )  # fmt: skip


def order_notes(n_qubits: int, little_endian: bool) -> tuple[str, ...]:
    """In which order the qubits were read: no file says it, and both orders are in use."""
    if n_qubits < 2:
        return ()
    if little_endian:
        return (
            "Qubit 0 was read as the LEAST significant bit of an amplitude's index "
            "(little-endian): it is wire 0 here.",
        )
    return (
        "Wire 0 is the MOST significant bit of an amplitude's index: |10> is entry 2 of 4. "
        "States of Qiskit and others need --data.little-endian (little_endian=True in Python).",
    )


def arrays_of(data: Dataset) -> dict[str, Array]:
    """The arrays of a file from which :func:`from_file` reads a data set again, part by part.

    Args:
        data: states and labels; records are left out.

    Example:
        >>> from qgan.data.bell import bell
        >>> arrays = arrays_of(bell(n_train=2, n_validation=1, n_held_out=1))
        >>> arrays["part"].tolist()[:5], arrays["label_names"].tolist()
        (['train', 'train', 'train', 'train', 'validation'], ['Phi+', 'Psi-'])
    """
    parts = [data.part(name) for name in PARTS]
    whole = join(parts)
    values = np.array(data.label_values)
    arrays = {
        "states": whole.states.numpy(),
        "label": values[whole.label.cpu().numpy()],
        "label_names": np.array(data.label_names),
        "part": np.repeat(PARTS, [len(part) for part in parts]),
    }
    if whole.factors is not None and data.factor_names:
        arrays["factors"] = whole.factors.cpu().numpy()
        arrays["factor_names"] = np.array(data.factor_names)
        if any(period is not None for period in data.factor_periods):
            arrays["factor_periods"] = np.array([period or 0.0 for period in data.factor_periods])
    return arrays


def halves(path: str | os.PathLike[str], seed: int = 0) -> Dataset:
    """Labelled states of a file in two halves, by which other states are judged.

    Args:
        path: a file as :func:`from_file` reads it.
        seed: at least 0; it decides which states come into which half. The only state of a label
            is in both.

    Returns:
        A data set without a validation part. One half is held out: others are judged on it. The
        other half is the training part; its distance from the first is the best to expect.

    Raises:
        QganError: for a file that :func:`from_file` refuses.
    """
    data = from_file(path, seed)
    whole = join([data.train, data.validation, data.held_out])
    places = [torch.nonzero(whole.label == label).flatten() for label in range(data.n_labels)]
    for label in data.repeated:  # all of its states are in each of the three parts
        places[label] = places[label][: len(data.train.of(label))]
    alone = tuple(label for label, rows in enumerate(places) if len(rows) == 1)
    train, held_out = (
        whole[torch.cat([rows[start * (len(rows) > 1) :: 2] for rows in places])]
        for start in (0, 1)
    )
    return replace(data, train=train, validation=whole[:0], held_out=held_out, repeated=alone)


def read_generated(
    path: str | os.PathLike[str], real: Dataset
) -> tuple[Batch, Float[Tensor, "N n_latent"]]:
    """Generated states of a file, labelled as the real ones are.

    Args:
        path: a file with ``states`` and ``label`` as :func:`from_file` reads them, and,
            if known, ``latent`` ``(N, n_latent)``.
        real: the data they imitate.

    Returns:
        The states with the class indices of the real data, and the latents, of no entries where
        the file has none.

    Raises:
        QganError: for arrays that :func:`from_file` refuses, if the qubits differ, if a label is
            not one of the real data, or if one of these has no state.
    """
    contents = read_arrays(Path(path))
    contents.check_present("states", "label")
    arrays = contents.arrays
    check_states(arrays["states"])
    states, _ = repaired(arrays["states"])
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
        path: the file to write or replace, in a folder that exists. Its ending says the format;
            with any other ending, or none, it is a NumPy archive.
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
    check_new_file(path)
    latents = latent.detach().cpu().numpy()
    if not np.isfinite(latents).all():
        raise errors.argument("latent", "must hold finite numbers", "NaN or inf")
    states.check_normalised()
    form = next((one for one in FORMATS if path.suffix.lower() in one.endings), NPZ)
    arrays = {"states": states.numpy(), "label": labels, "latent": latents}
    write_arrays(path, arrays, form)


def _records_in_order(arrays: Mapping[str, Array], states: States) -> Records | None:
    """As :func:`_records`; if records fit the states in the other order of qubits, it says so."""
    try:
        return _records(arrays, states)
    except errors.QganError as error:
        try:
            _records(arrays, states.reduced(range(states.n_qubits)[::-1]))
        except errors.QganError:
            raise error from None
        choices = [("option", "data.little-endian")]
        way = "they would fit if the qubits of the states were counted from the other end"
        message = f"{str(error).removesuffix('.')}; {way} (option data.little-endian)."
        raise errors.QganError(message, choices) from None


def _records(arrays: Mapping[str, Array], states: States) -> Records | None:
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
