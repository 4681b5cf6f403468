"""Measured view: a fixed view that is estimated from measurement records, with shot noise."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from qgan import errors
from qgan.batch import Seen
from qgan.outcome_table import MOST_QUBITS, Measurement, OutcomeTable, check_shots
from qgan.povm import POVMS, check_kind, every_word, outcome_probabilities
from qgan.records import measure
from qgan.seeds import seeded
from qgan.views.base import Bounds, View, unreadable
from qgan.views.pauli import PauliView, read_words

__all__ = ["MeasuredView", "frequencies"]


class MeasuredView(View):
    """The unbiased estimate that records give of a fixed view.

    For records it is ``view(records)``. Generated states are measured here, anew at each call, with
    as many shots of the same measurement; if real states differ in their shots, each generated
    state has as many as a real one at random. If they had no shot noise of their own, a
    discriminator could tell them from real states by that alone. Gradients are those of the exact
    view: up to 6 qubits ``m = view(p + stop(f - p))``, where p are probabilities and f the
    frequencies that were drawn, and beyond ``m = view(rho) + stop(view(f) - view(rho))``, which a
    view of a few Pauli words takes.

    Args:
        view: density entries, Pauli words or probabilities.
        n_qubits: qubits of the states, at most 6 if the view is not of Pauli words.
        shots: shots of each state, as in the records: one number, or one for each real state.
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
        self,
        view: View,
        n_qubits: int,
        shots: int | Int[Tensor, " N"],
        kind: str = "pauli-6",
        seed: int = 0,
    ) -> None:
        super().__init__()
        each = shots.tolist() if isinstance(shots, Tensor) else [shots]
        counts = [check_shots(n) for n in each]
        self.shots = max(counts)
        if not view.reads_records:
            raise unreadable(view, self.shots)
        check_kind(kind)
        self.by_table = errors.integer("n_qubits", n_qubits, least=1) <= MOST_QUBITS
        if not self.by_table and not isinstance(view, PauliView):
            raise errors.unsupported(
                f"View {type(view).__name__}",
                f"records of more than {MOST_QUBITS} qubits are read shot by shot, word by word",
                [("view", "pauli")],
            )
        self.view, self.n_qubits = view, n_qubits
        self.counts = torch.tensor(counts if len(set(counts)) > 1 else counts[:1])
        self.kind = kind
        self.n_features = view.n_features
        self.words = every_word(n_qubits)[1:] if self.by_table else view.words
        self.rng = seeded(seed)

    def forward(self, source: Seen, label: Tensor) -> Float[Tensor, "B K"]:
        """Estimates ``(B, K)``."""
        features: Tensor
        if not isinstance(source, Measurement) and not self.by_table:
            features = self.view(source, label)
            with torch.no_grad():
                states = source.materialise()
                records = measure(states, self._counts_of(len(states)), self.rng, self.kind)
                estimates = records.expval(self.words).to(features)
            return features + (estimates - features).detach()
        if not isinstance(source, Measurement):
            exact = outcome_probabilities(read_words(source, self.words), self.kind)
            drawn = frequencies(exact, self._counts_of(len(exact)), self.rng)
            source = OutcomeTable(exact + (drawn - exact).detach(), self.shots, self.kind)
        features = self.view(source, label)
        return features

    def _counts_of(self, n_states: int) -> Int[Tensor, " B"]:
        """How often each generated state is measured."""
        if len(self.counts) == 1:
            return self.counts.expand(n_states)
        return self.counts[torch.randint(len(self.counts), (n_states,), generator=self.rng)]

    @property
    def n_numbers(self) -> int:
        """Those of the view, and the probabilities of the outcomes with their frequencies."""
        if not self.by_table:
            return self.view.n_numbers + 2 * self.shots * self.n_qubits
        n_outcomes: int = len(POVMS[self.kind]) ** self.n_qubits
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


def frequencies(
    shares: Float[Tensor, "B K"], counts: Int[Tensor, " B"], rng: torch.Generator
) -> Float[Tensor, "B K"]:
    """Draw outcomes from their probabilities, and give the frequency of each.

    Args:
        shares: probabilities ``(B, K)``; what rounding has left below 0 counts as 0.
        counts: shots of each row, at least 1.
        rng: the only source of chance.
    """
    chances = shares.detach().cpu().double().clamp_min(0)
    outcomes = torch.multinomial(chances, int(counts.max()), True, generator=rng)
    there = torch.arange(outcomes.shape[1]) < counts[:, None]
    drawn = torch.zeros_like(chances).scatter_add_(1, outcomes, there.double())
    return (drawn / counts[:, None]).to(shares)
