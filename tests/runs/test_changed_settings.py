"""Each setting that changes between training and resume: it is obeyed and told, or it is refused.

A new setting must come into one of the two tables.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from same_runs import assert_equal

from qgan import build
from qgan.build import plugins
from qgan.build.settings import to_yaml
from qgan.config import Experiment
from qgan.errors import QganError
from qgan.objectives import Hinge
from qgan.runs import RunFolder, Session
from qgan.runs._differences import flat
from qgan.runs.history import read_history
from qgan.terms import GradientPenalty, InstanceNoise

BASE: dict[str, Any] = {
    "data.source": "basis",
    "data.qubits": 1,
    "generator.n_layers": 1,
    "generator.hidden": [4],
    "generator.bath": 0,
    "discriminator.hidden": [4],
    "trainer.steps": 2,
    "trainer.batch": 4,
    "trainer.n_critic": 1,
    "trainer.log_every": 1,
    "loggers": [],
}
CIRCUIT = {"discriminator.kind": "circuit", "discriminator.n_layers": 1}
NOISY = {"engine.device": "default.mixed"}


def experiment(settings: Mapping[str, Any]) -> Experiment:
    """An experiment from its settings by path."""
    nested: dict[str, Any] = {}
    for key, value in settings.items():
        section, _, name = key.rpartition(".")
        (nested.setdefault(section, {}) if section else nested)[name] = value
    return build.parse(nested)


def session_in(folder: RunFolder, tell: Callable[[str], None] = print) -> Session:
    settings = folder.experiment()
    trainer = build.build_trainer(build.load_data(settings), settings)
    return Session(trainer, folder, tell=tell)


@pytest.fixture(name="trained", scope="module")
def _trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path, dict[str, Any]], Session]:
    """Copies a run of two steps with some settings into a folder, and gives its session."""
    sessions: dict[str, Session] = {}

    def trained(path: Path, more: dict[str, Any]) -> Session:
        if str(more) not in sessions:
            folder = tmp_path_factory.mktemp("trained") / "run"
            session = session_in(RunFolder.create(folder, experiment(BASE | more)))
            session.start()
            assert session.train()
            sessions[str(more)] = session
        shutil.copytree(sessions[str(more)].run.path, path)
        return sessions[str(more)]

    return trained


def resumed(
    path: Path, settings: Mapping[str, Any], lines: list[str], changed_data: bool = False
) -> Session:
    """The run as ``qgan resume`` continues it, after its config.yaml has been written anew."""
    folder = RunFolder.open(path)
    folder.config_file.write_text(to_yaml(experiment(settings)))
    session = session_in(folder, lines.append)
    session.resume(changed_data)
    return session


def group(player: str, name: str, place: int = 0) -> Callable[[Session], Any]:
    """A number of a player's optimiser, after a step."""
    return lambda s: s.learner.players[player].param_groups[place][name]


def engine(name: str) -> Callable[[Session], Any]:
    return lambda s: getattr(s.learner.generator.engine, name, None)  # type: ignore[attr-defined]


def game(session: Session) -> Any:
    return session.learner.game  # type: ignore[attr-defined]


def config(name: str) -> Callable[[Session], Any]:
    """For what the loop and the session read from the learner's settings at each step."""
    return lambda s: getattr(s.learner.config, name)


def n_rows(session: Session) -> int:
    return len(read_history(session.run.history_file)["step"])


def averages(session: Session) -> bool:
    """Whether the judged sampler is another one than the one that is trained."""
    own = session.learner.generator.parameters()  # type: ignore[attr-defined]
    mean = session.learner.model.parameters()
    return not all(torch.equal(*pair) for pair in zip(own, mean, strict=True))


