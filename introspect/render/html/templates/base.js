// What every page uses. Text from a model only ever becomes a text node.

const UNKNOWN = "?";
const data = JSON.parse(document.getElementById("data").textContent);

// el("a.link", {href: "#", onclick: f}, "text", child, [more], null) -> element
function el(name, attributes, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  return fill(element, classes, attributes, children);
}

function svg(name, attributes, ...children) {
  const [tag, ...classes] = name.split(".");
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), classes, attributes, children);
}

function fill(element, classes, attributes, children) {
  if (classes.length) element.classList.add(...classes);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "style") for (const [name, v] of Object.entries(value)) element.style.setProperty(name, v);
    else element.setAttribute(key, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

// A whole number with separators; numbers too great for a float come as strings of digits. Unknown is never 0.
function count(number) {
  if (number === null || number === undefined) return UNKNOWN;
  return (typeof number === "string" ? BigInt(number) : number).toLocaleString("en-US");
}

function scaled(number, base, units) {
  let value = Number(number);
  let unit = 0;
  for (; value >= base - 0.5 && unit < units.length - 1; unit++) value /= base;
  return `${unit ? value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0) : value}${units[unit]}`;
}

const bytes = (n) => (n === null || n === undefined ? UNKNOWN : scaled(n, 1024, [" B", " KiB", " MiB", " GiB", " TiB"]));
const short = (n) => (n === null || n === undefined ? UNKNOWN : scaled(n, 1000, ["", " K", " M", " G", " T", " P"]));

function percent(part, whole) {
  const share = (100 * Number(part)) / Number(whole);
  return share > 0 && share < 0.1 ? "<0.1 %" : `${share.toFixed(share < 10 ? 1 : 0)} %`;
}

// How wide the widest of some texts is in the page's font.
function widest(texts) {
  const pen = (widest.pen ??= document.createElement("canvas").getContext("2d"));
  pen.font = `13px ${getComputedStyle(document.body).fontFamily}`;
  const longest = [...texts].sort((a, b) => b.length - a.length).slice(0, 50);
  return Math.ceil(Math.max(0, ...longest.map((text) => pen.measureText(text.slice(0, 100)).width)));
}

function say(text) {
  document.getElementById("live").textContent = text;
}

function icon(path, size = 16) {
  return svg("svg", { width: size, height: size, viewBox: "0 0 16 16", fill: "none", stroke: "currentColor",
    "stroke-width": 1.5, "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true" }, svg("path", { d: path }));
}
const ICONS = {
  auto: "M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12",
  light: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1v1.4M8 13.6V15M1 8h1.4M13.6 8H15M3.1 3.1l1 1M11.9 11.9l1 1M3.1 12.9l1-1M11.9 4.1l1-1",
  dark: "M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8z",
  chevron: "M6 4l4 4-4 4",
  close: "M4 4l8 8M12 4l-8 8",
  copy: "M5.5 5.5h7v7h-7zM3.5 10.5v-7h7",
  done: "M3.5 8.5l3 3 6-7",
  link: "M9 3h4v4M13 3L7.5 8.5M11 9.5V13H3V5h3.5",
};

// A value kept from visit to visit where the browser lets it be kept (not in a notebook's frame).
function keep(key, value) {
  try {
    if (value === undefined) return localStorage.getItem(`introspect.${key}`);
    localStorage.setItem(`introspect.${key}`, value);
  } catch { /* storage is closed to this page */ }
  return value ?? null;
}

function themeButton() {
  const order = ["auto", "light", "dark"];
  let theme = order.includes(keep("theme")) ? keep("theme") : "auto";
  const button = el("button.button.theme", { type: "button", onclick: () => set(order[(order.indexOf(theme) + 1) % 3]) });
  function set(next) {
    theme = next;
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    keep("theme", theme);
    const label = { auto: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" }[theme];
    button.replaceChildren(icon(ICONS[theme]));
    button.setAttribute("aria-label", label);
    button.title = label;
  }
  set(theme);
  return button;
}

function copyButton(text, label) {
  const button = el("button.button.small.bare.copy", { type: "button", title: label, "aria-label": label });
  const show = (name) => button.replaceChildren(icon(ICONS[name], 14));
  button.addEventListener("click", async () => {
    await copyText(text);
    show("done");
    say(`Copied ${text}`);
    setTimeout(() => show("copy"), 1200);
  });
  show("copy");
  return button;
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {  // no permission in a frame or from a file: the way of old
    const area = el("textarea.unseen", { "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

// A search box: `/` goes to it from anywhere (to the one that has the `slash`), Escape empties it; `search(text)` follows the typing. Gives {element, input,
// hits}: what is written into `hits` stands at its end.
function searchBox(label, search, slash = true) {
  const input = el("input", { type: "search", placeholder: label, "aria-label": label, autocomplete: "off", spellcheck: "false" });
  let waiting = 0;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => search(input.value), 60);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !input.value) return;
    event.stopPropagation();
    input.value = "";
    search("");
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select");
    if (!slash || event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    input.focus();
    input.select();
  });
  const hits = el("span.hits", { "aria-hidden": "true" });
  return { element: el("div.search", { role: "search" }, input, hits, slash ? el("kbd", { "aria-hidden": "true" }, "/") : null), input, hits };
}

// A row of buttons of which one is pressed.
function choice(label, options, chosen, choose) {
  const buttons = Object.entries(options).map(([key, text]) =>
    el("button.button", { type: "button", "aria-pressed": String(key === chosen), onclick: () => {
      for (const [other, button] of Object.keys(options).map((k, i) => [k, buttons[i]])) button.setAttribute("aria-pressed", String(other === key));
      choose(key);
    } }, text));
  return el("div.group", { role: "group", "aria-label": label }, buttons);
}

// Parts of a whole as one strip and a legend: parts of {name, size, text, hue?, hint?}; those of size 0 are left out.
// `name` may be a link, `hint` is its text then. Of a whole that is not known (null) there is only the legend.
function strip(parts, whole) {
  const shown = parts.filter((part) => Number(part.size) > 0);
  const bar = el("div.strip", { "aria-hidden": "true" });
  shown.forEach((part, i) => {
    const piece = el(`span.hue${part.hue || Math.min(i + 1, 8)}`, { title: `${part.hint ?? part.name}: ${part.text} (${percent(part.size, whole)})` });
    piece.style.flex = `${Number(part.size) / Number(whole)} 0 0`;
    if (whole !== null) bar.append(piece);
  });
  const items = shown.map((part, i) =>
    el(`li.hue${part.hue || Math.min(i + 1, 8)}`, { title: percent(part.size, whole) }, el("span.dot"), el("span", null, part.name, " ", el("b", null, part.text))));
  return [bar, el("ul.legend", null, items)];
}

// Text with the words that were searched for marked in it.
function marked(text, words) {
  const low = text.toLowerCase();
  const nodes = [];
  let at = 0;
  while (words.length && at < text.length) {
    const found = words.map((w) => [low.indexOf(w, at), w.length]).filter(([i]) => i >= 0).sort((a, b) => a[0] - b[0] || b[1] - a[1])[0];
    if (!found) break;
    nodes.push(text.slice(at, found[0]), el("mark", null, text.slice(found[0], found[0] + found[1])));
    at = found[0] + found[1];
  }
  return [...nodes, text.slice(at)];
}
