"""A folder of data sets that took long to make, so that the same description makes them once.

A data set is kept under the digest of its full description and of the code that made it. A file is
written under a name of its own and then renamed, so that two processes never see half of one, and
it begins with the digest of its contents, so that a damaged one is made anew. The environment
variable ``QGAN_CACHE`` names another folder, or turns the cache off ("off").
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from qgan import errors
from qgan.batch import Batch
from qgan.data.dataset import PARTS, Dataset
from qgan.files import regular_bytes, write_atomically
from qgan.states import States

__all__ = ["VARIABLE", "cached", "folder_of_cache", "key_of"]

VARIABLE = "QGAN_CACHE"
"""The environment variable that moves the cache, or turns it off."""
LEAST_SECONDS = 1.0
"""A data set that took less is not kept."""
MOST_BYTES = 4 * 2**30
"""The cache keeps so much; what was not read for the longest time is removed."""
ENDING = ".qgan-data"
N_DIGEST = hashlib.sha256().digest_size


def folder_of_cache() -> Path | None:
    """Where data sets are kept; None where the cache is turned off."""
    place = os.environ.get(VARIABLE, "")
    if place.lower() in ("off", "0", "no", "none"):
        return None
    if place:
        return Path(place)
    import platformdirs

    return Path(platformdirs.user_cache_dir("qgan")) / "data"


def cached(description: Mapping[str, Any], make: Callable[[], Dataset]) -> Dataset:
    """The data set of a description: from the cache, or made and, if that took long, kept.

    Args:
        description: everything that it depends on, as plain data; the version of the code is added.
        make: makes it.

    Example:
        >>> from qgan.data import basis
        >>> cached({"source": "basis", "n_qubits": 1}, basis).n_labels
        2
    """
    folder = folder_of_cache()
    if folder is None:
        return make()
    path = folder / f"{key_of(description)}{ENDING}"
    data = _read(path)
    if data is not None:
        with contextlib.suppress(OSError):
            os.utime(path)
        return data
    start = time.monotonic()
    data = make()
    if time.monotonic() - start >= LEAST_SECONDS:
        _keep(path, data)
    return data


def key_of(description: Mapping[str, Any]) -> str:
    """The name under which a data set is kept.

    Example:
        >>> key_of({"n_qubits": 4}) == key_of({"n_qubits": 5})
        False
    """
    text = json.dumps([dict(description), _version()], sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _version() -> list[str]:
    """What data depend on beside their description: our code, and the versions below it."""
    import scipy

    package = Path(__file__).parents[1]
    sha = hashlib.sha256()
    for file in sorted([*package.glob("*.py"), *package.glob("data/*.py")]):
        sha.update(file.name.encode() + b"\0" + file.read_bytes())
    return [sha.hexdigest(), np.__version__, scipy.__version__, torch.__version__]


def _read(path: Path) -> Dataset | None:
    """A data set that is kept; None where there is none, or a damaged one."""
    try:
        whole = regular_bytes(path)
        if hashlib.sha256(whole[N_DIGEST:]).digest() != whole[:N_DIGEST]:
            return None
        return _unpacked(whole[N_DIGEST:])
    except (OSError, ValueError, KeyError):  # a file of nobody's making reads as none
        return None


def _keep(path: Path, data: Dataset) -> None:
    """Write a data set; a cache that cannot be written costs time and nothing else."""
    packed = _packed(data)
    if packed is None:
        return
    with contextlib.suppress(OSError, errors.QganError):
        path.parent.mkdir(parents=True, exist_ok=True)
        _make_room(path.parent, len(packed))
        write_atomically(path, hashlib.sha256(packed).digest() + packed)


def _make_room(folder: Path, n_bytes: int) -> None:
    """Remove what was not read for the longest time, until the new file fits."""
    files = []
    for path in folder.glob(f"*{ENDING}"):
        with contextlib.suppress(OSError):
            status = path.stat()
            files.append((status.st_mtime, status.st_size, path))
    total = n_bytes + sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= MOST_BYTES:
            return
        with contextlib.suppress(OSError):
            path.unlink()
        total -= size


def _packed(data: Dataset) -> bytes | None:
    """A data set as bytes; None for one that would not come back as it is."""
    arrays: dict[str, Any] = {}
    for name in PARTS:
        part = data.part(name)
        states = part.states
        if part.records is not None or states.keeps_matrix or part.label.is_floating_point():
            return None
        factor = states.factor.cpu().numpy()
        arrays[f"{name}.factor"] = factor if np.iscomplex(factor).any() else factor.real
        arrays[f"{name}.dtype"] = np.array(str(factor.dtype))
        arrays[f"{name}.label"] = part.label.cpu().numpy()
        if part.factors is not None:
            arrays[f"{name}.factors"] = part.factors.cpu().numpy()
    words = {
        "label_values": data.label_values,
        "label_names": data.label_names,
        "factor_names": data.factor_names,
        "name": data.name,
        "factor_periods": data.factor_periods,
        "repeated": data.repeated,
        "notes": data.notes,
    }
    text = json.dumps(words)
    if any(tuple(json.loads(text)[key]) != tuple(words[key]) for key in ("label_values",)):
        return None
    buffer = io.BytesIO()
    np.savez(buffer, words=np.array(text), **arrays)
    return buffer.getvalue()


def _unpacked(packed: bytes) -> Dataset:
    with np.load(io.BytesIO(packed), allow_pickle=False) as archive:
        words = json.loads(str(archive["words"]))
        parts = [_part_of(archive, name) for name in PARTS]
    tuples: dict[str, Any] = {key: tuple(words[key]) for key in words if key != "name"}
    train, validation, held_out = parts
    return Dataset(train, validation, held_out, name=words["name"], **tuples)


def _part_of(archive: Any, name: str) -> Batch:
    factor = archive[f"{name}.factor"].astype(str(archive[f"{name}.dtype"]), copy=False)
    factors = f"{name}.factors"
    return Batch(
        States(torch.from_numpy(factor)),
        torch.from_numpy(archive[f"{name}.label"]),
        torch.from_numpy(archive[factors]) if factors in archive else None,
    )
