// A tree as a table, of which only the rows in view are in the page.
//
// new TreeGrid({label, parents, columns, hay(id), opened: [ids], choose(id), changed()}): `element` goes into the page, then
// refresh(). A column is {key, title, hint, numeric, dim, width, shown, cell(id, words, flat) -> text or nodes,
// value(id) -> what it is sorted by, text(id) -> the tooltip}; the first one holds the tree. `hay(id)` is lower case.
// A second grid of a page needs a `prefix` for the ids of its rows; `height` is that of a row.
// With `fitting`, keys of columns from the most wanted on, as many of these are shown as there is room for, until the
// reader chooses.

const OVERSCAN = 8;
const MOST_PRINTED = 5000;

class TreeGrid {
  constructor(options) {
    Object.assign(this, options);
    this.tree = new Tree(options.parents, options.opened, options.hay);
    this.height = options.height ?? (matchMedia("(pointer: coarse)").matches ? 38 : 30);
    this.prefix = options.prefix ?? "row-";
    this.active = null;
    this.selected = null;
    this.printing = false;
    this.drawn = new Map();  // place in the list -> row in the page
    this.heads = el("div.line", { role: "row", "aria-rowindex": 1 });
    this.body = el("div.rows", { role: "rowgroup" });
    this.nothing = el("div.empty", { hidden: true }, "Nothing matches.");
    this.element = el("div.grid", { role: "treegrid", tabindex: 0, "aria-label": options.label, "aria-readonly": "true",
      "aria-description": "Arrow keys move, unfold and fold; Enter opens the detail, Escape closes it; slash searches.", style: { "--row": `${this.height}px` } }, el("div.heads", { role: "rowgroup" }, this.heads), this.body, this.nothing);
    this.element.addEventListener("scroll", () => this.draw(), { passive: true });
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.body.addEventListener("click", (event) => this.click(event));
    addEventListener("beforeprint", () => { this.printing = true; this.draw(); });
    addEventListener("afterprint", () => { this.printing = false; this.draw(); });
    new ResizeObserver(() => (this.fit() ? this.refresh() : this.draw())).observe(this.element);
  }

  get shown() {
    return this.columns.filter((column) => column.shown);
  }

  // Chooses the columns that there is room for; whether that changed any.
  fit() {
    const { fitting, columns, element } = this;
    if (!fitting || !element.clientWidth || this.printing) return false;
    let room = element.clientWidth - columns[0].width;
    const fits = new Set();
    for (const key of fitting) {
      room -= columns.find((column) => column.key === key).width;
      if (room >= 0) fits.add(key);
      else break;
    }
    if (!fits.size) fits.add(fitting[0]);
    const changed = columns.slice(1).filter((column) => column.shown !== fits.has(column.key));
    changed.forEach((column) => { column.shown = !column.shown; });
    return changed.length > 0;
  }

  // Everything anew: after folding, searching, sorting, or another choice of columns.
  refresh() {
    this.tree.list();
    for (const line of this.drawn.values()) line.remove();
    this.drawn.clear();
    if (!this.tree.place.has(this.active)) this.active = this.tree.rows[0]?.id ?? null;
    this.element.setAttribute("aria-rowcount", this.tree.rows.length + 1);
    this.body.style.height = `${this.tree.rows.length * this.height}px`;
    this.nothing.hidden = this.tree.rows.length > 0;
    this.drawHeads();
    this.draw();
  }

  drawHeads() {
    const { shown, tree } = this;
    const widths = shown.map(({ width }, i) => (i === 0 ? `minmax(${width}px, 3fr)` : `minmax(${width}px, 1fr)`));
    this.element.setAttribute("aria-colcount", shown.length);
    this.element.style.setProperty("--columns", widths.join(" "));
    this.element.style.setProperty("--span", `${shown.reduce((sum, column) => sum + column.width, 0)}px`);
    const focused = this.heads.contains(document.activeElement) ? document.activeElement.dataset.column : null;
    this.heads.replaceChildren(...shown.map((column, i) => {
      const way = tree.sort?.column === column ? (tree.sort.down ? "descending" : "ascending") : "none";
      const button = el("button", { type: "button", title: column.hint, "data-column": column.key, onclick: () => this.sortBy(column) },
        el("span", null, column.title), el("span.arrow", { "aria-hidden": "true" }, { descending: "▼", ascending: "▲", none: "" }[way]));
      return el(`div.cell${column.numeric ? ".numeric" : ""}${i === 0 ? ".first" : ""}`,
        { role: "columnheader", "aria-colindex": i + 1, "aria-sort": way }, button);
    }));
    if (focused) this.heads.querySelector(`[data-column="${CSS.escape(focused)}"]`)?.focus();
  }

