// A tensor as a block with named axes. Sizes are drawn on a logarithmic scale; labelled axes are split into their parts.

const [NAME, ROLE, DTYPE, STATE, SHAPE, AXES, DIMENSIONS, LABELS, BYTES, TIED, SHARDING, STORED] = Array(12).keys();
const STATES = ["trainable", "frozen", "buffer"];
const WINDOW = ["d", "h", "w", "l"];
const LETTER_ROOM = 13;

function tensorView(tensor) {
  const state = STATES[tensor[STATE]];
  return el("section.tensor", { "aria-label": tensor[NAME] },
    el("div.tensor-head", null, el("b.mono", null, tensor[NAME]),
      el("span.badge", { title: data.words.roles[tensor[ROLE]] }, tensor[ROLE]),
      el(`span.badge${tensor[STATE] === 0 ? ".accent" : ""}`, null, state), el("span.muted", null, `${tensor[DTYPE]}, ${bytes(tensor[BYTES])}`)),
    el("div.mono.pattern", null, shapeText(tensor[SHAPE]), el("span.muted", null, tensor[AXES] === null ? " axes not known" : tensor[AXES] ? `  ${tensor[AXES]}` : " a scalar")),
    tensor[SHAPE] === null ? null : block(tensor),
    parts(tensor),
    tensor[TIED] === null ? null : el("p.aside", null, "the same tensor as ", tiedLink(tensor[TIED]), ", counted once"),
    tensor[SHARDING] === null ? null : el("p.aside", null, `sharded: ${tensor[SHARDING]}`),
    tensor[STORED] === null ? null : el("p.aside", null, `stored as ${tensor[STORED]}`));
}

function shapeText(shape) {
  if (shape === null) return UNKNOWN;
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
}

function tiedLink(path) {
  for (let end = path.length; end >= 0; end = path.lastIndexOf(".", end - 1)) {
    const row = rowOf(path.slice(0, Math.max(end, 0)));
    if (row !== undefined) return layerLink(layerOf(row), path);
    if (end === 0) break;
  }
  return rowOf("") === undefined || path.includes(".") ? path : layerLink(0, path);
}

// The dimensions: {names, sizes, size, parts: [{word, letter, from, to}]}.
function dimensions(tensor) {
  return tensor[SHAPE].map((size, i) => {
    const joined = tensor[DIMENSIONS]?.[i] ?? [[UNKNOWN, size]];
    const labels = tensor[LABELS].find(([axis]) => joined.some(([name]) => name === axis))?.[1] ?? [];
    const whole = labels.reduce((total, [, n]) => total + n, 0);
    let from = 0;
    const found = labels.map(([word, n]) => {
      const part = { word, letter: data.words.letters[word] ?? word[0], from: (from * size) / whole, to: ((from + n) * size) / whole };
      from += n;
      return part;
    });
    const words = joined.filter(([name]) => name !== "1" || joined.length === 1);
    return { words, size, parts: found };
  });
}

const describe = ({ words, size }) => (words.length > 1
  ? `${words.map(([name, n]) => `${name} ${n ?? UNKNOWN}`).join(" × ")} = ${size}` : `${words[0][0] === "1" ? "" : `${words[0][0]} `}${size}`);

const side = (n, most) => Math.round(16 + (most - 16) * Math.min(1, Math.log2(Math.max(1, n)) / 13));

function block(tensor) {
  const all = dimensions(tensor);
  const isWindow = ({ words }) => words.length === 1 && WINDOW.includes(words[0][0]);
  const window = all.filter(isWindow);
  const outer = all.filter((dimension) => !isWindow(dimension));
  const across = outer.length ? outer.at(-1) : null;
  const down = outer.length > 1 ? outer[0] : null;
  const depth = outer.slice(1, -1);
  const width = across ? side(across.size, 200) : 18;
  const height = down ? Math.max(side(down.size, 120), down.parts.length * LETTER_ROOM + 4) : 20;
  const behind = depth.length ? 8 : 0;
  const [x, y] = [down ? 8 : 2, across ? 20 : 4];
  const shapes = [];
  for (let i = behind; i > 0; i -= 4) shapes.push(svg("rect.plane", { x: x + i, y: y - i + 4, width, height, rx: 2 }));
  const top = y + (behind ? 4 : 0);
  shapes.push(svg("rect.plane", { x, y: top, width, height, rx: 2 }));
  shapes.push(bands(down, x, top, width, height, true), bands(across, x, top, width, height, false));
  if (across) shapes.push(svg("text.axis", { x, y: 12 }, `${describe(across)}${down ? " →" : ""}`));
  let right = x + width + behind + 8;
  if (down) {
    shapes.push(svg("text.axis", { x: right, y: top + height / 2 + 4 }, `↓ ${describe(down)}`));
    right += textWidth(describe(down)) + 24;
  }
  if (depth.length) {
    const text = `⤢ ${depth.map(describe).join(", ")}`;
    shapes.push(svg("text.axis", { x: x + width + behind + 8, y: top + height / 2 + 20 }, text));
    right = Math.max(right, x + width + behind + 8 + textWidth(text));
  }
  let bottom = top + Math.max(height, depth.length ? height / 2 + 20 : 0);
  if (window.length && outer.length) shapes.push(svg("text.axis", { x: right, y: top + height / 2 + 4 }, "×"));
  if (window.length) [right, bottom] = drawWindow(shapes, window, outer.length ? right + 18 : x, top, bottom);
  right = Math.max(right, across ? x + textWidth(`${describe(across)} →`) : 0) + 4;
  return el("div.block", null, svg("svg", { width: right, height: bottom + 6, viewBox: `0 0 ${right} ${bottom + 6}`, role: "img",
    "aria-label": all.length ? `A block: ${all.map(describe).join(", ")}` : "A single number" }, shapes));
}

