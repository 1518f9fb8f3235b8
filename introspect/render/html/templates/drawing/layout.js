// Where everything stands, by the rules of introspect/drawing/layout.py: the rows and the order in them are given, sizes
// and what is unfolded decide the places. Across is x in a picture that runs down, y in one that runs to the right.

const BESIDE = 22, PASSING = 13, BETWEEN = 31, SHORT = 24, INSIDE = 14, HEADER = 26;
const SWEEPS = 8, STRAIGHT = 4, SPREAD = 14, HEAVY = 1000;
const isLine = (name) => name.startsWith("via>") || name.startsWith("in>") || name.startsWith("out>");

class Layout {
  constructor(items, opened, down) {
    this.items = items;  // Map: key -> item
    this.opened = opened;  // Set of keys
    this.down = down;
    this.inner = new Map();
  }

  scene() {
    const root = this.inside("");
    const scene = { spots: new Map(), wires: [], wide: root.wide, long: root.long };
    scene.spots.set("", { across: root.wide / 2, along: 0, wide: root.wide, long: root.long });
    this.put("", scene);
    return scene;
  }

  open(key) {
    return this.opened.has(key);
  }

  size(key) {
    if (this.open(key)) {
      const inner = this.inside(key);
      return [inner.wide, inner.long];
    }
    const [width, height] = this.items.get(key).size;
    return this.down ? [width, height] : [height, width];
  }

  offset([key, port], way) {
    if (!port || !key || !this.open(key)) return 0;
    const inner = this.inside(key);
    return inner.middle.get(`${way}>${port}`) - inner.wide / 2;
  }

  plan(key) {
    return this.items.get(key).plan || { rows: [], links: [] };
  }

  inside(key) {
    if (!this.inner.has(key)) {
      const plan = this.plan(key);
      const sizes = new Map();
      for (const name of plan.rows.flat()) sizes.set(name, this.items.has(name) ? this.size(name) : [0, 0]);
      this.inner.set(key, this.framed(key, plan, sizes, across(plan, sizes, this.neighbours(plan))));
    }
    return this.inner.get(key);
  }

  neighbours(plan) {
    const before = new Map(), behind = new Map();
    const add = (map, key, value) => map.has(key) ? map.get(key).push(value) : map.set(key, [value]);
    for (const link of plan.links) {
      const last = link.chain.length - 2;
      for (let n = 0; n <= last; n++) {
        const [a, b] = [link.chain[n], link.chain[n + 1]];
        const pull = [2, 1, STRAIGHT][(n > 0) + (n < last)];
        const fromA = n === 0 ? this.offset(link.from, "out") : 0;
        const fromB = n === last ? this.offset(link.to, "in") : 0;
        add(before, b, [a, pull, fromA - fromB]);
        add(behind, a, [b, pull, fromB - fromA]);
      }
    }
    return [before, behind];
  }

  framed(key, plan, sizes, middle) {
    let left = 0, right = 0, first = true;
    for (const [name, x] of middle) {
      const half = sizes.get(name)[0] / 2;
      left = first ? x - half : Math.min(left, x - half);
      right = first ? x + half : Math.max(right, x + half);
      first = false;
    }
    const blank = key ? INSIDE : 0, header = key ? HEADER : 0, head = key ? this.items.get(key).head : 0;
    let start = blank + (this.down ? 0 : header ? header - blank : 0);
    const wide = Math.max(right - left + start + blank, this.down ? head : 0);
    start += (wide - (right - left + start + blank)) / 2;
    const shift = start - left;
    let along = this.down ? header : blank;
    const rows = [], row = new Map();
    plan.rows.forEach((names, number) => {
      const long = Math.max(...names.map((name) => sizes.get(name)[1]));
      if (number) along += this.between(plan, plan.rows[number - 1], names);
      rows.push([along, along + long]);
      for (const name of names) row.set(name, number);
      along += long;
    });
    const long = Math.max(along + blank, this.down ? 0 : head);
    return { wide, long, rows, row, middle: new Map([...middle].map(([name, x]) => [name, x + shift])) };
  }

  between(plan, names, following) {
    if (names.every((name) => name.startsWith("in>"))) return INSIDE;
    if (this.down && following.every((name) => name.startsWith("out>"))) return INSIDE + 4;
    const beginning = new Set(names);
    const rooms = plan.links.filter((link) => beginning.has(link.from[0]) && !this.open(link.from[0])).map((link) => link.room);
    const most = Math.max(0, ...rooms);
    return most ? (this.down ? BETWEEN : most) : SHORT;
  }

  put(key, scene) {
    const inner = this.inside(key), plan = this.plan(key), spot = scene.spots.get(key);
    const left = spot.across - spot.wide / 2;
    plan.rows.forEach((names, number) => {
      const [begin, end] = inner.rows[number];
      for (const name of names) {
        if (!this.items.has(name)) continue;
        const [wide, long] = this.size(name);
        const middle = spot.along + (begin + end) / 2;
        scene.spots.set(name, { across: left + inner.middle.get(name), along: middle - long / 2, wide, long });
      }
    });
    const entries = this.entries(plan, inner);
    for (const link of plan.links) if (link.shown) scene.wires.push(this.wire(key, link, scene, entries));
    for (const name of plan.rows.flat()) if (this.items.has(name) && this.open(name)) this.put(name, scene);
  }

