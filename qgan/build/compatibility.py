"""The table of compatibility, made by building each discriminator and asking the rules."""

from __future__ import annotations

from functools import lru_cache

from qgan import errors
from qgan.config import Experiment
from qgan.data import Dataset, basis
from qgan.discriminator import Discriminator
from qgan.engines import BatchedEngine
from qgan.rules import check_game
from qgan.build.discriminators import HEADS, VIEWS, build_discriminator
from qgan.build.trainer import build_terms
from qgan.build.objectives import OBJECTIVES
from qgan.build.settings import parse


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
def _discriminator(view: str, head: str, value: bool) -> Discriminator | str:
    settings = smallest(view, head, "linear" if value else "minimax")
    try:
        return build_discriminator(settings, _data(), BatchedEngine())
    except errors.QganError as error:
        return str(error)


def why_not(view: str, head: str, objective: str) -> str | None:
    """Why a view, a head and an adversarial objective do not go together; None if they do."""
    found = _discriminator(view, head, objective.startswith("linear"))
    if isinstance(found, str):
        return found
    settings = smallest(view, head, objective)
    try:
        terms = build_terms(settings, _data())
        check_game(found, OBJECTIVES[objective].make(0.0, None), terms)
    except errors.QganError as error:
        return str(error)
    return None


def adversarial() -> list[str]:
    """Objectives that play against a discriminator."""
    return [name for name, choice in OBJECTIVES.items() if choice.distance is None]


def compatibility() -> str:
    """Two tables in Markdown: objectives against heads, and views against heads."""

    def mark(possible: bool) -> str:
        return "●" if possible else ""

    lines = ["| objective | " + " | ".join(HEADS) + " |", "| --- |" + " :-: |" * len(HEADS)]
    for name in adversarial():
        cells = [mark(any(why_not(v, head, name) is None for v in VIEWS)) for head in HEADS]
        lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
    free = [f"`{name}`" for name in OBJECTIVES if name not in adversarial()]
    lines.append(f"| {', '.join(free)} |" + " none |" * len(HEADS))
    lines += ["", "| view | " + " | ".join(HEADS) + " |", "| --- |" + " :-: |" * len(HEADS)]
    for view in VIEWS:
        cells = [mark(any(why_not(view, h, o) is None for o in adversarial())) for h in HEADS]
        lines.append(f"| `{view}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)
