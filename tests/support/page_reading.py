"""Reading the page in a browser, and what it must show of a density matrix."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chromium import DRAWN, Tab

from qgan.cli import main

N = 3
"""Qubits of the run that is looked at."""
MINUS = "\u2212"
MATRIX = """document.querySelector("#density > div:last-child").data[%d].customdata
    .map((row) => Array.from(row))"""
TEXTS = "[...document.querySelectorAll('%s')].map((e) => e.textContent)"
X, Y, Z, ONE = (
    np.array(m) for m in ([[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]], np.eye(2))
)
PAULI = {"X": X, "Y": Y, "Z": Z, "I": ONE}


def set_to(tab: Tab, name: str, value: object, event: str = "input") -> None:
    """Give a control a value as a hand does, with its event."""
    tab.run(f"""((e) => {{ e.value = {json.dumps(value)};
        e.dispatchEvent(new Event({json.dumps(event)})); }})(document.getElementById("{name}"))""")


def sampled(home: Path, run: str, label: int, latent: list[float]) -> Any:
    """The density matrix of `qgan sample --label --latent`, read back by NumPy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        words = ["--label", str(label), "--latent", *map(str, latent), "--out", "s.npz"]
        assert main(["sample", run, *words]) == 0
        states = np.load("s.npz")["states"]
    if states.ndim == 2:
        return np.outer(states[0], states[0].conj())
    return states[0]


def shown(tab: Tab, selector: str) -> str:
    text: str = tab.run(f"document.querySelector({json.dumps(selector)}).textContent")
    return text.replace(MINUS, "-")


def digits(value: float, count: int = 4) -> str:
    text = f"{value:.{count}f}"
    return text[1:] if float(text) == 0 and text.startswith("-") else text


def word(letters: str) -> Any:
    matrix = np.eye(1)
    for letter in letters:
        matrix = np.kron(matrix, PAULI[letter])
    return matrix


def check_state(tab: Tab, rho: Any, *, atol: float = 1e-9) -> None:
    """Everything on the page against a density matrix."""
    n = int(np.log2(len(rho)))
    assert shown(tab, "#purity") == digits(np.trace(rho @ rho).real)
    data = "document.querySelector('#{} > div:last-child').data"
    parts = [tab.run(MATRIX % k) for k in (0, 1)]
    np.testing.assert_allclose(np.array(parts[0]) + 1j * np.array(parts[1]), rho, atol=atol)
    heights = tab.run(f"Array.from({data.format('probabilities')}[0].y)")
    np.testing.assert_allclose(heights, np.diag(rho).real, atol=atol)
    single = [word("I" * q + p + "I" * (n - q - 1)) for q in range(n) for p in "XYZ"]
    values = [np.trace(m @ rho).real for m in single]
    pauli = tab.run(f"{data.format('pauli')}[0].z")
    np.testing.assert_allclose(pauli[0], values, atol=atol)
    for i in range(3, 3 * n):
        for j in range(3 * (i // 3)):
            both = np.trace(single[i] @ single[j] @ rho).real
            assert pauli[i - 2][j] == pytest.approx(both, abs=atol)
    for q in range(n):
        spans = f"#bloch figure:nth-child({q + 1}) figcaption span"
        told = [line.replace(MINUS, "-") for line in tab.run(TEXTS % spans)]
        vector = values[3 * q : 3 * q + 3]
        expected = [f"{p} {digits(v, 3)}" for p, v in zip("xyz", vector, strict=True)]
        assert told == [*expected, f"length {digits(float(np.linalg.norm(vector)), 3)}"]


def settled(tab: Tab, *latent: float) -> None:
    """Wait until the state of a latent is what is drawn, and all that was asked."""
    wanted = json.dumps(list(latent))
    tab.until(f"{DRAWN} && app.latest().z.every((v, k) => Math.abs(v - {wanted}[k]) < 1e-9)")