# key: (further settings from the beginning, the new value, what shows it after the next steps,
# and what that must be)
OBEYED: dict[str, tuple[dict[str, Any], Any, Callable[[Session], Any], Any]] = {
    "objective": ({}, "hinge", lambda s: type(game(s).objective), Hinge),
    "term": (
        {"trainer.gradient": "autograd"},  # which the closed form of some terms would change too
        ["gradient-penalty:3", "instance-noise"],
        lambda s: [type(term) for term in game(s).terms],
        [GradientPenalty, InstanceNoise],
    ),
    "mismatched_share": ({}, 0.25, lambda s: game(s).mismatched_share, 0.25),
    "loggers": ({}, ["tensorboard"], lambda s: s.run.experiment().loggers, ("tensorboard",)),
    "plugin": ({}, ["mine.py"], lambda s: s.run.experiment().plugin, (Path("mine.py"),)),
    "engine.kind": ({}, "pennylane", engine("device"), "default.qubit"),
    "engine.device": ({}, "default.mixed", engine("device"), "default.mixed"),
    "engine.diff_method": (
        CIRCUIT | {"engine.device": "lightning.qubit"},
        "parameter-shift",
        engine("diff_method"),
        "parameter-shift",
    ),
    "engine.shots": (
        CIRCUIT | {"engine.device": "lightning.qubit", "engine.diff_method": "parameter-shift"},
        7,
        engine("shots"),
        7,
    ),
    "engine.depolarising": (NOISY, 0.1, lambda s: engine("noise")(s) is None, False),
    "engine.readout": (CIRCUIT | NOISY, 0.1, engine("readout"), 0.1),
    "engine.precision": ({}, "double", lambda s: s.learner.model.weights.dtype, torch.float64),
    "engine.low_memory": ({}, True, engine("low_memory"), True),
    "trainer.steps": ({}, 5, lambda s: s.learner.step, 5),
    "trainer.batch": ({}, 6, lambda s: len(s.learner.generator_batch()[0]), 6),  # type: ignore[attr-defined]
    "trainer.n_critic": ({}, 3, lambda s: len(list(s.learner.critic_batches())), 3),  # type: ignore[attr-defined]
    "trainer.generator_rate": ({}, 0.05, group("generator", "initial_lr"), 0.05),
    "trainer.discriminator_rate": ({}, 0.07, group("discriminator", "initial_lr"), 0.07),
    "trainer.view_rate": (CIRCUIT, 0.09, group("discriminator", "initial_lr", 1), 0.09),
    "trainer.betas": ({}, [0.7, 0.8], group("generator", "betas"), (0.7, 0.8)),
    "trainer.final_rate": ({}, 1.0, group("generator", "lr"), 2e-3),
    "trainer.average": ({}, 0.0, averages, False),
    "trainer.gradient": ({}, "autograd", lambda s: s.learner.closed_form is None, True),  # type: ignore[attr-defined]
    "trainer.evaluate_every": ({}, 1, config("evaluate_every"), 1),
    "trainer.checkpoint_every": ({}, 1, config("checkpoint_every"), 1),
    "trainer.log_every": ({}, 9, n_rows, 4),  # steps 0, 1, 2, and the last one
    "trainer.on_nonfinite": ({}, "skip", lambda s: s.learner.guard.policy, "skip"),
}
"""What changes from the resumed step on."""

REFUSED: dict[str, tuple[dict[str, Any], Any]] = {
    "preset": ({}, "tfim"),
    "seed": ({}, 5),
    "data.source": ({"data.qubits": 2}, "tfim"),
    "data.qubits": ({}, 2),
    "data.shots": ({"data.shots": 5}, 6),
    "data.measurement": ({"data.shots": 5}, "tetrahedral"),
    "generator.kind": ({}, "register"),
    "generator.ansatz": ({}, "ising"),
    "generator.n_layers": ({}, 2),
    "generator.bath": ({}, 1),
    "generator.n_bits": ({}, 5),
    "generator.n_controls": ({}, 2),
    "generator.gray": ({}, True),
    "generator.degree": ({}, 2),
    "generator.n_latent": ({}, 3),
    "generator.n_levels": ({}, 2),
    "generator.prior": ({}, "normal"),
    "generator.embedding": ({}, "affine"),
    "generator.spread": ({}, 0.7),
    "generator.hidden": ({}, [5]),
    "discriminator.kind": ({}, "povm"),
    "discriminator.head": ({}, "projection"),
    "discriminator.spectral": ({"term": ["weight-clipping"]}, True),
    "discriminator.hidden": ({}, [5]),
    "discriminator.max_weight": ({"discriminator.kind": "pauli"}, 1),
    "discriminator.n_words": ({"discriminator.kind": "pauli"}, 2),
    "discriminator.n_observables": ({"discriminator.kind": "sketch"}, 7),
    "discriminator.povm": ({"discriminator.kind": "povm"}, "tetrahedral"),
    "discriminator.n_references": ({"discriminator.kind": "swap-test"}, 3),
    "discriminator.n_circuits": (CIRCUIT, 2),
    "discriminator.n_layers": (CIRCUIT, 2),
    "discriminator.label": (CIRCUIT, "register"),
    "discriminator.bath": (CIRCUIT, 1),
    "discriminator.scale": (CIRCUIT, 2.0),
    "discriminator.trainable": (CIRCUIT, False),
    "trainer.optimiser": ({}, "rmsprop"),
}
"""What a run keeps."""

ELSEWHERE = {"data.file", "data.little_endian", "data.rescale", "engine.accelerator"}
"""Settings that need a file or a CUDA device: `data.file` has tests beside these."""


def test_each_setting_is_in_one_of_the_tables() -> None:
    settings = set(flat(Experiment().model_dump(mode="json")))
    assert settings == OBEYED.keys() | REFUSED.keys() | ELSEWHERE
    assert not OBEYED.keys() & REFUSED.keys()


