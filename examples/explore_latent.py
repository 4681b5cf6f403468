"""Look at what the latents of a trained run do, from Python: as tables and as pictures.

    python examples/explore_latent.py runs/NAME

It prints tables and writes `plots/sweep.png` and `plots/atlas.png` into the run.
"""

import argparse
import sys
from pathlib import Path

import torch

from qgan import build, errors, explore
from qgan.pictures import atlas
from qgan.pictures.latent_sweep import latent_sweep
from qgan.runs import RunFolder, load


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, add_help=True)
    parser.add_argument("run", type=Path, help="a run folder")
    folder = RunFolder.open(parser.parse_args().run)
    model, data = load(folder.path), build.load_data(folder.experiment())
    n = model.sampler.n_latent

    print(explore.factors(model, data))

    print("\nQuantum Fisher information of z in the middle, by direction:")
    for label, name in zip(model.label_values, data.label_names, strict=True):
        print(f"{name}\n{explore.sensitivity(model, label, torch.zeros(n))}")

    path = explore.interpolate(model, model.label_values[0], -torch.ones(n), torch.ones(n), 9)
    even = explore.interpolate(
        model, model.label_values[0], -torch.ones(n), torch.ones(n), 9, metric="infidelity"
    )
    print("\nFrom corner to corner of latent space in 8 steps, infidelity of each:")
    for words, walk in (("even steps of z", path), ("even infidelity", even)):
        print(f"  {words:16}", " ".join(f"{value:.4f}" for value in walk.infidelity.tolist()))

    batch = data.held_out[torch.arange(0, len(data.held_out), max(1, len(data.held_out) // 64))]
    inversion = explore.invert(model, batch.states)
    share = float((inversion.label == batch.label).double().mean())
    print(
        f"\n{len(batch)} held-out states inverted: mean fidelity {inversion.fidelity.mean():.4f},"
    )
    print(f"label recovered for {share:.3f} of them")

    generator = model.sampler
    latent_sweep(generator.exact_states, data, generator.prior, folder.plots / "sweep.png")
    print(f"\n{folder.plots / 'sweep.png'}\n{atlas(model, data, folder.plots / 'atlas.png')}")


if __name__ == "__main__":
    try:
        main()
    except errors.QganError as error:
        sys.exit(str(error))