const textWidth = (text) => text.length * 6.6;

// The parts of a labelled axis as bands, those of a joined one as lines.
function bands(dimension, x, y, width, height, down) {
  if (!dimension) return [];
  const length = down ? height : width;
  const place = (n) => (n / dimension.size) * length;
  const box = (from, to) => (down ? { x, y: y + place(from), width, height: place(to - from) } : { x: x + place(from), y, width: place(to - from), height });
  const found = dimension.parts.map(({ word, letter, from, to }, i) => {
    const at = box(from, to);
    const text = down && width > 60 && at.height >= LETTER_ROOM ? word : !down && at.width > 7 * word.length + 4 ? word : letter;
    return svg(`g.band.hue${(i % 8) + 1}`, null, svg("rect", at), svg("text", { x: at.x + at.width / 2, y: at.y + at.height / 2 + 3.5 }, text),
      svg("title", null, `${word}: ${from} to ${to}`));
  });
  const [first] = dimension.words;
  if (!found.length && dimension.words.length > 1 && first[1] > 1 && first[1] <= 16) {
    for (let i = 1; i < first[1]; i++) {
      const at = (length * i) / first[1];
      found.push(svg("line.joint", down ? { x1: x, x2: x + width, y1: y + at, y2: y + at } : { x1: x + at, x2: x + at, y1: y, y2: y + height }));
    }
  }
  return found;
}

// The window of a convolution, cell by cell.
function drawWindow(shapes, window, x, y, bottom) {
  const [rows, columns] = [window.length > 1 ? window.at(-2).size : 1, window.at(-1).size];
  const cell = Math.max(3, Math.min(11, Math.floor(66 / Math.max(rows, columns, 1))));
  if (Math.max(rows, columns) <= 22) {
    for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) shapes.push(svg("rect.tap", { x: x + j * cell, y: y + i * cell, width: cell - 1, height: cell - 1 }));
  } else shapes.push(svg("rect.tap", { x, y, width: 60, height: window.length > 1 ? 60 : 12 }));
  const [wide, high] = [Math.min(66, columns * cell), Math.min(66, rows * cell)];
  const text = window.map(({ words, size }) => `${words[0][0]} ${size}`).join(" × ");
  shapes.push(svg("text.axis", { x, y: y + high + 14 }, text));
  return [x + Math.max(wide, textWidth(text)), Math.max(bottom, y + high + 16)];
}

// Each part of a labelled axis: where it lies, and its shape.
function parts(tensor) {
  if (tensor[SHAPE] === null) return null;
  return dimensions(tensor).map(({ parts }, axis) => {
    if (!parts.length) return null;
    const shape = ({ from, to }) => shapeText(tensor[SHAPE].map((size, n) => (n === axis ? to - from : size)));
    const even = parts.every((part) => shape(part) === shape(parts[0]));
    return el("ul.parts", { "aria-label": `Parts of ${tensor[NAME]}` }, parts.map((part, i) => el(`li.hue${(i % 8) + 1}`, null,
      el("span.dot"), el("b", null, part.letter), el("span", null, part.word), el("span.mono.muted", null, `${part.from}:${part.to}`),
      even ? null : el("span.mono", null, shape(part)))),
      el("li.muted", null, even ? ["each ", el("span.mono", null, shape(parts[0])), `, along axis ${axis}`] : `along axis ${axis}`));
  });
}
