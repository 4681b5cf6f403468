// Probabilities as bars, and what is measured along the latent that is turned.
"use strict";
const curves = (() => {
  function drawProbabilities(state, pinned) {
    const shown = algebra.firstQubits(state, matrices.MOST_QUBITS), names = matrices.kets(shown.n);
    const x = names.map((_, i) => i), every = Math.max(1, names.length / 16);
    const places = x.filter((i) => i % every === 0);
    const heights = algebra.probabilities(shown);
    let top = Math.max(...heights);
    const traces = [{ type: "bar", x, y: heights, customdata: names,
      marker: { color: theme.colour("positive") }, name: "current",
      hovertemplate: "P(%{customdata}) = %{y:.5f}<extra></extra>" }];
    if (pinned) {
      const other = algebra.probabilities(algebra.firstQubits(pinned, matrices.MOST_QUBITS));
      top = Math.max(top, ...other);
      traces.push({ type: "scatter", mode: "markers", x, y: other, customdata: names,
        marker: { symbol: "line-ew", size: Math.max(6, 200 / x.length),
          line: { width: 2.5, color: theme.colour("negative") } },
        hovertemplate: "pinned P(%{customdata}) = %{y:.5f}<extra></extra>" });
    }
    return theme.draw("probabilities", [], traces, {
      margin: { l: 40, r: 6, t: 6, b: 46 }, bargap: 0.25,
      xaxis: theme.axis({ tickvals: places, ticktext: places.map((i) => names[i]), showgrid: false,
        tickangle: shown.n > 2 ? -90 : 0, range: [-0.6, x.length - 0.4],
        tickfont: { size: names.length > 8 ? 9 : 11, family: "ui-monospace, monospace" } }),
      yaxis: theme.axis({ range: [0, 1.04 * theme.ceiling(top)] }),
    });
  }

  // Everything that can be drawn along a latent: how it is read off a state, and its real range.
  function quantities(about) {
    const found = [];
    const range = (kind, k) => (label) => (about.real.length && about.real[label][kind]
      ? about.real[label][kind][k] : null);
    const mean = (words) => (s) => words.reduce((sum, w) => sum + algebra.expval(s, w), 0) / words.length;
    about.observables.forEach((o, k) => found.push({
      key: o.name, name: `${o.name} ${o.meaning}`, value: mean(o.words), range: range("observables", k),
      group: "Of the chain" }));
    about.factors.forEach((name, k) => found.push({
      key: name, name: `${name} of the nearest real state`, group: "Hidden factors",
      value: (s) => s.nearest.factors[k], range: range("factors", k) }));
    found.push({ key: "purity", name: "purity", group: "Of the state", value: (s) => s.purity,
      range: range("purity", 0) });
    if (about.entanglement) {
      found.push({ key: "entanglement", name: `${about.entanglement} (bits)`, group: "Of the state",
        value: (s) => s.entanglement, range: range("entanglement", 0) });
    }
    if (about.real.length) {
      found.push({ key: "fidelity", name: "fidelity with the nearest real state",
        group: "Of the state", value: (s) => s.nearest.fidelity, range: () => null });
    }
    about.words.forEach((word, k) => found.push({ key: word, name: word, group: "Pauli words",
      value: (s) => algebra.expval(s, word), range: range("words", k) }));
    return found;
  }

  // points: positions and states along the latent; now: the current position and state.
  function drawAlong(quantity, axisName, label, points, now, pinned) {
    const bands = [], limits = quantity.range(label), ink = theme.colour("positive");
    const values = points.states.map(quantity.value);
    if (limits) {
      for (const [low, high, alpha] of [[limits[0], limits[3], 0.13], [limits[1], limits[2], 0.2]]) {
        bands.push({ type: "rect", xref: "paper", x0: 0, x1: 1, y0: low, y1: high, layer: "below",
          line: { width: 0 }, fillcolor: theme.colour("real"), opacity: alpha });
      }
    }
    const curve = [
      { type: "scatter", mode: points.discrete ? "markers" : "lines", x: points.position, y: values,
        line: { color: ink, width: 2.5 }, marker: { color: ink, size: 9 },
        hovertemplate: `${axisName} = %{x:.3f}: %{y:.4f}<extra></extra>` },
    ];
    const here = [
      { type: "scatter", mode: "markers", x: [now.position], y: [quantity.value(now.state)],
        marker: { size: 13, color: theme.colour("ink"), line: { width: 2, color: theme.colour("card") } },
        hovertemplate: "here: %{y:.4f}<extra></extra>" },
    ];
    const all = [...values, ...(limits || [])];
    if (pinned) {
      const level = quantity.value(pinned);
      all.push(level);
      bands.push({ type: "line", xref: "paper", x0: 0, x1: 1, y0: level, y1: level,
        line: { color: theme.colour("negative"), width: 2, dash: "dash" } });
    }
    const low = Math.min(...all), high = Math.max(...all), room = 0.06 * (high - low) || 0.05;
    const beside = 0.02 * (points.range[1] - points.range[0]);
    const keys = [limits && "shaded: real states, darker 5 to 95 %", pinned && "dashed: pinned"];
    const key = { text: keys.filter(Boolean).join("; "), x: 0, xref: "paper", xanchor: "left", y: 1,
      yref: "paper", yanchor: "bottom", showarrow: false, font: { size: 11, color: theme.colour("quiet") } };
    return theme.draw("along", curve, here, {
      shapes: bands, annotations: [key], margin: { l: 48, r: 10, t: 22, b: 40 },
      xaxis: theme.axis({ range: [points.range[0] - beside, points.range[1] + beside], title: { text: axisName, standoff: 8 } }),
      yaxis: theme.axis({ range: [low - room, high + room], zeroline: false }),
    });
  }

  return { drawProbabilities, quantities, drawAlong };
})();
