"""The page in a real browser: what it shows is what NumPy computes from `qgan sample`'s states."""

from __future__ import annotations

import runpy
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chromium import PATIENCE, Tab
from page_reading import MATRIX, N, check_state, digits, sampled, set_to, settled, shown, word

from circuits import Registers, ReuploadingCircuit
from qgan import Generator, Model
from qgan.explore.paths import interpolate
from qgan.page.explorer import Explorer

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("kind", ["live", "static"])
def test_turning_a_slider_and_picking_a_label_shows_the_sampled_state(
    tab: Tab, pages: Any, home: Path, kind: str
) -> None:
    tab.open(pages["r", kind])
    check_state(tab, sampled(home, "r", 0, [0, 0]), atol=1e-6)
    tab.run("document.getElementById('z0').focus()")
    tab.press("ArrowRight", 15)
    tab.run("document.getElementById('z1').focus()")
    tab.press("ArrowLeft", 10)
    tab.click("#labels label:nth-of-type(2) input")
    settled(tab, 0.15, -0.1)
    assert tab.run("app.latest().label") == 1
    rho = sampled(home, "r", 1, [0.15, -0.1])
    check_state(tab, rho, atol=1e-6)
    values = np.linalg.eigvalsh(rho.reshape(2, 4, 2, 4).trace(axis1=1, axis2=3))
    assert shown(tab, "#entanglement") == digits(-sum(p * np.log2(p) for p in values if p > 1e-15))
    for part in ("z=0.15,-0.1", "label=disordered"):  # the address follows after a moment
        tab.until(f"location.hash.includes('{part}')")
    tab.open(tab.run("location.href") + "&again")  # a link shows the same
    assert tab.run("[app.view.label, ...app.latest().z]") == [1, 0.15, -0.1]
    check_state(tab, rho, atol=1e-6)


def test_the_nearest_real_state_and_its_factors(
    tab: Tab, pages: Any, home: Path, explorers: dict[str, Explorer]
) -> None:
    tab.open(pages["r", "live"] + "#z=0.2,0.6")
    part = explorers["r"].real[0]
    real = part.states.factor[..., 0].numpy()
    overlaps = np.einsum("ni,ij,nj->n", real.conj(), sampled(home, "r", 0, [0.2, 0.6]), real).real
    assert shown(tab, "#nearest") == digits(overlaps.max())
    assert part.factors is not None
    for k, value in enumerate(part.factors[int(overlaps.argmax())].tolist()):
        assert shown(tab, f"#factor-{k}") == digits(value)


@pytest.mark.parametrize("kind", ["live", "static"])
@pytest.mark.parametrize("run", ["r", "mixed"])
def test_a_pinned_state_is_compared(tab: Tab, pages: Any, home: Path, run: str, kind: str) -> None:
    first, second = ([0.0, 0.0], [0.5, 0.0]) if run == "r" else ([0.0], [0.5])
    tab.open(pages[run, kind])
    tab.click("#pin")
    set_to(tab, "z0", 0.5)
    settled(tab, *second)
    a, b = sampled(home, run, 0, second), sampled(home, run, 0, first)
    check_state(tab, a, atol=1e-6)
    values, vectors = np.linalg.eigh(a)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.conj().T
    inner = np.linalg.eigvalsh(root @ b @ root)
    fidelity = np.sqrt(np.maximum(inner, 0)).sum() ** 2
    assert float(shown(tab, "#pin-fidelity")) == pytest.approx(fidelity, abs=6e-5)
    distance = np.abs(np.linalg.eigvalsh(a - b)).sum() / 2
    assert float(shown(tab, "#pin-distance")) == pytest.approx(distance, abs=6e-5)
    set_to(tab, "what", "difference", "change")
    np.testing.assert_allclose(tab.run(MATRIX % 0), (a - b).real, atol=1e-6)
    tab.click("#unpin")
    assert tab.run("document.getElementById('what').value") == "state"


