// The repairs as code to copy.

const FEW_LINES = 3;

function repairsSection() {
  const title = el("h2", { id: "repairs-title", tabindex: -1 }, "Repairs");
  const total = data.repairs.reduce((sum, repair) => sum + repair.code.length, 0);
  if (!total) return null;
  return el("section.chapter", { id: "repairs", "aria-labelledby": "repairs-title" },
    el("div.chapter-head", null, title, total > 1 ? wordedCopy(`Copy all ${several(total, "line")}`, script) : null),
    el("p.muted", null, data.verdict[0] === "equal after repairs" ? "Once these are made, both are the same function." : "What is known to take a difference away.",
      " ", SIDES.filter((side) => data.repairs.some((repair) => repair.side === side)).map((side) => [el("code", null, "model"), " is ", sideTag(side), ` ${data.sides[side].model} (${data.sides[side].framework}). `])),
    el("ol.repairs", null, limited(data.repairs.map((repair) => () => repairBlock(repair)))));
}

// All of it, told apart by the model that is to be changed.
function script() {
  return SIDES.map((side) => data.repairs.filter((repair) => repair.side === side)).filter((list) => list.length)
    .map((list) => [`# in ${sideName(list[0].side)}: ${data.sides[list[0].side].model}, ${data.sides[list[0].side].framework}`.replaceAll("\n", " "), ...list.flatMap((repair) => repair.code)].join("\n")).join("\n\n");
}

function wordedCopy(words, made) {
  const label = el("span", null, words);
  const button = el("button.button.copy-all", { type: "button", onclick: async () => {
    await copyText(made());
    label.textContent = "Copied";
    say("Copied");
    setTimeout(() => { label.textContent = words; }, 1400);
  } }, icon(ICONS.copy, 14), label);
  return button;
}

function repairBlock(repair) {
  const { side, text, code, action } = repair;
  const lines = el("ol.code", null, codeLines(code.slice(0, code.length > FEW_LINES + 1 ? FEW_LINES : code.length)));
  const more = code.length > FEW_LINES + 1 ? el("button.button.small", { type: "button", onclick: () => {
    lines.append(...codeLines(code.slice(FEW_LINES)));
    more.remove();
    lines.children[FEW_LINES].querySelector("button").focus();
  } }, `Show all ${count(code.length)} lines`) : null;
  return el("li.repair", null,
    el("div.repair-head", null, sideTag(side), el("span.badge", null, { set: "set", insert: "insert", remove: "remove", input: "input" }[action] ?? action), el("span.repair-text", null, text),
      code.length > 1 ? wordedCopy(`Copy ${several(code.length, "line")}`, () => code.join("\n")) : null),
    lines, more);
}

function codeLines(code) {
  return code.map((line) => el("li", null, el("code", null, colours(line)), copyButton(line, "Copy this line")));
}

// Strings, comments and numbers told apart; nothing is left out.
function colours(line) {
  const found = line.match(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|#.*|\b\d[\d.e+-]*\b|[^"'#\d]+|./gs) ?? [];
  return found.map((piece) => (/^["']./.test(piece) ? el("span.string", null, piece) : piece.startsWith("#") ? el("span.comment", null, piece) : /^\d/.test(piece) ? el("span.digits", null, piece) : piece));
}
