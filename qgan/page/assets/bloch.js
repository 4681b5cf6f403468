// A small sphere a qubit: x towards the reader, y to the right, z up; the numbers stand beside it.
"use strict";
const bloch = (() => {
  const R = 34, C = 42;
  const project = ([x, y, z]) => [C + R * (y - 0.42 * x), C - R * (z - 0.30 * x)];

  function line(from, to, attributes) {
    const [a, b] = project(from), [c, d] = project(to);
    return `<line x1="${a.toFixed(2)}" y1="${b.toFixed(2)}" x2="${c.toFixed(2)}" y2="${d.toFixed(2)}" ${attributes}/>`;
  }

  function equator() {
    const points = Array.from({ length: 49 }, (_, k) => {
      const turn = (2 * Math.PI * k) / 48;
      return project([Math.cos(turn), Math.sin(turn), 0]).map((v) => v.toFixed(1)).join(",");
    });
    return `<polyline points="${points.join(" ")}" fill="none" stroke="var(--line)"/>`;
  }

  function arrow(vector, colour, width) {
    const [x, y] = project(vector);
    return line([0, 0, 0], vector, `stroke="${colour}" stroke-width="${width}" stroke-linecap="round"`)
      + `<circle cx="${x.toFixed(2)}" cy="${y.toFixed(2)}" r="${width + 1}" fill="${colour}"/>`;
  }

  function sphere(vector, pinned) {
    const axes = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
      .map((e) => line(e.map((v) => -v), e, 'stroke="var(--line)" stroke-dasharray="2 2"')).join("");
    const names = [["x", [1.25, 0, 0]], ["y", [0, 1.13, 0]], ["z", [0, 0, 1.13]]].map(([name, at]) => {
      const [x, y] = project(at);
      return `<text x="${x}" y="${y + 3}" font-size="9" text-anchor="middle" fill="var(--quiet)">${name}</text>`;
    }).join("");
    return `<svg viewBox="0 0 84 84" role="img"><circle cx="${C}" cy="${C}" r="${R}" fill="none" `
      + `stroke="var(--line)"/>${equator()}${axes}${names}`
      + (pinned ? arrow(pinned, "var(--negative)", 1.5) : "") + arrow(vector, "var(--positive)", 2.5)
      + "</svg>";
  }

  function draw(state, pinned) {
    const vectors = algebra.bloch(state), others = pinned && algebra.bloch(pinned);
    document.getElementById("bloch").innerHTML = vectors.map((v, q) => {
      const length = Math.hypot(...v);
      const rows = [..."xyz"].map((name, k) => `<span>${name} ${theme.digits(v[k], 3)}</span>`).join("");
      return `<figure data-qubit="${q}">${sphere(v, others && others[q])}<figcaption><b>qubit ${q}</b>`
        + `${rows}<span>length ${theme.digits(length, 3)}</span></figcaption></figure>`;
    }).join("");
  }

  return { draw };
})();
