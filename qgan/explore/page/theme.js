// Colours and what all figures share. Blue is positive, orange negative: colour-blind people tell
// them apart, and zero is the background in light and in dark.
"use strict";
const theme = (() => {
  const names = ["system", "light", "dark"];
  let chosen = "system";

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
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

  function draw(id, traces, more) {
    const box = document.getElementById(id);
    return Plotly.react(box, traces, layout({ ...more, width: box.clientWidth, height: box.clientHeight }),
      settings);
  }

  // A number as it is written everywhere on the page.
  function digits(value, count = 4) {
    if (value === null || value === undefined || !Number.isFinite(value)) return "–";
    const text = value.toFixed(count);
    return /^-0\.?0*$/.test(text) ? text.slice(1) : text.replace("-", "−");
  }

  return { colour, scale, choose, next, axis, draw, digits };
})();
