// Long lists that are searched: the weight map, and which tensors hold other values. Also the maps of inputs and outputs.

function listGrid(label, prefix, columns, length, hay) {
  const box = searchBox(`Search ${label}`, (text) => grid.search(text), false);
  const grid = new TreeGrid({ label, prefix, parents: Array(length).fill(-1), opened: [], hay, columns, choose: () => {}, changed: () => {
    const found = grid.tree.hits?.size;
    box.hits.textContent = found === undefined ? "" : `${count(found)} of ${count(length)}`;
    say(found === undefined ? "" : `${count(found)} of ${count(length)} match`);
  } });
  grid.element.classList.add("list");
  grid.element.style.setProperty("--most", `${length * grid.height + 52}px`);
  grid.element.style.setProperty("--list", columns.map(({ width, numeric }) => `minmax(${width}px, ${numeric ? 0.4 : 1}fr)`).join(" "));
  return { grid, box, element: el("div.workspace.listing", null, grid.element), search: length > 8 ? el("div.tools", null, box.element) : null };
}

const plain = (key, title, width, text, more = {}) => ({ key, title, width, shown: true, value: (n) => text(n) || null, text, cell: (n, words) => marked(text(n), words), ...more });

function weightsSection() {
  if (!data.weights.length) return null;
  const source = (n) => data.weights[n][0].map((s) => tensorOf(0, s).path).join(" + ");
  const target = (n) => (data.weights[n][1] === null ? "" : tensorOf(1, data.weights[n][1]).path);
  const said = (n) => wayText(data.weights[n]).map((node) => node.textContent ?? node).join("").trim();
  const list = listGrid("Weight map", "entry-", [
    plain("source", `from ${sideName(0)}`, 230, source, { cell: (n, words) => (source(n) ? marked(source(n), words) : "nothing") }),
    { key: "way", title: "by", width: 260, shown: true, value: said, text: said, cell: (n) => el("span", null, wayText(data.weights[n])) },
    plain("target", `to ${sideName(1)}`, 230, target, { cell: (n, words) => (target(n) ? marked(target(n), words) : "nothing") }),
  ], data.weights.length, (n) => `${source(n)}\n${target(n)}\n${said(n)}`.toLowerCase());
  const tally = data.words.ways.map(([word], way) => [word, data.weights.reduce((sum, entry) => sum + (entry[3] === way), 0)]).filter(([, n]) => n);
  return { ...list, element: el("section.chapter", { id: "weights", "aria-labelledby": "weights-title" },
    el("h2", { id: "weights-title", tabindex: -1 }, "Which weight goes where"),
    el("p.muted", null, tally.map(([word, n], i) => [i ? ", " : "", el("b", null, count(n)), el("span", { title: data.words.ways.find(([w]) => w === word)[1] }, ` ${word}`)]), ". Layouts in einops notation, from a to b."),
    list.search, list.element) };
}

function valuesSection() {
  const { values } = data;
  if (!values.length) return null;
  const number = (n, place) => (values[n][place] === null ? (values[n][2] === 1 ? "0" : "-") : values[n][place]);
  const status = (n) => (values[n][2] === null ? "not carried" : values[n][2] ? "equal" : "other values");
  const looks = { equal: "good", "other values": "bad", "not carried": "warn" };
  const names = (n, side) => (side ? (values[n][1] ?? "") : values[n][0].join(" + "));
  const numeric = (key, title, place) => ({ key, title, width: 110, numeric: true, shown: true, value: (n) => (number(n, place) === "-" ? "-" : Number(String(number(n, place)).replace("inf", "Infinity"))), text: (n) => number(n, place), cell: (n) => number(n, place) });
  const list = listGrid("Values", "value-", [
    plain("source", `a`, 220, (n) => names(n, 0)), plain("target", `b`, 220, (n) => names(n, 1)),
    plain("status", "values", 150, status, { text: (n) => values[n][5] || status(n), cell: (n) => el("span", null, el(`span.badge.${looks[status(n)]}`, null, status(n)), values[n][5] ? ` ${values[n][5]}` : "") }),
    numeric("absolute", "apart at most", 3), numeric("relative", "relative", 4),
  ], values.length, (n) => `${names(n, 0)}\n${names(n, 1)}\n${status(n)}`.toLowerCase());
  const equal = values.reduce((sum, held) => sum + (held[2] === 1), 0);
  const apart = values.reduce((sum, held) => sum + (held[2] === 0), 0);
  return { ...list, element: el("section.chapter", { id: "values", "aria-labelledby": "values-title" },
    el("h2", { id: "values-title", tabindex: -1 }, "Which tensors hold the same values"),
    el("p.muted", null, el("b", null, count(equal)), " equal, ", el("b", null, count(apart)), " with other values, ", el("b", null, count(values.length - equal - apart)), " not carried. The greatest difference first."),
    list.search, list.element) };
}

function mapsSection() {
  const name = (text) => (/^\d+$/.test(text) ? `#${text}` : text);
  const rows = [["input", data.inputs], ["output", data.outputs]].flatMap(([what, list]) => list.map(([a, b, path]) => el("tr", null,
    el("th", { scope: "row" }, what), el("td.mono", null, sideTag(0), ` ${name(a)}`), el("td.mono", null, sideTag(1), ` ${name(b)}`), el("td", null, path ? el("code", null, path) : el("span.muted", null, "as it is")))));
  const notes = [...data.notes, ...SIDES.flatMap((side) => data.sides[side].notes.map((note) => `${LETTERS[side]}: ${note}`))];
  if (!rows.length && !notes.length) return null;
  return el("section.chapter", { id: "notes", "aria-labelledby": "notes-title" },
    el("h2", { id: "notes-title", tabindex: -1 }, "Inputs, outputs and notes"),
    rows.length ? el("div.scroller", null, el("table.maps", null, el("thead", null, el("tr", null, ["", "a", "b", "the way between their axes"].map((text) => el("th", { scope: "col" }, text)))), el("tbody", null, rows))) : null,
    el("ul.notes-list", null, limited(notes.map((note) => () => el("li.note", null, note)))));
}
