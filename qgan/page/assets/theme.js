// Colours and what all figures share. Blue is positive, orange negative: colour-blind people tell
// them apart, and zero is the background in light and in dark.
"use strict";
const theme = (() => {
  const names = ["system", "light", "dark"];
  let chosen = "system";

  // Colours and sizes are asked for once and kept: each question makes the browser lay out anew.
  const colours = new Map(), sizes = new Map();

  function colour(name) {
    if (!colours.has(name)) {
      const style = getComputedStyle(document.documentElement);
      colours.set(name, style.getPropertyValue(`--${name}`).trim());
    }
    return colours.get(name);
  }

  function size(id) {
    if (!sizes.has(id)) {
      const box = document.getElementById(id);
      sizes.set(id, { width: box.clientWidth, height: box.clientHeight });
    }
    return sizes.get(id);
  }

  function forget() {
    colours.clear();
    sizes.clear();
  }

  function scale() {
    return [[0, colour("negative-deep")], [0.25, colour("negative")], [0.5, colour("zero")],
      [0.75, colour("positive")], [1, colour("positive-deep")]];
  }

  function choose(name) {
    chosen = name;
    if (name === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    document.getElementById("theme").textContent = `Theme: ${name}`;
  }

  function next() { choose(names[(names.indexOf(chosen) + 1) % names.length]); }

  function layout(more) {
    return {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false,
      font: { family: "system-ui, sans-serif", size: 12, color: colour("ink") },
      margin: { l: 44, r: 8, t: 8, b: 32 }, hovermode: "closest", dragmode: false,
      hoverlabel: { bgcolor: colour("card"), font: { color: colour("ink"), size: 12 },
        bordercolor: colour("line") },
      ...more,
    };
  }

  function axis(more) {
    return { gridcolor: colour("line"), zerolinecolor: colour("line"), linecolor: colour("line"),
      tickcolor: colour("line"), fixedrange: true, automargin: false, ...more };
  }

  const settings = { displayModeBar: false, responsive: false, displaylogo: false };

  // A figure in two layers: text is what costs a browser time, so axes, names and colour bars lie
  // in a frame that is drawn again only when they change, and a turned knob redraws the data.
  const frames = new Map();

  function draw(id, frame, traces, more) {
    const box = document.getElementById(id), place = size(id);
    if (!box.firstChild) box.append(document.createElement("div"), document.createElement("div"));
    const [below, above] = box.children, key = JSON.stringify([frame, more, place, colour("ink")]);
    if (frames.get(id) !== key) {
      frames.set(id, key);
      Plotly.react(below, frame, layout({ ...more, ...place }), settings);
    }
    const bare = { margin: more.margin, bargap: more.bargap, ...place };
    for (const [name, value] of Object.entries(more)) {
      if (/^[xy]axis/.test(name)) {
        const { range, domain, anchor, type, categoryorder, categoryarray } = value;
        bare[name] = { range, domain, anchor, type, categoryorder, categoryarray, visible: false,
          fixedrange: true };
      }
      if (name === "coloraxis") bare[name] = { ...value, showscale: false };
    }
    return Plotly.react(above, traces, layout(bare), settings);
  }

  // The next round number: scales change seldom while a knob turns.
  function ceiling(value) {
    const power = 10 ** Math.floor(Math.log10(value));
    return [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].map((step) => step * power).find((step) => step >= value * (1 - 1e-9));
  }

  // A number as it is written everywhere on the page.
  function digits(value, count = 4) {
    if (value === null || value === undefined || !Number.isFinite(value)) return "–";
    const text = value.toFixed(count);
    return /^-0\.?0*$/.test(text) ? text.slice(1) : text.replace("-", "−");
  }

  return { colour, size, forget, scale, choose, next, axis, draw, ceiling, digits };
})();
