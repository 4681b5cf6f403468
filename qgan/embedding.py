"""Embeddings: from label and latent to the inputs, the angles that differ per sample."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from qgan import errors
from qgan.labels import condition, read_labels
from qgan.prior import Prior, latent_features, latent_shares
from qgan.winding import Winding

__all__ = [
    "MOST_BITS",
    "AffineEmbedding",
    "BitEmbedding",
    "Embedding",
    "RegisterEmbedding",
    "TanhEmbedding",
    "from_spec",
]

MOST_BITS = 24
"""Most bits of a latent: beyond it neighbouring numbers are one float of single precision."""


class Embedding(nn.Module, ABC):
    """Base of the embeddings that a run can be opened with again: (label, latent) -> angles.

    A generator takes any module with this :meth:`forward`; only one that describes itself as plain
    data can be saved.

    Attributes:
        spec: its kind and its sizes, as plain data; :func:`from_spec` rebuilds it.
        of_gates: whether each trained number is a coefficient of the angles of one gate, so that it
            is a parameter of the circuit and not of a network before it.
    """

    spec: dict[str, Any]
    of_gates: bool = False

    @abstractmethod
    def forward(self, label: Tensor, latent: Float[Tensor, "B z"]) -> Float[Tensor, "B X"]:
        """Angles ``(B, n_inputs)`` in radians."""


class _Linear(nn.Linear):
    """A layer whose values its owner draws, so that torch's own generator stays as it is.

    It may have no outputs, as a circuit no inputs. Torch's ``skip_init`` would import SymPy.
    """

    def reset_parameters(self) -> None:
        pass


class AffineEmbedding(Embedding):
    """``x = W (label, z) + b``: angles affine in the one-hot label and the latent.

    With ``by_label`` each label has slopes of its own: ``x_g = a_g[label] z + c_g[label]`` for the
    gate g, so that every trained number is a coefficient of one gate. The states are then
    truncated Fourier series in z, whose frequencies are sums and differences of the ``a_g``.

    Args:
        n_labels: classes, or number of real conditions.
        n_latent: entries of z.
        n_inputs: number of angles.
        spread: standard deviation of the initial angles in radians.
        rng: seeded source of the initial weights.
        by_label: whether the slopes belong to a label.
        kinds: the kind of each latent, or of all, as :class:`qgan.prior.Prior` has them: an angle
            is shown by its cosine and its sine.
        winds: inputs to which latents that are angles are added, as :class:`Winding` has them;
            cosines and sines of the angles then start without effect.

    References:
        Schuld, Sweke and Meyer, Phys. Rev. A 103, 032430 (2021): circuits as Fourier series.
    """

    of_gates = True

    def __init__(
        self,
        n_labels: int,
        n_latent: int,
        n_inputs: int,
        spread: float = 0.3,
        rng: torch.Generator | None = None,
        by_label: bool = False,
        kinds: str | Sequence[str] = "uniform",
        winds: Sequence[int] = (),
    ) -> None:
        super().__init__()
        n_labels = errors.integer("n_labels", n_labels)
        prior = Prior(n_latent, kinds=kinds)
        n_inputs = errors.integer("n_inputs", n_inputs)
        self.spec = {
            "kind": "affine",
            "n_labels": n_labels,
            "n_latent": prior.n_latent,
            "n_inputs": n_inputs,
            "by_label": by_label,
            "kinds": list(prior.kinds),
            "winds": list(winds),
        }
        self.n_labels, self.by_label, self.kinds = n_labels, by_label, prior.kinds
        self.winding = Winding(prior, n_inputs, winds) if winds else None
        n_slopes = prior.n_features * (n_labels if by_label else 1)
        self.linear = _Linear(n_labels + n_slopes, n_inputs)
        nn.init.normal_(self.linear.weight, std=spread, generator=rng)
        if self.winding is not None:
            slopes = self.linear.weight.data[:, n_labels:].unflatten(1, (-1, prior.n_features))
            self.winding.without_effect(slopes)
        nn.init.zeros_(self.linear.bias)

    def forward(self, label: Tensor, latent: Float[Tensor, "B z"]) -> Float[Tensor, "B X"]:
        """Angles ``(B, n_inputs)`` in radians."""
        labels = condition(label, self.n_labels).to(latent)
        slopes = latent_features(latent, self.kinds)
        if self.by_label:
            slopes = (labels.unsqueeze(2) * slopes.unsqueeze(1)).flatten(1)
        angles: Tensor = self.linear(torch.cat([labels, slopes], 1))
        return angles if self.winding is None else angles + self.winding(latent)


class TanhEmbedding(Embedding):
    """A small tanh network from (label, z) to the angles.

    Angles that are affine in label and latent cap the fidelity of a family of ground states
    whatever the depth of the circuit; a hidden layer removes the cap. A second one lets the
    angles change sharply in z, as they must where a ground state turns over within a small part
    of the family (an ordered chain in a weak longitudinal field).

    Args:
        n_labels: classes, or number of real conditions.
        n_latent: entries of z.
        n_inputs: number of angles.
        hidden: widths of the hidden layers.
        spread: output weights start normal with deviation ``spread / sqrt(width)`` radians.
        rng: seeded source of the initial weights.
        kinds: the kind of each latent, or of all, as :class:`qgan.prior.Prior` has them: an angle
            is shown by its cosine and its sine.
        winds: inputs to which latents that are angles are added, as :class:`Winding` has them;
            cosines and sines of the angles then start without effect.
    """

    def __init__(
        self,
        n_labels: int,
        n_latent: int,
        n_inputs: int,
        hidden: Sequence[int] = (32, 32),
        spread: float = 0.3,
        rng: torch.Generator | None = None,
        kinds: str | Sequence[str] = "uniform",
        winds: Sequence[int] = (),
    ) -> None:
        super().__init__()
        n_labels = errors.integer("n_labels", n_labels)
        prior = Prior(n_latent, kinds=kinds)
        n_inputs = errors.integer("n_inputs", n_inputs)
        hidden = [errors.integer("hidden", width) for width in hidden]
        if not hidden or min(hidden) < 1:
            raise errors.argument("hidden", "must be widths of at least 1", tuple(hidden))
        self.spec = {
            "kind": "tanh",
            "n_labels": n_labels,
            "n_latent": prior.n_latent,
            "n_inputs": n_inputs,
            "hidden": list(hidden),
            "kinds": list(prior.kinds),
            "winds": list(winds),
        }
        self.n_labels, self.kinds = n_labels, prior.kinds
        self.winding = Winding(prior, n_inputs, winds) if winds else None
        width, layers = n_labels + prior.n_features, []
        for size in hidden:
            layer = _Linear(width, size)
            for parameter in (layer.weight, layer.bias):
                nn.init.uniform_(parameter, -(width**-0.5), width**-0.5, generator=rng)
            layers.append(layer)
            width = size
        self.layers = nn.ModuleList(layers)
        if self.winding is not None:
            self.winding.without_effect(layers[0].weight.data[:, n_labels:])
        self.linear = _Linear(width, n_inputs)
        nn.init.normal_(self.linear.weight, std=spread * width**-0.5, generator=rng)
        nn.init.uniform_(self.linear.bias, -spread, spread, generator=rng)

    def forward(self, label: Tensor, latent: Float[Tensor, "B z"]) -> Float[Tensor, "B X"]:
        """Angles ``(B, n_inputs)`` in radians."""
        features = latent_features(latent, self.kinds)
        entry = torch.cat([condition(label, self.n_labels).to(latent), features], 1)
        for layer in self.layers:
            entry = torch.tanh(layer(entry))
        angles: Tensor = self.linear(entry)
        return angles if self.winding is None else angles + self.winding(latent)


class RegisterEmbedding(Embedding):
    """Angles of registers: pi times each bit of the label, then trainable multiples of latents.

    ``x = (pi b_1, .., pi b_k, a_1 z_{i(1)} + c_1, ..)``: wire j of the latent register, each time
    the latent is uploaded, turns by an affine function of one entry of z, ``j mod n_latent``; an
    angle has two wires, for its cosine and its sine.
    It starts at ``phi = pi/2 + pi z / 4`` and swings between phi and -phi from upload to upload.
    Real conditions enter the label wires as angles ``pi * value``.

    Args:
        n_labels: classes, or number of real conditions.
        n_latent: entries of z.
        n_label_wires: wires of the label register; ``2**n_label_wires >= n_labels`` for classes.
        n_latent_wires: wires of the latent register.
        n_inputs: all angles: ``n_label_wires`` and then a multiple of ``n_latent_wires``.
        rng: seeded source of the initial scales.
        kinds: the kind of each latent, or of all, as :class:`qgan.prior.Prior` has them: an angle
            is shown by its cosine and its sine.

    Raises:
        QganError: if the label or the latent does not fit its register.
    """

    of_gates = True

    def __init__(
        self,
        n_labels: int,
        n_latent: int,
        n_label_wires: int,
        n_latent_wires: int,
        n_inputs: int,
        rng: torch.Generator | None = None,
        kinds: str | Sequence[str] = "uniform",
    ) -> None:
        super().__init__()
        n_labels = errors.integer("n_labels", n_labels)
        prior = Prior(n_latent, kinds=kinds)
        n_features = prior.n_features
        n_inputs = errors.integer("n_inputs", n_inputs)
        n_label_wires = errors.integer("n_label_wires", n_label_wires)
        n_latent_wires = errors.integer("n_latent_wires", n_latent_wires)
        if n_labels > 2**n_label_wires:
            raise errors.argument(
                "n_labels", f"must be at most 2**{n_label_wires} to fit its register", n_labels
            )
        if n_features > n_latent_wires:
            rule = f"must be at most {n_latent_wires}, the wires of its register (two of an angle)"
            raise errors.argument("n_latent", rule, prior.n_latent)
        n_turns = n_inputs - n_label_wires
        if n_turns < 0 or (n_turns and (not n_latent_wires or n_turns % n_latent_wires)):
            raise errors.argument(
                "n_inputs", "must be the label wires and a multiple of the latent wires", n_inputs
            )
        self.spec = {
            "kind": "register",
            "n_labels": n_labels,
            "n_latent": prior.n_latent,
            "n_label_wires": n_label_wires,
            "n_latent_wires": n_latent_wires,
            "n_inputs": n_inputs,
            "kinds": list(prior.kinds),
        }
        self.n_labels, self.kinds = n_labels, prior.kinds
        self.n_label_wires = n_label_wires
        wires = torch.arange(n_turns) % max(1, n_latent_wires)
        self.register_buffer("entry", wires % max(1, n_features), persistent=False)
        # The wire's own angle swings between phi and -phi: turns of phi, -2 phi, 2 phi, ...
        upload = torch.arange(n_turns) // max(1, n_latent_wires)
        swing = torch.where(upload == 0, 1.0, 2.0) * (1 - 2 * (upload % 2))
        factor = torch.empty(n_turns).uniform_(0.8, 1.2, generator=rng)
        self.scale = nn.Parameter(swing * factor * math.pi / 4 if n_features else torch.empty(0))
        self.shift = nn.Parameter(swing * math.pi / 2)

    entry: Tensor

    def forward(self, label: Tensor, latent: Float[Tensor, "B z"]) -> Float[Tensor, "B X"]:
        """Angles ``(B, n_inputs)`` in radians."""
        label = read_labels(label, self.n_labels)
        if label.is_floating_point():
            bits = label.to(latent)
        else:
            bits = _bits_of(label, self.n_label_wires).to(latent)
        turns = self.shift.expand(len(latent), -1)
        if len(self.scale):
            turns = latent_features(latent, self.kinds)[:, self.entry] * self.scale + turns
        return torch.cat([math.pi * bits, turns.to(latent)], 1)


class BitEmbedding(Embedding):
    """The bits of label and latent, as a circuit whose registers hold bits takes them.

    Each entry of z is rounded to one of ``2^m`` values, the centres of parts of its range that the
    prior makes equally probable, and becomes the m bits of their number, the most significant
    first. What lies outside of ``[-1, 1]`` becomes the nearest end, and an angle wraps round.
    There is nothing to train, and no derivative with respect to z.

    Args:
        n_labels: classes.
        n_latent: entries of z.
        n_label_wires: wires of the label register; ``2**n_label_wires >= n_labels``.
        n_bits: bits m of each latent.
        gray: whether the number is written in Gray code, in which neighbours differ in one bit,
            the last value and the first one as well.
        kinds: the kind of each latent, or of all, as :class:`qgan.prior.Prior` has them.

    Raises:
        QganError: if the labels do not fit their register, or there are latents without bits.
    """

    def __init__(
        self,
        n_labels: int,
        n_latent: int,
        n_label_wires: int,
        n_bits: int,
        gray: bool = False,
        kinds: str | Sequence[str] = "uniform",
    ) -> None:
        super().__init__()
        self.n_labels = errors.integer("n_labels", n_labels, least=1)
        self.n_label_wires = errors.integer("n_label_wires", n_label_wires)
        self.prior = Prior(n_latent, kinds=kinds)
        n_latent = self.prior.n_latent
        self.n_bits = errors.integer("n_bits", n_bits, least=1 if n_latent else 0)
        self.gray = gray
        if self.n_bits > MOST_BITS:
            raise errors.argument("n_bits", f"must be at most {MOST_BITS}", self.n_bits)
        if n_labels > 2**n_label_wires:
            raise errors.argument(
                "n_labels", f"must be at most 2**{n_label_wires} to fit its register", n_labels
            )
        self.spec = {
            "kind": "bits",
            "n_labels": self.n_labels,
            "n_latent": n_latent,
            "n_inputs": self.n_label_wires + n_latent * self.n_bits,
            "n_label_wires": self.n_label_wires,
            "n_bits": self.n_bits,
            "gray": gray,
            "kinds": list(self.prior.kinds),
        }

    @property
    def levels(self) -> Float[Tensor, "L z"]:
        """The values that each entry of z is rounded to, ``(2**n_bits, n_latent)``, in double
        precision."""
        numbers = torch.arange(2**self.n_bits, dtype=torch.float64)
        shares = (2 * numbers + 1) / 2 ** (self.n_bits + 1)
        return self.prior.at(shares[:, None].repeat(1, self.prior.n_latent))

    def forward(self, label: Tensor, latent: Float[Tensor, "B z"]) -> Float[Tensor, "B X"]:
        """Bits ``(B, n_label_wires + n_latent * n_bits)``, each 0 or 1.

        Raises:
            QganError: for labels that are real conditions.
        """
        label = read_labels(label, self.n_labels)
        if label.is_floating_point():
            raise errors.argument("label", "must be classes, whose numbers have bits", "conditions")
        shares = latent_shares(latent.detach().double(), self.prior.kinds)
        number = (shares * 2**self.n_bits).floor()
        number = number.clamp(0, 2**self.n_bits - 1).long()
        if self.gray:
            number = number ^ (number >> 1)
        bits = [_bits_of(label, self.n_label_wires), _bits_of(number, self.n_bits).flatten(1)]
        return torch.cat(bits, 1).to(latent)


def _bits_of(numbers: Tensor, n_bits: int) -> Tensor:
    """The bits of integers on a last axis of their own, the most significant first."""
    places = torch.arange(n_bits - 1, -1, -1, device=numbers.device)
    return (numbers.unsqueeze(-1) >> places) & 1


KINDS: dict[str, type[Embedding]] = {
    "bits": BitEmbedding,
    "affine": AffineEmbedding,
    "tanh": TanhEmbedding,
    "register": RegisterEmbedding,
}


def from_spec(spec: dict[str, Any]) -> Embedding:
    """An embedding of the kind and the sizes that a ``spec`` names, with fresh weights.

    Raises:
        QganError: for a kind that this program does not have.
    """
    sizes = {key: value for key, value in spec.items() if key != "kind"}
    if spec["kind"] == "bits":
        del sizes["n_inputs"]  # follows from the others
    if spec["kind"] not in KINDS:
        raise errors.argument("embedding", f"must be one of {', '.join(KINDS)}", spec["kind"])
    return KINDS[spec["kind"]](**sizes)
