// The page of a report: the head, the tree, and the detail of the layer that was chosen.

const narrow = matchMedia("(max-width: 700px)").matches;
const SMALL = 60;  // a model of so few layers is shown unfolded

const HINTS = {
  kind: "what it is, in words that are the same for every framework", units: "what people mean by its neurons", kernel: "the shape of its kernel, as stored",
  input: "of the first call", output: "of the first call", "feature map": "the spatial size of its output",
  parameters: "its own and below, each tensor once", "own parameters": "of the tensors it holds itself", macs: "multiply-accumulates of all its calls",
  buffers: "state that is not learned: running statistics, seeds", activations: "output elements for one example", calls: "how often it was called",
};
const MOST_WIDE = { type: 190, input: 170, output: 170 };
const TITLES = { macs: "MACs" };
const NUMERIC = ["units", "activations", "parameters", "own parameters", "trainable", "buffers", "macs", "bytes", "activation bytes", "calls"];

// From the most wanted on.
const WANTED = ["parameters", "output", "type", "kernel", "units", "macs", "input", "bias", "kind", "feature map", "calls"];

const HEAD = 34;  // what a head needs beside its text

function nameColumn() {
  const deepest = Array.from({ length: rowCount }, (_, row) => [16 * depthOf(row) + 7 * nameOf(row).length, row]).sort((x, y) => y[0] - x[0]);
  const longest = Math.max(...deepest.slice(0, 50).map(([, row]) => 16 * depthOf(row) + widest([nameOf(row)])));
  return { key: "name", title: "name", hint: "in the model's order unless sorted", shown: true, width: Math.min(narrow ? 190 : 340, Math.max(150, longest + 50)),
    value: (row) => (grid.tree.flat ? shownPath(row) : nameOf(row)), text: shownPath,
    cell: (row, words, flat) => [marked(flat ? shownPath(row) : nameOf(row), words),
      row < layerCount ? null : el("span.alias", null, ` = ${shownPath(layerOf(row))}`)] };
}

function depthOf(row) {
  let depth = 0;
  for (let up = above[row]; up >= 0; up = above[up]) depth += 1;
  return depth;
}

function textColumn(key) {
  const text = (row) => textOf(key, layerOf(row));
  const marks = key === "type" || key === "kind";
  const width = Math.max(widest([...new Set(layers[key])].map(pool)) + 22, widest([key]) + HEAD);
  return { key, title: key, hint: HINTS[key], shown: false, dim: true, width: Math.min(MOST_WIDE[key] ?? 220, width), text,
    value: (row) => (text(row) === UNKNOWN ? null : text(row)),
    cell: (row, words) => (marks && words.length ? marked(text(row), words) : text(row)) };
}

function numberColumn(key) {
  const value = key === "calls" ? (row) => layers.calls[layerOf(row)].length : (row) => layers[key][layerOf(row)];
  const text = (row) => (value(row) === "-" ? "-" : count(value(row)));
  const title = TITLES[key] ?? key;
  let most = 0;
  for (let layer = 0; layer < layerCount; layer++) most = Math.max(most, Number(value(layer)) || 0);
  const bar = key === "parameters";
  const width = Math.max(widest([count(most)]) + 24 + (bar ? (narrow ? 38 : 66) : 0), widest([title]) + HEAD);
  return { key, title, hint: HINTS[key], numeric: true, shown: false, width, value, text,
    cell: (row) => (bar && value(row) !== null ? el("span.with-bar", null, shareBar(value(row), knownParameters()), el("span", null, text(row))) : text(row)) };
}

// What the bars are shares of: all parameters, or those that are known.
function knownParameters() {
  return (knownParameters.sum ??= data.totals.parameters ?? layers["own parameters"].reduce((total, n) => total + Number(n), 0));
}

const COLUMNS = ["type", "kind", "units", "kernel", "bias", "input", "output", "feature map", "parameters", "own parameters", "trainable", "buffers",
  "macs", "bytes", "activations", "activation bytes", "calls"];

function firstOpened() {
  if (rowCount <= SMALL) return above.map((_, row) => row);
  const top = [0];
  while (below[top.at(-1)].length === 1) top.push(below[top.at(-1)][0]);
  return top;
}

const hays = [];
const hay = (row) => (hays[row] ??= [shownPath(row), textOf("type", layerOf(row)), textOf("kind", layerOf(row))].join("\n").toLowerCase());

const box = searchBox("Search by name, type or kind", (text) => grid.search(text));
const pane = el("aside.detail", { hidden: true, "aria-labelledby": "detail-title" });
const grid = new TreeGrid({
  label: `Layers of ${data.model}`, parents: above, opened: firstOpened(), hay, choose: (row) => openLayer(row, { focus: true }), fitting: WANTED,
  moved: (row) => { if (!pane.hidden) openLayer(row); },
  columns: [nameColumn(), ...COLUMNS.map((key) => (NUMERIC.includes(key) ? numberColumn(key) : textColumn(key)))],
  changed: () => {
    const found = grid.tree.hits?.size;
    if (found === undefined && box.input.value) box.input.value = "";
    box.hits.textContent = found === undefined ? "" : `${count(found)} of ${count(rowCount)}`;
    say(found === undefined ? "" : `${count(found)} ${found === 1 ? "layer matches" : "layers match"}`);
  },
});

// Shows the detail of a row's layer. `link`: the browser's way back leads to where one was.
function openLayer(row, { focus = false, link = false, reveal = false } = {}) {
  const layer = layerOf(row);
  pane.replaceChildren(...detail(row, closeDetail).filter(Boolean));
  pane.hidden = false;
  pane.scrollTop = 0;
  document.body.classList.add("with-detail");
  if (reveal) grid.reveal(row);
  grid.select(row);
  address(`#/${encodeURIComponent(pathOf(layer))}`, link);
  if (focus) document.getElementById("detail-title").focus({ preventScroll: true });
}

function closeDetail() {
  if (pane.hidden) return;
  pane.hidden = true;
  document.body.classList.remove("with-detail");
  grid.select(null);
  grid.element.focus({ preventScroll: true });
  address(location.pathname, false);
}

function address(to, link) {
  try {
    if (link && location.hash !== to) history.pushState(null, "", to);
    else history.replaceState(null, "", to);
  } catch { /* in a notebook's frame there is none to change */ }
}

function fromAddress() {
  if (!location.hash.startsWith("#/")) return;
  let path = null;
  try {
    path = decodeURIComponent(location.hash.slice(2));
  } catch { return; }
  const row = rowOf(path);
  if (row !== undefined) openLayer(row, { reveal: true });
  else say(`No layer has the path ${path}`);
}

function tools() {
  const button = (text, act) => el("button.button", { type: "button", onclick: act }, text);
  return el("div.tools", null, box.element, el("span.space"),
    choice("Show as", { tree: "Tree", flat: "Flat" }, "tree", (way) => grid.flat(way === "flat")),
    button("Unfold all", () => grid.unfoldAll()), button("Fold all", () => grid.foldAll()), grid.menu());
}

function start() {
  const page = document.getElementById("page");
  page.replaceChildren(head(), ...[notes()].filter(Boolean), summary(), tools(), el("main.workspace", null, grid.element, pane));
  page.classList.add("app");
  box.input.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "Enter") return;
    event.preventDefault();
    grid.element.focus();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-layer]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    openLayer(Number(link.dataset.layer), { reveal: true, link: true, focus: true });
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") closeDetail(); });
  addEventListener("hashchange", fromAddress);
  addEventListener("popstate", fromAddress);
  grid.fit();
  grid.refresh();
  fromAddress();
}

start();
