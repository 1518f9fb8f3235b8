// What introspect/drawing/shapes.py draws, as elements of the page. A part is {key, label, tip, shapes, texts}.

const PAD = 10, LINE = 14, SHEET = 4, HEAD = 7;
const round = (value) => String(Math.round(value * 10) / 10 || 0);

function rect(kind, x, y, width, height, radius) {
  return { tag: "rect", class: kind, x: round(x), y: round(y), width: round(width), height: round(height), rx: round(radius) };
}

function textAt(style, x, y, said, anchor = "start") {
  return { style, x: round(x), y: round(y), text: said, anchor };
}

function rectangle(spot, down) {
  const left = spot.across - spot.wide / 2;
  return down ? [left, spot.along, spot.wide, spot.long] : [spot.along, left, spot.long, spot.wide];
}

const timesOf = (item) => (item.times > 1 ? `×${item.times}` : "");

function partOf(item, shapes, texts) {
  const tip = (item.tip || item.label) + (item.times > 1 ? `\n${item.times} times` : "");
  return { key: item.key, label: item.label, tip, shapes, texts };
}

function shellOf(item, [x, y, width, height]) {
  const shapes = item.times > 1 ? [rect("shell", x + SHEET, y + SHEET, width, height, 8)] : [];
  return partOf(item, [...shapes, rect("shell", x, y, width, height, 8)], []);
}

function shellTexts(item, [x, y, width]) {
  const found = [textAt("bold", x + PAD, y + HEADER - 9, item.heading)];
  if (item.times > 1) found.push(textAt("bold times", x + width - PAD - 9 * timesOf(item).length, y + HEADER - 9, timesOf(item)));
  return found;
}

function leafOf(item, [x, y, width, height]) {
  const family = `shape k-${item.family}`;
  if (item.form === "dot") {
    const circle = { tag: "circle", class: family, cx: round(x + width / 2), cy: round(y + height / 2), r: round(width / 2) };
    return partOf(item, [circle], [textAt("join-sign", x + width / 2, y + height / 2 + 5, item.lines[0][0], "middle")]);
  }
  const deep = item.size[2];
  const front = [x, y + deep / 2, width - deep, height - deep / 2];
  let shapes = [rect(family, ...front, item.form === "pill" ? Math.min(front[3] / 2, 12) : 4)];
  if (deep) shapes = slab(family, ...front, deep);
  else if (item.plan) {
    const behind = [2, 1].map((n) => rect(family, front[0] + n * SHEET, front[1] - n * SHEET, front[2], front[3], 5));
    shapes = [...(item.times > 1 ? behind : []), rect(family, ...front, 5)];
    if (item.times === 1) shapes.push(rect(family, front[0] + 3, front[1] + 3, front[2] - 6, front[3] - 6, 3));
  }
  const first = front[1] + front[3] / 2 - LINE * item.lines.length / 2 + LINE - 3.5;
  const texts = item.lines.map(([said, bold], n) => textAt(bold ? "bold" : "small", front[0] + front[2] / 2, first + n * LINE, said, "middle"));
  return partOf(item, shapes, texts);
}

function slab(family, x, y, width, height, deep) {
  const up = deep / 2;
  const faces = [
    [[x, y], [x + deep, y - up], [x + width + deep, y - up], [x + width, y]],
    [[x + width, y], [x + width + deep, y - up], [x + width + deep, y + height - up], [x + width, y + height]],
  ];
  const polygons = faces.map((points) => ({ tag: "polygon", class: `${family} face`, points: points.map((p) => p.map(round).join(",")).join(" ") }));
  return [...polygons, rect(family, x, y, width, height, 0)];
}

const at = (point) => point.map(round).join(" ");

function wirePath(wire, down) {
  const points = wire.points.map(([a, b]) => (down ? [a, b] : [b, a]));
  let path = `M${at(points[0])}`;
  for (let n = 0; n + 1 < points.length; n++) {
    const [a, b] = [points[n], points[n + 1]];
    if (n % 2 === 0 || Math.abs(a[0] - b[0]) < 0.05 || Math.abs(a[1] - b[1]) < 0.05) path += `L${at(b)}`;
    else if (down) path += `C${at([a[0], (a[1] + b[1]) / 2])} ${at([b[0], (a[1] + b[1]) / 2])} ${at(b)}`;
    else path += `C${at([(a[0] + b[0]) / 2, a[1]])} ${at([(a[0] + b[0]) / 2, b[1]])} ${at(b)}`;
  }
  return path;
}

function arrowHead(wire, down) {
  if (!wire.arrow) return "";
  const [x, y] = wire.points.at(-1);
  const points = [[x, y], [x - HEAD / 2, y - HEAD], [x + HEAD / 2, y - HEAD]];
  return `M${points.map(([a, b]) => at(down ? [a, b] : [b, a])).join("L")}Z`;
}

function wireLabel(together, down) {
  const [x, y] = together[0].points[0], label = together[0].label;
  const bends = together.filter((wire) => wire.points.length > 2).map((wire) => wire.points[2][0] - x);
  const right = bends.some((bend) => bend > 4), left = bends.some((bend) => bend < -4);
  if (right && left) return [];
  if (down) return [textAt("label", right ? x - 7 : x + 7, y + 14, label, right ? "end" : "start")];
  return [textAt("label", y + 8, right ? x - 6 : x + 14, label)];
}

function endOf([key, port], container, opened, own, inner) {
  if (!key) return `${container}${own}${port}`;
  return opened.has(key) ? `${key}${inner}${port}` : key;
}

function partsOf(items, opened, scene, down) {
  const parts = { shells: [], wires: [], boxes: [], texts: [] };
  for (const item of items.values()) {
    if (!item.key || !scene.spots.has(item.key)) continue;
    const box = rectangle(scene.spots.get(item.key), down);
    if (opened.has(item.key)) {
      parts.shells.push(shellOf(item, box));
      parts.texts.push(...shellTexts(item, box));
    } else parts.boxes.push(leafOf(item, box));
  }
  const beginning = new Map();
  for (const wire of scene.wires) {
    const [from, to] = [wire.link.from, wire.link.to];
    parts.wires.push({
      path: wirePath(wire, down), tip: arrowHead(wire, down),
      source: endOf(from, wire.container, opened, ">", "<"), target: endOf(to, wire.container, opened, "<", ">"),
    });
    if (wire.label) beginning.has(from[0]) ? beginning.get(from[0]).push(wire) : beginning.set(from[0], [wire]);
  }
  for (const together of beginning.values()) parts.texts.push(...wireLabel(together, down));
  return parts;
}

const element = ({ tag, ...attributes }) => svg(tag, attributes);
const written = (t, kind = "") => svg("text", { class: `${t.style}${kind}`, x: t.x, y: t.y, "text-anchor": t.anchor || "start", "aria-hidden": "true" }, t.text);

// The parts as one group; `button(key)` gives what makes a part one that folds and unfolds.
function painted(parts, button) {
  const part = (p) => svg("g", { role: "img", "aria-label": p.label, "data-key": p.key, ...(button(p.key) || {}) },
    svg("title", null, p.tip), p.shapes.map(element), (p.texts || []).map((t) => written(t)));
  return svg("g", null,
    parts.shells.map(part),
    parts.wires.map((w) => [svg("path", { class: `wire ${w.kind || ""}`, d: w.path, "data-from": w.source, "data-to": w.target }), w.tip ? svg("path.tip", { d: w.tip }) : null]),
    parts.boxes.map(part),
    parts.texts.map((t) => [written(t, " halo"), written(t)]));
}
