"""Draws mutants: small faults in the code, of which each is one change of one place.

Every operator of cosmic-ray that needs no argument is applied at every place of `MODULES`. Of all
these mutants the seed draws some, each with the same probability: no module and no operator has a
share of its own. Left out are those that do nothing by construction, or are no program at all:

- what Python does not parse, such as another sign in place of the star of ``f(*, name)``;
- changes of annotations, which nothing reads (each module has ``from __future__ import
  annotations``) but pydantic, of docstrings, and of what stands under ``if TYPE_CHECKING``;
- decorators of which only speed or the class of an error depends: `SPEED_ONLY`.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
MODULES = (
    "qgan/engines/trace.py",
    "qgan/metrics/*/*.py",
    "qgan/objectives/*.py",
    "qgan/records.py",
    "qgan/runs/*.py",
    "qgan/states.py",
    "qgan/training/*.py",
)
SPEED_ONLY = {"abstractmethod", "cache", "lru_cache"}
"""Decorators that are left alone."""


class Mutant(NamedTuple):
    """A change of one place.

    Args:
        module: path of the module in the tree.
        operator: the operator of cosmic-ray.
        occurrence: which of the places of the module that the operator can change.
        line: number of the line, from 1.
        text: the line as the mutant has it.
        code: the whole module as the mutant has it.
    """

    module: str
    operator: str
    occurrence: int
    line: int
    text: str
    code: str

    @property
    def key(self) -> str:
        """What a result is kept under; it changes with the module."""
        return hashlib.sha256(f"{self.module}\n{self.code}".encode()).hexdigest()


class _Bare(ast.NodeTransformer):
    """Takes out of a module what does nothing when it runs.

    Args:
        fields: whether the annotations of fields do something, as those of pydantic do.
    """

    def __init__(self, fields: bool) -> None:
        self.fields = fields

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = node.annotation if self.fields else ast.Constant(None)
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        node.decorator_list = [d for d in node.decorator_list if not _is_speed_only(d)]
        return self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if isinstance(node.value, ast.Constant) else self.generic_visit(node)

    def visit_If(self, node: ast.If) -> ast.AST | None:
        return None if ast.unparse(node.test) == "TYPE_CHECKING" else self.generic_visit(node)


def _is_speed_only(decorator: ast.expr) -> bool:
    function = decorator.func if isinstance(decorator, ast.Call) else decorator
    return ast.unparse(function).split(".")[-1] in SPEED_ONLY


def behaviour(code: str) -> str | None:
    """A module without what does nothing when it runs; None of what is no program."""
    try:
        return ast.dump(_Bare(fields="from pydantic" in code).visit(ast.parse(code)))
    except SyntaxError:
        return None


def candidates() -> Iterator[tuple[str, str, int, int]]:
    """Every mutant that cosmic-ray knows: module, operator, occurrence and line."""
    from cosmic_ray import plugins
    from cosmic_ray.ast import ast_nodes, get_ast

    operators = {name: plugins.get_operator(name) for name in plugins.operator_names()}
    free = {name: operator() for name, operator in operators.items() if not operator.arguments()}
    for pattern in MODULES:
        for path in sorted(ROOT.glob(pattern)):
            nodes = [*ast_nodes(get_ast(path.read_text()))]
            for name, operator in free.items():
                places = (place for node in nodes for place in operator.mutation_positions(node))
                for occurrence, ((line, _), _) in enumerate(places):
                    yield path.relative_to(ROOT).as_posix(), name, occurrence, line


def draw(n: int, seed: int) -> list[Mutant]:
    """Draw mutants that may do something, each with the same probability.

    The order is that of a hash, so that a change of one module leaves those of the others.
    """
    from cosmic_ray import plugins
    from cosmic_ray.mutating import mutate_code

    def order(candidate: tuple[str, str, int, int]) -> bytes:
        return hashlib.sha256(f"{seed} {candidate[:3]}".encode()).digest()

    mutants: list[Mutant] = []
    for module, name, occurrence, line in sorted(candidates(), key=order):
        if len(mutants) == n:
            break
        before = (ROOT / module).read_text()
        code = mutate_code(before, plugins.get_operator(name)(), occurrence)
        if behaviour(code) not in (None, behaviour(before)):
            text = code.splitlines()[line - 1].strip()
            mutants.append(Mutant(module, name.removeprefix("core/"), occurrence, line, text, code))
    return mutants
