// This file keeps tables: a list of columns, and rows that live as long as their key.

import { folded, keep, make, say, set } from "./dom.js";

// table returns { node, show(rows) }. Columns have a name and one of text(row), long(row) or fill(cell, row); number
// aligns at the right; sort names an order, which onSort is called with. keyOf tells rows apart; empty is what stands
// there for none.
export function table({ caption, columns, keyOf, empty, onSort }) {
  const heads = columns.map((column) => head(column, onSort));
  const body = make("tbody", { role: "rowgroup" });
  const grid = make("table", { role: "table" },
    make("caption", {}, caption),
    make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, ...heads)), body);
  const none = make("p", { class: "none" });
  const node = make("div", { class: "table" }, grid, none);
  const show = (rows, { order = "", filtered = false } = {}) => {
    keep(body, rows, keyOf, () => rowOf(columns), (tr, row) => columns.forEach((column, i) => fill(tr.children[i], column, row)));
    columns.forEach((column, i) => set(heads[i], "aria-sort", column.sort && column.sort === order ? "descending" : null));
    grid.hidden = rows.length === 0;
    say(none, rows.length > 0 ? "" : filtered ? "No row has that text." : empty);
  };
  return { node, show };
}

function head(column, onSort) {
  const inside = column.sort ? make("button", { type: "button", click: () => onSort(column.sort) }, column.name) : column.name;
  return make("th", { scope: "col", role: "columnheader", class: kindOf(column) }, inside);
}

const kindOf = (column) => `${column.number ? "number" : "text"} ${column.kind ?? ""}`.trim();

function rowOf(columns) {
  return make("tr", { role: "row" }, ...columns.map((column) =>
    make("td", { role: "cell", "data-label": column.name, class: kindOf(column) })));
}

function fill(cell, column, row) {
  if (column.fill) column.fill(cell, row);
  else if (column.long) folded(cell, column.long(row));
  else say(cell, column.text(row));
}

// facts returns { node, show(pairs) }: a list of names and values, [name, value, whole line?] each; those with the value
// null are left out.
export function facts() {
  const node = make("dl", { class: "facts" });
  const show = (pairs) => {
    keep(node, pairs.filter(([, value]) => value !== null), ([name]) => name,
      ([name, , line]) => make("div", line ? { class: "line" } : {}, make("dt", {}, name), make("dd", {})),
      (div, [, value]) => say(div.lastElementChild, value));
  };
  return { node, show };
}
