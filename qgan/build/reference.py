"""The page of all choices, made from the registry: ``docs/choices.md``."""

from __future__ import annotations

from qgan.build.compatibility import compatibility
from qgan.build.registry import FAMILIES, Family

__all__ = ["reference"]

HEAD = """# Choices

Every choice that a configuration can name. `qgan list` prints the same in a terminal, and
`qgan list --markdown` makes this page from the registry; choices of plug-ins are listed there too.
"""

INTRODUCTIONS = {
    "view": "A view is a linear map from a state to real numbers: all that a discriminator sees.",
    "head": "A head is any function of the view and the label: it gives the score.",
    "objective": "An objective makes losses of the scores of real and of generated states.",
    "term": (
        "A term adds to a loss, or acts on a step. Without `--term` a game has the terms that its "
        "objective and its head bring."
    ),
    "source": (
        "A data source makes labelled states in three parts: `data.file` reads your own "
        "([data.md](data.md))."
    ),
    "generator": "A generator is a circuit that takes a label and a latent.",
    "preset": "A preset is a whole experiment under one name.",
}
"""What the choices of a kind are, for those who read the page first."""


def reference() -> str:
    """The page as Markdown: a table for each family, then what goes together."""
    parts = [HEAD]
    parts += [_section(kind, family) for kind, family in FAMILIES.items()]
    together = "## What goes together\n\nWith either generator; the rest is refused with the rule "
    together += "and the two nearest choices.\n\n" + compatibility() + "\n"
    return "\n".join([*parts, together])


def _section(kind: str, family: Family) -> str:
    """A family as a heading, a sentence and a table."""
    lines = [f"## {family.title} (`{family.setting}`)", ""]
    if kind in INTRODUCTIONS:
        lines += [INTRODUCTIONS[kind], ""]
    lines += ["| name | what it is | after |", "| --- | --- | --- |"]
    for entry in family.entries():
        number = f", `{entry.name}:{entry.number}`" if entry.number else ""
        line = entry.line.replace("|", "\\|")
        lines.append(f"| `{entry.name}`{number} | {line} | {entry.paper} |")
    return "\n".join(lines) + "\n"