@pytest.mark.parametrize("kind", ["live", "static"])
@pytest.mark.parametrize("run", ["r", "mixed"])
def test_exported_files_hold_the_state(
    tab: Tab, pages: Any, home: Path, tmp_path: Path, run: str, kind: str
) -> None:
    latent = [0.3, -0.8] if run == "r" else [0.3]
    tab.open(pages[run, kind] + "#z=" + ",".join(map(str, latent)))
    rho = sampled(home, run, 0, latent)
    for ending in ("npz", "png", "svg", "pennylane", "openqasm"):
        tab.click(f"#export-{ending}")
        tab.until("document.getElementById('message').textContent.startsWith('Exported')")
        tab.run("document.getElementById('message').textContent = ''")
    wait_for(tmp_path, 5)
    by = {path.suffix: path for path in tmp_path.iterdir()}
    assert set(by) == {".npz", ".png", ".svg", ".py", ".qasm"}
    assert zipfile.ZipFile(by[".npz"]).testzip() is None
    with np.load(by[".npz"]) as arrays:
        states = arrays["states"]
        assert arrays["label"].shape == (1,)
        np.testing.assert_allclose(arrays["latent"], [latent], atol=1e-6)
    density = np.outer(states[0], states[0].conj()) if states.ndim == 2 else states[0]
    np.testing.assert_allclose(density, rho, atol=1e-6)
    assert by[".png"].read_bytes().startswith(b"\x89PNG")
    picture = by[".svg"].read_text(encoding="utf-8")
    assert picture.startswith("<svg ") and "Density matrix" in picture and "var(--" not in picture
    state = np.asarray(runpy.run_path(str(by[".py"]))["state"]())
    ran = np.outer(state, state.conj()) if state.ndim == 1 else state
    np.testing.assert_allclose(ran, rho, atol=1e-5)
    assert by[".qasm"].read_text().startswith("OPENQASM 2.0;")


def wait_for(folder: Path, count: int) -> None:
    """Wait until a folder holds that many files which are whole."""
    end = time.monotonic() + PATIENCE
    while len([p for p in folder.iterdir() if not p.name.endswith(".crdownload")]) < count:
        assert time.monotonic() < end, list(folder.iterdir())
        time.sleep(0.05)


def test_two_hundred_quick_moves_end_on_the_last_and_no_queue_grows(
    tab: Tab, pages: Any, home: Path
) -> None:
    tab.open(pages["r", "live"])
    tab.requests.clear()
    tab.run("""(async () => {
        const e = document.getElementById("z0");
        for (let k = 0; k < 200; k++) {
            e.value = Math.sin(k / 7);
            e.dispatchEvent(new Event("input"));
            if (k % 4 === 0) await new Promise((r) => setTimeout(r, 1));
        }
        e.value = -0.37;
        e.dispatchEvent(new Event("input"));
    })()""")
    settled(tab, -0.37, 0)
    check_state(tab, sampled(home, "r", 0, [-0.37, 0]))
    assert sum("api/states" in address for address in tab.requests) < 100
    tab.requests.clear()
    tab.run("new Promise(r => setTimeout(r, 400))")
    assert tab.requests == []


def test_the_curve_is_the_observable_and_the_band_is_the_real_range(
    tab: Tab, pages: Any, home: Path, explorers: dict[str, Explorer]
) -> None:
    tab.open(pages["r", "live"] + "#z=0.1,0.5&along=1&see=purity")
    set_to(tab, "see", "XII", "change")
    curve = "document.querySelector('#along > div').data[0]"
    x, y = tab.run(f"[Array.from({curve}.x), Array.from({curve}.y)]")
    assert x[0] == -1 and x[-1] == 1
    at = sampled(home, "r", 0, [0.1, x[20]])
    assert y[20] == pytest.approx(np.trace(word("XII") @ at).real, abs=1e-6)
    real = explorers["r"].real[0].states.expval(["XII"])[:, 0].numpy()
    shapes = tab.run("document.querySelector('#along > div').layout.shapes.map(s => [s.y0, s.y1])")
    np.testing.assert_allclose(shapes[0], [real.min(), real.max()], atol=1e-9)
    np.testing.assert_allclose(shapes[1], np.quantile(real, [0.05, 0.95]), atol=1e-9)
    tab.until("location.hash.includes('see=XII')")


def test_a_path_is_played_in_steps_of_equal_infidelity(
    tab: Tab, pages: Any, explorers: dict[str, Explorer]
) -> None:
    tab.open(pages["r", "live"] + "#z=-1,-1")
    tab.click("#pin")
    tab.run("document.getElementById('pace').value = 'infidelity'")
    steps = tab.run(f"""comparing.path({{states: async (label, latent) => algebra.split(
        await (await fetch("api/states", {{method: "POST",
            body: JSON.stringify({{label, latent}})}})).json(), {N})}},
        0, [-1, -1], [1, 1], "infidelity")""")
    label = explorers["r"].model.label_values[0]
    walk = interpolate(
        explorers["r"].model, label, [-1.0, -1.0], [1.0, 1.0], len(steps), "infidelity"
    )
    np.testing.assert_allclose(steps, walk.latent.numpy(), atol=0.02)
    set_to(tab, "z0", 0.6)
    settled(tab, 0.6, -1)
    play = "document.getElementById('play')"
    assert tab.run(f"{play}.click(), {play}.textContent") == "Stop"
    tab.until(f"{play}.textContent !== 'Stop'")
    settled(tab, 0.6, -1)