  // The rows in view and a few around them; those that are there already stay.
  draw() {
    const { element, height, tree, drawn } = this;
    let from = Math.max(0, Math.floor(element.scrollTop / height) - OVERSCAN);
    let to = Math.min(tree.rows.length, Math.ceil((element.scrollTop + (element.clientHeight || 600)) / height) + OVERSCAN);
    if (this.printing) [from, to] = [0, Math.min(tree.rows.length, MOST_PRINTED)];
    for (const [i, line] of drawn) {
      if (i >= from && i < to) continue;
      line.remove();
      drawn.delete(i);
    }
    let next = null;
    for (let i = to - 1; i >= from; i--) {  // from below, so that the order in the page is that of the list
      if (!drawn.has(i)) {
        drawn.set(i, this.row(tree.rows[i], i));
        this.body.insertBefore(drawn.get(i), next);
      }
      next = drawn.get(i);
    }
    if (drawn.has(tree.place.get(this.active))) element.setAttribute("aria-activedescendant", `${this.prefix}${this.active}`);
    else element.removeAttribute("aria-activedescendant");
  }

  row({ id, level, place, of }, i) {
    const { tree } = this;
    const line = el("div.line", { role: "row", id: `${this.prefix}${id}`, "data-id": id, "aria-level": level, "aria-posinset": place,
      "aria-setsize": of, "aria-rowindex": i + 2, "aria-selected": String(id === this.selected),
      "aria-expanded": tree.folds(id) ? String(tree.open.has(id)) : null });
    line.style.transform = `translateY(${i * this.height}px)`;
    line.classList.toggle("active", id === this.active);
    line.classList.toggle("around", Boolean(tree.hits && !tree.hits.has(id)));
    this.shown.forEach((column, n) => line.append(n === 0 ? this.firstCell(column, id, level) : this.cell(column, id, n)));
    return line;
  }

  firstCell(column, id, level) {
    const { tree } = this;
    const cell = el("div.cell.first", { role: "gridcell", "aria-colindex": 1 },
      tree.flat ? null : el("span.chevron", { "aria-hidden": "true" }, tree.folds(id) ? icon(ICONS.chevron, 14) : null),
      el("span.text", { title: column.text(id) }, column.cell(id, tree.words, tree.flat)));
    cell.style.paddingLeft = `${10 + (level - 1) * 16}px`;
    return cell;
  }

  cell(column, id, n) {
    const content = column.cell(id, this.tree.words, this.tree.flat);
    const plain = typeof content === "string" ? content : null;
    const look = (plain === null ? ".drawn" : "") + (plain === UNKNOWN ? ".unknown" : plain === "-" ? ".none" : column.dim ? ".dim" : "");
    const title = plain === UNKNOWN ? "not known" : (column.text?.(id) ?? plain);
    return el(`div.cell${column.numeric ? ".numeric" : ""}${look}`, { role: "gridcell", "aria-colindex": n + 1 },
      el("span.text", { title }, plain === "-" ? "–" : content));
  }

  sortBy(column) {
    this.tree.sortBy(column);
    this.element.scrollTop = 0;
    this.refresh();
    const { sort } = this.tree;
    say(sort ? `Sorted by ${column.title}, ${sort.down ? "descending" : "ascending"}` : "In the model's order");
  }

  toggle(id, open) {
    if (!this.tree.folds(id)) return;
    this.tree.toggle(id, open);
    this.refresh();
  }

