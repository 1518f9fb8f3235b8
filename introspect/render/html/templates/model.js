// The report behind the page: rows of the tree, layers, steps, and what can be told from them when it is asked for.

const layers = data.layers;
const pool = (number) => data.pool[number];
const layerCount = layers.type.length;
const others = data.tree.others;  // further places of layers that are held more than once
const above = [...data.tree.above, ...others.map(([, parent]) => parent)];
const rowCount = above.length;

const layerOf = (row) => (row < layerCount ? row : others[row - layerCount][0]);
const nameOf = (row) => (row < layerCount ? data.tree.name[row] : others[row - layerCount][2]) || "(root)";
const textOf = (column, layer) => pool(layers[column][layer]);
const isPart = (layer) => data.parts[layer] !== undefined;

const paths = [];
function pathOf(row) {
  if (paths[row] === undefined) {
    const up = above[row];
    const name = row < layerCount ? data.tree.name[row] : others[row - layerCount][2];
    paths[row] = up < 0 ? "" : pathOf(up) ? `${pathOf(up)}.${name}` : name;
  }
  return paths[row];
}
const shownPath = (row) => pathOf(row) || "(root)";

let byPath = null;
function rowOf(path) {
  byPath ??= new Map(Array.from({ length: rowCount }, (_, row) => [pathOf(row), row]));
  return byPath.get(path);
}

const below = Array.from({ length: layerCount }, () => []);
above.forEach((up, row) => { if (up >= 0 && row < layerCount) below[up].push(row); });

// One step is a call of a layer or an operation: {layer, call} or {operation}; and the steps that a step feeds.
let steps = null;
function stepsOf() {
  if (steps) return steps;
  steps = { at: new Map(), fed: new Map(), within: new Map() };
  const feed = (order, sources) => sources.forEach((source) => {
    const step = stepNumber(source);
    if (step === null) return;
    if (!steps.fed.has(step)) steps.fed.set(step, new Set());
    steps.fed.get(step).add(order);
  });
  layers.calls.forEach((calls, layer) => calls.forEach((call) => {
    steps.at.set(call[0], { layer, call });
    feed(call[0], call[3]);
  }));
  data.operations.forEach((operation) => {
    steps.at.set(operation[0], { operation });
    feed(operation[0], operation[7]);
    if (!steps.within.has(operation[3])) steps.within.set(operation[3], []);
    steps.within.get(operation[3]).push(operation);
  });
  return steps;
}
const stepNumber = (source) => (typeof source === "number" ? source : Array.isArray(source) ? source[0] : null);

function minus(a, b) {
  if (a === null || b === null) return null;
  return typeof a === "number" && typeof b === "number" ? a - b : String(BigInt(a) - BigInt(b));
}

// A link to a layer's detail.
function layerLink(row, text = shownPath(row)) {
  return el("a", { href: `#/${encodeURIComponent(pathOf(row))}`, "data-layer": row }, text);
}
