// The matched layers side by side: both sides as blocks of two lines, between them what differs.

const stacked = matchMedia("(max-width: 760px)");
const LINES = 2;  // of what differs, in one row
const [WIDE_ROW, STACKED_ROW] = [50, 138];

// Matches first, then the layers of those that hold several on a side: [match, layer of a, layer of b].
const parents = matches.a.map(() => -1);
const inner = [];
matches.a.forEach((a, match) => {
  const b = matches.b[match];
  if (a.length + b.length <= 2) return;
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    parents.push(match);
    inner.push([match, a[i], b[i]]);
  }
});
const isInner = (id) => id >= matchCount;
const matchAt = (id) => (isInner(id) ? inner[id - matchCount][0] : id);

function layersAt(id, side) {
  if (!isInner(id)) return layersOf(id, side);
  const n = inner[id - matchCount][side + 1];
  return n === undefined ? [] : [{ layer: layerOf(side, n < 0 ? ~n : n), inside: n < 0 }];
}

const hays = [];
const hay = (id) => (hays[id] ??= SIDES.flatMap((side) => layersAt(id, side).flatMap(({ layer }) => [layer.shown, layer.type, layer.kind])).join("\n").toLowerCase());
const pathsAt = (id, side) => layersAt(id, side).map(({ layer, inside }) => `${inside ? "in " : ""}${layer.shown}`).join(" + ");

class PairGrid extends TreeGrid {
  row(place, i) {
    const line = super.row(place, i);
    const match = matchAt(place.id);
    const effect = isInner(place.id) ? EFFECTS.length : gravestOf(match);
    line.classList.add(isInner(place.id) ? "inner" : "pair");
    if (effect < EFFECTS.length) line.classList.add(`e-${EFFECTS[effect]}`);
    if (!isInner(place.id) && isAlone(match)) line.classList.add(`only-${matches.a[match].length ? "a" : "b"}`);
    return line;
  }

  // n and p go to the next and the previous row that differs.
  key(event) {
    const way = { n: 1, p: -1 }[event.key];
    if (!way || event.target !== this.element || event.ctrlKey || event.metaKey || event.altKey) return super.key(event);
    event.preventDefault();
    const next = this.differing(this.active, way);
    if (next === null) say(way > 0 ? "No further difference" : "No difference before this one");
    else this.activate(next);
  }

  differing(id, way) {
    const { rows, place } = this.tree;
    for (let i = (place.get(id) ?? -1) + way; i >= 0 && i < rows.length; i += way) {
      if (!isInner(rows[i].id) && matches.matters[rows[i].id]) return rows[i].id;
    }
    return null;
  }
}

function sideCell(id, side, words) {
  const found = layersAt(id, side);
  if (!found.length) return isInner(id) ? "" : el("span.nobody", null, el("span.unseen", null, `nothing in ${sideName(side)}`));
  const marks = isInner(id) ? 0 : matches.marks[id];
  const marked_ = (name) => (marks & (1 << data.words.marks.indexOf(name)) ? ".changed" : "");
  const own = found.filter(({ inside }) => !inside);
  const [{ layer }] = own.length ? own : found;
  const types = [...new Set(own.map((held) => held.layer.type))];
  const fact = (name, label, value) => el(`span.fact.${name}${marked_(name)}`, null, value === "-" || value === null || (name === "output" && !own.length) ? null : [label ? el("i", null, label) : null, value]);
  const one = found.length === 1 && own.length === 1;
  return [
    el("span.who", null, sideTag(side), el("span.path", null, found.map(({ layer: l, inside }, i) => [i ? el("span.muted", null, " + ") : null, inside ? el("i", null, "in ") : null, marked(l.shown, words)])),
      found.length > 1 ? el("span.badge", null, `${found.length} layers`) : null, el(`span.type${marked_("type")}`, null, marked(types.join(", "), words)),
      el("span.size", null, sizeText(id, side, own, layer))),
    el("span.facts-line", null,
      fact("units", "units ", one && layer.units !== "-" ? count(layer.units) : null),
      fact("kernel", "kernel ", one ? layer.kernel : null), fact("bias", "bias ", one ? layer.bias : null),
      fact("output", "→ ", own.length ? own.at(-1).layer.output : null)),
  ];
}

function sizeText(id, side, own, layer) {
  const number = isInner(id) ? (own.length ? layer.parameters : 0) : matches[`parameters ${LETTERS[side]}`][id];
  return number === 0 ? "" : [number === null ? UNKNOWN : count(number), el("i", null, number === 1 ? " parameter" : " parameters")];
}

function differsCell(id) {
  if (isInner(id)) return "";
  const lines = differsLines(id);
  const rest = lines.length - LINES;
  const shown = rest > 0 ? lines.slice(0, LINES - 1) : lines;
  return el("span.differs", null, shown.map((line) => el("span.differs-line", null, line)),
    rest > 0 ? el("span.differs-line.muted", null, `and ${several(rest + 1, "more difference")}`) : null);
}

