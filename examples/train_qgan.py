"""The main job: learn the ground states of the Ising chain, conditioned on the phase.

    python examples/train_qgan.py
    python examples/train_qgan.py --help

The objects of the default run are built in this file, where you can read how. If a flag asks for
another generator, discriminator, objective or device, `qgan.build` makes the objects instead.
"""

import sys

import torch

from circuits import Registers, ReuploadingCircuit
from qgan import Discriminator, Generator, Trainer
from qgan.build import build_trainer, load_data, preset, settle
from qgan.cli import default_run, exit_status, parse_train
from qgan.cli.console import tell_notes, waiting
from qgan.cli.progress import train_and_report
from qgan.config import Experiment
from qgan.data import Dataset
from qgan.discriminator import MLPHead
from qgan.engines import BatchedEngine
from qgan.objectives import Wasserstein
from qgan.runs import RunFolder
from qgan.terms import GradientPenalty
from qgan.views import DensityView


def default_trainer(data: Dataset, settings: Experiment) -> Trainer:
    # The generator: label and latent go through a small network into every angle of a circuit.
    circuit = ReuploadingCircuit(Registers(output=data.n_qubits), n_layers=4)
    generator = Generator(
        circuit, data.n_labels, n_latent=2, engine=BatchedEngine(), seed=settings.seed
    )

    # The discriminator: a linear view of a state, then any function of it and the label.
    view = DensityView(data.n_qubits)
    rng = torch.Generator().manual_seed(settings.seed + 1)
    head = MLPHead(view.n_features, data.n_labels, hidden=(128, 128), rng=rng)
    discriminator = Discriminator(view, head)

    # The game: a Wasserstein critic, held near slope one by a penalty.
    return Trainer(
        generator,
        discriminator,
        data,
        Wasserstein(),
        terms=[GradientPenalty(10.0)],
        config=settings.trainer,
        seed=settings.seed,
        mismatched_share=settings.mismatched_share,
    )


def is_default(settings: Experiment, data: Dataset) -> bool:
    asked, usual = (
        one.model_dump(exclude={"seed", "trainer", "data"}) for one in (settings, preset("ising"))
    )
    return asked == usual and data.rank == 1 and data.n_qubits == 4


def main() -> int:
    settings, run, overwrite = parse_train(sys.argv[1:], "train_qgan.py")
    if run is not None:
        RunFolder.check_free(run, overwrite)

    # Real states with their labels; the fields h and g behind them are for the judge alone.
    with waiting("making the data"):
        data = load_data(settings)
    tell_notes(data)
    make = default_trainer if is_default(settings, data) else build_trainer
    # What the settings leave open is settled here, and the run keeps the choices.
    settings = settle(settings, data)
    trainer = make(data, settings)

    # The trainer settles how gradients are found; the run keeps that too.
    settings = settings.model_copy(update={"trainer": trainer.config})
    folder = RunFolder.create(run or default_run(settings), settings, overwrite)
    return train_and_report(trainer, folder)


if __name__ == "__main__":
    sys.exit(exit_status(main))
