// The comparison behind the page: sides are 0 and 1, layers, matches, differences and tensors are numbers.

const pool = (number) => data.pool[number];
const SIDES = [0, 1];
const LETTERS = ["a", "b"];
const { matches, differences } = data;
const matchCount = matches.a.length;
const EFFECTS = data.words.effects.map(([word]) => word);  // the gravest first
const NONE = EFFECTS.indexOf("none");

const EFFECT_ICONS = {
  count: "M6.3 2.5l-1 11M10.8 2.5l-1 11M3 6h10.5M2.5 10H13",
  shape: "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3",
  values: "M2.5 6.3c1.8-2 3.6-2 5.5 0s3.7 2 5.5 0M2.5 10.8c1.8-2 3.6-2 5.5 0s3.7 2 5.5 0",
  unknown: "M5.8 6a2.2 2.2 0 1 1 3.3 1.9c-.8.5-1.1.9-1.1 1.8M8 12.4v.1",
  training: "M12.6 5.4A5.2 5.2 0 1 0 13.2 9M13.2 2.4v3.2H10",
  none: "M4 6.2h8M4 9.8h8",
};

// What a difference does: an icon and its word, in its colour.
function effectTag(effect) {
  return el(`span.effect.e-${EFFECTS[effect]}`, { title: data.words.effects[effect][1] }, icon(EFFECT_ICONS[EFFECTS[effect]], 14), el("span", null, EFFECTS[effect]));
}

// The letter of a side, in its colour.
const sideTag = (side) => el(`span.side.side-${LETTERS[side]}`, { title: data.sides[side].framework }, LETTERS[side]);
const sideName = (side) => (data.sides[side].name === LETTERS[side] ? LETTERS[side] : `${LETTERS[side]} (${data.sides[side].name})`);

const layerCache = SIDES.map(() => []);
function layerOf(side, number) {
  const columns = data.layers[side];
  return (layerCache[side][number] ??= {
    side, number, path: columns.path[number], shown: columns.path[number] || "(root)", type: pool(columns.type[number]), kind: pool(columns.kind[number]),
    units: columns.units[number], kernel: pool(columns.kernel[number]), bias: pool(columns.bias[number]), output: pool(columns.output[number]),
    parameters: columns.parameters[number], settings: pool(columns.settings[number]), tensors: pool(columns.tensors[number]), calls: columns.calls[number],
  });
}

// The layers of one side of a match: {layer, inside}; `inside`: it is only its own code that stands here.
const layersOf = (match, side) => matches[LETTERS[side]][match].map((n) => ({ layer: layerOf(side, n < 0 ? ~n : n), inside: n < 0 }));
const isAlone = (match) => !matches.a[match].length || !matches.b[match].length;

const matchOf = [];  // difference -> match
matches.differences.forEach((numbers, match) => numbers.forEach((n) => { matchOf[n] = match; }));

const fieldOf = (n) => pool(differences.field[n]).replaceAll("_", " ");
const valueOf = (n, side) => (differences[LETTERS[side]][n] === null ? null : pool(differences[LETTERS[side]][n]));
const isCause = (n) => differences.because[n] === null;

const roots = [];
function rootOf(n) {
  if (roots[n] !== undefined) return roots[n];
  const seen = new Set();
  let at = n;
  while (differences.because[at] !== null && !seen.has(at)) {
    seen.add(at);
    at = differences.because[at];
  }
  return (roots[n] = at);
}

const consequences = new Map();  // root -> what follows from it
differences.field.forEach((_, n) => {
  const root = rootOf(n);
  if (root === n) return;
  if (!consequences.has(root)) consequences.set(root, []);
  consequences.get(root).push(n);
});

// The side that alone has what a difference is about; null: both or none.
function lacking(n) {
  const there = SIDES.map((side) => valueOf(n, side) !== null);
  return there[0] === there[1] ? null : there[0] ? 0 : 1;
}

// `eps 0.001 → 1e-05`, or `softmax only in a`, as nodes.
function differenceLine(n) {
  const alone = lacking(n);
  const field = fieldOf(n);
  if (alone !== null) {
    const value = valueOf(n, alone);
    return [value.startsWith(pool(differences.field[n])) ? null : [field, " "], el("code", null, value), ` only in ${sideName(alone)}`];
  }
  return [field, " ", el("code.old", null, valueOf(n, 0) ?? "none"), el("span.arrow", { "aria-label": "to" }, " → "), el("code.new", null, valueOf(n, 1) ?? "none")];
}

function placeOf(n) {
  const path = differences.paths[n].find((p) => p !== null);
  return path === undefined || path === null ? "" : path || "(root)";
}

// Where a difference is: both paths where they are not the same.
function placesOf(n) {
  const [a, b] = differences.paths[n].map((path) => (path === null ? null : path || "(root)"));
  if (valueOf(n, 0) === null && valueOf(n, 1) !== null && b !== null) return b;
  if (valueOf(n, 1) === null && valueOf(n, 0) !== null && a !== null) return a;
  return [...new Set([a, b].filter((path) => path !== null))].join(" = ");
}

const gravestOf = (match) => matches.differences[match].reduce((least, n) => Math.min(least, differences.effect[n]), EFFECTS.length);
const hasCause = (match) => matches.differences[match].some((n) => isCause(n) && differences.effect[n] !== NONE);

const several = (number, one, more = `${one}s`) => `${count(number)} ${Number(number) === 1 ? one : more}`;
const signed = (number) => (String(number).startsWith("-") ? `−${count(String(number).slice(1))}` : `+${count(number)}`);

// Tensors by their numbers: all layers' one after the other.
const tensorCache = [null, null];
function tensorOf(side, number) {
  if (typeof number === "string") return { path: number, layer: null, tensor: null };
  tensorCache[side] ??= data.layers[side].path.flatMap((path, n) => pool(data.layers[side].tensors[n]).map((tensor) => ({ path: path ? `${path}.${tensor[0]}` : tensor[0], layer: n, tensor })));
  return tensorCache[side][number];
}

// A long list shows its beginning, and the rest when asked.
function limited(items, most = 25, tag = "li") {
  if (items.length <= most + 3) return items.map((make) => make());
  const more = el(tag, null, el("button.button.small", { type: "button", onclick: () => {
    const rest = items.slice(most).map((make) => make());
    more.replaceWith(...rest);
    (rest[0].querySelector("a, button") ?? rest[0]).focus?.();
  } }, `Show ${count(items.length - most)} more`));
  return [...items.slice(0, most).map((make) => make()), more];
}

// A link to a match in the table.
function matchLink(match, words, title) {
  if (match === undefined) return el("span", { title }, words);
  return el("a", { href: "#layers", title, "data-match": match }, words);
}