function differsLines(match) {
  const here = matches.differences[match].filter(isCause).sort((x, y) => differences.effect[x] - differences.effect[y]);
  const elsewhere = [...new Set(matches.differences[match].filter((n) => !isCause(n)).map(rootOf))].filter((n) => !here.includes(n));
  const lines = [];
  const alone = isAlone(match);
  const there = matches.a[match].length ? 0 : 1;
  let told = here;
  if (alone) {
    const gone = here.filter((n) => lacking(n) !== null);
    const effect = gravestOf(match);
    const bare = !here.length && !elsewhere.length;
    if (bare && !Number(matches["parameters a"][match]) && !Number(matches["parameters b"][match])) return [el("span.muted", null, "does nothing here")];
    lines.push([effect < EFFECTS.length ? effectTag(effect) : null, effect < EFFECTS.length ? " " : null, `only in ${sideName(there)}`]);
    told = here.filter((n) => !gone.includes(n));
  }
  told.forEach((n) => lines.push([effectTag(differences.effect[n]), " ", differenceLine(n)]));
  if (elsewhere.length) lines.push(el("span.muted", null, "follows from ", followed(elsewhere[0]), elsewhere.length > 1 ? ` and ${elsewhere.length - 1} more` : null));
  return lines.length ? lines : [el("span.alike", null, data.verdict[0] === "undecided" ? "nothing found" : "alike")];
}

const followed = (n) => `${fieldOf(n)} of ${placeOf(n) || "the model"}`;

function pairColumns() {
  const head = (side) => (data.sides[side].name === LETTERS[side] ? `${LETTERS[side]}: ${data.sides[side].model}` : `${LETTERS[side]}: ${data.sides[side].name}`);
  const side = (n) => ({ key: LETTERS[n], title: head(n), hint: "in the order of a unless sorted", shown: true, width: 200,
    value: (id) => pathsAt(id, n) || null, text: (id) => pathsAt(id, n), cell: (id, words) => sideCell(id, n, words) });
  return [side(0), { key: "differs", title: "differs", hint: "the gravest first when sorted", numeric: true, shown: true, width: 180,
    value: (id) => (isInner(id) ? null : matches.differences[id].length || isAlone(id) ? EFFECTS.length - gravestOf(id) : null),
    text: (id) => (isInner(id) ? "" : matches.differences[id].map((n) => `${EFFECTS[differences.effect[n]]}: ${differences.text[n]}`).join("\n") || null), cell: differsCell }, side(1)];
}

// What is filtered for: a view, any of several effects, one cause with what follows from it; all of them must hold.
const VIEWS = {
  all: ["All", () => true],
  differences: ["Differences", (match) => matches.matters[match] === 1],
  causes: ["Causes", (match) => matches.matters[match] === 1 && hasCause(match)],
  unmatched: ["Unmatched", isAlone],
};
const filter = { view: "all", effects: new Set(), group: null };

const groupOf = [];  // cause -> its group
data.causes.forEach((members, group) => members.forEach((n) => { groupOf[n] = group; }));
const inGroup = (match, group) => matches.differences[match].some((n) => groupOf[rootOf(n)] === group);

function passes(match) {
  if (!VIEWS[filter.view][1](match)) return false;
  if (filter.effects.size && !matches.differences[match].some((n) => filter.effects.has(differences.effect[n]))) return false;
  return filter.group === null || inGroup(match, filter.group);
}

const isFiltered = () => filter.view !== "all" || filter.effects.size > 0 || filter.group !== null;

class Filters {
  constructor(grid, box) {
    Object.assign(this, { grid, box });
    const total = (test) => matches.a.reduce((sum, _, match) => sum + test(match), 0);
    this.views = new Map(Object.entries(VIEWS).map(([key, [name, test]]) => [key, this.chip(name, total(test), () => this.set({ view: key }))]));
    this.effects = new Map(EFFECTS.map((word, effect) => [effect, total((match) => matches.differences[match].some((n) => differences.effect[n] === effect))])
      .filter(([, number]) => number).map(([effect, number]) => [effect, this.chip(effectTag(effect), number, () => this.toggle(effect))]));
    this.group = el("span.group-chip", { hidden: true });
    this.element = el("div.filters", null, el("div.group", { role: "group", "aria-label": "Which layers" }, ...this.views.values()),
      el("div.chips", { role: "group", "aria-label": "By effect" }, ...this.effects.values()), this.group);
  }

  chip(content, number, act) {
    return el("button.button.chip", { type: "button", "aria-pressed": "false", onclick: act }, content, el("span.chip-count", null, count(number)));
  }

  toggle(effect) {
    const effects = new Set(filter.effects);
    if (!effects.delete(effect)) effects.add(effect);
    this.set({ effects });
  }

  // Without an entry a filter stays as it is.
  set({ view = filter.view, effects = filter.effects, group = filter.group }) {
    Object.assign(filter, { view, effects: new Set(effects), group });
    this.apply();
  }

  clear() {
    this.box.input.value = "";
    this.set({ view: "all", effects: [], group: null });
  }

  apply() {
    for (const [key, chip] of this.views) chip.setAttribute("aria-pressed", String(key === filter.view));
    for (const [effect, chip] of this.effects) chip.setAttribute("aria-pressed", String(filter.effects.has(effect)));
    this.group.hidden = filter.group === null;
    if (filter.group !== null) {
      this.group.replaceChildren(el("button.button.chip", { type: "button", "aria-pressed": "true", title: "Show all causes again", onclick: () => this.set({ group: null }) },
        el("span", null, "Cause: ", differenceLine(data.causes[filter.group][0])), icon(ICONS.close, 12), el("span.unseen", null, "remove this filter")));
    }
    const { tree } = this.grid;
    tree.keep = isFiltered() ? (id) => passes(matchAt(id)) && (!isInner(id) || tree.words.length > 0) : null;
    this.grid.search(this.box.input.value);
  }
}
