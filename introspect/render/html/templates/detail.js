// Everything about one layer, made when it is asked for.

const MOST_SHOWN = 25;

function detail(row, close) {
  const layer = layerOf(row);
  const title = el("h2", { tabindex: -1, id: "detail-title" }, shownPath(layer));
  return [
    el("div.detail-head", null, el("div.crumbs", null, crumbs(layer)),
      el("button.button.small.bare.close", { type: "button", "aria-label": "Close the detail", title: "Close (Esc)", onclick: close }, icon(ICONS.close))),
    el("div.title", null, title, copyButton(pathOf(layer), "Copy the path")),
    what(layer),
    section("Numbers", numbers(layer)),
    section("Why that many parameters", why(layer)),
    section("Tensors", pool(layers.tensors[layer]).map(tensorView)),
    section("Settings", settings(layer)),
    section("Calls", calls(layer)),
    section("Operations in its own code", operations(layer)),
  ];
}

function section(title, content) {
  const filled = [content].flat().filter(Boolean);
  return filled.length ? el("section.part", { "aria-label": title }, el("h3", null, title), filled) : null;
}

function crumbs(layer) {
  const line = [];
  for (let up = above[layer]; up >= 0; up = above[up]) line.unshift(layerLink(up, nameOf(up)), el("span", { "aria-hidden": "true" }, "›"));
  return line.length ? line : "the model itself";
}

function what(layer) {
  const kind = textOf("kind", layer);
  const aliases = others.map((_, i) => layerCount + i).filter((row) => layerOf(row) === layer);
  const training = layers.training[layer];
  return el("div.what", null,
    el("div.badges", null, el("span.badge.accent", null, textOf("type", layer)), el("span.badge", null, kind),
      training === null ? null : el("span.badge", { title: "The layer's own flag" }, training ? "training" : "not training"),
      isPart(layer) ? el("span.badge", null, "a part") : null),
    el("p.muted", null, data.words.kinds[kind] ?? ""),
    isPart(layer) ? el("p", null, "A part of ", layerLink(data.parts[layer]), ", which also holds its tensors.") : null,
    aliases.length ? el("p", null, "Also held as ", aliases.map((row, i) => [i ? ", " : "", el("code", null, pathOf(row))]), ".") : null);
}

function facts(entries) {
  return el("dl.facts-list", null, entries.filter(([, value]) => value !== null && value !== "-").map(([name, value, title]) =>
    el("div", { title }, el("dt", null, name), el("dd", null, value === UNKNOWN ? el("span.unknown", { title: "not known" }, value) : value))));
}

function numbers(layer) {
  const number = (column) => (layers[column][layer] === "-" ? "-" : count(layers[column][layer]));
  const size = layers.bytes[layer];
  const made = layers["activation bytes"][layer];
  return facts([
    ["parameters", shareOf(layer, number("parameters")), "its own and below, each tensor once"], ["trainable", number("trainable")],
    ["buffers", number("buffers")], ["bytes", size === null ? UNKNOWN : `${count(size)}${size >= 1024 ? ` (${bytes(size)})` : ""}`],
    ["MACs", number("macs"), "multiply-accumulates of all its calls"], ["units", number("units")],
    ["activations", number("activations"), "output elements for one example"],
    ["output bytes", made === "-" ? "-" : bytes(made)], ["feature map", textOf("feature map", layer)],
    ["kernel", textOf("kernel", layer)], ["bias", textOf("bias", layer)],
  ]);
}

function shareOf(layer, text) {
  const [mine, all] = [layers.parameters[layer], data.totals.parameters];
  return layer && mine && all ? [text, el("span.muted", null, ` (${percent(mine, all)})`)] : text;
}

// Own tensors by their formula; what lies below by its sum.
function why(layer) {
  const [formula, substituted, remarks] = pool(data.explained.own[layer]);
  const inside = below[layer].filter((child) => data.parts[child] !== layer && layers.parameters[child] !== 0);
  const total = data.explained.total[layer] ?? layers.parameters[layer];
  if (!formula && !inside.length && !remarks.length) return null;
  const shared = data.explained.shared[layer];
  const agrees = { 1: el("span.badge.good", null, "the tensors agree"), 0: el("span.badge.bad", null, "the tensors disagree") }[data.explained.agrees[layer]]
    ?? el("span.badge", null, "nothing to check it against");
  const whole = layers.parameters[layer];
  const rows = inside.map((child) => el("tr", null, el("td", null, layerLink(child, nameOf(child))),
    el("td.bar", null, shareBar(layers.parameters[child], whole ?? knownParameters())), el("td.number", null, count(layers.parameters[child]))));
  return [
    formula ? el("div.formula", null, el("div", null, broken(formula)), el("div", null, broken(substituted), inside.length ? null : ["  = ", el("b", null, count(total))])) : null,
    inside.length ? el("table.sum", null, el("tbody", null, limited(rows, "tr", 3),
      shared ? el("tr", null, el("td", { colspan: 2 }, "shared, counted once"), el("td.number", null, `−${count(shared).replace("-", "")}`)) : null,
      el("tr.total", null, el("td", { colspan: 2 }, formula ? "with its own" : "together"), el("td.number", null, count(total))))) : null,
    el("p.verdict", null, agrees),
    remarks.map((remark) => el("p.aside", null, remark)),
  ];
}

