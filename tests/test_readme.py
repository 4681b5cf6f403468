"""The README keeps its word: its Python runs, its commands and their flags exist.

An HTML comment on its own line above a Python block, which readers do not see, tells this test how
to run it in short; several may stand there:

    <!-- test: 3000 -> 2 -->                    put 2 where the block says 3000
    <!-- test: continues -->                    run with the names that the block before has made
    <!-- test: first qgan train --steps 2 -->   run this command before the block
"""

import json
import re
import shlex
from pathlib import Path

import pytest
from page_blocks import FENCE, Block, blocks_of, commands_of, run_qgan

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
LINK = re.compile(r"\]\(([^)#\s]+)|src=\"([^\"]+)\"")
MOST_STEPS = 20
PROMISED = (
    "pip install -e . && python examples/train_qgan.py",
    'pip install -e ".[test]" && pytest',
)
PROGRAMS = {"qgan", "python", "pip", "pytest", "git", "cd", "tensorboard"}


def stories_of(blocks: list[Block]) -> list[list[Block]]:
    """Python blocks, those that continue one another together."""
    stories: list[list[Block]] = []
    for block in blocks:
        if block.language == "python":
            if "continues" in block.directives:
                stories[-1].append(block)
            else:
                stories.append([block])
    return stories


def shortened(block: Block) -> str:
    """The block with the replacements its comments ask for; a long loop left over is refused."""
    code = block.text
    for directive in block.directives:
        old, arrow, new = directive.partition(" -> ")
        if arrow:
            assert re.search(rf"\b{re.escape(old)}\b", code), f"nothing to replace: {directive}"
            code = re.sub(rf"\b{re.escape(old)}\b", new, code)
    for count in re.findall(r"(?:range\(|steps=)([\d_]+)", code):
        assert int(count) <= MOST_STEPS, f"put <!-- test: {count} -> 2 --> above the block"
    return code


def flags_of(words: list[str]) -> set[str]:
    """Long flags among the words."""
    return {word.partition("=")[0] for word in words if word.startswith("--")}


PAGE = README.read_text() if README.is_file() else ""
BLOCKS = blocks_of(PAGE)
COMMANDS = commands_of(BLOCKS)


def test_the_readme_is_there():
    assert README.is_file(), "README.md is missing"
    assert stories_of(BLOCKS), "README.md shows no Python"
    assert any(command[0] == "qgan" for command in COMMANDS), "README.md shows no qgan command"


def test_both_promised_commands_stand_as_written():
    lines = {line.strip().removeprefix("$ ") for line in PAGE.splitlines()}
    assert set(PROMISED) <= lines


def test_what_the_readme_points_at_exists():
    prose = re.sub(r"`[^`\n]*`", "", FENCE.sub("", PAGE))
    targets = ["".join(found) for found in LINK.findall(prose)]
    local = [target for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in local if not (ROOT / target).exists()] == []


@pytest.mark.parametrize("story", stories_of(BLOCKS), ids=lambda story: f"line{story[0].line}")
def test_python_runs(story, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "readme"}
    for block in story:
        for directive in block.directives:
            if directive.startswith("first "):
                assert run_qgan(shlex.split(directive)[1:]) == 0, directive
        exec(compile(shortened(block), f"README.md:{block.line}", "exec"), names)


