// The head of the page: the verdict, the two models with their totals, how much differs, the proof.

const VERDICT_LOOKS = {
  equal: ["good", "M3.5 8.5l3 3 6-7"],
  "equal after repairs": ["good", "M3.5 8.5l3 3 6-7"],
  "same weights, another function": ["warn", EFFECT_ICONS.values],
  different: ["bad", "M3.5 6h9M3.5 10h9M10.5 3l-5 10"],
  undecided: ["warn", EFFECT_ICONS.unknown],
};

function head() {
  const [verdict, sentence] = data.verdict;
  const [look, shape] = VERDICT_LOOKS[verdict] ?? ["warn", EFFECT_ICONS.unknown];
  return el("header.top", null,
    el("div.name", null,
      el(`span.badge.verdict-badge.${look}`, null, icon(shape, 14), el("span", null, verdict)),
      el("h1", null, sentence ? `${sentence[0].toUpperCase()}${sentence.slice(1)}.` : verdict),
      el("div.facts", null, SIDES.map((side) => el("span", null, sideTag(side), " ", el("b", null, data.sides[side].model), ` ${data.sides[side].framework}`))),
      verdict === "undecided" ? el("ul.notes-list", null, data.notes.slice(0, 4).map((note) => el("li.note.warn", null, note))) : null),
    themeButton());
}

function minus(a, b) {
  if (a === null || b === null) return null;
  return typeof a === "number" && typeof b === "number" ? a - b : String(BigInt(a) - BigInt(b));
}

const TOTALS = { layers: "layers", parameters: "parameters", trainable: "trainable", buffers: "buffers", MACs: "multiply-accumulates", bytes: "bytes", "activation bytes": "bytes of activations" };

function totalsRow(name, values, title) {
  const delta = minus(values[1], values[0]);
  const alike = delta !== null && Number(delta) === 0;
  return el(`tr${alike ? "" : ".unlike"}`, null, el("th", { scope: "row", title }, name), values.map((value) => el("td.number", null, value === null ? el("span.unknown", { title: "not known" }, UNKNOWN) : count(value))),
    el("td.number.delta", null, delta === null ? "" : alike ? el("span.muted", { title: "the same" }, "=") : signed(delta)));
}

function totals() {
  const sides = data.sides;
  const own = sides[0]["native name"] === sides[1]["native name"] ? sides[0]["native name"] : "the framework's own count";
  const rows = Object.entries(TOTALS).map(([key, name]) => totalsRow(name, sides.map((side) => side.totals[key])));
  rows.splice(1, 0, totalsRow(own, sides.map((side) => side.native), sides.map((side) => `${side.name}: ${side["native name"]}`).join(", ")));
  return el("section.card.totals", { "aria-label": "The two models" }, el("table", null,
    el("thead", null, el("tr", null, el("td"), SIDES.map((side) => el("th.number", { scope: "col" }, sideTag(side), " ", sides[side].name === LETTERS[side] ? sides[side].model : sides[side].name)), el("th.number", { scope: "col" }, "b − a"))),
    el("tbody", null, rows)));
}

// How many differences of each effect, and how many layers have a partner; each leads to the table.
function tally(show) {
  const items = EFFECTS.map((_, effect) => {
    const all = differences.effect.reduce((sum, e) => sum + (e === effect), 0);
    if (!all) return null;
    const causes = differences.effect.reduce((sum, e, n) => sum + (e === effect && isCause(n)), 0);
    return el("li", null, el("button.tally-line", { type: "button", onclick: () => show({ effects: [effect] }), title: "Show these in the table" },
      effectTag(effect), el("span.number", null, count(all)), el("span.muted", null, causes === all ? several(causes, "cause") : `${several(causes, "cause")}, ${several(all - causes, "consequence")}`)));
  }).filter(Boolean);
  const matched = matches.a.reduce((sum, _, m) => sum + !isAlone(m), 0);
  const only = SIDES.map((side) => matches.a.reduce((sum, _, m) => sum + (matches[LETTERS[side]][m].length > 0 && isAlone(m)), 0));
  return el("section.card.tally", { "aria-label": "How much differs" },
    el("div.head", null, el("h2", null, differences.field.length ? several(differences.field.length, "difference") : "No differences")),
    items.length ? el("ul", null, items) : el("p.muted", null, data.verdict[0] === "undecided" ? "None was found, but not everything could be seen." : "Nothing differs, neither in what is computed nor in how it is spelled."),
    el("p.tally-foot", null, el("b", null, count(matched)), matched === 1 ? " pair matched" : " pairs matched",
      SIDES.filter((side) => only[side]).map((side) => [", ", el("b", null, count(only[side])), ` only in ${sideName(side)}`])));
}

function proofCard() {
  const { proof } = data;
  if (!proof) return null;
  const gaps = (name, list) => list.map(([output, relative, absolute]) => el("tr", null, el("th", { scope: "row" }, name, list.length > 1 || output !== "0" ? ` (output ${output})` : ""),
    el("td.number", null, relative), el("td.number", null, absolute)));
  return el("section.card.proof", { "aria-label": "The proof" },
    el("div.head", null, el("h2", null, proof.holds ? "The proof holds" : "The proof does not hold"),
      el(`span.badge.${proof.holds ? "good" : "bad"}`, null, proof.holds ? "run and equal" : "run and apart")),
    el("p.muted", null, `Both were run with the same weights (${proof.how}); an output may be ${proof.bar} apart, relative to its spread.`),
    el("table", null, el("thead", null, el("tr", null, el("td"), el("th.number", { scope: "col" }, "relative"), el("th.number", { scope: "col" }, "absolute"))),
      el("tbody", null, gaps("as carried", proof.carried), gaps("repaired", proof.repaired))),
    proof["diverges at"] ? el("p", null, "First apart at ", el("code", null, proof["diverges at"][0] || "(root)"), " / ", el("code", null, proof["diverges at"][1] || "(root)"), ".") : null,
    proof.unrepaired.map((text) => el("p.note.warn", null, `Not repaired: ${text}`)), proof.notes.map((text) => el("p.note", null, text)));
}
