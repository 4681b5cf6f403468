"""The whole job beside a straightforward script of PennyLane and torch: the same game.

    python examples/benchmarks/whole_job.py
    python examples/benchmarks/whole_job.py --preset tfim --rounds 5

The script is what one writes first: `default.qubit` with broadcasting and backprop, the entries of
the density matrix, a perceptron as critic, autograd for the gradient penalty, torch's Adam. The
circuit, sizes, batch, rates and steps of the critic are those of the preset, and it starts from
the same weights. Both are shown the same states first, and must give the same losses.
Steps are then timed in turns, in process time of one core. "Seconds to skill" counts the steps
that our training takes until validation skill is 0.9 for each label; the script plays the same
game, so that its seconds are these steps at its own pace.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pennylane as qml
import torch
from torch import Tensor, nn

from qgan import Trainer, build
from qgan.evaluation import Judge

SKILL = 0.9


class Script:
    """The conditional GAN as a script of PennyLane and torch would have it.

    Args:
        trainer: where the sizes, rates and initial weights come from.
    """

    def __init__(self, trainer: Trainer) -> None:
        config, generator = trainer.config, trainer.generator
        self.config, self.share = config, trainer.game.mismatched_share
        self.weight = trainer.game.terms[0].weight
        self.n_labels, self.n_latent = generator.n_labels, generator.n_latent
        self.states = trainer.training_data.train.states.factor[:, :, 0]
        self.label = trainer.training_data.train.label
        self.network = copy.deepcopy(generator.embedding)
        self.critic: nn.Sequential = copy.deepcopy(trainer.discriminator.head.layers)
        circuit, none = generator.circuit, generator.weights.new_zeros(0)
        device = qml.device("default.qubit", wires=circuit.registers.n_wires)

        @qml.qnode(device, interface="torch", diff_method="backprop")
        def state(angles: Tensor) -> Tensor:
            circuit(none, angles)
            return qml.state()

        self.state = state
        dimension = self.states.shape[1]
        self.upper = torch.triu_indices(dimension, dimension, offset=1)
        adam = {"betas": config.betas}
        self.of_critic = torch.optim.Adam(
            self.critic.parameters(), lr=config.discriminator_rate, **adam
        )
        self.of_network = torch.optim.Adam(
            self.network.parameters(), lr=config.generator_rate, **adam
        )

    def draw(self, label: Tensor) -> Tensor:
        """Generated states of some labels."""
        latent = torch.rand(len(label), self.n_latent) * 2 - 1
        return self.of(label, latent)

    def of(self, label: Tensor, latent: Tensor) -> Tensor:
        """Generated states of labels and latents."""
        return self.state(self.network(label, latent)).to(torch.complex64)

    def entries(self, states: Tensor) -> Tensor:
        """The real coordinates of the density matrices."""
        rho = states[:, :, None] * states[:, None, :].conj()
        above = 2**0.5 * rho[:, self.upper[0], self.upper[1]]
        diagonal = torch.diagonal(rho, dim1=1, dim2=2).real
        return torch.cat([diagonal, above.real, above.imag], 1)

    def score(self, features: Tensor, label: Tensor) -> Tensor:
        """The critic's scores."""
        return self.critic(torch.cat([features, nn.functional.one_hot(label, self.n_labels)], 1))

    def critic_loss(self, real: Tensor, fake: Tensor, label: Tensor, mix: Tensor) -> Tensor:
        """Wasserstein loss with mismatched pairs, and the gradient penalty."""
        accepted, rejected = self.score(real, label).mean(), self.score(fake, label).mean()
        if self.share:
            wrong = self.score(real, 1 - label).mean()
            rejected = (1 - self.share) * rejected + self.share * wrong
        points = (mix * real + (1 - mix) * fake).requires_grad_()
        scores = self.score(points, label).sum()
        (slope,) = torch.autograd.grad(scores, points, create_graph=True)
        return rejected - accepted + self.weight * ((slope.norm(dim=1) - 1) ** 2).mean()

    def step(self) -> None:
        """One round of the game."""
        size = self.config.batch
        for _ in range(self.config.n_critic):
            rows = torch.randint(len(self.states), (size,))
            label = self.label[rows]
            with torch.no_grad():
                real, fake = self.entries(self.states[rows]), self.entries(self.draw(label))
            loss = self.critic_loss(real, fake, label, torch.rand(size, 1))
            self.of_critic.zero_grad()
            loss.backward()
            self.of_critic.step()
        label = self.label[torch.randint(len(self.label), (size,))]
        loss = -self.score(self.entries(self.draw(label)), label).mean()
        self.of_network.zero_grad()
        loss.backward()
        self.of_network.step()


