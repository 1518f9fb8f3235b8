// The differences that follow from no other; those together that are the same in several places.

const MOST_CAUSES = 12;

function causesSection(show) {
  const grave = [], harmless = [];
  data.causes.forEach((members, group) => (differences.effect[members[0]] === NONE ? harmless : grave).push(group));
  if (!data.causes.length) return null;
  const list = (groups) => el("ol.causes", null, limited(groups.map((group) => () => cause(group, show)), MOST_CAUSES));
  const rest = harmless.length ? el("details.harmless", { open: !grave.length }, el("summary", null, `${several(harmless.length, "difference")} in spelling or layout that ${harmless.length === 1 ? "changes" : "change"} nothing`), list(harmless)) : null;
  return el("section.chapter", { id: "causes", "aria-labelledby": "causes-title" },
    el("h2", { id: "causes-title", tabindex: -1 }, "What differs, and why"),
    grave.length ? list(grave) : el("p.muted", null, "Nothing that does anything."), rest);
}

function cause(group, show) {
  const members = data.causes[group];
  const [first] = members;
  const effect = differences.effect[first];
  const follow = members.flatMap((n) => consequences.get(n) ?? []);
  const reason = pool(differences.reason[first]);
  return el(`li.cause.e-${EFFECTS[effect]}`, { "data-group": group },
    effectTag(effect),
    el("div.cause-body", null,
      el("p.cause-line", null, differenceLine(first)),
      members.length === 1 ? el("p.muted", null, placesOf(first) ? ["in ", matchLink(matchOf[first], placesOf(first), differences.text[first])] : differences.text[first]) : null,
      reason ? el("p.muted", null, reason) : null,
      members.length > 1 ? fold(`in ${several(members.length, "place")}`, members) : null,
      follow.length ? fold(several(follow.length, "consequence"), follow, true) : null),
    el("button.button.small", { type: "button", onclick: () => show({ group }) }, members.length + follow.length === 1 ? "Show in the table" : `Show ${count(new Set([...members, ...follow].map((n) => matchOf[n])).size)} in the table`));
}

// A list that is made when it is opened.
function fold(title, numbers, withField = false) {
  const list = el("ul.places");
  const details = el("details", null, el("summary", null, title), list);
  details.addEventListener("toggle", () => {
    if (!details.open || list.firstChild) return;
    list.append(...limited(numbers.map((n) => () => el("li", null,
      withField ? [effectTag(differences.effect[n]), " "] : null, matchLink(matchOf[n], placesOf(n) || differences.text[n], differences.text[n]), withField ? [" ", differenceLine(n)] : null)), 50));
  });
  return details;
}
