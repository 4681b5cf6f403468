// What is looked at (label, latent, pin), and the loop from a turned knob to new pictures.
"use strict";
const app = (() => {
  const SWEEP = 61; // points of the curve along a latent
  const element = (id) => document.getElementById(id);
  const source = window.qganData ? new StaticSource(window.qganData) : new LiveSource();
  const view = { label: 0, z: [], axis: 0, see: "" };
  let about, quantities, shown = null, pin = null, along = null, playing = false;
  const timings = []; // milliseconds from a knob's event to the picture, newest last

  // The page states how far it is, for scripts that turn it: data-asked is the number of the last
  // change, data-shown that of the last change which is drawn in full, the curve included.
  const told = document.documentElement.dataset;
  let asked = 0, drawn = 0;
  told.asked = told.shown = 0;

  function say(text) { element("message").textContent = text; }

  // -- the address: #label=ordered&z=0.3,-0.2&along=0&see=...

  function readAddress() {
    const given = new URLSearchParams(location.hash.slice(1)), wrong = [];
    const name = given.get("label");
    if (name !== null) {
      const place = about.labels.findIndex((l) => l.name === name || String(l.value) === name);
      if (place < 0) wrong.push(`label ${name}`);
      else view.label = place;
    }
    const z = given.get("z");
    if (z) {
      const values = z.split(",").map(Number);
      const good = values.length === about.n_latent && values.every((v, k) => controls.holds(k, v));
      if (good) view.z = values.map((v, k) => controls.snapped(k, v));
      else wrong.push(`z ${z}`);
    }
    const axis = Number(given.get("along") || 0);
    view.axis = Number.isInteger(axis) && axis >= 0 && axis < about.n_latent ? axis : 0;
    if (quantities.some((q) => q.key === given.get("see"))) view.see = given.get("see");
    return wrong.length ? `The address asks for what is not here: ${wrong.join(", ")}.` : "";
  }

  let writing = 0;
  function writeAddress() { // browsers allow few changes a second: the last of a move is written
    clearTimeout(writing);
    writing = setTimeout(() => history.replaceState(null, "", `#${address()}`), 120);
  }

  function address() {
    const asked = new URLSearchParams({ label: about.labels[view.label].name });
    if (about.n_latent) asked.set("z", view.z.map((v) => Number(v.toFixed(4))).join(","));
    if (about.n_latent > 1) asked.set("along", view.axis);
    asked.set("see", view.see);
    return asked.toString().replace(/%2C/g, ",");
  }

  // -- from a knob to the pictures

  function update(begun) {
    told.asked = ++asked;
    return show(begun);
  }

  const show = latestOnly(async (begun) => {
    const wanted = { label: view.label, z: view.z.slice() }, number = asked;
    try {
      const [state] = await source.states(wanted.label, [wanted.z]);
      shown = { ...wanted, state };
      draw();
      if (element("message").dataset.kind === "error") complain("");
    } catch (error) {
      complain(error.message);
    }
    await new Promise((done) => requestAnimationFrame(done));
    if (begun) timings.push(performance.now() - begun);
    if (timings.length > 500) timings.shift();
    drawn = number;
    updateAlong();
  });

  function complain(text) {
    element("message").dataset.kind = text ? "error" : "";
    say(text);
  }

  // The curve along the latent changes with everything but that latent's own value.
  const updateAlong = latestOnly(async () => {
    const number = drawn;
    await follow();
    told.shown = number;
  });

  async function follow() {
    if (!about.n_latent) return;
    const others = view.z.map((value, k) => (k === view.axis ? null : value));
    const key = JSON.stringify([view.label, view.axis, others]);
    if (along && along.key === key) return;
    const label = view.label, axis = view.axis, discrete = controls.isDiscrete(axis);
    const count = discrete ? about.n_levels : SWEEP;
    const [low, high] = about.ranges[axis];
    const position = Array.from({ length: count }, (_, k) => (k === count - 1 ? high
      : low + ((high - low) * k) / (count - 1)));
    try {
      const points = position.map((value) => others.map((other, k) => (k === axis ? value : other)));
      along = { key, label, position, range: [low, high], discrete, states: await source.states(label, points) };
      drawAlong();
    } catch (error) {
      complain(error.message);
    }
  }

  function draw() {
    const { state } = shown, other = pin && pin.state, what = element("what").value;
    const wide = (s) => algebra.firstQubits(s, matrices.MOST_QUBITS);
    const rho = what === "difference" && other ? algebra.difference(wide(state), wide(other))
      : algebra.density(wide(what === "pinned" && other ? other : state));
    matrices.drawDensity(rho, element("style").value);
    matrices.drawPauli(what === "pinned" && other ? other : state, what === "difference" ? other : null);
    curves.drawProbabilities(state, other);
    bloch.draw(state, other);
    drawNumbers();
    drawAlong();
    controls.show(view);
    writeAddress();
  }

  function drawAlong() {
    if (!along || !shown || along.label !== shown.label) return;
    const quantity = quantities.find((q) => q.key === view.see), name = controls.latentName(view.axis);
    element("axis-name").textContent = name;
    curves.drawAlong(quantity, name, along.label, along, { position: shown.z[view.axis],
      state: shown.state }, pin && pin.state);
  }

  function drawNumbers() {
    const { state } = shown, rows = [["purity", "Purity", state.purity]];
    if (about.entanglement) rows.push(["entanglement", `${about.entanglement}, bits`, state.entanglement]);
    if (state.nearest) {
      rows.push(["nearest", "Fidelity with nearest real", state.nearest.fidelity]);
      about.factors.forEach((name, k) => rows.push([`factor-${k}`, `its ${name}`, state.nearest.factors[k]]));
    }
    if (pin) {
      rows.push(["pin-fidelity", "Fidelity with pinned", algebra.fidelity(state, pin.state)]);
      rows.push(["pin-distance", "Trace distance to pinned", algebra.traceDistance(state, pin.state)]);
    }
    element("numbers").replaceChildren(...rows.map(([id, name, value]) => {
      const box = document.createElement("div"), title = document.createElement("dt");
      const number = document.createElement("dd");
      title.textContent = name;
      number.id = id;
      number.textContent = theme.digits(value);
      box.append(title, number);
      return box;
    }));
  }

  // -- what people do

  function turn(k, value) {
    playing = false;
    view.z[k] = value;
    controls.show(view);
    return update(performance.now());
  }

  function choose(label) {
    playing = false;
    view.label = label;
    controls.show(view);
    return update(performance.now());
  }

  function pick(axis) {
    view.axis = axis;
    return update(0);
  }

  function setPin(to) {
    pin = to;
    for (const id of ["unpin", "play"]) element(id).disabled = !pin;
    for (const option of element("what").options) option.disabled = option.value !== "state" && !pin;
    if (!pin) element("what").value = "state";
    element("pinned").textContent = pin
      ? `Pinned, in orange: ${describe(pin.label, pin.z)}` : "Nothing pinned.";
    controls.pinPad(pin && pin.z);
    draw();
  }

  function describe(label, z) {
    const values = z.map((v, k) => `${controls.latentName(k)} = ${theme.digits(v, 2)}`).join(", ");
    return about.labels[label].name + (values ? `, ${values}` : "");
  }

  async function play() {
    if (playing) {
      playing = false;
      return;
    }
    playing = true;
    element("play").textContent = "Stop";
    const end = view.z.slice();
    const points = await comparing.path(source, view.label, pin.z, end, element("pace").value);
    await comparing.play(points, (point) => {
      view.z = point.slice();
      return update(0);
    }, () => !playing);
    playing = false;
    element("play").textContent = "Play pin to here";
  }

  async function exportAs(kind) {
    const value = about.labels[shown.label].value, name = `${about.name}-${about.labels[shown.label].name}`
      .replace(/[^\w.-]+/g, "-");
    const title = `${about.name}: ${describe(shown.label, shown.z)}`;
    try {
      if (kind === "npz") exporting.save(`${name}.npz`, exporting.npz(shown.state, value, shown.z), "application/zip");
      else if (kind === "png") exporting.save(`${name}.png`, await exporting.png(title), "image/png");
      else if (kind === "svg") exporting.save(`${name}.svg`, await exporting.svg(title), "image/svg+xml");
      else {
        const ending = kind === "pennylane" ? "py" : "qasm";
        exporting.save(`${name}.${ending}`, exporting.code(about, kind, shown.state.inputs), "text/plain");
      }
      say(`Exported ${name}.`);
    } catch (error) {
      complain(error.message);
    }
  }

  async function copyLink() {
    const link = `${location.href.split("#")[0]}#${address()}`;
    try {
      await navigator.clipboard.writeText(link);
      say("Link copied.");
    } catch { // no clipboard on an insecure origin: the address bar holds the same
      say(`Link: ${link}`);
    }
  }

  function key(event) {
    const typing = ["SELECT", "TEXTAREA"].includes(event.target.tagName) || event.target.type === "number";
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const n = about.n_latent, number = Number(event.key) - 1;
    if (number >= 0 && number < about.labels.length) choose(number);
    else if (event.key === "[" && n) pick((view.axis + n - 1) % n);
    else if (event.key === "]" && n) pick((view.axis + 1) % n);
    else if ((event.key === "," || event.key === ".") && n) {
      const way = event.key === "." ? 1 : -1, size = Math.max(0.02, controls.step(view.axis));
      turn(view.axis, controls.snapped(view.axis, view.z[view.axis] + way * size));
    } else if (event.key === "p") setPin({ ...shown });
    else if (event.key === "u") setPin(null);
    else if (event.key === " " && pin && event.target.tagName !== "BUTTON") {
      event.preventDefault();
      play();
    }
  }

  function listen() {
    const click = (id, action) => element(id).addEventListener("click", action);
    click("pin", () => setPin({ ...shown }));
    click("unpin", () => setPin(null));
    click("play", play);
    click("link", copyLink);
    const everywhere = (value) => {
      playing = false;
      view.z = view.z.map((_, k) => controls.snapped(k, value(k)));
      update(performance.now());
    };
    if (about.n_latent) {
      click("centre", () => everywhere(() => 0));
      click("random", () => everywhere((k) => Number(controls.drawn(k).toFixed(2))));
    }
    for (const kind of ["npz", "png", "svg", "pennylane", "openqasm"]) click(`export-${kind}`, () => exportAs(kind));
    click("theme", () => { theme.next(); redraw(); });
    for (const id of ["what", "style"]) element(id).addEventListener("change", draw);
    element("see").addEventListener("change", (event) => {
      view.see = event.target.value;
      drawAlong();
      writeAddress();
    });
    document.addEventListener("keydown", key);
    window.addEventListener("hashchange", () => {
      complain(readAddress());
      element("see").value = view.see;
      update(performance.now());
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    new ResizeObserver(latestOnly(async () => redraw())).observe(element("layout"));
  }

  function redraw() {
    theme.forget();
    if (shown) draw();
  }

  function listQuantities() {
    const groups = new Map();
    for (const q of quantities) {
      if (!groups.has(q.group)) {
        const group = document.createElement("optgroup");
        group.label = q.group;
        groups.set(q.group, group);
        element("see").append(group);
      }
      groups.get(q.group).append(new Option(q.name, q.key));
    }
  }

  async function start() {
    try {
      about = await source.about();
    } catch (error) {
      complain(error.message);
      return;
    }
    quantities = curves.quantities(about);
    view.z = Array.from({ length: about.n_latent }, () => 0);
    view.see = quantities[0].key;
    element("title").textContent = `qgan explore: ${about.name}`;
    document.title = `${about.name} – qgan explore`;
    element("subtitle").textContent = `${about.n_qubits} qubits, checkpoint ${about.checkpoint}, `
      + `step ${about.step}${about.note ? `; ${about.note}` : ""}`;
    controls.build(about, { turned: turn, chosen: choose, picked: pick });
    view.z = view.z.map((value, k) => controls.snapped(k, value));
    listQuantities();
    const wrong = readAddress();
    element("see").value = view.see;
    element("along-card").hidden = !about.n_latent;
    if (about.n_qubits > matrices.MOST_HINTON) element("style").options[1].disabled = true;
    listen();
    await update(0);
    if (wrong) complain(wrong);
    document.documentElement.dataset.ready = "yes";
  }

  start();
  return { timings, view, latest: () => shown };
})();
