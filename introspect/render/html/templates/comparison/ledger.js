// The ledger: a table whose last column is a waterfall, from the one model's own count to the other's.

const MOST_ACCOUNTS = 40;

const whole = (number) => BigInt(number);

function ledgerSection() {
  const [from, to] = data.sides.map((side) => side.native);
  const title = el("h2", { id: "ledger-title", tabindex: -1 }, "From one count to the other");
  const section = (...content) => el("section.chapter", { id: "ledger", "aria-labelledby": "ledger-title" }, title, content);
  if (from === null || to === null) return section(el("p.muted", null, `${SIDES.filter((side) => data.sides[side].native === null).map(sideName).join(" and ")} can't tell how many parameters there are, so that there is no ledger.`));
  const lines = accountLines(from);
  if (!data.accounts.length) return section(el("p", null, "Both count ", el("b", null, count(from)), whole(from) === whole(to) ? ": there is nothing to account for." : ` and ${count(to)}.`));
  const scale = scaleOf(lines, from, to);
  return section(
    el("p.muted", null, `${data.sides[0].name} counts ${count(from)} (${data.sides[0]["native name"]}), ${data.sides[1].name} ${count(to)} (${data.sides[1]["native name"]}). Every line is a reason for the change; together they add up exactly.`),
    scale.broken ? el("p.axis-note", null, icon("M2 8h4l1.5-3 1.5 6 1.5-3H14", 14), ` The drawing is zoomed: it begins at ${count(scale.from)}, not at 0, so that the changes can be seen.`) : null,
    el("div.ledger-box", null, el("table.ledger", null,
      el("thead", null, el("tr", null, el("th", { scope: "col" }, "why"), el("th.number", { scope: "col" }, "parameters"), el("th", { scope: "col" }, el("span.unseen", null, "drawn")))),
      el("tbody", null, totalLine(0, from, scale), lines.map((line) => accountLine(line, scale)), totalLine(1, to, scale)))));
}

// {text, count, paths, before, after}; of very many the smallest together.
function accountLines(from) {
  let accounts = data.accounts.map(([text, number, paths]) => ({ text, count: number, paths }));
  if (accounts.length > MOST_ACCOUNTS) {
    const size = ({ count: n }) => Math.abs(Number(n));
    const least = new Set([...accounts].sort((x, y) => size(x) - size(y)).slice(0, accounts.length - MOST_ACCOUNTS + 1));
    const sum = [...least].reduce((total, account) => total + whole(account.count), 0n);
    const members = [...least];
    accounts = [...accounts.filter((account) => !least.has(account)), { text: `${count(least.size)} smaller changes together`, count: String(sum), paths: members.flatMap((account) => account.paths), members }];
  }
  let at = whole(from);
  return accounts.map((account) => {
    const before = at;
    at += whole(account.count);
    return { ...account, before, after: at };
  });
}

// Where a number lies in the drawing. Zoomed to the span of the changes where these are small beside the totals.
function scaleOf(lines, from, to) {
  const points = [from, to, ...lines.flatMap((line) => [line.before, line.after])].map(Number);
  const [least, most] = [Math.min(...points), Math.max(...points)];
  const span = most - least || 1;
  const broken = least > 0 && span < 0.4 * most;
  const start = broken ? Math.max(0, Math.floor(least - 0.35 * span)) : Math.min(0, least);
  const end = most + 0.02 * (most - start);
  return { broken, from: start, at: (number) => ((Number(number) - start) / (end - start)) * 100 };
}

// A bar, and the lines that join it to those above and below. Across in percent, down in pixels.
function drawn(scale, pieces, before, after) {
  const joint = (number, y1, y2) => (number === null ? null : svg("line.joint", { x1: `${scale.at(number)}%`, x2: `${scale.at(number)}%`, y1, y2 }));
  return el("td.drawing", { "aria-hidden": "true" }, svg("svg", null, joint(before, 0, 9), joint(after, 29, "100%"), pieces));
}

function totalLine(side, number, scale) {
  const bar = svg(`rect.bar-side-${LETTERS[side]}`, { x: 0, y: 9, width: `${Math.max(0.3, scale.at(number))}%`, height: 20 }, svg("title", null, `${sideName(side)}: ${count(number)}`));
  const gap = scale.broken ? svg("path.gap", { d: "M20 6l-6 9 8 7-6 10h6l6-10-8-7 6-9z" }) : null;
  return el(`tr.total${side ? ".end" : ""}`, { "data-count": String(number) }, el("th", { scope: "row" }, side ? "= " : "", sideTag(side), " ", data.sides[side].model, data.sides[side].name === LETTERS[side] ? null : el("span.muted", null, ` ${data.sides[side].name}`)),
    el("td.number", null, count(number)), drawn(scale, [bar, gap], side ? number : null, side ? null : number));
}

function accountLine(line, scale) {
  const [x, y] = [line.before, line.after].map(scale.at).sort((p, q) => p - q);
  const way = whole(line.count) < 0n ? "less" : "more";
  const width = Math.max(0.4, y - x);
  const bar = svg(`rect.${way}`, { x: `${way === "less" ? y - width : x}%`, y: 9, width: `${width}%`, height: 20 }, svg("title", null, `${line.text}: ${signed(line.count)} parameters, from ${count(String(line.before))} to ${count(String(line.after))}`));
  return el("tr", { "data-count": String(line.count), title: `from ${count(String(line.before))} to ${count(String(line.after))}` },
    el("th", { scope: "row" }, line.text, line.paths.length ? tensorFold(line) : null), el(`td.number.${way}`, null, signed(line.count)), drawn(scale, [bar], line.before, line.after));
}

function tensorFold(line) {
  const list = el("ul.places");
  const details = el("details", null, el("summary", null, several(line.paths.length, "tensor")), list);
  details.addEventListener("toggle", () => {
    if (!details.open || list.firstChild) return;
    const members = (line.members ?? []).map((account) => () => el("li", null, `${signed(account.count)} `, account.text));
    list.append(...limited([...members, ...line.paths.map((path) => () => el("li.mono", null, path))], 50));
  });
  return details;
}
