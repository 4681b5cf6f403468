"""The table of compatibility, made by building each discriminator and asking the rules."""

from __future__ import annotations

from functools import lru_cache

from qgan import errors
from qgan.build.discriminator import build_discriminator
from qgan.build.heads import HEADS
from qgan.build.objectives import OBJECTIVES, build_objective
from qgan.build.settings import parse
from qgan.build.terms import build_terms
from qgan.build.views import VIEWS
from qgan.config import Experiment
from qgan.data import Dataset, basis
from qgan.discriminator import Discriminator
from qgan.engines import BatchedEngine
from qgan.rules import check_game

__all__ = ["adversarial", "compatibility", "smallest", "why_not"]


def smallest(view: str, head: str, objective: str) -> Experiment:
    """The settings of a small game; the swap test gets one reference if its one number is read."""
    size = {"n_circuits": 1, "n_layers": 1, "hidden": (4,)}
    references = 1 if head == "identity" else 2
    discriminator = {"kind": view, "head": head, "n_references": references, **size}
    return parse({"objective": objective, "discriminator": discriminator})


@lru_cache(maxsize=1)
def _data() -> Dataset:
    return basis(2, n_train=2, n_validation=1, n_held_out=1)


@lru_cache(maxsize=256)
def _discriminator(view: str, head: str, reads_expectations: bool) -> Discriminator | str:
    """The discriminator, which depends on the objective by how it reads scores; or why not."""
    settings = smallest(view, head, "linear" if reads_expectations else "minimax")
    try:
        return build_discriminator(settings, _data(), BatchedEngine(), build_objective(settings))
    except errors.QganError as error:
        return str(error)


def why_not(view: str, head: str, objective: str) -> str | None:
    """Why a view, a head and an adversarial objective do not go together; None if they do."""
    settings = smallest(view, head, objective)
    game_of = build_objective(settings)
    discriminator = _discriminator(view, head, game_of.reads == "expectations")
    if isinstance(discriminator, str):
        return discriminator
    try:
        terms = build_terms(settings, _data(), game_of, discriminator)
        check_game(discriminator, game_of, terms)
    except errors.QganError as error:
        return str(error)
    return None


def adversarial() -> list[str]:
    """Objectives that play against a discriminator."""
    return [entry.name for entry in OBJECTIVES.entries() if _reads_scores(entry.name)]


def _reads_scores(objective: str) -> bool:
    entry, number = OBJECTIVES.find_numbered(objective)
    return bool(OBJECTIVES.build(entry, number).reads != "nothing")


def compatibility() -> str:
    """Two tables in Markdown: objectives against heads, and views against heads."""

    def mark(possible: bool) -> str:
        return "●" if possible else ""

    heads, objectives = list(HEADS), adversarial()
    lines = ["| objective | " + " | ".join(heads) + " |", "| --- |" + " :-: |" * len(heads)]
    for name in objectives:
        cells = [mark(any(why_not(v, head, name) is None for v in VIEWS)) for head in heads]
        lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
    free = [f"`{name}`" for name in OBJECTIVES if name not in objectives]
    lines.append(f"| {', '.join(free)} |" + " none |" * len(heads))
    lines += ["", "| view | " + " | ".join(heads) + " |", "| --- |" + " :-: |" * len(heads)]
    for view in VIEWS:
        cells = [mark(any(why_not(view, h, o) is None for o in objectives)) for h in heads]
        lines.append(f"| `{view}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)
