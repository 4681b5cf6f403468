// The density matrix and the Pauli expectations: numbers in squares.
"use strict";
const matrices = (() => {
  const MOST_QUBITS = 6; // wider states are shown reduced to their first qubits
  const MOST_HINTON = 4;

  function kets(n) {
    return Array.from({ length: 2 ** n }, (_, i) => i.toString(2).padStart(n, "0"));
  }

  function root(rows, top) {
    return rows.map((row) => Array.from(row, (x) => Math.sign(x) * Math.sqrt(Math.abs(x) / top)));
  }

  function largest(rho) {
    let top = 0;
    for (const rows of [rho.re, rho.im]) {
      for (const row of rows) for (const x of row) top = Math.max(top, Math.abs(x));
    }
    return theme.ceiling(top || 1);
  }

  // An invisible point that brings the colour bar with it.
  const scaleOnly = { type: "scatter", mode: "markers", x: [0], y: [0], hoverinfo: "skip", opacity: 0,
    marker: { color: [0], coloraxis: "coloraxis" } };

  // Marks of the colour bar: values, at the places that the signed square root gives them.
  function marks(top) {
    const steps = [1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.001].filter((x) => x <= top);
    let room = 2;
    const kept = steps.filter((x) => {
      const place = Math.sqrt(x / top), fits = place < room - 0.14 && place > 0.14;
      if (fits) room = place;
      return fits;
    });
    const values = [...kept.map((x) => -x), 0, ...kept.slice().reverse()];
    return { tickvals: values.map((x) => Math.sign(x) * Math.sqrt(Math.abs(x) / top)),
      ticktext: values.map((x) => String(x).replace("-", "−")) };
  }

  // rho: {re, im}; states wider than MOST_QUBITS come here reduced.
  function drawDensity(rho, style) {
    const D = rho.re.length, n = Math.log2(D), names = kets(n), top = largest(rho);
    const hinton = style === "hinton" && n <= MOST_HINTON;
    const { width, height } = theme.size("density"), room = width - 64 - 84;
    const side = Math.min(height - 74, room / 2);
    const every = Math.max(1, 2 ** Math.ceil(Math.log2((D * 11) / side)));
    const ticks = { type: "category", categoryorder: "array", categoryarray: names,
      tickvals: names.filter((_, i) => i % every === 0), range: [-0.5, D - 0.5], showgrid: false, zeroline: false, tickfont: { size: D > 8 ? 9 : 11, family: "ui-monospace, monospace" } };
    const parts = [["Re", rho.re, "x", "y"], ["Im", rho.im, "x2", "y2"]];
    const traces = parts.map(([part, values, x, y]) => (hinton
      ? squares(part, values, top, names, side / D, x, y)
      : heat(part, values, top, names, x, y)));
    const wide = Math.max(0.2, Math.min(0.45, side / room));
    const title = (text, at) => ({ text, x: at, xanchor: "center", xref: "paper", y: 1, yref: "paper",
      yanchor: "bottom", showarrow: false, font: { size: 13 } });
    const across = { ...ticks, tickangle: n > 2 ? -90 : 0 };
    return theme.draw("density", [scaleOnly, { ...scaleOnly, xaxis: "x2", yaxis: "y2" }], traces, {
      margin: { l: 64, r: 84, t: 24, b: 50 },
      xaxis: theme.axis({ ...across, domain: [0, wide], title: { text: "⟨column|", standoff: 4 } }),
      xaxis2: theme.axis({ ...across, domain: [wide + 0.06, 2 * wide + 0.06],
        title: { text: "⟨column|", standoff: 4 }, anchor: "y2" }),
      yaxis: theme.axis({ ...ticks, range: [D - 0.5, -0.5], title: { text: "|row⟩", standoff: 4 } }),
      yaxis2: theme.axis({ ...ticks, range: [D - 0.5, -0.5], anchor: "x2", showticklabels: false }),
      annotations: [title("real part", wide / 2), title("imaginary part", 1.5 * wide + 0.06)],
      coloraxis: { colorscale: theme.scale(), cmin: -1, cmax: 1,
        colorbar: { thickness: 10, outlinewidth: 0, x: 2 * wide + 0.09, len: 1, ...marks(top),
          tickfont: { size: 10 } } },
    });
  }

  const hover = (part) => `${part} ⟨%{y}|ρ|%{x}⟩ = %{customdata:.5f}<extra></extra>`;

  function heat(part, values, top, names, x, y) {
    return { type: "heatmap", z: root(values, top), customdata: values, coloraxis: "coloraxis",
      xaxis: x, yaxis: y, x: names, y: names, zsmooth: false,
      hovertemplate: hover(part) };
  }

  function squares(part, values, top, names, cell, x, y) {
    const xs = [], ys = [], size = [], fill = [], shown = [];
    const positive = theme.colour("positive"), negative = theme.colour("negative");
    values.forEach((row, i) => row.forEach((value, j) => {
      xs.push(names[j]);
      ys.push(names[i]);
      size.push(Math.max(0, (cell - 1) * Math.sqrt(Math.abs(value) / top)));
      fill.push(value < 0 ? negative : positive);
      shown.push(value);
    }));
    return { type: "scatter", mode: "markers", x: xs, y: ys, xaxis: x, yaxis: y, customdata: shown,
      marker: { symbol: "square", size, color: fill, line: { width: 0 } }, hovertemplate: hover(part) };
  }

  // <P_i Q_j> below the diagonal of sites, <P_i> in the row above.
  function drawPauli(state, pinned) {
    const n = state.n, names = [];
    for (let q = 0; q < n; q++) for (const p of "XYZ") names.push(`${p}${q}`);
    const word = (...at) => Array.from({ length: n }, (_, q) => {
      const hit = at.find((name) => Number(name.slice(1)) === q);
      return hit ? hit[0] : "I";
    }).join("");
    const value = (w) => algebra.expval(state, w) - (pinned ? algebra.expval(pinned, w) : 0);
    const rows = [names.map((a) => value(word(a)))];
    const labels = ["one"];
    names.forEach((a, k) => {
      if (k < 3) return;
      labels.push(a);
      rows.push(names.map((b) => (b.slice(1) < a.slice(1) ? value(word(b, a)) : null)));
    });
    const ticks = { type: "category", categoryorder: "array", showgrid: false, zeroline: false,
      tickfont: { size: n > 4 ? 9 : 10 } };
    return theme.draw("pauli", [scaleOnly], [{ type: "heatmap", x: names, y: labels, z: rows, hoverongaps: false,
      coloraxis: "coloraxis", xgap: 1, ygap: 1, hovertemplate: "⟨%{x} %{y}⟩ = %{z:.4f}<extra></extra>" }], {
      margin: { l: 34, r: 60, t: 6, b: 30 },
      xaxis: theme.axis({ ...ticks, tickangle: -90, categoryarray: names, range: [-0.5, 3 * n - 0.5] }),
      yaxis: theme.axis({ ...ticks, categoryarray: labels, range: [labels.length - 0.5, -0.5] }),
      coloraxis: { colorscale: theme.scale(), cmin: -1, cmax: 1,
        colorbar: { thickness: 10, outlinewidth: 0, tickfont: { size: 10 }, tickvals: [-1, 0, 1] } },
    });
  }

  return { drawDensity, drawPauli, kets, MOST_QUBITS, MOST_HINTON };
})();
