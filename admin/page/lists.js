// This file shows what comes in rows: findings, connectors, statements, leaks, clients, errors and options.

import { badge, folded, keep, make, say, set } from "./dom.js";
import { bytes, clock, count, rate, seconds } from "./numbers.js";
import { table } from "./table.js";

// findings returns { node, show(rows, elsewhere, filtered) }: what is wrong, and below each what to do; elsewhere is how
// many there are of connectors that were not chosen.
export function findings() {
  const list = make("ul", { class: "findings" });
  const none = make("p", { class: "none" });
  const others = make("p", { class: "none" });
  const node = make("div", {}, list, none, others);
  const create = () => make("li", {},
    make("p", { class: "what" }, make("span", { class: "state" }), make("b", {}), make("span", { class: "where" })),
    make("p", { class: "detail" }), make("p", { class: "cure" }, make("span", { class: "word" }, "To do: "), make("span", {})));
  const fill = (li, f) => {
    const [what, detail, cure] = li.children;
    badge(what.children[0], f.severity);
    say(what.children[1], f.text);
    say(what.children[2], `${f.connector} · ${f.id}`);
    say(detail, f.detail);
    say(cure.lastElementChild, f.cure);
  };
  const show = (rows, elsewhere, filtered) => {
    say(others, elsewhere > 0 ? `Other connectors have more: ${count(elsewhere)}.` : "");
    keep(list, rows, (f) => `${f.id} ${f.connector}`, create, fill);
    say(none, rows.length > 0 ? "" : filtered ? "No finding has that text." : "✓ Nothing to do: all is as it should be.");
  };
  return { node, show };
}

// connectors returns { node, show(rows, name) }; choose(name) is called for the one that is picked.
export function connectors(choose) {
  const grid = table({
    caption: "Choose one to see its parts", keyOf: (c) => c.name, empty: "The handler shows no connector.",
    columns: [
      { name: "connector", kind: "tight", fill: (cell, c) => pick(cell, c, choose) },
      { name: "state", kind: "state tight", fill: (cell, c) => badge(cell, c.state) },
      { name: "queries/s", number: true, text: (c) => rate(c.recent.queries.per_second) },
      { name: "p99", number: true, text: (c) => seconds(c.recent.queries.p99_seconds) },
      { name: "used", number: true, text: (c) => (c.pool.max_open ? `${c.pool.used} of ${c.pool.max_open}` : count(c.pool.used)) },
      { name: "waiting", number: true, text: (c) => count(c.pool.waiting) },
      { name: "database", text: (c) => c.database },
      { name: "in words", long: (c) => c.summary },
    ],
  });
  return { node: grid.node, show: (rows, name) => grid.show(rows.map((c) => ({ ...c, picked: c.name === name }))) };
}

function pick(cell, c, choose) {
  if (!cell.firstElementChild) cell.append(make("button", { type: "button", class: "link", click: () => choose(c.name) }, c.name));
  set(cell.firstElementChild, "aria-current", c.picked ? "true" : null);
}

// The orders of statements: each a number, the greatest first.
const orders = {
  total: (s) => Number(s.count) * s.mean_seconds, count: (s) => Number(s.count), failed: (s) => Number(s.failed),
  mean: (s) => s.mean_seconds, max: (s) => s.max_seconds,
};

// statements returns { node, show(rows, order, filtered) }; sort(order) is called for another order.
export function statements(sort) {
  const grid = table({
    caption: "The slowest and the most frequent since the start, without literals and arguments", onSort: sort,
    keyOf: (s) => s.fingerprint, empty: "No statement yet, or a database whose SQL Fluxor does not read.",
    columns: [
      { name: "statement", kind: "code", long: (s) => s.fingerprint },
      { name: "together", number: true, sort: "total", text: (s) => seconds(orders.total(s)) },
      { name: "count", number: true, sort: "count", text: (s) => count(s.count) },
      { name: "failed", number: true, sort: "failed", text: (s) => count(s.failed) },
      { name: "mean", number: true, sort: "mean", text: (s) => seconds(s.mean_seconds) },
      { name: "max", number: true, sort: "max", text: (s) => seconds(s.max_seconds) },
      { name: "caller", kind: "place", text: (s) => s.caller || "unknown" },
    ],
  });
  const show = (rows, order, filtered) => {
    const by = orders[order] ?? orders.total;
    grid.show([...rows].sort((a, b) => by(b) - by(a)), { order: orders[order] ? order : "total", filtered });
  };
  return { node: grid.node, show };
}

