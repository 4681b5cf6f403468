"""Measured view: what a fixed view makes of measurement records, with their shot noise."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from qgan.batch import Seen
from qgan.povm import check_kind, every_word, outcome_probabilities
from qgan.records import Records, check_qubits, check_shots, draw
from qgan.views.base import Bounds, View, unreadable
from qgan.views.pauli import read_words

__all__ = ["MeasuredView"]


class MeasuredView(View):
    """A fixed view's unbiased estimate from records; other states are measured as often.

    Of records it is ``view(records)``. Generated states are measured here, afresh at each call,
    with as many shots of the same measurement: without that noise of their own they would be told
    by its absence. Gradients are those of the exact view,
    ``m = view(p + stop(f - p))`` with probabilities p and drawn frequencies f.

    Args:
        view: density entries, Pauli words or probabilities.
        n_qubits: of the states, at most 6.
        shots: of each state, as in the records.
        kind: of the measurement, as in the records.
        seed: of the shots; where they stand is part of the view's state.

    Raises:
        QganError: for a view that records cannot give, too many qubits, no shots or another kind.

    Example:
        >>> from qgan import States
        >>> from qgan.views import PauliView
        >>> zero = States(torch.tensor([[[1.0], [0.0]]], dtype=torch.complex128))
        >>> view = MeasuredView(PauliView(1, 1), 1, shots=3)
        >>> round(view(zero, torch.tensor([0]))[0, 2].item()) in (0, 1, 2, 3)  # <Z>, 0 or 3 a shot
        True
    """

    reads_records = True

    def __init__(
        self, view: View, n_qubits: int, shots: int, kind: str = "pauli-6", seed: int = 0
    ) -> None:
        super().__init__()
        if not view.reads_records:
            raise unreadable(view, shots)
        check_kind(kind)
        check_qubits(n_qubits)
        check_shots(shots)
        self.view = view
        self.shots = shots
        self.kind = kind
        self.n_features = view.n_features
        self.words = every_word(n_qubits)[1:]
        self.rng = torch.Generator().manual_seed(seed)

    def forward(self, source: Seen, label: Tensor) -> Float[Tensor, "B K"]:
        """Estimates ``(B, K)``."""
        if not isinstance(source, Records):
            exact = outcome_probabilities(read_words(source, self.words), self.kind)
            drawn = draw(exact, self.shots, self.rng)
            source = Records(exact + (drawn - exact).detach(), self.shots, self.kind)
        features: Tensor = self.view(source, label)
        return features

    def n_settings(self) -> int:
        """Runs of a circuit that read a state: each shot chooses its bases anew."""
        return self.shots

    def bounds(self, weights: Float[Tensor, "*rows K"]) -> Bounds:
        """Of the exact view, which is the mean of the estimates."""
        return self.view.bounds(weights)

    def get_extra_state(self) -> Tensor:
        """Where the shots' generator of chance stands."""
        return self.rng.get_state()

    def set_extra_state(self, state: Tensor) -> None:
        """Go on from there."""
        self.rng.set_state(state)
