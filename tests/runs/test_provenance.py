"""The commit is read from the files of git, which itself runs what a repository names."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from qgan.runs import provenance


def git(folder: Path, *words: str) -> str:
    """The output of git, with settings of nobody."""
    name = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    command = ["git", *name, *words]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout.strip()


def commit() -> str | None:
    return provenance.commit.__wrapped__()


@pytest.fixture(name="tree")
def _tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A source tree of this project with one commit."""
    if shutil.which("git") is None:
        pytest.skip("needs git to make a repository")
    tree = tmp_path / "tree"
    (tree / "qgan").mkdir(parents=True)
    (tree / "qgan" / "__init__.py").write_text("")
    (tree / "pyproject.toml").write_text('[project]\nname = "qgan"\n')
    git(tree, "init", "-q", "-b", "main")
    git(tree, "add", ".")
    git(tree, "commit", "-qm", "first")
    monkeypatch.setattr(provenance, "SOURCE", tree / "qgan")
    return tree


def test_the_commit_is_what_git_says(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = git(tree, "rev-parse", "HEAD")
    assert commit() == head
    git(tree, "pack-refs", "--all")
    assert not (tree / ".git" / "refs" / "heads" / "main").exists()
    assert commit() == head
    git(tree, "checkout", "-q", "--detach")
    assert commit() == head
    git(tree, "worktree", "add", "-q", "-b", "side", str(tree.parent / "side"))
    git(tree.parent / "side", "commit", "-q", "--allow-empty", "-m", "second")
    monkeypatch.setattr(provenance, "SOURCE", tree.parent / "side" / "qgan")
    assert commit() == git(tree.parent / "side", "rev-parse", "HEAD") != head


def test_nothing_that_a_repository_names_is_run(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tree.parent / "ran"
    head = git(tree, "rev-parse", "HEAD")
    with (tree / ".git" / "config").open("a") as file:
        file.write(f'[core]\n\tfsmonitor = "touch {mark}; false"\n')
    git(tree, "status")
    assert mark.exists()  # else this test could not fail
    mark.unlink()
    monkeypatch.setenv("GIT_DIR", str(tree.parent / "nowhere"))
    monkeypatch.setattr(subprocess, "Popen", None)
    assert commit() == head
    assert not mark.exists()


def test_the_repository_of_another_project_is_not_ours(tree: Path) -> None:
    (tree / "pyproject.toml").write_text('[project]\nname = "other"\n')
    assert commit() is None
    (tree / "pyproject.toml").unlink()
    assert commit() is None
    (tree / "pyproject.toml").write_text("name =")
    assert commit() is None


@pytest.mark.parametrize(
    "head",
    ["", "ref: refs/heads/absent", "ref: ../../secret", "ref: HEAD", "x" * 40, "ref: refs/../x"],
)
def test_a_damaged_repository_has_no_commit(tree: Path, head: str) -> None:
    (tree.parent / "secret").write_text("0" * 40)
    (tree / ".git" / "x").write_text("0" * 40)
    (tree / ".git" / "HEAD").write_text(head)
    assert commit() is None


def test_the_commit_of_this_source_is_known_or_none() -> None:
    number = commit()
    assert number is None or provenance.DIGITS.fullmatch(number)