  entries(plan, inner) {
    const into = new Map(), found = new Map();
    for (const link of plan.links) {
      const key = link.to[0];
      if (key && !this.open(key)) into.has(key) ? into.get(key).push(link) : into.set(key, [link]);
    }
    for (const [key, links] of into) {
      const step = Math.min(SPREAD, 0.7 * this.size(key)[0] / links.length);
      const came = links.map((link) => [inner.middle.get(link.chain.at(-2)), link]).sort((a, b) => a[0] - b[0]).map(([, link]) => link);
      const straight = [...came.keys()].filter((n) => came[n].chain.length === 2);
      const middle = straight.length === 1 ? straight[0] : (came.length - 1) / 2;
      came.forEach((link, n) => found.set(link, (n - middle) * step));
    }
    return found;
  }

  wire(key, link, scene, entries) {
    const inner = this.inside(key), spot = scene.spots.get(key);
    const left = spot.across - spot.wide / 2, top = spot.along;
    const begins = inner.row.get(link.chain[0]), ends = inner.row.get(link.chain.at(-1));
    let points;
    if (link.from[0]) {
      const box = scene.spots.get(link.from[0]);
      const x = box.across + this.offset(link.from, "out");
      points = [[x, box.along + box.long], [x, top + inner.rows[begins][1]]];
    } else {
      const x = left + inner.middle.get(link.chain[0]);
      points = [[x, top], [x, top + inner.rows[begins][1]]];
    }
    for (const name of link.chain.slice(1, -1)) {
      const row = inner.rows[inner.row.get(name)], x = left + inner.middle.get(name);
      points.push([x, top + row[0]], [x, top + row[1]]);
    }
    if (link.to[0]) {
      const box = scene.spots.get(link.to[0]);
      const x = box.across + this.offset(link.to, "in") + (entries.get(link) || 0);
      points.push([x, top + inner.rows[ends][0]], [x, box.along]);
    } else {
      const x = left + inner.middle.get(link.chain.at(-1));
      points.push([x, top + inner.rows[ends][0]], [x, top + spot.long]);
    }
    return {
      link, points, container: key,
      arrow: Boolean(link.to[0]) && !this.open(link.to[0]),
      label: link.from[0] && !this.open(link.from[0]) ? link.label : "",
    };
  }
}

function across(plan, sizes, [before, behind]) {
  const middle = new Map();
  for (const names of plan.rows) {
    let x = 0;
    for (const name of names) {
      middle.set(name, x + sizes.get(name)[0] / 2);
      x += sizes.get(name)[0] + BESIDE;
    }
    for (const name of names) middle.set(name, middle.get(name) - x / 2);
  }
  const aside = [...before.values()].some((found) => found.some(([, , offset]) => offset));
  if (plan.rows.every((names) => names.length === 1) && !aside) {
    for (const name of middle.keys()) middle.set(name, 0);
    return middle;
  }
  for (let n = 0; n < SWEEPS; n++) {
    for (let row = 1; row < plan.rows.length; row++) move(plan.rows[row], sizes, middle, before, behind, false);
    for (let row = plan.rows.length - 2; row >= 0; row--) move(plan.rows[row], sizes, middle, behind, before, true);
  }
  for (let row = 1; row < plan.rows.length; row++) move(plan.rows[row], sizes, middle, before, behind, true);
  return middle;
}

function move(names, sizes, middle, near, other, bound) {
  const wanted = [], weights = [], shifts = [];
  let shift = 0;
  names.forEach((name, number) => {
    let pulls = near.get(name) || [];
    let strongest = Math.max(0, ...pulls.map(([, pull]) => pull));
    const most = Math.max(0, ...(other.get(name) || []).map(([, pull]) => pull));
    if (strongest === 1 && most > 1 && (bound || !name.startsWith("via>"))) {
      pulls = other.get(name);
      strongest = most;
    }
    const strong = pulls.filter(([, pull]) => pull === strongest).map(([from, , offset]) => middle.get(from) + offset);
    if (number) {
      const last = names[number - 1];
      shift += (sizes.get(last)[0] + sizes.get(name)[0]) / 2 + (isLine(name) || isLine(last) ? PASSING : BESIDE);
    }
    wanted.push((strong.length ? strong.reduce((a, b) => a + b, 0) / strong.length : middle.get(name)) - shift);
    weights.push(name.startsWith("via>") ? 1 : HEAVY);
    shifts.push(shift);
  });
  rising(wanted, weights).forEach((x, n) => middle.set(names[n], x + shifts[n]));
}

// The numbers nearest to these, by weighted squares, that do not fall.
function rising(wanted, weights) {
  const pools = [];
  wanted.forEach((value, n) => {
    pools.push([value, weights[n], 1]);
    while (pools.length > 1 && pools.at(-2)[0] > pools.at(-1)[0]) {
      const [v, w, c] = pools.pop(), last = pools.at(-1);
      last[0] = (last[0] * last[1] + v * w) / (last[1] + w);
      last[1] += w;
      last[2] += c;
    }
  });
  return pools.flatMap(([value, , number]) => Array(number).fill(value));
}
