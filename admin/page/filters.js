// This file keeps what is chosen in the page's address, so that it can be shared and the back button undoes it.

const usual = { connector: "", q: "", sort: "total", span: "5m" };

// read returns what the address says.
export function read() {
  const query = new URLSearchParams(location.search);
  return Object.fromEntries(Object.entries(usual).map(([name, value]) => [name, query.get(name) || value]));
}

// write changes the address. A step back undoes it, unless it goes on with the change before: letters of one text.
export function write(change, goesOn = false) {
  const chosen = { ...read(), ...change };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(chosen)) {
    if (value !== usual[name]) query.set(name, value);
  }
  const address = location.pathname + (query.size ? `?${query}` : "") + location.hash;
  if (address === location.pathname + location.search + location.hash) return;
  history[goesOn ? "replaceState" : "pushState"](null, "", address);
}

// textOf is all that stands in a row, as the views in JSON see it.
function textOf(row) {
  if (typeof row === "string") return `${row}\n`;
  if (row === null || typeof row !== "object") return "";
  return Object.values(row).map(textOf).join("");
}

// having are the rows that have a text somewhere, in whichever case.
export function having(rows, text) {
  const wanted = text.toLowerCase();
  return wanted === "" ? rows : rows.filter((row) => textOf(row).toLowerCase().includes(wanted));
}
