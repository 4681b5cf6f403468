"""The state of a training: everything that its next step depends on, as tensors and plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

from qgan.states import States

if TYPE_CHECKING:
    from qgan.training.trainer import Trainer


def capture(trainer: Trainer) -> dict[str, Any]:
    """Weights, optimisers, terms, generators of chance, and the step.

    Objectives, terms and engines are asked for ``state_dict()`` where they have one: averages,
    schedules of their own, the state of a device's shots.
    """
    return {
        "step": trainer.step,
        "generator": trainer.generator.state_dict(),
        "averaged": trainer.averaged.state_dict(),
        "discriminator": trainer.discriminator.state_dict(),
        "optimisers": {name: o.state_dict() for name, o in trainer.optimisers.items()},
        "order": trainer.order.bit_generator.state,
        "random": trainer.random.get_state(),
        "guard": trainer.guard.state_dict(),
        "others": [_state_of(other) for other in _others(trainer)],
    }


def restore(trainer: Trainer, found: dict[str, Any]) -> None:
    """Put a trainer where :func:`capture` found one of the same settings."""
    trainer.step = found["step"]
    trainer.generator.load_state_dict(found["generator"])
    trainer.averaged.load_state_dict(found["averaged"])
    trainer.discriminator.load_state_dict(found["discriminator"])
    for name, optimiser in trainer.optimisers.items():
        optimiser.load_state_dict(found["optimisers"][name])
    trainer.order.bit_generator.state = found["order"]
    trainer.random.set_state(found["random"])
    trainer.guard.load_state_dict(found["guard"])
    for other, state in zip(_others(trainer), found["others"], strict=True):
        if state is not None:
            other.load_state_dict(state)


def _others(trainer: Trainer) -> list[Any]:
    """Whatever else may have a state: the objective, the terms, each engine once."""
    engines = [trainer.generator.engine, getattr(trainer.discriminator.view, "engine", None)]
    unique = {id(engine): engine for engine in engines if engine is not None}
    return [trainer.objective, *trainer.terms, *unique.values()]


def _state_of(thing: Any) -> Any:
    method = getattr(thing, "state_dict", None)
    return None if method is None else method()


def study(trainer: Trainer, shown: tuple[Any, Any, Tensor]) -> dict[str, Any]:
    """The state together with the batch that is shown: what an update was to be made from."""
    real, fake, latent = shown
    batch = {"label": real.label, "latent": latent}
    for name, source in (("real", real.states), ("fake", fake)):
        if isinstance(source, States):
            batch[name] = source.factor.detach().clone()
    return {**capture(trainer), "batch": batch}
