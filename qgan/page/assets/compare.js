// A pinned state beside the current one, and the path between them.
"use strict";
const comparing = (() => {
  const STEPS = 48, FINE = 161, PAUSE = 45; // frames, points the path is measured at, ms a frame

  // Places of equal infidelity between neighbours: equal steps of arccos sqrt F along the path.
  function evenly(states, count) {
    const length = [0];
    for (let k = 1; k < states.length; k++) {
      const f = Math.min(1, algebra.fidelity(states[k - 1], states[k]));
      length.push(length[k - 1] + Math.acos(Math.sqrt(f)));
    }
    const total = length[length.length - 1], last = states.length - 1;
    if (!(total > 1e-6)) return Array.from({ length: count }, (_, k) => k / (count - 1));
    let low = 0;
    return Array.from({ length: count }, (_, k) => {
      const wanted = (total * k) / (count - 1);
      while (low < last - 1 && length[low + 1] < wanted) low++;
      const part = (wanted - length[low]) / (length[low + 1] - length[low] || 1);
      return (low + Math.min(1, Math.max(0, part))) / last;
    });
  }

  function between(a, b, t) {
    return a.map((x, k) => controls.snapped(k, x + t * controls.way(k, x, b[k])));
  }

  // The points of latent space that a playing visits.
  async function path(source, label, from, to, pace) {
    let places = Array.from({ length: STEPS }, (_, k) => k / (STEPS - 1));
    if (pace === "infidelity") {
      const fine = Array.from({ length: FINE }, (_, k) => between(from, to, k / (FINE - 1)));
      places = evenly(await source.states(label, fine), STEPS);
    }
    return places.map((t) => between(from, to, t));
  }

  // Show each point in turn; false if stopped() became true on the way.
  async function play(points, showPoint, stopped) {
    for (const point of points) {
      if (stopped()) return false;
      const begun = performance.now();
      await showPoint(point);
      await new Promise((next) => setTimeout(next, Math.max(0, PAUSE - (performance.now() - begun))));
    }
    return true;
  }

  return { path, play, evenly, STEPS };
})();
