"""The arrows between modules, as the imports in the source have them, and what else keeps shape."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import circuits
import qgan

ROOT = Path(__file__).parents[1]
MOST_LINES = 400

FLOORS = (
    {"text"},
    {"errors"},
    {"config", "stateful"},
    {"pauli", "povm", "bases", "files", "labels", "declared", "rounding", "seeds", "places"},
    {"prior", "outcome_table", "basis_strings"},
    {"states", "stored", "shots"},
    {"records"},
    {"batch", "winding"},
    {"embedding"},
    {"engines", "metrics"},
    {"sampler", "description"},
    {"generator", "views"},
    {"network_generator"},
    {"model", "discriminator"},
    {"terms"},
    {"objectives"},
    {"data"},
    {"evaluation"},
    {"rules"},
    {"game"},
    {"training"},
    {"build"},
    {"runs"},
    {"explore"},
    {"page"},
    {"pictures"},
    {"cli"},
)
"""The rooms of `qgan` from the ground up: a room may import those of the floors below its own."""

MAY_IMPORT = {
    room: set().union(*FLOORS[:floor]) for floor, rooms in enumerate(FLOORS) for room in rooms
}
MAY_IMPORT["build"].add("circuits")
MAY_IMPORT["cli"].add("circuits")
MAY_IMPORT[""] = set().union(*FLOORS[: FLOORS.index({"runs"}) + 1])
MAY_IMPORT["__main__"] = {"cli"}
"""For each first-level name in `qgan` ("" is `qgan/__init__.py`), those it may import from."""

MAY_LOAD = {
    "circuits", "qgan", "jaxtyping", "wadler_lindig", "pydantic", "pydantic_core",
    "annotated_types", "typing_inspection", "typing_extensions", "yaml", "_yaml",
}  # fmt: skip
"""What `import qgan` may load beyond the standard library and what pennylane and torch load."""


def modules_imported(source: str, package: str, wanted: tuple[str, ...]) -> Iterator[str]:
    """Full names that a source asks for, of the packages wanted; `from a import b` gives a.b."""
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            names = [f"{base}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = ast.unparse(node.func)
            if called in {"__import__", "import_module", "importlib.import_module"}:
                names = [str(node.args[0].value)]
        yield from (name for name in names if not wanted or name.split(".")[0] in wanted)


def owner(name: str) -> str:
    """Of a full name: `circuits`, or the first-level name in `qgan` it stands for ("": itself)."""
    first, _, rest = name.partition(".")
    if first == "circuits":
        return first
    child = rest.split(".")[0]
    known = (ROOT / "qgan" / child).is_dir() or (ROOT / "qgan" / f"{child}.py").is_file()
    return child if known else ""


def violations(path: str, source: str) -> list[str]:
    """Imports in the file at that path, relative to the root, that no arrow allows."""
    parts = Path(path).with_suffix("").parts
    package = ".".join(parts[:-1])
    if parts[0] == "circuits":
        ours = modules_imported(source, package, ("qgan", "tests", "examples"))
        others = {name.split(".")[0] for name in modules_imported(source, package, ())}
        foreign = others - set(sys.stdlib_module_names) - {"circuits", "numpy", "pennylane"}
        return sorted({*ours, *foreign})
    home = "" if parts[1:] == ("__init__",) else parts[1]
    asked = modules_imported(source, package, ("qgan", "circuits"))
    return sorted({name for name in asked if owner(name) not in {home, *MAY_IMPORT[home]}})


def relative(path: Path) -> str:
    """A path as the tests name it."""
    return path.relative_to(ROOT).as_posix()


PACKAGES = sorted(
    relative(path) for top in ("qgan", "circuits") for path in ROOT.glob(f"{top}/**/*.py")
)
SOURCES = sorted(
    [*PACKAGES, *(relative(p) for t in ("examples", "tests") for p in ROOT.glob(f"{t}/**/*.py"))]
)


def text_files() -> list[Path]:
    """What git tracks or is about to; without git (a copy of the tree), all that is not hidden."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        found = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        places = [*ROOT.glob("*.*"), *ROOT.glob(".ci/*"), *ROOT.glob("[!.]*/**/*")]
        made = {"runs", "build", "dist", "__pycache__"}
        found = [p for p in places if not made.intersection(p.relative_to(ROOT).parts)]
    return [path for path in found if path.is_file() and b"\0" not in path.read_bytes()]


def clashes(sources: dict[str, str]) -> dict[str, list[str]]:
    """Public functions and classes at top level that more than one file defines, with the files.

    Args:
        sources: the text of each file by its path.
    """
    files: dict[str, list[str]] = {}
    for path, source in sources.items():
        definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        names = {node.name for node in ast.parse(source).body if isinstance(node, definitions)}
        for name in names:
            if not name.startswith("_"):
                files.setdefault(name, []).append(path)
    return {name: paths for name, paths in files.items() if len(paths) > 1}


@pytest.mark.parametrize("path", PACKAGES)
def test_imports_follow_the_arrows(path):
    assert violations(path, (ROOT / path).read_text()) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("circuits/registers.py", "from qgan import errors"),
        ("circuits/registers.py", "import torch"),
        ("qgan/states.py", "from qgan.engines import BatchedEngine"),
        ("qgan/states.py", "def late():\n    from .engines.base import Engine"),
        ("qgan/engines/base.py", "from ..generator import Generator"),
        ("qgan/generator.py", "import circuits.registers"),
        ("qgan/generator.py", "import importlib\nimportlib.import_module('circuits')"),
        ("qgan/metrics/states/distances.py", "from qgan.engines import BatchedEngine"),
        ("qgan/training/trainer.py", "from circuits import Registers"),
        ("qgan/training/trainer.py", "from qgan import build"),
        ("qgan/errors.py", "from qgan import config"),
        ("qgan/views.py", "from qgan import States"),
        ("qgan/page/server.py", "import circuits"),
    ],
)
def test_a_wrong_import_is_seen(path, source):
    assert violations(path, source) != []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("circuits/registers.py", "import math\nimport numpy as np\nimport pennylane as qml"),
        ("qgan/states.py", "from . import errors, pauli"),
        ("qgan/engines/batched/engine.py", "from .plan import Plan\nfrom ...states import States"),
        ("qgan/build/trainer.py", "import circuits\nfrom qgan.generator import Generator"),
    ],
)
def test_a_right_import_passes(path, source):
    assert violations(path, source) == []


@pytest.mark.parametrize("path", PACKAGES)
def test_a_private_module_is_imported_in_its_own_folder_only(path):
    """A module whose name begins with an underscore is nobody's business but its folder's."""
    parts = Path(path).with_suffix("").parts
    package = ".".join(parts[:-1])
    names = modules_imported((ROOT / path).read_text(), package, ("qgan", "circuits"))
    private = [name for name in names if "._" in name]
    assert [name for name in private if name.partition("._")[0] != package] == []


def test_every_module_of_qgan_has_its_arrows():
    folders = {path.parent.name for path in ROOT.glob("qgan/*/__init__.py")}
    files = {path.stem for path in ROOT.glob("qgan/*.py")} - {"__init__"}
    assert folders | files <= MAY_IMPORT.keys()


