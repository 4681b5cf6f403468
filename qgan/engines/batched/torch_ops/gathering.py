"""The gradients of rows of slots, which arrive in pieces."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

__all__ = ["Gathered", "span"]


class Gathered:
    """The gradients of the slots of rows, piece by piece; put in order at the end."""

    def __init__(self) -> None:
        self._pieces: list[tuple[Sequence[int], Tensor]] = []

    def add(self, rows: Sequence[int], gradient: Tensor) -> None:
        """Take the gradients ``(b, rows, slots of a row)`` of some rows."""
        self._pieces.append((rows, gradient))

    def whole(self, batch: int, n_rows: int, n_slots: int, like: Tensor) -> Tensor:
        """The gradients of all rows, ``(b, n_rows n_slots)``; zero where no piece came.

        The pieces are dropped, so that the next pass begins with none.
        """
        pieces, self._pieces = self._pieces, []
        if len(pieces) == 1 and len(pieces[0][0]) == n_rows:
            return pieces[0][1].reshape(batch, -1)
        result = like.new_zeros(batch, n_rows, n_slots)
        for rows, gradient in pieces:
            result[:, span(rows)] = gradient
        return result.flatten(1)


def span(rows: Sequence[int]) -> slice | list[int]:
    """Rows as an index: a slice where they follow each other, which copies nothing."""
    first, stop = rows[0], rows[-1] + 1
    return slice(first, stop) if stop - first == len(rows) else list(rows)