@pytest.mark.parametrize("key", OBEYED)
def test_a_setting_that_may_change_is_told_and_obeyed(
    trained: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    more, value, show, expected = OBEYED[key]
    before = trained(tmp_path / "run", more)
    if key != "loggers":
        assert show(before) != expected, "the test could not fail"
    if key == "plugin":
        monkeypatch.setitem(plugins._loaded, "mine.py", "0")  # as --plugin does
    lines: list[str] = []
    session = resumed(tmp_path / "run", BASE | more | {key: value}, lines)
    lines = [line for line in lines if not line.startswith("`plug-in mine.py` was None")]
    told = [line for line in lines if line.startswith(f"`{key}` was ")]
    assert len(told) == len(lines) == 1
    assert told[0].endswith(": not the same run bit for bit.")
    if key != "trainer.steps":  # then no step would be left
        session.lock.release()
        settings = BASE | more | {key: value, "trainer.steps": 3}
        session = resumed(tmp_path / "run", settings, [])
    assert session.train()
    assert session.learner.step > before.learner.step
    assert show(session) == expected


@pytest.mark.parametrize("key", REFUSED)
def test_a_setting_that_a_run_keeps_is_refused(trained: Any, tmp_path: Path, key: str) -> None:
    more, value = REFUSED[key]
    trained(tmp_path / "run", more)
    with pytest.raises(QganError) as error:
        resumed(tmp_path / "run", BASE | more | {key: value}, [])
    message = str(error.value)
    assert "`checkpoint` must fit " in message and f"config.yaml, but got `{key}` was " in message
    assert "\n" not in message


def test_a_run_does_not_end_before_the_steps_it_has_taken(trained: Any, tmp_path: Path) -> None:
    trained(tmp_path / "run", {})
    before = (tmp_path / "run/history.csv").read_bytes()
    with pytest.raises(QganError) as error:
        resumed(tmp_path / "run", BASE | {"trainer.steps": 1}, [])
    rule = "must be at least 2, the steps that the run has taken, but got 1."
    assert str(error.value) == f"Argument `trainer.steps` {rule}"
    assert (tmp_path / "run/history.csv").read_bytes() == before


def test_the_moments_of_adam_and_the_weights_stay(trained: Any, tmp_path: Path) -> None:
    before = trained(tmp_path / "run", {})
    session = resumed(tmp_path / "run", BASE | {"trainer.betas": [0.7, 0.8]}, [])
    for name, player in session.learner.players.items():
        states = (p.state_dict()["state"] for p in (player, before.learner.players[name]))
        assert_equal(*states)
    assert_equal(session.learner.model.state_dict(), before.learner.model.state_dict())


def test_without_an_average_the_sampler_that_was_trained_goes_on(
    trained: Any, tmp_path: Path
) -> None:
    before = trained(tmp_path / "run", {})
    session = resumed(tmp_path / "run", BASE | {"trainer.average": 0.0}, [])
    own = before.learner.generator.state_dict()
    assert_equal(session.learner.model.state_dict(), own)


def test_the_history_charges_each_step_what_it_cost(trained: Any, tmp_path: Path) -> None:
    trained(tmp_path / "run", {})
    session = resumed(tmp_path / "run", BASE | {"trainer.steps": 4, "trainer.n_critic": 3}, [])
    assert session.train()
    copies = read_history(session.run.history_file)["real_copies"]
    first = copies[1]
    assert copies == [0, first, 2 * first, 5 * first, 8 * first]


def test_the_learner_that_trains_is_what_is_compared(trained: Any, tmp_path: Path) -> None:
    trained(tmp_path / "run", {})
    folder, lines = RunFolder.open(tmp_path / "run"), list[str]()
    settings = experiment(BASE | {"trainer.generator_rate": 0.05})
    trainer = build.build_trainer(build.load_data(settings), settings)
    Session(trainer, folder, tell=lines.append).resume()  # config.yaml has the old rate
    told = "`trainer.generator_rate` was 0.002 and is now 0.05: not the same run bit for bit."
    assert lines == [told]


def test_a_setting_that_an_older_version_did_not_have_is_told(trained: Any, tmp_path: Path) -> None:
    trained(tmp_path / "run", {})
    folder = RunFolder.open(tmp_path / "run")
    state = folder.checkpoint("last")
    del state["experiment"]["data"]["measurement"], state["cost"]
    state["stateful"] = list(state["stateful"].values())  # as it was before they had names
    folder.save_checkpoint("last", state)
    lines: list[str] = []
    session = resumed(tmp_path / "run", BASE | {"trainer.steps": 3}, lines)
    told = sorted(line.split(" and is ")[0] for line in lines)
    assert told == ["`data.measurement` was None", "`trainer.steps` was 2"]
    assert session.train()
    copies = read_history(session.run.history_file)["real_copies"]
    assert copies[3] == 3 * copies[1]


def test_settings_of_the_data_change_with_the_data(trained: Any, tmp_path: Path) -> None:
    trained(tmp_path / "run", {"data.shots": 5})
    lines: list[str] = []
    more = {"data.shots": 6, "trainer.steps": 3}
    session = resumed(tmp_path / "run", BASE | more, lines, changed_data=True)
    assert "`data.shots` was 5 and is now 6: not the same run bit for bit." in lines
    assert session.train()
    with pytest.raises(QganError, match=r"got `generator\.spread` was 0\.2 and is"):
        resumed(tmp_path / "run", BASE | more | {"generator.spread": 0.7}, [], changed_data=True)