@pytest.fixture(name="help_of")
def _help_of(capfd, monkeypatch):
    """A function: what `qgan SUB --help` prints; it fails where SUB is no subcommand."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")

    def help_of(subcommand: str) -> str:
        assert run_qgan(["qgan", subcommand, "--help"]) == 0, f"no subcommand {subcommand}"
        return capfd.readouterr().out

    return help_of


def unknown_flags(words: list[str], help_text: str) -> set[str]:
    """Flags among the words that the help text does not name."""
    return flags_of(words) - set(re.findall(r"--[a-z](?:[\w.-]*\w)?", help_text)) - {"--help"}


def test_every_command_is_one_we_know():
    assert {command[0] for command in COMMANDS} <= PROGRAMS


def normal(command: list[str]) -> list[str]:
    """A command with `python -m qgan` read as `qgan`."""
    return ["qgan", *command[3:]] if command[:3] == ["python", "-m", "qgan"] else command


OURS = [c for c in map(normal, COMMANDS) if c[0] == "qgan"]
EXAMPLES = [c for c in COMMANDS if c[0] == "python" and c[1:] and c[1].endswith(".py")]


@pytest.mark.parametrize("command", OURS, ids=shlex.join)
def test_a_qgan_command_and_its_flags_exist(command, help_of):
    if command[1:] in (["--help"], []):
        return
    assert unknown_flags(command[2:], help_of(command[1])) == set()


@pytest.mark.parametrize("command", EXAMPLES, ids=shlex.join)
def test_an_example_and_its_flags_exist(command, help_of):
    script = ROOT / command[1]
    assert script.is_file()
    if script.name == "train_qgan.py":
        assert unknown_flags(command[2:], help_of("train")) == set()
    else:
        shown = script.read_text()
        assert {flag for flag in flags_of(command) if flag not in shown} <= {"--help"}


def test_wrong_commands_and_flags_are_seen(help_of, capfd):
    assert run_qgan(["qgan", "no-such-thing", "--help"]) != 0
    capfd.readouterr()
    assert unknown_flags(["--steps", "2", "--no-such-flag"], help_of("train")) == {"--no-such-flag"}


def test_blocks_are_read_as_written():
    page = """
<!-- test: 3000 -> 2 -->
<!-- test: continues -->
```python
for step in range(3000): pass
```
```console
$ qgan train --steps 5 ; qgan list   # a comment
what it prints
```
"""
    python, console = blocks_of(page)
    assert (python.line, python.directives) == (4, ("3000 -> 2", "continues"))
    assert shortened(python) == "for step in range(2): pass\n"
    assert commands_of([console]) == [["qgan", "train", "--steps", "5"], ["qgan", "list"]]
    long = Block("python", "for step in range(3000): pass", (), 1)
    with pytest.raises(AssertionError, match="3000 -> 2"):
        shortened(long)


def without_figures(text: str) -> list[str]:
    """The lines of a text with one sign for each number, since digits depend on the machine."""
    lines = [re.sub(r"-?\d[\d,.]*", "#", line) for line in text.strip().splitlines()]
    return [" ".join(re.sub("[─━]+", "-", line).split()) for line in lines]


def test_the_report_shown_is_the_one_that_is_printed(tmp_path, monkeypatch, capsys):
    (shown,) = [b for b in BLOCKS if b.text.startswith("$ qgan evaluate --real mine.npz")]
    command, _, output = shown.text.partition("\n")
    (made,) = [b for b in BLOCKS if b.language == "python" and 'savez("mine.npz"' in b.text]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("qgan.cli.tables.PLAIN_WIDTH", 80)
    exec(made.text, {"__name__": "readme"})
    capsys.readouterr()
    assert run_qgan(shlex.split(command[2:])) == 0
    assert without_figures(capsys.readouterr().out) == without_figures(output)


RESULTS = sorted((ROOT / "examples/benchmarks/results").glob("*.json"))
LEAST_FOUND = 0.9


def weak_labels(results: dict) -> list[tuple[int, float]]:
    """Seed and rate of each label that is found at less than 0.9 of the rate of real states."""
    runs = results["seeds"] if "task" in results else []
    rates = [
        (run["seed"], entry["label_recovered"] / entry["label_recovered_real"])
        for run in runs
        for entry in run["labels"]
    ]
    return [(seed, rate) for seed, rate in rates if rate < LEAST_FOUND]


@pytest.mark.parametrize("file", RESULTS, ids=lambda file: file.stem)
def test_a_label_that_is_found_too_rarely_is_named_with_its_result(file):
    words = " ".join(PAGE.partition("## Results")[2].split())
    for seed, rate in weak_labels(json.loads(file.read_text())):
        assert f"{rate:.3f}" in words and f"seed {seed}" in words, (seed, rate)


def test_a_weak_label_in_a_result_is_seen():
    good = {"label_recovered": 0.85, "label_recovered_real": 0.9}
    weak = {"label_recovered": 0.7, "label_recovered_real": 1.0}
    run = {"seed": 3, "labels": [good, weak]}
    assert weak_labels({"task": "a", "seeds": [run]}) == [(3, 0.7)]
