// The page of a comparison: everything put together, and how one part leads to another.

const box = searchBox("Search both sides by path, type or kind", () => filters.apply());
const pane = el("aside.detail", { hidden: true, "aria-labelledby": "detail-title" });
const grid = new PairGrid({
  label: "Matched layers", parents, opened: [], hay, columns: pairColumns(), height: stacked.matches ? STACKED_ROW : WIDE_ROW,
  choose: (id) => openMatch(matchAt(id), { focus: true }), changed: () => tell(),
});
grid.element.classList.add("pairs");
const filters = new Filters(grid, box);

function tell() {
  const { hits } = grid.tree;
  const found = hits === null ? matchCount : [...hits].reduce((sum, id) => sum + !isInner(id), 0);
  box.hits.textContent = hits === null ? "" : `${count(found)} of ${count(matchCount)}`;
  say(hits === null ? "" : `${count(found)} of ${several(matchCount, "row")}`);
}

// From elsewhere on the page: the table with one filter alone.
function show(wanted) {
  box.input.value = "";
  filters.set({ view: "all", effects: [], group: null, ...wanted });
  goTo("layers");
  grid.element.focus({ preventScroll: true });
}

function goTo(id) {
  const smooth = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  document.getElementById(id).scrollIntoView({ behavior: smooth ? "smooth" : "auto", block: "start" });
}

function openMatch(match, { focus = false, reveal = false } = {}) {
  if (reveal && grid.tree.hits && !grid.tree.hits.has(match)) filters.clear();
  pane.replaceChildren(...detail(match, { close: closeDetail, step: (way) => stepFrom(match, way) }).filter(Boolean));
  pane.hidden = false;
  pane.scrollTop = 0;
  document.body.classList.add("with-detail");
  if (reveal) grid.reveal(match);
  grid.select(match);
  if (focus) document.getElementById("detail-title").focus({ preventScroll: true });
}

function stepFrom(match, way) {
  const next = grid.differing(match, way);
  if (next === null) {
    say(way > 0 ? "No further difference" : "No difference before this one");
    return;
  }
  grid.activate(next);
  openMatch(next, { focus: true });
}

function closeDetail() {
  if (pane.hidden) return;
  pane.hidden = true;
  document.body.classList.remove("with-detail");
  grid.select(null);
  grid.element.focus({ preventScroll: true });
}

function layersSection() {
  return el("section.chapter", { id: "layers", "aria-labelledby": "layers-title" },
    el("h2", { id: "layers-title", tabindex: -1 }, "Side by side"),
    el("div.tools", null, box.element, filters.element),
    el("div.workspace.pairs-box", null, grid.element, pane),
    el("p.hint.muted", null, el("kbd", null, "Enter"), " opens a row, ", el("kbd", null, "n"), " and ", el("kbd", null, "p"), " go to the next and the previous difference, ", el("kbd", null, "/"), " searches."));
}

function jumps(sections) {
  const names = { causes: ["Causes", data.causes.length], layers: ["Layers", matchCount], ledger: ["Ledger", data.accounts.length], repairs: ["Repairs", data.repairs.reduce((sum, repair) => sum + repair.code.length, 0)],
    weights: ["Weights", data.weights.length], values: ["Values", data.values.length], notes: ["Notes", null] };
  return el("nav.jumps", { "aria-label": "Parts of this page" }, sections.map(({ id }) => el("a", { href: `#${id}` }, names[id][0], names[id][1] === null ? null : el("span.chip-count", null, count(names[id][1])))));
}

// As high as its rows, up to most of the window.
function fit() {
  grid.element.style.setProperty("--most", `${matchCount * grid.height + 40}px`);
}

function relayout() {
  grid.height = stacked.matches ? STACKED_ROW : WIDE_ROW;
  grid.element.style.setProperty("--row", `${grid.height}px`);
  fit();
  grid.refresh();
}

function followLinks(event) {
  const link = event.target.closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const [id, match] = [link.getAttribute("href").slice(1), link.dataset.match];
  event.preventDefault();
  goTo(id);
  if (match === undefined) document.getElementById(`${id}-title`).focus({ preventScroll: true });
  else openMatch(Number(match), { reveal: true, focus: true });
}

function start() {
  const [weights, values] = [weightsSection(), valuesSection()];
  const sections = [causesSection(show), layersSection(), ledgerSection(), repairsSection(), weights?.element, values?.element, mapsSection()].filter(Boolean);
  document.getElementById("page").replaceChildren(head(), jumps(sections),
    el("main", null, el("div.cards.overview", null, totals(), tally(show), proofCard()), sections));
  box.input.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "Enter") return;
    event.preventDefault();
    grid.element.focus();
  });
  document.addEventListener("click", followLinks);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") closeDetail(); });
  stacked.addEventListener("change", relayout);
  fit();
  for (const held of [{ grid }, weights, values]) held?.grid.refresh();
}

start();
