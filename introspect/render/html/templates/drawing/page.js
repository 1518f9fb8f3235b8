// The page: a bar of buttons, and a stage on which the picture is moved, zoomed, folded and unfolded.

const down = data.direction !== "right";
const items = new Map((data.items || []).map((item) => [item.key, item]));
const opened = new Set([...items.values()].filter((item) => item.open).map((item) => item.key));
const foldable = [...items.values()].filter((item) => item.plan && item.key);
const view = { x: 0, y: 0, scale: 1 };
let size = [data.width || 1, data.height || 1], moved = false;

const layer = svg("g");
const canvas = svg("svg.introspect-drawing", { role: "group", "aria-label": data.title },
  svg("rect.paper", { width: "100%", height: "100%" }), layer);
const stage = el("div.stage", { tabindex: 0, role: "group", "aria-label": "The picture. Arrows move it, plus and minus zoom, 0 fits it." }, canvas);

function button(key) {
  const item = items.get(key);
  if (!item || !item.plan) return null;
  const open = opened.has(key);
  return {
    role: "button", tabindex: 0, "aria-expanded": String(open), class: "foldable",
    onclick: () => { if (!moved) toggle(key); },
    onkeydown: (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      toggle(key);
    },
  };
}

let scene = null;
function paint() {
  if (data.parts) layer.replaceChildren(painted(data.parts, () => null));
  else {
    scene = new Layout(items, opened, down).scene();
    size = down ? [scene.wide, scene.long] : [scene.long, scene.wide];
    layer.replaceChildren(painted(partsOf(items, opened, scene, down), button));
  }
  look();
}

function look() {
  layer.setAttribute("transform", `translate(${round(view.x)} ${round(view.y)}) scale(${view.scale.toFixed(4)})`);
}

// Fold or unfold; the corner of the box stays where it is on the screen.
function toggle(key) {
  const corner = () => rectangle(scene.spots.get(key), down);
  const [x, y] = corner();
  if (!opened.delete(key)) opened.add(key);
  paint();
  const [newX, newY] = corner();
  view.x += (x - newX) * view.scale;
  view.y += (y - newY) * view.scale;
  look();
  layer.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
  say(`${items.get(key).label}: ${opened.has(key) ? "unfolded" : "folded"}`);
}

function all(open) {
  for (const item of foldable) open ? opened.add(item.key) : opened.delete(item.key);
  paint();
  fit();
  say(open ? "Everything is unfolded." : "Everything is folded.");
}

// The whole picture, no larger than it is drawn; a very long one from its beginning, at a size that can be read.
function fit() {
  const room = stage.getBoundingClientRect();
  const whole = Math.min((room.width - 40) / size[0], (room.height - 40) / size[1], 1.25);
  view.scale = Math.max(whole, Math.min(0.7, (down ? room.width - 40 : 1e9) / size[0], (down ? 1e9 : room.height - 40) / size[1]), 0.02);
  view.x = Math.max((room.width - size[0] * view.scale) / 2, 20);
  view.y = Math.max((room.height - size[1] * view.scale) / 2, 20);
  if (size[0] * view.scale > room.width && down) view.x = (room.width - size[0] * view.scale) / 2;
  look();
}

function zoom(factor, x, y) {
  const room = stage.getBoundingClientRect();
  const scale = Math.min(Math.max(view.scale * factor, 0.02), 8);
  const [px, py] = [x ?? room.width / 2, y ?? room.height / 2];
  view.x = px - (px - view.x) * scale / view.scale;
  view.y = py - (py - view.y) * scale / view.scale;
  view.scale = scale;
  look();
}

stage.addEventListener("wheel", (event) => {
  event.preventDefault();
  const room = stage.getBoundingClientRect();
  if (event.shiftKey) { view.x -= event.deltaY; look(); }
  else zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event.clientX - room.left, event.clientY - room.top);
}, { passive: false });

let held = null;
stage.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  held = { x: event.clientX, y: event.clientY, at: [view.x, view.y] };
  moved = false;
});
window.addEventListener("pointermove", (event) => {
  if (!held) return;
  const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
  if (!moved && Math.hypot(dx, dy) < 4) return;
  moved = true;
  stage.classList.add("moving");
  [view.x, view.y] = [held.at[0] + dx, held.at[1] + dy];
  look();
});
window.addEventListener("pointerup", () => {
  held = null;
  stage.classList.remove("moving");
});
stage.addEventListener("keydown", (event) => {
  const steps = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key in steps) { view.x += steps[event.key][0]; view.y += steps[event.key][1]; look(); }
  else if (event.key === "+" || event.key === "=") zoom(1.25);
  else if (event.key === "-") zoom(0.8);
  else if (event.key === "0") fit();
  else return;
  event.preventDefault();
});

const press = (text, hint, act) => el("button.button", { type: "button", title: hint, "aria-label": hint, onclick: act }, text);
document.getElementById("page").append(
  el("div.bar", { role: "toolbar", "aria-label": "Picture" },
    el("h1", null, data.title),
    foldable.length ? el("div.group", { role: "group", "aria-label": "Blocks" },
      press("Unfold all", "Unfold all blocks", () => all(true)), press("Fold all", "Fold all blocks", () => all(false))) : null,
    el("div.group", { role: "group", "aria-label": "Zoom" },
      press("−", "Zoom out", () => zoom(0.8)), press("Fit", "Fit the picture", fit), press("+", "Zoom in", () => zoom(1.25))),
    themeButton()),
  stage,
  data.notes.length ? el("div.foot", null, data.notes.join(" ")) : null);
paint();
fit();
