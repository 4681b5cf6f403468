// What a hand can turn: label, sliders, pad. They know numbers and call back; they draw no state.
"use strict";
const controls = (() => {
  let about, turned, chosen, picked; // callbacks: turned(k, value), chosen(label), picked(axis)
  const element = (id) => document.getElementById(id);

  function latentName(k) { return about.n_latent === 1 ? "z" : `z_${k}`; }

  const isDiscrete = (k) => Boolean(about.n_levels) && k === about.n_latent - 1;

  // A latent that the circuit holds in bits has the centres of equal parts of its range as values.
  // Those of a normal latent are not equally far apart, and it is turned as if it were continuous.
  const width = (k) => about.ranges[k][1] - about.ranges[k][0];
  const isRounded = (k) => about.rounded_to && !isDiscrete(k) && about.kinds[k] !== "normal";

  function step(k) {
    if (isDiscrete(k)) return width(k) / (about.n_levels - 1);
    return isRounded(k) ? width(k) / about.rounded_to : 0.01;
  }

  const margin = (k) => (isRounded(k) ? width(k) / 2 / about.rounded_to : 0);
  const holds = (k, value) => value >= about.ranges[k][0] && value <= about.ranges[k][1];
  const wraps = (k) => about.kinds[k] === "periodic";

  // A value at random, as the prior has it.
  function drawn(k) {
    const [low] = about.ranges[k];
    if (about.kinds[k] !== "normal" || isDiscrete(k)) return low + width(k) * Math.random();
    return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  }

  // The straight way from one value to another; an angle goes the shorter way round.
  function way(k, from, to) {
    const turn = width(k), straight = to - from;
    return wraps(k) ? straight - turn * Math.round(straight / turn) : straight;
  }

  function build(info, calls) {
    about = info;
    ({ turned, chosen, picked } = calls);
    about.labels.forEach((label, k) => {
      const box = document.createElement("label"), radio = document.createElement("input");
      radio.type = "radio";
      radio.name = "label";
      radio.value = k;
      radio.addEventListener("change", () => chosen(k));
      box.append(radio, ` ${label.name}`);
      element("labels").append(box);
    });
    for (let k = 0; k < about.n_latent; k++) element("sliders").append(slider(k));
    if (!about.n_latent) element("latents").replaceChildren("This generator has no latent.");
    if (about.n_latent > 1) buildPad();
  }

  function slider(k) {
    const row = document.createElement("div"), name = latentName(k);
    const [low, high] = about.ranges[k];
    const range = `min="${low + margin(k)}" max="${high - margin(k)}"`;
    row.className = "slider";
    row.innerHTML = `<label for="z${k}">${name}</label>`
      + `<input type="range" id="z${k}" ${range} step="${step(k)}">`
      + `<input type="number" id="n${k}" ${range} step="${step(k)}" aria-label="${name}, number">`
      + `<button type="button" id="a${k}" aria-pressed="false" title="draw along ${name}">along</button>`;
    row.querySelector("[type=range]").addEventListener("input", (event) => turned(k, Number(event.target.value)));
    row.querySelector("[type=number]").addEventListener("change", (event) => {
      const value = Number(event.target.value);
      turned(k, snapped(k, Number.isFinite(value) ? value : 0));
    });
    row.querySelector("button").addEventListener("click", () => picked(k));
    return row;
  }

  // A value in the prior's range, round which an angle goes; of a discrete latent, one of its levels.
  function snapped(k, value) {
    const [low, high] = about.ranges[k], lowest = low + margin(k), size = step(k);
    const turned = wraps(k) && !holds(k, value) ? value - width(k) * Math.floor((value - low) / width(k)) : value;
    const inside = Math.min(high - margin(k), Math.max(lowest, turned));
    return size > 0.01 ? lowest + size * Math.round((inside - lowest) / size) : inside;
  }

  function show(view) {
    for (const radio of document.querySelectorAll("#labels input")) {
      radio.checked = Number(radio.value) === view.label;
    }
    view.z.forEach((value, k) => {
      element(`z${k}`).value = value;
      if (document.activeElement !== element(`n${k}`)) element(`n${k}`).value = Number(value.toFixed(4));
      element(`a${k}`).setAttribute("aria-pressed", String(k === view.axis));
    });
    if (about.n_latent > 1) drawPad(view.z);
  }

  const pad = { x: 0, y: 1, z: [], pin: null };

  function buildPad() {
    element("pad-box").hidden = false;
    element("pad-box").open = !matchMedia("(max-width: 900px)").matches;
    for (const side of ["x", "y"]) {
      const box = document.createElement("label"), list = document.createElement("select");
      for (let k = 0; k < about.n_latent; k++) list.append(new Option(latentName(k), k));
      list.value = pad[side];
      list.addEventListener("change", () => {
        pad[side] = Number(list.value);
        drawPad(pad.z);
      });
      box.append(side === "x" ? "across " : " up ", list);
      element("pad-axes").append(box);
    }
    const canvas = element("pad");
    const follow = (event) => {
      const box = canvas.getBoundingClientRect();
      const place = (k, share) => { // beyond the edge an angle stays at it, as others do
        const inside = Math.min(1, Math.max(0, share));
        return snapped(k, about.ranges[k][0] + width(k) * inside);
      };
      turned(pad.x, place(pad.x, (event.clientX - box.left) / box.width));
      turned(pad.y, place(pad.y, 1 - (event.clientY - box.top) / box.height));
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      follow(event);
    });
    canvas.addEventListener("pointermove", (event) => event.buttons && follow(event));
    canvas.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: ["x", -1], ArrowRight: ["x", 1], ArrowDown: ["y", -1], ArrowUp: ["y", 1] }[event.key];
      if (!way) return;
      event.preventDefault();
      const k = pad[way[0]], size = Math.max(step(k), event.shiftKey ? 0.1 : 0.02);
      turned(k, snapped(k, pad.z[k] + way[1] * size));
    });
  }

  function drawPad(z) {
    pad.z = z;
    const canvas = element("pad"), pen = canvas.getContext("2d"), { width, height } = canvas;
    const share = (k, value) => (value - about.ranges[k][0]) / (about.ranges[k][1] - about.ranges[k][0]);
    const at = (point) => [share(pad.x, point[pad.x]) * width, (1 - share(pad.y, point[pad.y])) * height];
    pen.clearRect(0, 0, width, height);
    pen.strokeStyle = theme.colour("line");
    pen.lineWidth = 1.5;
    for (let k = 1; k < 4; k++) {
      pen.beginPath();
      pen.moveTo((k / 4) * width, 0);
      pen.lineTo((k / 4) * width, height);
      pen.moveTo(0, (k / 4) * height);
      pen.lineTo(width, (k / 4) * height);
      pen.stroke();
    }
    const dot = (point, colour, radius) => {
      pen.beginPath();
      pen.arc(...at(point), radius, 0, 2 * Math.PI);
      pen.fillStyle = colour;
      pen.fill();
    };
    if (pad.pin) {
      pen.strokeStyle = theme.colour("negative");
      pen.setLineDash([8, 8]);
      pen.beginPath();
      pen.moveTo(...at(pad.pin));
      pen.lineTo(...at(z));
      pen.stroke();
      pen.setLineDash([]);
      dot(pad.pin, theme.colour("negative"), 9);
    }
    dot(z, theme.colour("positive"), 12);
  }

  function pinPad(z) {
    pad.pin = z;
    if (about.n_latent > 1) drawPad(pad.z);
  }

  return { build, show, drawn, holds, isDiscrete, latentName, snapped, step, way, pinPad };
})();
