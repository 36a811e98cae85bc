// This file ties the page together: documents in, sections out, and what the reader chooses.

import { badge, keep, make, say, set } from "./dom.js";
import { having, read, write } from "./filters.js";
import { breakerView, poolView } from "./guards.js";
import { clients, connectors, errors, findings, leaks, options, statements } from "./lists.js";
import { clock } from "./numbers.js";
import { recall, remember } from "./samples.js";
import { follow } from "./stream.js";
import { cacheView, traffic } from "./traffic.js";

const byId = (id) => document.getElementById(id);
const parts = {
  findings: findings(), connectors: connectors((name) => choose({ connector: name })), traffic: traffic(), pool: poolView(),
  breaker: breakerView(), cache: cacheView(), statements: statements((sort) => choose({ sort })), leaks: leaks(),
  clients: clients(), errors: errors(), options: options(),
};
let doc = null; // the last document
const silent = 10000; // milliseconds between two documents of which the program knows more than this page

// furnish puts the parts in their sections, with a link to the same as JSON.
function furnish() {
  for (const [id, part] of Object.entries(parts)) {
    const section = byId(id);
    section.querySelector(".body").append(part.node);
    const title = section.querySelector("h2").textContent;
    section.querySelector("h2").after(make("a", { class: "json", "aria-label": `${title} as JSON` }, ".json"));
    byId("sections").append(make("li", { "data-for": id }, make("a", { href: `#${id}` }, title)));
  }
}

// draw shows the last document as it was chosen.
function draw() {
  const chosen = read();
  controls(chosen);
  if (doc === null) return;
  const c = doc.connectors.find((other) => other.name === chosen.connector) ?? doc.connectors[0];
  badge(byId("overall"), doc.state);
  document.title = `${doc.state} · Fluxor`;
  const found = chosen.connector ? doc.findings.filter((f) => f.connector === chosen.connector) : doc.findings;
  parts.findings.show(having(found, chosen.q), doc.findings.length - found.length, chosen.q !== "");
  parts.connectors.show(doc.connectors, c?.name);
  parts.clients.show(having(doc.clients, chosen.q), doc.clients.length, doc.clients_total, chosen.q !== "");
  visible("connectors", doc.connectors.length !== 1);
  visible("clients", doc.has_clients);
  for (const id of ["traffic", "pool", "breaker", "cache", "statements", "leaks", "errors", "options"]) visible(id, c !== undefined);
  links(chosen, c);
  if (c) parts.traffic.show(c, doc, chosen);
  if (c) details(c, chosen);
}

// details are the parts of one connector. A row is found by its connector's name as well, as in the JSON.
function details(c, chosen) {
  for (const id of ["pool", "breaker", "cache"]) parts[id].show(c);
  const rows = (list) => having(list.map((row) => ({ connector: c.name, ...row })), chosen.q);
  const known = new Set(c.statements.map((s) => s.fingerprint));
  const filtered = chosen.q !== "";
  parts.statements.show(rows([...c.statements, ...c.frequent.filter((s) => !known.has(s.fingerprint))]), chosen.sort, filtered);
  parts.leaks.show(rows(c.leaks), filtered);
  parts.errors.show(rows(c.last_errors), filtered);
  parts.options.show(rows(Object.entries(c.config).map(([name, value]) => ({ name, value }))), filtered);
}

function visible(id, is) {
  byId(id).hidden = !is;
  document.querySelector(`[data-for="${id}"]`).hidden = !is;
}

// links lead to the same rows as JSON.
function links(chosen, c) {
  for (const link of document.querySelectorAll(".json")) {
    const { view } = link.parentElement.dataset;
    const whose = ["findings", "connectors", "clients"].includes(view) ? (view === "findings" ? chosen.connector : "") : (c?.name ?? "");
    const query = new URLSearchParams();
    if (whose) query.set("connector", whose);
    if (chosen.q && view !== "connectors") query.set("q", chosen.q);
    set(link, "href", `${view}.json${query.size ? `?${query}` : ""}`);
  }
}

// controls show what is chosen.
function controls(chosen) {
  const names = doc?.connectors.map((c) => c.name) ?? [];
  const all = names.length === 1 ? "the only one" : "the first, findings of all";
  keep(byId("connector"), ["", ...names], (name) => `:${name}`, (name) => make("option", { value: name }, name), (o, name) => say(o, name || all));
  if (byId("connector").value !== chosen.connector) byId("connector").value = chosen.connector;
  if (byId("span").value !== chosen.span) byId("span").value = chosen.span;
  if (byId("q").value !== chosen.q) byId("q").value = chosen.q;
}

// choose changes the address and shows what it says.
function choose(change, goesOn) {
  write(change, goesOn);
  draw();
}

function listen() {
  byId("connector").addEventListener("change", (e) => choose({ connector: e.target.value }));
  byId("span").addEventListener("change", (e) => choose({ span: e.target.value }));
  let typing = false;
  byId("q").addEventListener("input", (e) => {
    choose({ q: e.target.value }, typing);
    typing = true;
  });
  byId("q").addEventListener("change", () => { typing = false; });
  byId("filters").addEventListener("submit", (e) => e.preventDefault());
  addEventListener("popstate", () => {
    typing = false;
    draw();
  });
}

// watch follows the program; the button pauses it.
function watch() {
  const live = (state, text) => {
    set(document.body, "data-live", state);
    say(byId("live"), text);
    byId("lost").hidden = state !== "lost";
  };
  const stream = follow({
    heard: (next) => {
      if (doc === null || Date.parse(next.time) - Date.parse(doc.time) > silent) recall().then(draw);
      doc = next;
      remember(doc);
      live("live", `Live, as of ${clock(doc.time)}`);
      draw();
    },
    lost: (since, why) => {
      live("lost", "No connection");
      say(byId("lost"), `No connection since ${clock(since)}. ${why} What is below is of then; the page tries again by itself.`);
    },
  });
  byId("pause").addEventListener("click", () => {
    const paused = byId("pause").getAttribute("aria-pressed") !== "true";
    set(byId("pause"), "aria-pressed", paused);
    if (paused) stream.stop();
    else stream.go();
    live(paused ? "paused" : "loading", paused ? `Paused${doc ? `, as of ${clock(doc.time)}` : ""}` : "Asking …");
  });
}

// themes are in the order of the button; the browser remembers which.
function themes() {
  const names = ["automatic", "light", "dark"];
  const show = (name) => {
    set(document.documentElement, "data-theme", name === "automatic" ? null : name);
    say(byId("theme"), `Theme: ${name}`);
  };
  let name = "automatic";
  try {
    name = localStorage.getItem("fluxor-theme") ?? name;
  } catch { /* a browser that keeps nothing: automatic */ }
  show(names.includes(name) ? name : "automatic");
  byId("theme").addEventListener("click", () => {
    name = names[(names.indexOf(name) + 1) % names.length];
    show(name);
    try {
      localStorage.setItem("fluxor-theme", name);
    } catch { /* then until the page is left */ }
  });
}

furnish();
listen();
themes();
draw();
watch();
