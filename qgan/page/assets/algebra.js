// States as factors A with rho = A A^dagger, as qgan.States has them: f holds A row by row as
// (real, imaginary) pairs, D rows and r columns. Wire 0 is the most significant bit.
"use strict";
const algebra = (() => {
  function unpack(text) {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    return new Float64Array(bytes.buffer);
  }

  // The answer of the server (or a grid of the same form) as one object a point.
  function split(answer, n) {
    const D = 2 ** n, r = answer.rank, size = 2 * D * r;
    const factor = unpack(answer.factor), inputs = unpack(answer.inputs);
    const count = factor.length / size, angles = inputs.length / count, near = answer.nearest;
    return Array.from({ length: count }, (_, k) => ({
      n, D, r,
      f: factor.subarray(k * size, (k + 1) * size),
      inputs: inputs.subarray(k * angles, (k + 1) * angles),
      purity: answer.purity[k],
      entanglement: answer.entanglement[k],
      nearest: near && {
        fidelity: near.fidelity[k], place: near.place[k], factors: near.factors && near.factors[k],
      },
    }));
  }

  function overlap(a, b) { // A^dagger B, r_a x r_b, as pairs
    const out = new Float64Array(2 * a.r * b.r);
    for (let i = 0; i < a.D; i++) {
      for (let p = 0; p < a.r; p++) {
        const x = a.f[2 * (i * a.r + p)], y = a.f[2 * (i * a.r + p) + 1];
        for (let q = 0; q < b.r; q++) {
          const u = b.f[2 * (i * b.r + q)], v = b.f[2 * (i * b.r + q) + 1];
          out[2 * (p * b.r + q)] += x * u + y * v;
          out[2 * (p * b.r + q) + 1] += x * v - y * u;
        }
      }
    }
    return out;
  }

  // Weighted mean of states. Pure ones are brought to one phase, added and normalised, so that
  // what lies between pure states is pure; of mixed ones it is the mean of density matrices.
  function mix(states, weights) {
    const [a] = states, used = states.map((s, k) => [s, weights[k]]).filter(([, w]) => w > 0);
    if (used.length === 1) return { n: a.n, D: a.D, r: used[0][0].r, f: used[0][0].f };
    if (used.every(([s]) => s.r === 1)) {
      const first = used.reduce((x, y) => (y[1] > x[1] ? y : x))[0];
      const f = new Float64Array(2 * a.D);
      for (const [s, w] of used) {
        const [re, im] = overlap(s, first), size = Math.hypot(re, im) || 1;
        const c = (w * re) / size, d = (w * im) / size;
        for (let i = 0; i < 2 * a.D; i += 2) {
          f[i] += c * s.f[i] - d * s.f[i + 1];
          f[i + 1] += c * s.f[i + 1] + d * s.f[i];
        }
      }
      const norm = Math.sqrt(f.reduce((sum, x) => sum + x * x, 0));
      return { n: a.n, D: a.D, r: 1, f: f.map((x) => x / norm) };
    }
    const r = used.reduce((sum, [s]) => sum + s.r, 0), f = new Float64Array(2 * a.D * r);
    let column = 0;
    for (const [s, w] of used) {
      for (let i = 0; i < a.D; i++) {
        for (let c = 0; c < 2 * s.r; c++) {
          f[2 * (i * r + column) + c] = Math.sqrt(w) * s.f[2 * i * s.r + c];
        }
      }
      column += s.r;
    }
    return { n: a.n, D: a.D, r, f };
  }

  function probabilities(s) {
    return Array.from({ length: s.D }, (_, i) => {
      let sum = 0;
      for (let k = 2 * i * s.r; k < 2 * (i + 1) * s.r; k++) sum += s.f[k] * s.f[k];
      return sum;
    });
  }

  // The first m qubits: the others' basis states become columns. They are the last bits, so the
  // numbers need not even move.
  function firstQubits(s, m) {
    return m >= s.n ? s : { n: m, D: 2 ** m, r: s.r * 2 ** (s.n - m), f: s.f };
  }

  // rho[i,j] = sum_c A[i,c] conj(A[j,c]), real and imaginary part.
  function entry(s, i, j) {
    const w = 2 * s.r;
    let x = 0, y = 0;
    for (let c = 0; c < w; c += 2) {
      const a = s.f[i * w + c], b = s.f[i * w + c + 1];
      const u = s.f[j * w + c], v = s.f[j * w + c + 1];
      x += a * u + b * v;
      y += b * u - a * v;
    }
    return [x, y];
  }

  function density(s) {
    const empty = () => Array.from({ length: s.D }, () => new Float64Array(s.D));
    const re = empty(), im = empty();
    for (let i = 0; i < s.D; i++) {
      for (let j = 0; j <= i; j++) {
        const [x, y] = entry(s, i, j);
        re[i][j] = re[j][i] = x;
        im[i][j] = y;
        im[j][i] = -y;
      }
    }
    return { re, im };
  }

  const words = new Map();
  function parse(word) {
    if (!words.has(word)) {
      let flip = 0, sign = 0, ys = 0;
      [...word].forEach((letter, wire) => {
        const bit = 1 << (word.length - 1 - wire);
        if (letter === "X" || letter === "Y") flip |= bit;
        if (letter === "Y" || letter === "Z") sign |= bit;
        if (letter === "Y") ys++;
      });
      words.set(word, { flip, sign, turn: ys % 4 });
    }
    return words.get(word);
  }
  function odd(x) {
    let bits = 0;
    for (; x; x &= x - 1) bits ^= 1;
    return bits;
  }

  // <P> = sum_i phase(i) sum_c A[i,c] conj(A[i xor flip,c]), as qgan.pauli.expval has it.
  function expval(s, word) {
    const { flip, sign, turn } = parse(word);
    let re = 0, im = 0;
    for (let i = 0; i < s.D; i++) {
      const j = i ^ flip;
      const [x, y] = entry(s, i, j);
      if (odd(i & sign)) { re -= x; im -= y; } else { re += x; im += y; }
    }
    return [re, -im, -re, im][turn];
  }

  function bloch(s) {
    const at = (letter, q) => "I".repeat(q) + letter + "I".repeat(s.n - 1 - q);
    return Array.from({ length: s.n }, (_, q) => [..."XYZ"].map((p) => expval(s, at(p, q))));
  }

  // Eigenvalues of a Hermitian matrix: Jacobi on [[Re, -Im], [Im, Re]], which has each twice.
  function eigenvalues(re, im) {
    const k = re.length, m = 2 * k, a = Array.from({ length: m }, () => new Float64Array(m));
    for (let i = 0; i < k; i++) {
      for (let j = 0; j < k; j++) {
        a[i][j] = a[i + k][j + k] = re[i][j];
        a[i + k][j] = im[i][j];
        a[i][j + k] = -im[i][j];
      }
    }
    for (let round = 0; round < 30; round++) {
      let off = 0;
      for (let p = 0; p < m; p++) for (let q = 0; q < p; q++) off += a[p][q] * a[p][q];
      if (off < 1e-26) break;
      for (let p = 1; p < m; p++) {
        for (let q = 0; q < p; q++) if (Math.abs(a[p][q]) > 1e-16) rotate(a, p, q);
      }
    }
    return Array.from({ length: m }, (_, i) => a[i][i]).sort((x, y) => x - y)
      .filter((_, i) => i % 2 === 0);
  }
  function rotate(a, p, q) {
    const t0 = (a[q][q] - a[p][p]) / (2 * a[p][q]);
    const t = Math.sign(t0 || 1) / (Math.abs(t0) + Math.sqrt(t0 * t0 + 1));
    const c = 1 / Math.sqrt(t * t + 1), s = t * c, ap = a[p], aq = a[q];
    for (let k = 0; k < a.length; k++) {
      const x = ap[k], y = aq[k];
      ap[k] = c * x - s * y;
      aq[k] = s * x + c * y;
    }
    for (const row of a) {
      const x = row[p], y = row[q];
      row[p] = c * x - s * y;
      row[q] = s * x + c * y;
    }
  }

  // Uhlmann's F = ||A^dagger B||_1^2.
  function fidelity(a, b) {
    const x = overlap(a, b);
    if (a.r === 1 || b.r === 1) return Math.min(1, x.reduce((sum, v) => sum + v * v, 0));
    const rows = { D: a.r, r: b.r, f: x }, square = density(rows);
    const sum = eigenvalues(square.re, square.im)
      .reduce((total, v) => total + Math.sqrt(Math.max(0, v)), 0);
    return Math.min(1, sum * sum);
  }

  function traceDistance(a, b) {
    if (a.r === 1 && b.r === 1) return Math.sqrt(Math.max(0, 1 - fidelity(a, b)));
    const d = difference(a, b);
    return eigenvalues(d.re, d.im).reduce((sum, v) => sum + Math.abs(v), 0) / 2;
  }

  function difference(a, b) {
    const x = density(a), y = density(b);
    const minus = (u, v) => u.map((row, i) => row.map((value, j) => value - v[i][j]));
    return { re: minus(x.re, y.re), im: minus(x.im, y.im) };
  }

  return {
    split, mix, probabilities, density, firstQubits, expval, bloch, eigenvalues, fidelity,
    traceDistance, difference,
  };
})();
