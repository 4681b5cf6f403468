// The current state and its picture as files: npz, png, svg, and the circuit as code.
"use strict";
const exporting = (() => {
  function save(name, content, kind) {
    const link = document.createElement("a");
    const address = URL.createObjectURL(new Blob([content], { type: kind }));
    link.href = address;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  function join(parts) {
    const whole = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  // NumPy's format 1.0: magic, length of the header, header, numbers.
  function npy(descr, shape, data) {
    const tuple = `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
    let header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
    header = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11) + "\n";
    const text = new TextEncoder().encode(header);
    const start = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length & 255, text.length >> 8];
    return join([Uint8Array.from(start), text, new Uint8Array(data.buffer.slice(
      data.byteOffset, data.byteOffset + data.byteLength))]);
  }

  function crc32(bytes) {
    let crc = ~0;
    for (const byte of bytes) {
      crc ^= byte;
      for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc >>> 0;
  }

  // A zip file of entries that are stored as they are, which is all that an npz file is.
  function zip(entries) {
    const parts = [], directory = [];
    let at = 0;
    const bytes = (...pairs) => Uint8Array.from(pairs.flatMap(([value, size]) =>
      Array.from({ length: size }, (_, k) => Math.floor(value / 256 ** k) & 255)));
    for (const [name, data] of entries) {
      const title = new TextEncoder().encode(name), size = data.length;
      const common = [[20, 2], [0, 2], [0, 2], [0, 2], [33, 2], [crc32(data), 4], [size, 4], [size, 4],
        [title.length, 2], [0, 2]];
      const local = join([bytes([0x04034b50, 4], ...common), title, data]);
      directory.push(join([bytes([0x02014b50, 4], [20, 2], ...common, [0, 2], [0, 2], [0, 2], [0, 4],
        [at, 4]), title]));
      parts.push(local);
      at += local.length;
    }
    const index = join(directory);
    return join([...parts, index, bytes([0x06054b50, 4], [0, 2], [0, 2], [entries.length, 2],
      [entries.length, 2], [index.length, 4], [at, 4], [0, 2])]);
  }

  // The layout that `qgan sample` writes: states (1, D) or (1, D, D), label, latent.
  function npz(state, labelValue, latent) {
    let states;
    if (state.r === 1) {
      states = npy("<c16", [1, state.D], Float64Array.from(state.f));
    } else {
      const { re, im } = algebra.density(state), numbers = new Float64Array(2 * state.D ** 2);
      re.forEach((row, i) => row.forEach((x, j) => {
        numbers[2 * (i * state.D + j)] = x;
        numbers[2 * (i * state.D + j) + 1] = im[i][j];
      }));
      states = npy("<c16", [1, state.D, state.D], numbers);
    }
    return zip([["states.npy", states], ["label.npy", labelArray(labelValue)],
      ["latent.npy", npy("<f4", [1, latent.length], Float32Array.from(latent))]]);
  }

  function labelArray(value) {
    if (Number.isInteger(value)) return npy("<i8", [1], BigInt64Array.from([BigInt(value)]));
    if (typeof value === "number") return npy("<f8", [1], Float64Array.from([value]));
    const text = [...String(value)];
    return npy(`<U${Math.max(1, text.length)}`, [1],
      Uint32Array.from(text.length ? text.map((c) => c.codePointAt(0)) : [0]));
  }

  // A template of qgan.page.circuit_code with its angles, scale * inputs[entry] + shift, and with
  // the lines of those bits that are 1.
  function code(about, language, inputs) {
    const text = about.code[language];
    if (text === null) throw new Error(about.code.reason);
    const angle = (k) => {
      const [scale, entry, shift] = about.code.angles[Number(k)];
      return scale * inputs[entry] + shift;
    };
    return text.replace(/^( *)@(\d+):(.*)@\n/gm, (_, gap, k, line) => (angle(k) ? `${gap}${line}\n` : ""))
      .replace(/@(\d+)@/g, (_, k) => String(angle(k)));
  }

  // All figures in one SVG, placed as they stand on the page.
  async function svg(title) {
    const cards = [...document.querySelectorAll("main > section:not([hidden])")];
    const boxes = cards.map((card) => card.getBoundingClientRect());
    const left = Math.min(...boxes.map((b) => b.left)), top = Math.min(...boxes.map((b) => b.top));
    const origin = { left, top, width: Math.max(...boxes.map((b) => b.right)) - left,
      height: Math.max(...boxes.map((b) => b.bottom)) - top };
    const parts = [], head = 34;
    for (const box of document.querySelectorAll(".figure > div")) {
      const at = box.getBoundingClientRect();
      const address = await Plotly.toImage(box, { format: "svg", width: at.width, height: at.height });
      const drawn = decodeURIComponent(address.slice(address.indexOf(",") + 1));
      const place = `x="${at.left - origin.left}" y="${at.top - origin.top + head}"`;
      parts.push(drawn.replace("<svg", `<svg ${place}`));
    }
    for (const card of cards) parts.push(heading(card, origin, head));
    for (const drawn of document.querySelectorAll("#bloch svg")) {
      const at = drawn.getBoundingClientRect();
      parts.push(painted(drawn.outerHTML).replace("<svg", `<svg xmlns="http://www.w3.org/2000/svg" `
        + `x="${at.left - origin.left}" y="${at.top - origin.top + head}" `
        + `width="${at.width}" height="${at.height}"`));
    }
    const [width, height] = [origin.width, origin.height + head].map(Math.ceil);
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" `
      + `viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif">`
      + `<rect width="100%" height="100%" fill="${theme.colour("card")}"/>`
      + `<text x="12" y="22" font-size="15" fill="${theme.colour("ink")}">${escaped(title)}</text>`
      + `${parts.join("")}</svg>`;
  }

  function heading(card, origin, head) {
    const title = card.querySelector("h2"), at = title.getBoundingClientRect();
    const chosen = card.querySelector("select"), words = title.textContent
      + (chosen ? ": " + chosen.selectedOptions[0].textContent : "");
    return `<text x="${at.left - origin.left}" y="${at.bottom - origin.top + head - 4}" font-size="13" `
      + `font-weight="600" fill="${theme.colour("ink")}">${escaped(words)}</text>`;
  }

  function painted(markup) { return markup.replace(/var\(--([\w-]+)\)/g, (_, name) => theme.colour(name)); }

  function escaped(text) { return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`); }

  async function png(title) {
    const image = new Image();
    image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(await svg(title));
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = 2 * image.width;
    canvas.height = 2 * image.height;
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return new Promise((done) => canvas.toBlob(done, "image/png"));
  }

  return { save, npz, code, svg, png };
})();
