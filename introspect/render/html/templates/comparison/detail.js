// Everything about one match, made when it is asked for.

function detail(match, { close, step }) {
  const button = (label, shape, act) => el("button.button.small.bare", { type: "button", "aria-label": label, title: label, onclick: act }, icon(shape));
  return [
    el("div.detail-head", null, el("span.muted.grow", null, `Row ${count(match + 1)} of ${count(matchCount)}`),
      button("Previous difference (p)", "M4 10l4-4 4 4", () => step(-1)), button("Next difference (n)", "M4 6l4 4 4-4", () => step(1)), button("Close the detail (Esc)", ICONS.close, close)),
    el("h2.detail-title", { tabindex: -1, id: "detail-title" }, SIDES.map((side) => sideTitle(match, side))),
    part("Differences", differenceParts(match)), part("Settings", settingsOf(match)), part("Tensors, and the way from a to b", tensorsOf(match)), part("Shapes of the calls", callsOf(match)),
  ];
}

function part(title, content) {
  const filled = [content].flat().filter(Boolean);
  return filled.length ? el("section.part", { "aria-label": title }, el("h3", null, title), filled) : null;
}

function sideTitle(match, side) {
  const found = layersOf(match, side);
  return el("span.detail-side", null, sideTag(side), found.length ? found.map(({ layer, inside }, i) => [i ? el("span.muted", null, " + ") : null,
    el("span.detail-path", null, inside ? el("i", null, "in ") : null, layer.shown), copyButton(layer.path, `Copy the path ${layer.shown}`), el("span.badge", { title: layer.kind }, layer.type)])
    : el("span.muted", null, "no partner"));
}

function differenceParts(match) {
  const numbers = [...matches.differences[match]].sort((x, y) => differences.effect[x] - differences.effect[y]);
  if (!numbers.length) return el("p.muted", null, isAlone(match) ? "It has no partner, and does nothing here." : data.verdict[0] === "undecided" ? "None was found." : "None.");
  return el("ul.differences", null, limited(numbers.map((n) => () => {
    const follow = consequences.get(n) ?? [];
    const reason = pool(differences.reason[n]);
    return el(`li.e-${EFFECTS[differences.effect[n]]}`, null, el("div", null, effectTag(differences.effect[n]), " ", differenceLine(n)),
      el("p.muted", null, data.words.effects[differences.effect[n]][1], reason ? ` ${reason[0].toUpperCase()}${reason.slice(1)}.` : null),
      isCause(n) ? null : el("p", null, "Follows from ", matchLink(matchOf[rootOf(n)], followed(rootOf(n)), differences.text[rootOf(n)])),
      follow.length ? fold(several(follow.length, "consequence"), follow, true) : null);
  })));
}

const native = ([, value, name, spelling]) => (name === null || name === undefined ? null : el("span.native", null, `${name}=${spelling}`, value === spelling ? null : ""));

function settingsOf(match) {
  const [a, b] = SIDES.map((side) => layersOf(match, side).filter(({ inside }) => !inside).map(({ layer }) => layer));
  if (a.length === 1 && b.length === 1) return bothSettings(match, a[0], b[0]);
  const only = (list, kind) => list.filter((layer) => layer.kind === kind).length === 1;
  const pairs = a.filter(({ kind }) => only(a, kind) && only(b, kind)).map((one) => [one, b.find(({ kind }) => kind === one.kind)]);
  const paired = pairs.map(([one, other]) => [el("p.pair-name", null, sideTag(0), ` ${one.shown} `, sideTag(1), ` ${other.shown}`), bothSettings(match, one, other)]);
  return [...paired.flat(), ...loneSettings([...a, ...b].filter((layer) => !pairs.flat().includes(layer)))];
}

function loneSettings(layers) {
  return layers.filter((layer) => layer.settings.length).map((layer) => el("table.settings", null, el("caption", null, sideTag(layer.side), " ", layer.shown),
    el("tbody", null, layer.settings.map((setting) => el("tr", null, el("th", { scope: "row", title: data.words.settings[setting[0]] }, setting[0]), el("td.mono", null, setting[1]), el("td.mono", null, native(setting)))))));
}

function bothSettings(match, a, b) {
  const both = [a, b].map((layer) => new Map(layer.settings.map((setting) => [setting[0], setting])));
  const names = [...new Set([...both[0].keys(), ...both[1].keys()])];
  const row = (name) => {
    const held = both.map((settings) => settings.get(name));
    return el(`tr${mark(match, name, held)[0]}`, null, el("th", { scope: "row", title: data.words.settings[name] }, name),
      held.map((setting) => el("td.mono", null, setting ? [setting[1], native(setting)] : el("span.muted", null, "–"))), el("td.mark", null, mark(match, name, held)[1]));
  };
  return names.length ? el("table.settings", null, el("thead", null, el("tr", null, el("th", { scope: "col" }, "setting"), SIDES.map((side) => el("th", { scope: "col" }, sideTag(side))), el("th", { scope: "col" }, el("span.unseen", null, "compared")))),
    el("tbody", null, names.map(row))) : null;
}