// A long sum stands in lines, a summand in each.
function broken(text) {
  if (text.length < 64) return text;
  let depth = 0;
  return text.split(/( \+ |[()])/).map((piece) => {
    depth += { "(": 1, ")": -1 }[piece] ?? 0;
    return piece === " + " && depth === 0 ? "\n+ " : piece;
  }).join("");
}

function shareBar(part, whole) {
  const bar = el("span.share", { "aria-hidden": "true" }, el("span"));
  const share = Number(whole) > 0 && part !== null && part !== "-" ? Math.min(100, (100 * Number(part)) / Number(whole)) : 0;
  bar.firstChild.style.width = `${share}%`;
  bar.classList.toggle("some", share > 0);
  return bar;
}

// A long list shows its beginning, and the rest when asked.
function limited(items, tag = "li", columns = 1) {
  if (items.length <= MOST_SHOWN + 5) return items;
  const rest = items.splice(MOST_SHOWN);
  const button = el("button.button.small", { type: "button", onclick: () => { more.replaceWith(...rest); rest[0].querySelector?.("a")?.focus(); } }, `Show ${count(rest.length)} more`);
  const more = tag === "tr" ? el("tr", null, el("td", { colspan: columns }, button)) : el(tag, null, button);
  return [...items, more];
}

function settings(layer) {
  const rows = pool(layers.settings[layer]).map(([name, value, native, nativeValue]) => el("tr", null,
    el("td", { title: data.words.settings[name] }, name), el("td.mono", null, value),
    el("td.mono.muted", null, native === null ? "" : `${native}=${nativeValue}`)));
  if (!rows.length) return null;
  const framework = data.framework.split(" ")[0];
  return el("table.settings", null, el("thead", null, el("tr", null, ["setting", "value", `in ${framework}`].map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", null, rows));
}

function calls(layer) {
  const items = layers.calls[layer].map(([order, given, back, sources, seconds]) => el("li.call", null,
    el("div.step", null, `step ${count(order)}`, seconds === undefined ? null : el("span.muted", null, ` ${(seconds * 1000).toPrecision(3)} ms`)),
    flow(pool(given), pool(back)),
    el("div.from", null, el("span.muted", null, "from "), fedBy(sources)),
    feeds(order)));
  return items.length ? el("ol.calls", null, limited(items)) : el("p.aside", null, isPart(layer) ? "It runs inside its owner." : textOf("output", layer) === "not called" ? "It was not called." : "No call is known.");
}

function flow([given, from], [back, to]) {
  return el("div.flow.mono", null, given || "nothing", el("span.muted", null, " → "), back,
    el("span.muted.dtype", null, from && from !== to ? `${from} → ${to || "nothing"}` : to));
}

function listed(nodes) {
  return nodes.map((node, i) => [i ? ", " : "", node]);
}

function fedBy(sources) {
  if (!sources.length) return el("span.muted", null, "nothing");
  return listed(sources.map((source) => {
    if (source === null) return el("span.unknown", { title: "could not be followed" }, UNKNOWN);
    const step = stepNumber(source);
    if (step === null) return el("span", null, source.replace(":", " "));
    return [stepLink(step), Array.isArray(source) ? el("span.muted", null, ` output ${source[1]}`) : null];
  }));
}

function stepLink(step) {
  const found = stepsOf().at.get(step);
  if (!found) return `step ${step}`;
  if (found.layer !== undefined) return layerLink(found.layer);
  const [, kind, , within] = found.operation;
  const name = `${pool(kind)} (step ${step})`;
  return within === null ? name : layerLink(within, name);
}

function feeds(order) {
  const fed = [...(stepsOf().fed.get(order) ?? [])];
  return fed.length ? el("div.from", null, el("span.muted", null, "feeds "), listed(fed.slice(0, MOST_SHOWN).map(stepLink)), fed.length > MOST_SHOWN ? `, ${fed.length - MOST_SHOWN} more` : "") : null;
}

function operations(layer) {
  const found = stepsOf().within.get(layer) ?? [];
  const items = found.map(([order, kind, native, , how, given, back, sources, macs]) => el("li.call", null,
    el("div.step", { title: data.words.operations[pool(kind)] }, el("b", null, pool(kind)), pool(native) === pool(kind) ? null : el("span.muted", null, ` ${pool(native)}`),
      el("span.muted", null, `  step ${count(order)}${pool(how) ? `, ${pool(how)}` : ""}${macs ? `, ${short(macs)} MACs` : ""}`)),
    flow(pool(given), pool(back)),
    el("div.from", null, el("span.muted", null, "from "), fedBy(sources))));
  return items.length ? el("ol.calls", null, limited(items)) : null;
}
