// Where states come from: the server, or the grid that a static page carries.
"use strict";
class LiveSource {
  async about() {
    this.info = await this.ask("api/about");
    return this.info;
  }

  async states(label, latent) {
    const body = JSON.stringify({ label, latent });
    const answer = await this.ask("api/states", { method: "POST", body });
    return algebra.split(answer, this.info.n_qubits);
  }

  async ask(address, options) {
    let answer;
    try {
      answer = await fetch(address, options);
    } catch {
      throw new Error("The server does not answer: has `qgan explore` ended?");
    }
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.error || `The server answered ${answer.status}.`);
    return told;
  }
}

class StaticSource {
  constructor({ about, grid }) {
    this.info = about;
    this.axes = grid.axes;
    this.strides = grid.axes.map((_, k) => grid.axes.slice(k + 1).reduce((p, x) => p * x.length, 1));
    this.labels = grid.labels.map((answer) => algebra.split(answer, about.n_qubits));
  }

  async about() { return this.info; }

  async states(label, latent) { return latent.map((z) => this.at(this.labels[label], z)); }

  // Multilinear between the corners of the cell: density matrices (pure states stay pure) and
  // numbers; the nearest real state is that of the nearest corner.
  at(points, z) {
    let corners = [[0, 1]];
    z.forEach((value, k) => {
      const axis = this.axes[k], last = axis.length - 1;
      let low = 0;
      while (low < last - 1 && axis[low + 1] <= value) low++;
      const part = last ? Math.min(1, Math.max(0, (value - axis[low]) / (axis[low + 1] - axis[low]))) : 0;
      corners = corners.flatMap(([place, weight]) => [
        [place + low * this.strides[k], weight * (1 - part)],
        [place + (low + 1) * this.strides[k], weight * part],
      ]).filter(([, weight]) => weight > 1e-12);
    });
    const states = corners.map(([place]) => points[place]), weights = corners.map(([, w]) => w);
    const mean = (value) => states.reduce((sum, s, k) => sum + weights[k] * value(s), 0);
    const [heaviest] = states.map((s, k) => [s, weights[k]]).reduce((a, b) => (b[1] > a[1] ? b : a));
    const near = heaviest.nearest;
    return {
      ...algebra.mix(states, weights),
      inputs: heaviest.inputs.map((_, i) => mean((s) => s.inputs[i])),
      purity: mean((s) => s.purity),
      entanglement: mean((s) => s.entanglement),
      nearest: near && { ...near, fidelity: mean((s) => s.nearest.fidelity) },
    };
  }
}

// A function that runs one call at a time and, of the calls made meanwhile, only the last: however
// fast a slider moves, no queue grows and the last value is what is shown.
function latestOnly(work) {
  let wanted = null, running = null;
  async function drain() {
    while (wanted) {
      const call = wanted;
      wanted = null;
      await work(...call);
    }
    running = null;
  }
  return (...call) => {
    wanted = call;
    running = running || drain();
    return running;
  };
}