// [the row's class, what stands in the last cell]
function mark(match, name, [one, other]) {
  const n = matches.differences[match].find((d) => pool(differences.field[d]) === name);
  if (n !== undefined) return [`.e-${EFFECTS[differences.effect[n]]}.unlike`, effectTag(differences.effect[n])];
  if (!one || !other) return ["", el("span.muted", { title: "the other framework has no such setting here" }, `only ${one ? "a" : "b"}`)];
  if (one[1] === other[1]) return ["", el("span.same", { title: "equal" }, "=", el("span.unseen", null, "equal"))];
  return ["", el("span.muted", { title: "another value, but not counted as a difference" }, "≠", el("span.unseen", null, "another value, but not counted as a difference"))];
}

// Entries of the weight map by the layers they are about.
let entriesAt = null;
function entriesOf(side, number) {
  if (!entriesAt) {
    entriesAt = [new Map(), new Map()];
    const add = (s, tensor, entry) => {
      const { layer } = tensorOf(s, tensor) ?? { layer: null };
      if (layer === null) return;
      if (!entriesAt[s].has(layer)) entriesAt[s].set(layer, []);
      entriesAt[s].get(layer).push(entry);
    };
    data.weights.forEach(([sources, target], entry) => {
      sources.forEach((source) => add(0, source, entry));
      if (target !== null) add(1, target, entry);
    });
  }
  return entriesAt[side].get(number) ?? [];
}

function tensorsOf(match) {
  const numbers = [...new Set(SIDES.flatMap((side) => layersOf(match, side).filter(({ inside, layer }) => !inside || matches[`parameters ${LETTERS[side]}`][match] !== 0 || layer.tensors.length).flatMap(({ layer }) => entriesOf(side, layer.number))))].sort((x, y) => x - y);
  const rows = numbers.map((n) => () => {
    const [sources, target, , way] = data.weights[n];
    return el("li.carry", null, el("div.ends", null, sources.length ? sources.map((source, i) => [i ? el("span.muted", null, "and") : null, tensorLine(0, source)]) : el("span.muted", null, "nothing")),
      el(`div.way.w-${data.words.ways[way][0]}`, { title: data.words.ways[way][1] }, el("span.arrow", { "aria-label": "to" }, "→"), wayText(data.weights[n])),
      el("div.ends", null, target === null ? el("span.muted", null, "nothing") : tensorLine(1, target)));
  });
  if (rows.length) return el("ul.carries", null, limited(rows));
  const loose = SIDES.flatMap((side) => layersOf(match, side).filter(({ inside }) => !inside).flatMap(({ layer }) => layer.tensors.map((tensor) => [side, layer, tensor])));
  return loose.length ? [el("p.muted", null, "The weight map says nothing of these."), el("ul.carries", null, limited(loose.map(([side, layer, tensor]) => () => el("li", null, tensorLine(side, { path: layer.path ? `${layer.path}.${tensor[0]}` : tensor[0], tensor })))))] : null;
}

function tensorLine(side, number) {
  const found = typeof number === "object" ? number : tensorOf(side, number);
  const { path, tensor } = found;
  return el("div.tensor-line", null, el("div", null, sideTag(side), " ", el("b.mono", null, path)),
    tensor ? el("div.mono.muted", { title: "shape, and what its axes are" }, axesText(tensor)) : null);
}

// `3 h × 3 w × 1 in × 16 out`; the bare shape where the axes are not known.
function axesText(tensor) {
  const [shape, axes, dimensions] = [tensor[4], tensor[5], tensor[6]];
  if (shape === null) return UNKNOWN;
  if (!shape.length) return "a single number";
  if (axes === null || !dimensions) return `(${shape.join(", ")}${shape.length === 1 ? "," : ""}), axes not known`;
  return shape.map((size, i) => {
    const names = dimensions[i].filter(([name]) => name !== "1").map(([name]) => name);
    return `${size}${names.length ? ` ${names.length > 1 ? `(${names.join(" ")})` : names[0]}` : ""}`;
  }).join(" × ");
}

function wayText([, target, how, way, reason, part, place]) {
  const word = data.words.ways[way][0];
  const steps = word === "carried" || word === "filled" || word === "same" ? pool(how) : [];
  const shown = steps.map((step) => (/^".*"$/.test(step) ? el("code", null, step.slice(1, -1)) : el("span", null, step)));
  return [word === "carried" ? null : el(`span.badge${word === "refused" ? ".bad" : ""}`, null, word), part ? el("span.muted", null, `from [${part}]`) : null,
    target === null && word === "carried" ? null : shown, place ? el("span.muted", null, `into [${place}]`) : null, reason ? el("span.muted", null, reason) : null].flat().filter(Boolean).flatMap((node) => [" ", node]);
}

function callsOf(match) {
  const columns = SIDES.map((side) => layersOf(match, side).filter(({ inside }) => !inside).flatMap(({ layer }) => layer.calls.map((call) => [layer, call])));
  const rows = Array.from({ length: Math.max(columns[0].length, columns[1].length) }, (_, i) => () => el("tr", null, SIDES.map((side) => {
    const [layer, call] = columns[side][i] ?? [];
    return el("td", null, call ? [columns[side].length > 1 ? el("div.muted", null, `${layer.shown}, step ${count(call[0])}`) : null, el("div.mono", null, pool(call[1]) || "nothing"), el("div.mono", null, el("span.muted", null, "→ "), pool(call[2]))] : el("span.muted", null, "–"));
  })));
  if (!rows.length) return null;
  return el("table.calls", null, el("thead", null, el("tr", null, SIDES.map((side) => el("th", { scope: "col" }, sideTag(side))))), el("tbody", null, limited(rows, 25, "tr")));
}
