// The head of the page: what the model is, its notes, and its totals as bars.

const NOTES_SHOWN = 2;

function head() {
  const [method, how] = data.method;
  return el("header.top", null,
    el("div.name", null,
      el("h1", null, data.model),
      el("div.facts", null,
        el("span", null, data.framework),
        el("span", null, `${count(layerCount)} ${layerCount === 1 ? "layer" : "layers"}`),
        el("span", null, "in ", el("span.mono", null, data.inputs ?? UNKNOWN)),
        el("span", null, "out ", el("span.mono", null, data.outputs ?? UNKNOWN)),
        el("span.badge", { title: `How the shapes were found: ${how}` }, method === "none" ? "not run" : method),
        data.complete ? el("span.badge.good", { title: "Every layer was read, to the end" }, "complete")
          : el("span.badge.bad", { title: "The notes say where it ended" }, "incomplete"))),
    themeButton());
}

function notes() {
  if (!data.notes.length) return null;
  const list = el("ul.notes", { "aria-label": "Notes" });
  const show = (all) => {
    const rest = data.notes.length - NOTES_SHOWN;
    list.replaceChildren(
      ...data.notes.slice(0, all ? undefined : NOTES_SHOWN).map((note) => el(`li.note${data.complete ? "" : ".warn"}`, null, note)),
      ...(rest > 0 ? [el("li", null, el("button.button.small", { type: "button", "aria-expanded": String(all), onclick: () => show(!all) },
        all ? "Fewer notes" : `${rest} more ${rest === 1 ? "note" : "notes"}`))] : []));
  };
  show(false);
  return list;
}

function card(title, figure, small, ...content) {
  return el("section.card", { "aria-label": title }, el("div.head", null, el("h3", null, title)),
    el("span.figure", null, figure === UNKNOWN ? el("span.unknown", { title: "not known" }, UNKNOWN) : figure,
      small ? [" ", el("small", null, small)] : null), content);
}

function parametersCard() {
  const { parameters, trainable, buffers, native } = data.totals;
  const parts = [
    { name: "trainable", size: trainable, text: count(trainable), hue: 1 },
    { name: "frozen", size: minus(parameters, trainable), text: count(minus(parameters, trainable)), hue: 6 },
    { name: "buffers", size: buffers, text: count(buffers), hue: 2 },
  ];
  return card("Parameters", count(parameters), null, strip(parts, parameters === null || buffers === null ? null : Number(parameters) + Number(buffers)),
    el("p.aside", null, `${data.totals["native name"]}: `, el("b", null, count(native))));
}

function memoryCard() {
  const total = data.totals.bytes;
  const parts = [["parameters", 1], ["buffers", 2]].map(([name, hue]) => {
    const size = data.totals[`${name.slice(0, -1)} bytes`];
    return { name, size, text: bytes(size), hue };
  });
  return card("Memory", bytes(total), total < 1024 ? null : `${count(total)} bytes`, strip(parts, total),
    el("p.aside", { title: "What all steps give back, for the given input" }, "outputs of all steps: ", el("b", null, bytes(data.totals["activation bytes"]))));
}

function macsCard() {
  const macs = data.totals.macs;
  const parts = ranked(Object.entries(data.kinds).map(([kind, [, size]]) => ({ name: kind, size, text: short(size) })), 3);
  const wide = Number(macs) >= 1000;
  return card("Multiply-accumulates", short(macs), wide ? count(macs) : null, strip(parts, sum(parts)),
    el("p.aside", null, macs === null ? "not known for this input" : "for the input above; FLOPs are twice that"));
}

const sum = (parts) => parts.reduce((total, part) => total + Number(part.size), 0);

// The greatest parts first, the small ones as one.
function ranked(parts, most) {
  const known = parts.filter((part) => Number(part.size) > 0).sort((a, b) => Number(b.size) - Number(a.size));
  if (known.length <= most + 1) return known;
  const rest = known.slice(most);
  const size = sum(rest);
  return [...known.slice(0, most), { name: `${rest.length} others`, size, text: short(size), hue: 8 }];
}

function placesCard() {
  let top = 0;
  while (below[top].filter((row) => !isPart(row)).length === 1) top = below[top].find((row) => !isPart(row));
  const blocks = below[top].filter((row) => !isPart(row))
    .map((row) => ({ name: layerLink(row, nameOf(row)), hint: nameOf(row), size: layers.parameters[row], text: short(layers.parameters[row]) }));
  if (!blocks.length || Number(layers["own parameters"][top]) > 0) blocks.push({ name: top ? nameOf(top) : "its own", size: layers["own parameters"][top], text: short(layers["own parameters"][top]) });
  const kinds = Object.entries(data.kinds).map(([kind, [size]]) => ({ name: kind, size, text: short(size) }));
  const content = el("div");
  const open = layers.parameters.filter((n, layer) => n === null && !below[layer].length).length;
  const show = (by) => {
    const parts = ranked(by === "block" ? blocks : kinds, 5);
    content.replaceChildren(...strip(parts, sum(parts)));
    if (open) content.append(el("p.aside", null, `${count(open)} of unknown size left out`));
    if (!parts.length) content.replaceChildren(el("p.aside", null, data.totals.parameters === null ? "not known yet" : "There are none."));
  };
  show("block");
  return el("section.card", { "aria-label": "Where the parameters are" },
    el("div.head", null, el("h3", null, "Parameters by"), choice("Parameters by", { block: "block", kind: "kind" }, "block", show)), content);
}

function summary() {
  return el("div.cards", null, parametersCard(), memoryCard(), macsCard(), placesCard());
}
