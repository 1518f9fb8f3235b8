// Which rows of a tree are listed, and in what order: folding, searching and sorting, without the page.
// Nodes are the numbers 0..n-1; `parents[n]` is the node above, -1 at the top.

const ALPHABET = new Intl.Collator("en", { numeric: true });

class Tree {
  constructor(parents, opened, hay) {
    this.parents = parents;
    this.children = parents.map(() => []);
    this.roots = [];
    parents.forEach((parent, id) => (parent < 0 ? this.roots : this.children[parent]).push(id));
    this.opened = new Set(opened);
    this.hay = hay;
    this.keep = null;  // (id) => whether a node may be among the hits at all
    this.words = [];
    this.hits = null;  // the nodes that match, while something is searched for
    this.around = new Set();  // what leads to them
    this.unfolded = new Set();  // what is open meanwhile
    this.sort = null;  // {column, down}
    this.flat = false;
    this.rows = [];
    this.place = new Map();
  }

  get open() {
    return this.hits ? this.unfolded : this.opened;
  }

  folds(id) {
    return !this.flat && this.children[id].length > 0;
  }

  list() {
    this.rows = this.flat ? this.flatRows() : this.treeRows();
    this.place = new Map(this.rows.map((row, i) => [row.id, i]));
  }

  flatRows() {
    const ids = this.hits ? [...this.hits] : [...this.parents.keys()];
    return this.sorted(ids).map((id, i) => ({ id, level: 1, place: i + 1, of: ids.length }));
  }

  treeRows() {
    const rows = [], stack = [];
    const push = (ids, level) => {
      const kept = this.sorted(this.among(ids));
      for (let i = kept.length - 1; i >= 0; i--) stack.push({ id: kept[i], level, place: i + 1, of: kept.length });
    };
    push(this.roots, 1);
    while (stack.length) {
      const row = stack.pop();
      rows.push(row);
      if (this.open.has(row.id)) push(this.children[row.id], row.level + 1);
    }
    return rows;
  }

  // While searching: hits and what leads to them; below a hit that was opened by hand, all that is in it.
  among(ids) {
    if (!this.hits) return ids;
    const kept = ids.filter((id) => this.hits.has(id) || this.around.has(id));
    return kept.length || ids === this.roots ? kept : ids;
  }

  // What is unknown (null) stands last either way, before it what does not apply ("-").
  sorted(ids) {
    if (!this.sort) return ids;
    const { column, down } = this.sort;
    const rank = (v) => (v === null || v === undefined ? 2 : v === "-" ? 1 : 0);
    const compare = column.numeric ? (x, y) => Number(x) - Number(y) : ALPHABET.compare;
    return ids.map((id) => [id, column.value(id)]).sort(([i, x], [j, y]) => {
      if (rank(x) || rank(y)) return rank(x) - rank(y) || i - j;
      return (down ? -compare(x, y) : compare(x, y)) || i - j;
    }).map(([id]) => id);
  }

  // Numbers from the greatest, text from A; then the other way; then the model's own order again.
  sortBy(column) {
    const first = Boolean(column.numeric);
    if (this.sort?.column !== column) this.sort = { column, down: first };
    else this.sort = this.sort.down === first ? { column, down: !first } : null;
  }

  search(text) {
    this.words = text.toLowerCase().split(/\s+/).filter(Boolean);
    this.hits = null;
    this.around = new Set();
    if (!this.words.length && !this.keep) return;
    this.hits = new Set([...this.parents.keys()].filter((id) => (!this.keep || this.keep(id)) && this.words.every((word) => this.hay(id).includes(word))));
    for (const id of this.hits) this.above(id).forEach((up) => this.around.add(up));
    this.unfolded = new Set(this.around);
  }

  above(id) {
    const path = [];
    for (let up = this.parents[id]; up >= 0; up = this.parents[up]) path.push(up);
    return path;
  }

  toggle(id, open = !this.open.has(id)) {
    if (open) this.open.add(id);
    else this.open.delete(id);
  }

  reveal(id) {
    for (const up of this.above(id)) this.open.add(up);
  }

  foldAll() {
    this.open.clear();
    if (this.roots.length === 1) this.open.add(this.roots[0]);
  }

  unfoldAll() {
    this.parents.forEach((_, id) => this.open.add(id));
  }
}