def test_both_packages_stand_side_by_side():
    assert Path(circuits.__file__).parents[1] == Path(qgan.__file__).parents[1]


def test_no_tests_hide_a_package():
    assert not list(ROOT.glob("tests/*/__init__.py"))


def writers(source: str) -> list[str]:
    """Calls that write a file by its path, or open one to write: only `qgan/files.py` does."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    places = []
    for call in calls:
        name, words = ast.unparse(call.func).split(".")[-1], [*call.args, *call.keywords]
        first = ast.unparse(call.args[0]) if call.args else ""
        modes = [word.value for word in call.args if isinstance(word, ast.Constant)]
        modes += [k.value.value for k in call.keywords if isinstance(k.value, ast.Constant)]
        opens = name == "open" and any(isinstance(m, str) and set(m) & set("wax+") for m in modes)
        flags = name == "open" and any("O_WRONLY" in ast.unparse(w) for w in words)
        saves = name in SAVERS and first not in BUFFERS
        if opens or flags or saves or name in ("write_text", "write_bytes", "tofile", "mkstemp"):
            places.append(ast.unparse(call))
    return places


SAVERS = {"savez", "savez_compressed", "savefig", "savetxt"}
BUFFERS = {"buffer", "picture"}
DEVNULL = "os.open(os.devnull, os.O_WRONLY)"


@pytest.mark.parametrize("path", [path for path in PACKAGES if path != "qgan/files.py"])
def test_files_are_written_by_one_function(path):
    """It makes its temporary file anew, writes through no link, and to regular files only."""
    assert [call for call in writers((ROOT / path).read_text()) if call != DEVNULL] == []


@pytest.mark.parametrize(
    "source",
    [
        "open(path, 'w')",
        "path.open(mode='xb')",
        "path.write_text(text)",
        "np.savez(path, a=1)",
        "figure.savefig(path, dpi=3)",
        "os.open(path, os.O_WRONLY)",
    ],
)
def test_another_writer_is_seen(source):
    assert writers(source) == [source]


def test_a_name_says_what_a_thing_is_about():
    vague = {"util", "utils", "helper", "helpers", "common", "misc"}
    named = [path for path in SOURCES if vague.intersection(Path(path).with_suffix("").parts)]
    assert named == []


def test_a_public_name_is_defined_once():
    assert clashes({path: (ROOT / path).read_text() for path in PACKAGES}) == {}


def test_a_public_name_that_is_defined_twice_is_seen():
    sources = {
        "qgan/a.py": "def draw(): ...\nclass Row: ...\ndef _own(): ...\ndef once(): ...",
        "qgan/b.py": "async def draw(): ...\nclass Row: ...\ndef _own(): ...\nonce = 1",
    }
    paths = ["qgan/a.py", "qgan/b.py"]
    assert clashes(sources) == {"draw": paths, "Row": paths}


@pytest.mark.parametrize("path", SOURCES)
def test_a_file_can_be_read_in_one_sitting(path):
    assert len((ROOT / path).read_text().splitlines()) <= MOST_LINES


def test_no_path_of_one_machine():
    places = ["work", "root", "tmp/w", "home/[a-z]+", "Users/[A-Za-z]+"]
    machine = re.compile(rf"(?<![\w.)\]}}/*~])/(?:{'|'.join(places)})(?:/|(?![\w-]))")
    assert machine.search(" at /" + "root/x") and not machine.search("a/root, ./work/x, ~/work")
    hits = [
        f"{relative(path)}: {line.strip()}"
        for path in text_files()
        for line in path.read_text(errors="replace").splitlines()
        if machine.search(line)
    ]
    assert hits == []


def test_importing_qgan_loads_little_beyond_pennylane_and_torch():
    program = """import json, sys
import pennylane, torch
before = set(sys.modules)
import qgan
print(json.dumps(sorted(set(sys.modules) - before)))"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    extra = json.loads(done.stdout.splitlines()[-1])
    packages = {name.split(".")[0] for name in extra} - set(sys.stdlib_module_names)
    assert "qgan" in packages
    assert {name for name in packages if not name.startswith("_cython_")} <= MAY_LOAD
