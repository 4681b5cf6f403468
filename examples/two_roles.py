"""The two roles of the latent in one circuit: it adds entropy, and it is a knob.

    python examples/two_roles.py runs/x
    python examples/two_roles.py --n-bits 4

The run must be one of `qgan train --generator register`; without a run a generator that nobody
has trained is taken. Its latent register holds z as bits. Fixed bits are a knob: each z makes a
state of its own, pure without a bath. In the uniform superposition of all bits the same gates with
the same angles make one mixed state, the average of all of them, and there is nothing to turn. The
program simulates the superposition with all wires, says how far the two averages are apart, and
draws two-roles.png.
"""

import argparse
import math
import sys
from pathlib import Path

import torch

from circuits import BitRegisterCircuit, Registers, Superposed
from qgan import Generator, Model, load
from qgan.cli import exit_status
from qgan.engines import BatchedEngine
from qgan.errors import QganError
from qgan.pictures.canvas import BLUE, DARK, GREY, PALE, SMALL, VERMILLION, Canvas

MOST_STATES = 2**16  # latents whose states are averaged


def untrained(n_bits: int) -> Model:
    """A generator of four qubits and one latent, as it is before a training."""
    registers = Registers(output=4, label=1, latent=n_bits)
    generator = Generator(BitRegisterCircuit(registers), n_labels=2, n_latent=1, spread=1.0)
    return Model(generator.requires_grad_(False), ("0", "1"), "untrained", 0)


def every_latent(generator: Generator) -> torch.Tensor:
    """The latents that make different states, ``(L, n_latent)``."""
    axes = generator.latent_axes()
    if not axes or generator.prior.n_levels:  # the superposition has no discrete latent
        raise QganError("The run must be one of --generator register, with latents held in bits.")
    if math.prod(map(len, axes)) > MOST_STATES:
        raise QganError(f"The latents must have at most {MOST_STATES:,} values together.")
    return torch.cartesian_prod(*axes).reshape(-1, generator.n_latent).float()


def roles(model: Model, label: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Purities of the states of fixed z, their average, and the state of the superposition."""
    generator, engine = model.sampler, BatchedEngine(precision="double")
    latents = every_latent(generator)
    states = generator.exact_states(torch.full((len(latents),), label), latents)
    average = states.density_matrix().mean(0)
    inputs = generator.inputs(torch.tensor([label]), latents[:1]).double()
    whole = engine.run(Superposed(generator.circuit), generator.weights.double(), inputs)
    return states.purity(), average, whole.density_matrix()[0]


def draw(rows: list[tuple], names: list[str], path: Path) -> None:
    """Spectra of the average states, side by side, and the purities of the two roles."""
    canvas = Canvas(7.4, 0.5 + 2.0 * len(rows))
    for place, ((purity, average, whole), name) in enumerate(zip(rows, names, strict=True)):
        top = 0.4 + 2.0 * place
        axes = canvas.axes(0.8, top, 3.6, 1.2)
        spectra = [torch.linalg.eigvalsh(rho).flip(0).clamp_min(1e-12) for rho in (average, whole)]
        x = torch.arange(len(spectra[0]))
        axes.bar(x, spectra[0], color=PALE, label="z fixed, averaged over z")
        axes.plot(x, spectra[1], "o", ms=3.5, color=BLUE, label="register in superposition")
        axes.set_yscale("log")
        axes.set_ylim(1e-8, 2)
        axes.set_title(f"{name}: eigenvalues of the average state", fontsize=SMALL, color=DARK)
        axes.legend(fontsize=SMALL, frameon=False)
        beside = canvas.axes(5.2, top, 1.9, 1.2)
        beside.hist(purity, bins=20, range=(0, 1.0001), color=VERMILLION)
        beside.axvline(float((whole @ whole).diagonal().sum().real), color=BLUE)
        beside.set_title("purity: each z (bars), superposition (line)", fontsize=SMALL, color=DARK)
        for one in (axes, beside):
            one.tick_params(labelsize=SMALL, colors=GREY)
    canvas.save(path)


def main() -> int:
    parser = argparse.ArgumentParser(description="Show the two roles of the latent.")
    parser.add_argument("run", nargs="?", help="a run of qgan train --generator register")
    parser.add_argument("--n-bits", type=int, default=6, help="bits of the latent, without a run")
    options = parser.parse_args()
    model = load(options.run) if options.run else untrained(options.n_bits)
    rows, names = [], [str(value) for value in model.label_values]
    for label, name in enumerate(names):
        rows.append(roles(model, label))
        purity, average, whole = rows[-1]
        mixed = float((whole @ whole).diagonal().sum().real)
        distance = float(torch.linalg.eigvalsh(average - whole).abs().sum() / 2)
        print(
            f"{name}: {len(purity):,} states of fixed z have purity {float(purity.min()):.6f} or "
            f"more; the superposition makes one state of purity {mixed:.4f}. The trace distance "
            f"of the two averages is {distance:.1e}."
        )
    path = Path("two-roles.png")
    draw(rows, names, path)
    print(f"Written: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(main))
