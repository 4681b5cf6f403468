"""Time the page of `qgan explore` in headless Chromium: from a slider's event to the picture.

    python examples/benchmarks/page.py
    python examples/benchmarks/page.py --qubits 4 6 8 --moves 60

The page's own clock, from the event to the frame in which the new state is drawn: the request, the
state, every figure. `one` waits for each picture before the next move, `drag` moves every 16 ms
and counts what was drawn. An untrained generator beside real states: they are as slow as any.
"""

import argparse
import os
import statistics
import sys
import tempfile
import threading
from pathlib import Path

import torch

from circuits import Registers, ReuploadingCircuit
from qgan import Generator, Model
from qgan.data import ising
from qgan.page.explorer import Explorer
from qgan.page.server import application, bind, make_server

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "support"))
from chromium import Tab, chromium

MOVE = """(async (count, drag) => {
    const e = document.getElementById("z0"), pause = (ms) => new Promise((r) => setTimeout(r, ms));
    app.timings.length = 0;
    for (let k = 0; k < count; k++) {
        e.value = -1 + (2 * k) / count;
        e.dispatchEvent(new Event("input"));
        if (drag) await pause(16);
        else while (app.timings.length <= k) await pause(4);
    }
    const told = document.documentElement.dataset;
    while (told.asked !== told.shown) await pause(16);
    return app.timings;
})(%d, %s)"""


def measure(tab: Tab, n_qubits: int, moves: int) -> dict[str, list[float]]:
    """Milliseconds of each picture, by the way of moving."""
    circuit = ReuploadingCircuit(Registers(output=n_qubits), n_layers=4)
    generator = Generator(circuit, n_labels=2, n_latent=2).requires_grad_(False)
    data = ising(n_qubits, n_train=1, n_validation=1, n_held_out=1024)
    explorer = Explorer(Model(generator, (0, 1), "best", 0), data, f"{n_qubits} qubits")
    place = bind("127.0.0.1", 0)
    server = make_server(application(explorer))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [place]})
    thread.start()
    try:
        tab.size(1280, 800)
        tab.open(f"http://127.0.0.1:{place.getsockname()[1]}/")
        tab.run(MOVE % (10, "false"))  # the first pictures compile the page's code
        return {
            "one": tab.run(MOVE % (moves, "false")),
            "drag": tab.run(MOVE % (moves, "true")),
        }
    finally:
        server.should_exit = True
        thread.join(10)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--qubits", type=int, nargs="+", default=[4, 6])
    parser.add_argument("--moves", type=int, default=60)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{'qubits':>6} {'moved':>6} {'drawn':>6} {'median':>8} {'p95':>8} {'load':>6}   ms")
    with tempfile.TemporaryDirectory() as profile, chromium(Path(profile)) as tab:
        for n_qubits in asked.qubits:
            for way, found in measure(tab, n_qubits, asked.moves).items():
                slow = statistics.quantiles(found, n=20)[-1]
                load = f"{os.getloadavg()[0]:.1f}/{os.cpu_count()}"
                middle = statistics.median(found)
                print(f"{n_qubits:6} {way:>6} {len(found):6} {middle:8.0f} {slow:8.0f} {load:>6}")


if __name__ == "__main__":
    main()
