"""A trained generator, opened from its run without the script that made it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from qgan import errors
from qgan.embedding import from_spec
from qgan.engines import BatchedEngine
from qgan.engines.base import Engine
from qgan.engines.gates import TracedCircuit
from qgan.engines.trace import trace
from qgan.generator import Generator
from qgan.prior import Prior
from qgan.states import States

FORMAT = 1


def describe(generator: Generator, label_values: Sequence[Any]) -> dict[str, Any]:
    """A generator without its weights, as plain data: what ``circuit.json`` holds.

    Raises:
        QganError: if the embedding is of a kind that cannot be described as data.
    """
    spec = getattr(generator.embedding, "spec", None)
    if spec is None:
        raise errors.unsupported(
            f"Embedding {type(generator.embedding).__name__}",
            "it has no `spec`, so a run with it could not be opened again",
            "use one of qgan.embedding",
        )
    return {
        "format": FORMAT,
        "circuit": trace(generator.circuit).to_dict(),
        "embedding": spec,
        "prior": {"n_latent": generator.prior.n_latent, "n_levels": generator.prior.n_levels},
        "n_labels": generator.n_labels,
        "label_values": list(label_values),
    }


def rebuild(data: dict[str, Any]) -> Generator:
    """A generator of :func:`describe`'s data, with fresh weights; runs no code of the user's."""
    if data.get("format") != FORMAT:
        raise errors.argument("circuit.json", f"must have format {FORMAT}", data.get("format"))
    circuit = TracedCircuit.from_dict(data["circuit"])
    return Generator(
        circuit,
        data["n_labels"],
        embedding=from_spec(data["embedding"]),
        prior=Prior(**data["prior"]),
    )


def exact_states(generator: Generator, label: Tensor, latent: Tensor) -> States:
    """States of labels and latents in double precision, on an engine that has states.

    Evaluation and sampling come through here, whatever device the training runs on.
    """
    generator.check(label, latent)
    engine: Engine = BatchedEngine(precision="double")
    if engine.why_not(generator.circuit) is not None:
        engine = generator.engine
    like = generator.weights
    with torch.no_grad():
        inputs = generator.embedding(label.to(like.device), latent.to(like))
        return engine.run(generator.circuit, like, inputs).detach().to(device="cpu")


class Model:
    """A trained generator with the labels it knows.

    Args:
        generator: the generator with its trained weights.
        label_values: the labels as the data had them; their places are the class indices.
        checkpoint: name of the checkpoint the weights come from.
        step: generator steps taken up to it.
    """

    def __init__(
        self, generator: Generator, label_values: Sequence[Any], checkpoint: str, step: int
    ) -> None:
        self.generator = generator
        self.label_values = tuple(label_values)
        self.checkpoint = checkpoint
        self.step = step

    def index(self, label: Any) -> int:
        """Class index of a label as the data had it (numbers may come as text)."""
        for place, value in enumerate(self.label_values):
            if value == label or str(value) == str(label):
                return place
        raise errors.argument("label", f"must be one of {list(self.label_values)}", label)

    def sample(
        self,
        label: Any = None,
        n: int | None = None,
        seed: int = 0,
        latent: Tensor | Sequence[float] | Sequence[Sequence[float]] | None = None,
    ) -> States:
        """Generated states: ``n`` of one label, or of each label if none is named.

        Args:
            label: a label as the data had it.
            n: states of each label; 1 by default, or as many as there are latents.
            seed: of the latents.
            latent: latents to use instead of drawn ones: ``(n_latent,)`` or ``(n, n_latent)``.

        Raises:
            QganError: for an unknown label, ``n`` below 1 or not as many as latents, or a latent
                of another width.
        """
        return self.draw(label, n, seed, latent)[0]

    def draw(
        self,
        label: Any = None,
        n: int | None = None,
        seed: int = 0,
        latent: Tensor | Sequence[float] | Sequence[Sequence[float]] | None = None,
    ) -> tuple[States, Tensor, Tensor]:
        """The same as :meth:`sample`, with class indices and latents."""
        if n is not None and n < 1:
            raise errors.argument("n", "must be at least 1", n)
        classes = range(len(self.label_values)) if label is None else [self.index(label)]
        if latent is not None:
            given = torch.as_tensor(latent, dtype=torch.float32)
            given = given.unsqueeze(0) if given.ndim == 1 else given
            if given.ndim != 2 or given.shape[1] != self.generator.n_latent:
                raise errors.argument(
                    "latent", f"must have {self.generator.n_latent} entries", tuple(given.shape)
                )
            if not torch.isfinite(given).all():
                raise errors.argument("latent", "must be finite", given.flatten().tolist())
            if n is not None and len(given) not in (1, n):
                raise errors.argument("n", f"must be {len(given)}, as many as latents", n)
            if n is not None:
                given = given.expand(n, -1)
            n = len(given)
            z = given.repeat(len(classes), 1)
        else:
            n = n or 1
            random = torch.Generator().manual_seed(seed)
            z = self.generator.prior.sample(n * len(classes), random)
        labels = torch.tensor(list(classes)).repeat_interleave(n)
        return exact_states(self.generator, labels, z), labels, z
