"""Pages of Markdown as tests read them: blocks, the comments above them, and commands."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
DIRECTIVE = re.compile(r"^<!-- test: (.+?) -->$")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and what the comments above it ask."""

    language: str
    text: str
    directives: tuple[str, ...]
    line: int


def blocks_of(text: str) -> list[Block]:
    """All fenced blocks of a page."""
    found = []
    for match in FENCE.finditer(text):
        above = text[: match.start()].splitlines()
        asked: list[str] = []
        while above and (directive := DIRECTIVE.match(above[-1].strip())):
            asked.insert(0, directive[1])
            above.pop()
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(match[1], match[2], tuple(asked), line))
    return found


def commands_of(blocks: list[Block]) -> list[list[str]]:
    """Commands of all console blocks, as words; in a block with prompts, only what follows them."""
    commands: list[list[str]] = []
    for block in blocks:
        if block.language not in {"console", "bash", "sh", "shell"}:
            continue
        lines = block.text.replace("\\\n", " ").splitlines()
        if any(line.startswith("$ ") for line in lines):
            lines = [line[2:] for line in lines if line.startswith("$ ")]
        for line in lines:
            words = shlex.shlex(line, posix=True, punctuation_chars=True)
            words.whitespace_split = True
            commands.append([])
            for word in words:
                if set(word) <= set("();<>|&"):
                    commands.append([])
                else:
                    commands[-1].append(word)
    return [command for command in commands if command]


def run_qgan(words: list[str]) -> int:
    """Exit status of `qgan ...`, in this process."""
    from qgan.cli import main

    assert words[0] == "qgan"
    try:
        status = main(words[1:])
    except SystemExit as left:
        status = left.code
    return int(status or 0)
