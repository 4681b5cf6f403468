"""Gradients of rows of slots, gathered piece by piece."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor


class Gathered:
    """Gradients of the slots of some rows after others, put in order at the end."""

    def __init__(self) -> None:
        self._pieces: list[tuple[Sequence[int], Tensor]] = []

    def add(self, rows: Sequence[int], part: Tensor) -> None:
        """Gradients ``(b, rows, slots of a row)`` of these rows."""
        self._pieces.append((rows, part))

    def whole(self, batch: int, n_rows: int, n_slots: int, like: Tensor) -> Tensor:
        """Of all rows, ``(b, n_rows n_slots)``; zero where nothing was added. Begins anew."""
        pieces, self._pieces = self._pieces, []
        if len(pieces) == 1 and len(pieces[0][0]) == n_rows:
            return pieces[0][1].reshape(batch, -1)
        result = like.new_zeros(batch, n_rows, n_slots)
        for rows, part in pieces:
            result[:, span(rows)] = part
        return result.flatten(1)


def span(rows: Sequence[int]) -> slice | list[int]:
    """Rows as an index: a slice where they follow each other, which copies nothing."""
    first, last = rows[0], rows[-1] + 1
    return slice(first, last) if last - first == len(rows) else list(rows)
