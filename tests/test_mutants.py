"""The script of the mutants: what it leaves out, and that it knows the tests of each module."""

import mutants
import pytest
from mutations import MODULES, ROOT, behaviour

CODE = '''
@cache
def double(x: int | None = 2) -> int:
    """Twice 1."""
    y: int = 2
    return y * x
'''


@pytest.mark.parametrize(
    ("before", "after"), [("int | None", "int & None"), ("Twice 1", "Twice 2"), ("@cache\n", "")]
)
def test_a_change_that_does_nothing_is_left_out(before: str, after: str) -> None:
    assert behaviour(CODE.replace(before, after)) == behaviour(CODE)


@pytest.mark.parametrize(
    ("before", "after"), [("= 2\n", "= 3\n"), ("= 2)", "= 3)"), ("y * x", "y / x")]
)
def test_a_change_that_does_something_is_kept(before: str, after: str) -> None:
    assert behaviour(CODE.replace(before, after)) not in (None, behaviour(CODE))


def test_the_fields_of_pydantic_are_kept() -> None:
    field = "from pydantic import BaseModel\nclass A(BaseModel):\n    a: int | None"
    assert behaviour(field.replace("|", "&")) != behaviour(field)


def test_what_is_no_program_is_left_out() -> None:
    assert behaviour(CODE.replace("y * x", "y * * x")) is None


def test_every_module_has_tests() -> None:
    modules = {p.relative_to(ROOT).as_posix() for m in MODULES for p in ROOT.glob(m)}
    assert mutants.EQUIVALENT.keys() <= modules
    tests = {test for module in modules for test in mutants.tests_of(module)}
    assert {test for test in tests if not (ROOT / test).is_file()} == set()