@pytest.mark.parametrize("kind", ["live", "static"])
def test_an_angle_goes_round(tab: Tab, pages: Any, home: Path, kind: str) -> None:
    """A number beyond a whole turn wraps, a link may name 6, and a played path crosses the cut."""
    tab.open(pages["turned", kind] + "#z=6,0.5")
    assert tab.run("app.latest().z") == [6, 0.5]
    if kind == "live":
        check_state(tab, sampled(home, "turned", 0, [6, 0.5]), atol=1e-6)
    tab.click("#pin")
    set_to(tab, "n0", 7, "change")
    settled(tab, 7 - 2 * np.pi, 0.5)
    tab.run("""window.visited = [];
        new MutationObserver(() => visited.push(app.latest().z[0]))
            .observe(document.documentElement, { attributes: true });""")
    tab.click("#play")
    tab.until("document.getElementById('play').textContent === 'Play pin to here'")
    visited = np.array(tab.run("visited"))
    assert len(visited) > 10
    assert ((visited >= 5.99) | (visited <= 7 - 2 * np.pi + 0.01)).all()


def test_a_wrong_link_is_told_and_the_page_goes_on(tab: Tab, pages: Any, home: Path) -> None:
    tab.open(pages["r", "live"] + "#label=7&z=0.2,NaN")
    assert "label 7, z 0.2,NaN" in shown(tab, "#message")
    check_state(tab, sampled(home, "r", 0, [0, 0]), atol=1e-6)
    tab.run("location.hash = '#label=ordered&z=0.2,0.1'")
    settled(tab, 0.2, 0.1)
    assert shown(tab, "#message") == ""


def test_the_keyboard_does_everything(tab: Tab, pages: Any, home: Path) -> None:
    tab.open(pages["r", "live"])
    tab.press("2")
    tab.press("]")
    tab.press(".", 5)
    settled(tab, 0, 0.1)
    assert tab.run("app.latest().label") == 1
    tab.press("p")
    assert shown(tab, "#pinned") == "Pinned, in orange: disordered, z_0 = 0.00, z_1 = 0.10"
    tab.run("document.getElementById('pad').focus()")
    tab.press("ArrowRight", 3)
    settled(tab, 0.06, 0.1)
    tab.press("u")
    assert shown(tab, "#pinned") == "Nothing pinned."
    nameless = """[...document.querySelectorAll("button, select, input, canvas")].filter((e) =>
        !e.textContent.trim() && !e.labels?.length && !e.ariaLabel).length"""
    assert tab.run(nameless) == 0


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_sticks_out_and_layers_coincide(
    tab: Tab, pages: Any, width: int, dark: bool
) -> None:
    tab.size(width, 800, dark=dark, phone=width < 900)
    tab.open(pages["r", "live"])
    assert tab.run("document.documentElement.scrollWidth") <= width
    for name in ("density", "along", "probabilities", "pauli"):
        inner = """[...document.querySelectorAll("#%s > div")].map((e) => e._fullLayout._size)"""
        below, above = tab.run(inner % name)
        assert {k: below[k] for k in "lrtbwh"} == pytest.approx({k: above[k] for k in "lrtbwh"})
    ink, card = tab.run("[theme.colour('ink'), theme.colour('card')]")
    assert (int(ink[1:3], 16) > int(card[1:3], 16)) == dark


def test_slider_to_picture_is_fast(tab: Tab, serve: Any, explorers: dict[str, Explorer]) -> None:
    circuit = ReuploadingCircuit(Registers(output=6), n_layers=4)
    generator = Generator(circuit, n_labels=2, n_latent=2).requires_grad_(False)
    explorers["six"] = Explorer(Model(generator, (0, 1), "best", 0), None, "six")
    tab.open(serve("six"))
    # Processor time of the page's thread: it does not depend on what else the machine does.
    tab.call("Performance.enable", timeDomain="threadTicks")
    before = seconds_worked(tab)
    tab.run("""(async () => {
        const e = document.getElementById("z0");
        for (let k = 0; k < 20; k++) {
            e.value = -1 + k / 10;
            e.dispatchEvent(new Event("input"));
            const shown = () => app.latest().z[0] === Number(e.value);
            while (!shown()) await new Promise((r) => setTimeout(r, 5));
        }
    })()""")
    took = (seconds_worked(tab) - before) / 20
    tab.call("Performance.disable")
    assert 0.002 < took < 0.1


def seconds_worked(tab: Tab) -> float:
    metrics = tab.call("Performance.getMetrics")["metrics"]
    return float(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))
