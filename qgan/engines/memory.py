"""States that memory cannot hold are refused before anything is allocated."""

from __future__ import annotations

from pathlib import Path

import torch

from qgan import errors

__all__ = [
    "GIB",
    "LEAST_CHECKED",
    "available",
    "check_bytes",
    "check_memory",
    "check_view",
    "free_if_short",
    "gibibytes",
]

GIB = 2**30
LEAST_CHECKED = 2**27  # bytes: every machine has that, and asking takes longer than a small circuit


def available(device: torch.device) -> int | None:
    """The bytes that a device could still give; None where the system does not say."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    fields = [line.split() for line in lines if line.startswith("MemAvailable:")]
    return int(fields[0][1]) * 1024 if fields else None


def free_if_short(needed: int, device: torch.device) -> int | None:
    """The bytes that are free, if they are fewer than those that are needed; else None."""
    if needed < LEAST_CHECKED:
        return None
    free = available(device)
    return free if free is not None and needed > free else None


def check_bytes(name: str, what: str, needed: int, device: str | torch.device = "cpu") -> None:
    """Refuse an argument that asks for more memory than is free.

    Args:
        name: the argument.
        what: what takes the memory, for the message.
        needed: its bytes.
        device: where it is to be.

    Raises:
        QganError: with the memory that is needed and the memory that is free.
    """
    free = free_if_short(needed, torch.device(device))
    if free is not None:
        rule = f"must fit in the {free / GIB:.1f} GiB that are free"
        raise errors.argument(name, rule, f"{what}: {gibibytes(needed)}")


def gibibytes(number: int) -> str:
    """A number of bytes for people; one beyond all floating-point numbers is not written out.

    Example:
        >>> gibibytes(3 * 2**29), gibibytes(2**2000)
        ('1.5 GiB', 'more than 2^60 GiB')
    """
    return f"{number / GIB:.1f} GiB" if number < 2**90 else "more than 2^60 GiB"


def check_view(view: str, n_qubits: int, needed: int) -> None:
    """Refuse a view whose tables do not fit, before it makes them.

    Args:
        view: the name of its class.
        n_qubits: qubits of the states.
        needed: bytes of its tables.

    Raises:
        QganError: with the memory that is needed and the memory that is free.
    """
    free = free_if_short(needed, torch.device("cpu"))
    if free is not None:
        reason = (
            f"its tables for {n_qubits} qubits take {gibibytes(needed)}, "
            f"and {free / GIB:.1f} GiB are free"
        )
        raise errors.unsupported(f"View {view}", reason, [("view", "circuit")])


def check_memory(n_wires: int, n_states: int, item_size: int, device: torch.device) -> None:
    """Refuse ``n_states`` vectors of ``n_wires`` qubits that do not fit.

    Args:
        n_wires: qubits.
        n_states: vectors that exist at the same time.
        item_size: bytes of an amplitude: 8 or 16.
        device: where the vectors are.

    Raises:
        QganError: with the memory that is needed and the memory that is free.
    """
    needed = n_states * item_size * 2**n_wires
    check_bytes("circuit", f"{n_wires} qubits, {n_states} states at once", needed, device)