// leaks returns { node, show(rows, filtered) }.
export function leaks() {
  const grid = table({
    caption: "Connections that are held for too long", empty: "None.",
    keyOf: (l) => l.key,
    columns: [
      { name: "held for", number: true, text: (l) => (l.dropped ? `${seconds(l.held_seconds)}, for ever` : seconds(l.held_seconds)) },
      { name: "borrowed at", kind: "code", fill: stack },
      { name: "last statement", kind: "code", long: (l) => l.fingerprint || "unknown" },
    ],
  });
  const show = (rows, filtered) => {
    const times = new Map(); // leaks of one kind stand in one order, the longest first
    const keyed = rows.map((l) => {
      const kind = `${l.place} ${l.fingerprint}`;
      times.set(kind, (times.get(kind) ?? 0) + 1);
      return { ...l, key: `${kind} ${times.get(kind)}` };
    });
    grid.show(keyed, { filtered });
  };
  return { node: grid.node, show };
}

// stack is the borrower, and unfolded who called it.
function stack(cell, l) {
  const text = l.stack.join("\n") || l.place;
  if (cell.dataset.text === text) return;
  cell.dataset.text = text;
  if (l.stack.length < 2) {
    cell.replaceChildren(l.place || "not noted (fluxor_leak_stack=always notes it)");
    return;
  }
  cell.replaceChildren(make("details", {}, make("summary", {}, l.place), make("ol", {}, ...l.stack.map((call) => make("li", {}, call)))));
}

// stateOf is a client's state, and what keeps it there.
function stateOf(c) {
  if (!c.pin) return c.state;
  const pinned = `pinned: ${c.pin}`;
  return c.state.startsWith("pinned") ? pinned + c.state.slice("pinned".length) : `${c.state}, ${pinned}`;
}

// clients returns { node, show(rows, sent, total, filtered) }; sent is how many the document has of total.
export function clients() {
  const grid = table({
    caption: "Clients", keyOf: (c) => c.id, empty: "No client is connected.",
    columns: [
      { name: "client", text: (c) => c.name || c.id },
      { name: "user", text: (c) => c.user }, { name: "address", kind: "place", text: (c) => c.address }, { name: "database", text: (c) => c.database },
      { name: "state", text: stateOf },
      { name: "connected", number: true, text: (c) => seconds(Math.max(0, Date.now() - Date.parse(c.since)) / 1000) },
      { name: "requests", number: true, text: (c) => count(c.requests) }, { name: "failed", number: true, text: (c) => count(c.failed) },
      { name: "in", number: true, text: (c) => bytes(c.bytes_in) }, { name: "out", number: true, text: (c) => bytes(c.bytes_out) },
      { name: "last statement", kind: "code", long: (c) => c.statement || "–" },
    ],
  });
  const show = (rows, sent, total, filtered) => {
    grid.show(rows, { filtered });
    say(grid.node.querySelector("caption"), sent < total ? `${count(sent)} of ${count(total)} clients; the JSON has all` : `${count(total)} clients`);
  };
  return { node: grid.node, show };
}

// errors returns { node, show(rows, filtered) }: those that differ in their numbers alone share a row.
export function errors() {
  const grid = table({
    caption: "Of the last 16; those that differ in their numbers alone share a row", keyOf: (e) => e.kind, empty: "None.",
    columns: [
      { name: "newest", number: true, text: (e) => clock(e.time) },
      { name: "times", number: true, text: (e) => count(e.times) },
      { name: "error", kind: "code", fill: (cell, e) => folded(cell, e.text, 400) },
    ],
  });
  const show = (rows, filtered) => {
    const kinds = new Map();
    for (const e of rows) {
      const kind = e.text.replace(/\d/g, "");
      if (kinds.has(kind)) kinds.get(kind).times++;
      else kinds.set(kind, { ...e, kind, times: 1 });
    }
    grid.show([...kinds.values()], { filtered });
  };
  return { node: grid.node, show };
}

// options returns { node, show(rows, filtered) }.
export function options() {
  const grid = table({
    caption: "Those that are not at their default, without passwords", keyOf: (o) => o.name, empty: "All are at their default.",
    columns: [{ name: "option", kind: "code tight", text: (o) => o.name }, { name: "value", kind: "code", text: (o) => o.value }],
  });
  return { node: grid.node, show: (rows, filtered) => grid.show(rows, { filtered }) };
}