def check(script: Script, trainer: Trainer) -> None:
    """Both give the same loss of the critic and of the generator on the same states."""
    batch, drawn, fixed = next(trainer.critic_batches())
    before = trainer.rng.get_state()
    ours = sum(trainer.critic_loss(batch, drawn, fixed).values())
    trainer.rng.set_state(before)
    mix = torch.rand(len(batch), 1, generator=trainer.rng)
    real = script.entries(batch.states.factor[:, :, 0])
    fake = script.entries(script.of(drawn.label, drawn.latent)).detach()
    torch.testing.assert_close(
        script.critic_loss(real, fake, batch.label, mix), ours, rtol=1e-3, atol=1e-4
    )
    features = script.entries(script.of(drawn.label, drawn.latent))
    theirs = -script.score(features, drawn.label).mean()
    ours = sum(trainer.generator_loss(batch, drawn).values())
    torch.testing.assert_close(theirs, ours, rtol=1e-3, atol=1e-4)


def seconds_of(step: Callable[[], object], count: int) -> float:
    """Process time of a step, the mean over some."""
    start = time.process_time()
    for _ in range(count):
        step()
    return (time.process_time() - start) / count


def steps_to_skill(trainer: Trainer, every: int) -> tuple[int, list[float]] | None:
    """The steps until validation skill is 0.9 for each label, and that skill; None if it never is.

    The judge asks every so many steps, outside the time that is measured.
    """
    judge = Judge(trainer.data, "validation")
    while trainer.step < trainer.config.steps:
        trainer.train_step()
        if trainer.step % every == 0:
            skills = [label.skill for label in judge.report(trainer.model).labels]
            if min(skills) >= SKILL:
                return trainer.step, skills
    return None


def main() -> None:
    """Compare, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="ising", choices=["ising", "tfim"])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--skip-skill", action="store_true", help="time steps only")
    parser.add_argument("--out", type=Path, help="a file for the figures, as JSON")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    settings = build.preset(asked.preset)
    data = build.load_data(settings)
    trainer = build.build_trainer(data, settings)
    script = Script(trainer)
    check(script, trainer)
    script.step(), trainer.train_step()  # warm up
    pairs = [
        (seconds_of(trainer.train_step, 20), seconds_of(script.step, 3))
        for _ in range(asked.rounds)
    ]
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratios = [other / own for own, other in pairs]
    figures = {
        "preset": asked.preset,
        "ms_per_step": 1e3 * ours,
        "ms_per_step_of_script": 1e3 * theirs,
        "ratio": statistics.median(ratios),
        "ratio_range": [min(ratios), max(ratios)],
    }
    print("| | qgan | PennyLane and torch | ratio |\n| --- | ---: | ---: | ---: |")
    spread = f"{figures['ratio']:.1f} ({min(ratios):.1f} to {max(ratios):.1f})"
    print(f"| steps per second | {1 / ours:.1f} | {1 / theirs:.2f} | {spread} |")
    if not asked.skip_skill:
        found = steps_to_skill(build.build_trainer(data, settings), every=100)
        if found is None:
            print(f"| seconds to a skill of {SKILL} | not reached | | |")
        else:
            steps, skills = found
            figures |= {"steps_to_skill": steps, "skills": skills}
            seconds = f"{steps * ours:.0f} | {steps * theirs:.0f}"
            print(f"| seconds to a skill of {SKILL} ({steps} steps) | {seconds} | |")
    if asked.out is not None:
        asked.out.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