  // Makes a row the current one, of the keyboard and the screen reader, and brings it into view.
  activate(id, scroll = true) {
    const { element, tree, drawn, height } = this;
    drawn.get(tree.place.get(this.active))?.classList.remove("active");
    this.active = id;
    const place = tree.place.get(id);
    if (scroll && place !== undefined) {
      const [top, view] = [place * height, element.clientHeight - this.heads.offsetHeight];
      if (top < element.scrollTop) element.scrollTop = top;
      else if (top + height > element.scrollTop + view) element.scrollTop = top + height - view;
    }
    this.draw();
    drawn.get(place)?.classList.add("active");
  }

  // Marks the row whose detail is open; null: none.
  select(id) {
    const { tree, drawn } = this;
    drawn.get(tree.place.get(this.selected))?.setAttribute("aria-selected", "false");
    this.selected = id;
    drawn.get(tree.place.get(id))?.setAttribute("aria-selected", "true");
  }

  // Opens what a node lies in, and brings it into view.
  reveal(id) {
    if (this.tree.hits && !this.tree.hits.has(id)) this.tree.search("");
    this.tree.reveal(id);
    this.refresh();
    const [top, from, view] = [this.tree.place.get(id) * this.height, this.element.scrollTop, this.element.clientHeight];
    if (top < from || top > from + view - 3 * this.height) this.element.scrollTop = Math.max(0, top - view / 3);
    this.activate(id);
    this.changed?.();
  }

  search(text) {
    this.tree.search(text);
    this.element.scrollTop = 0;
    this.refresh();
    const first = this.tree.hits && this.tree.rows.find((row) => this.tree.hits.has(row.id));
    if (first) this.activate(first.id);
    this.changed?.();
  }

  flat(flat) {
    this.tree.flat = flat;
    this.element.scrollTop = 0;
    this.refresh();
  }

  foldAll() {
    this.tree.foldAll();
    this.element.scrollTop = 0;
    this.refresh();
  }

  unfoldAll() {
    this.tree.unfoldAll();
    this.refresh();
  }

  click(event) {
    const line = event.target.closest(".line");
    if (!line) return;
    const id = Number(line.dataset.id);
    this.activate(id, false);
    if (event.target.closest(".chevron") && this.tree.folds(id)) this.toggle(id);
    else this.choose(id);
  }

  key(event) {
    if (event.target !== this.element || event.ctrlKey || event.metaKey || event.altKey || this.active === null) return;
    const { tree, active } = this;
    const last = tree.rows.length - 1;
    const at = tree.place.get(active) ?? 0;
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.height) - 2);
    const go = (place) => this.activate(tree.rows[Math.max(0, Math.min(last, place))].id);
    const opened = tree.folds(active) && tree.open.has(active);
    const up = () => !tree.flat && tree.place.has(tree.parents[active]) && this.activate(tree.parents[active]);
    const moves = {
      ArrowDown: () => go(at + 1), ArrowUp: () => go(at - 1), PageDown: () => go(at + page), PageUp: () => go(at - page),
      Home: () => go(0), End: () => go(last), Enter: () => this.choose(active), " ": () => this.choose(active),
      ArrowRight: () => (opened ? go(at + 1) : this.toggle(active, true)),
      ArrowLeft: () => (opened ? this.toggle(active, false) : up()),
      "*": () => this.openSiblings(),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
    if (this.active !== active) this.moved?.(this.active);
  }

  openSiblings() {
    const { tree, active } = this;
    const siblings = tree.parents[active] < 0 ? tree.roots : tree.children[tree.parents[active]];
    siblings.filter((id) => tree.folds(id)).forEach((id) => tree.toggle(id, true));
    this.refresh();
    this.activate(active);
  }

  // A menu of the columns.
  menu() {
    const boxes = this.columns.slice(1).map((column) => {
      const box = el("input", { type: "checkbox", onchange: () => { column.shown = box.checked; this.fitting = null; this.refresh(); } });
      return [column, box];
    });
    const labels = boxes.map(([column, box]) => el("label", { title: column.hint }, box, column.title));
    const menu = el("details.menu", null, el("summary.button", null, "Columns"), el("div.choices", { role: "group", "aria-label": "Columns" }, labels));
    menu.addEventListener("toggle", () => boxes.forEach(([column, box]) => { box.checked = column.shown; }));
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      event.stopPropagation();
      menu.open = false;
      menu.firstChild.focus();
    });
    document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
    return menu;
  }
}
