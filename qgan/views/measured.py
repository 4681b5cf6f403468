"""Measured view: a fixed view that is estimated from measurement records, with shot noise."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from qgan.batch import Seen
from qgan.povm import POVMS, check_kind, every_word, outcome_probabilities
from qgan.records import Records, check_qubits, check_shots, draw
from qgan.seeds import seeded
from qgan.views.base import Bounds, View, unreadable
from qgan.views.pauli import read_words

__all__ = ["MeasuredView"]


class MeasuredView(View):
    """The unbiased estimate that records give of a fixed view.

    For records it is ``view(records)``. Generated states are measured here, anew at each call, with
    as many shots of the same measurement. If they had no shot noise of their own, a discriminator
    could tell them from real states by that alone. Gradients are those of the exact view:
    ``m = view(p + stop(f - p))``, where p are probabilities and f the frequencies that were drawn.

    Args:
        view: density entries, Pauli words or probabilities.
        n_qubits: qubits of the states, at most 6.
        shots: shots of each state, as in the records.
        kind: which measurement, as in the records.
        seed: seed of the shots; the state of their source of chance is part of the view's state.

    Raises:
        QganError: for a view that records cannot give, too many qubits, no shots or another kind.

    Example:
        >>> import torch
        >>> from qgan import States
        >>> from qgan.views import PauliView
        >>> zero = States(torch.tensor([[[1.0], [0.0]]], dtype=torch.complex128))
        >>> view = MeasuredView(PauliView(1, 1), 1, shots=3)
        >>> z = view(zero, torch.tensor([0]))[0, 2]  # each shot gives 0 or 3
        >>> round(z.item()) in (0, 1, 2, 3)
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
        n_qubits = check_qubits(n_qubits)
        self.view = view
        self.shots = check_shots(shots)
        self.kind = kind
        self.n_features = view.n_features
        self.words = every_word(n_qubits)[1:]
        self.rng = seeded(seed)

    def forward(self, source: Seen, label: Tensor) -> Float[Tensor, "B K"]:
        """Estimates ``(B, K)``."""
        if not isinstance(source, Records):
            exact = outcome_probabilities(read_words(source, self.words), self.kind)
            frequencies = draw(exact, self.shots, self.rng)
            source = Records(exact + (frequencies - exact).detach(), self.shots, self.kind)
        features: Tensor = self.view(source, label)
        return features

    @property
    def n_numbers(self) -> int:
        """Those of the view, and the probabilities of the outcomes with their frequencies."""
        n_outcomes: int = len(POVMS[self.kind]) ** len(self.words[0])
        return self.view.n_numbers + 2 * n_outcomes

    def n_settings(self) -> int:
        """How many circuits read a state: one per shot, since each shot chooses its bases anew."""
        return self.shots

    def bounds(self, weights: Float[Tensor, "*rows K"]) -> Bounds:
        """The bounds of the exact view, which is the mean of the estimates."""
        return self.view.bounds(weights)

    def get_extra_state(self) -> Tensor:
        """The state of the source of chance of the shots."""
        return self.rng.get_state()

    def set_extra_state(self, state: Tensor) -> None:
        """Continue the source of chance of the shots from :meth:`get_extra_state`."""
        self.rng.set_state(state)
