"""What a configuration leaves to the number of qubits: the view, the layers and their number."""

from __future__ import annotations

from typing import Any

from qgan.config import MOST_SMALL, Experiment

__all__ = ["AUTO", "scaled"]

AUTO = "auto"
"""The choice that stands for another one: the number of qubits decides which, or, of engines, the
time that each takes (:func:`qgan.build.engines.settle_engine`)."""


def scaled(settings: Experiment, n_qubits: int) -> Experiment:
    """The same experiment with choices in place of ``auto`` and None that learn at a size.

    Up to 5 qubits the view is the density matrix, and the re-uploading circuit has 4 layers of the
    hardware-efficient family. Beyond, the density matrix has too many entries; the sketch keeps the
    same distances with a fixed number of them. The circuit has as many layers of the Ising family
    as there are qubits: trained on the states themselves, without a game, 8 such layers reach a
    skill of 0.95 and 0.91 for the two labels of the chain of 8 qubits. The register circuit of bits
    follows with 8 layers at least, and angles that are affine in the latent with 12, since each
    layer adds frequencies. With angles on its registers the register circuit has 12 at any size.

    Args:
        settings: the experiment.
        n_qubits: qubits of the data.
    """
    small, g, d = n_qubits <= MOST_SMALL, settings.generator, settings.discriminator
    generator: dict[str, Any] = {}
    discriminator: dict[str, Any] = {}
    if d.kind == AUTO:
        discriminator["kind"] = "density" if small else "sketch"
    of_bits = g.kind == "register" and g.n_bits > 0
    grows = (g.kind == "reuploading" or of_bits) and not small
    if g.ansatz == AUTO:
        generator["ansatz"] = "ising" if grows else "hardware-efficient"
    if g.n_layers is None:
        of_network = g.kind == "reuploading" and g.embedding != "affine"
        least = 4 if of_network else 8 if of_bits else 12
        generator["n_layers"] = max(least, n_qubits) if grows else least
    if not generator and not discriminator:
        return settings
    return settings.model_copy(
        update={
            "generator": g.model_copy(update=generator),
            "discriminator": d.model_copy(update=discriminator),
        }
    )
