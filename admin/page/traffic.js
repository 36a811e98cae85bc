// This file shows what goes on: plots, and latencies by kind of operation.

import { plot } from "./chart.js";
import { make, say } from "./dom.js";
import { bytes, count, percent, rate, seconds } from "./numbers.js";
import { hitOf, samples } from "./samples.js";
import { facts, table } from "./table.js";

// How long plots reach back, in milliseconds: as far as is known, and as chosen.
const spans = { "1m": 60000, "5m": 300000, "15m": 900000 };
const least = 10000;

// traffic returns { node, show(connector, doc, chosen) }.
export function traffic() {
  const plots = [
    plot({
      title: "Queries per second", write: rate,
      lines: [{ name: "all", of: (s) => s.done }, { name: "failed", of: (s) => s.failed }],
    }),
    plot({
      title: "Latency", write: seconds,
      lines: [{ name: "p50", of: (s) => s.p50 }, { name: "p95", of: (s) => s.p95 }, { name: "p99", of: (s) => s.p99 }],
    }),
    plot({
      title: "Connections", write: (n) => count(Math.round(n)),
      lines: [{ name: "used", of: (s) => s.used }, { name: "waiting", of: (s) => s.waiting }, { name: "limit", of: (s) => s.bound }],
    }),
    plot({ title: "Cache hit ratio", write: percent, lines: [{ name: "hits", of: (s) => s.hit }] }),
  ];
  const summary = facts();
  const grid = operations();
  const node = make("div", {}, make("div", { class: "plots" }, ...plots.map((p) => p.node)), grid.node, summary.node);
  const show = (c, doc, chosen) => {
    const list = samples(c.name);
    const to = Date.parse(doc.time);
    const from = Math.max(to - (spans[chosen.span] ?? spans["5m"]), Math.min(list[0].at, to - least));
    plots.forEach((p) => p.show(list.filter((s) => s.at >= from), from, to));
    plots[3].node.hidden = c.cache.mode === "off";
    grid.show(c.recent.operations.map((o) => ({ ...o, total: c.total.operations.find((t) => t.operation === o.operation)?.count ?? 0 })));
    say(grid.node.querySelector("caption"), `Operations, last ${seconds(c.recent.seconds)}`);
    summary.show(sums(c));
  };
  return { node, show };
}

function operations() {
  const took = (name, field) => ({ name, number: true, text: (o) => (o.max_seconds === 0 ? "–" : seconds(o[field])) });
  return table({
    caption: "Operations", keyOf: (o) => o.operation, empty: "No operation in the last seconds.",
    columns: [
      { name: "operation", kind: "tight", text: (o) => o.operation },
      { name: "per s", number: true, text: (o) => rate(o.per_second) },
      { name: "failed", number: true, text: (o) => count(o.failed) },
      took("mean", "mean_seconds"), took("p50", "p50_seconds"), took("p90", "p90_seconds"),
      took("p95", "p95_seconds"), took("p99", "p99_seconds"), took("max", "max_seconds"),
      { name: "since the start", number: true, text: (o) => count(o.total) },
      { name: "errors", text: (o) => Object.entries(o.errors).map(([kind, n]) => `${kind} ${count(n)}`).join(", ") || "none" },
    ],
  });
}

// sums are counts since the start.
function sums(c) {
  const t = c.total;
  return [
    ["queries since the start", count(t.queries.count)],
    ["succeeded", percent(t.success_percent)],
    ["rows", count(t.rows)],
    ["open transactions", count(c.active_transactions)],
    ["slow queries", count(t.slow_queries)],
    ["retries", count(t.retries)],
    ["refused", Object.entries(t.refused).map(([policy, n]) => `${policy} ${count(n)}`).join(", ") || "0"],
    ["unknown outcome", count(t.indeterminate)],
  ];
}

// cacheView returns { node, show(connector) }: the query cache, in words and in reasons.
export function cacheView() {
  const list = facts();
  const why = table({
    caption: "Why not from memory, since the start", keyOf: (r) => `${r.what} ${r.code}`, empty: "",
    columns: [
      { name: "what", text: (r) => r.what }, { name: "why", text: (r) => r.code },
      { name: "count", number: true, text: (r) => count(r.n) },
    ],
  });
  const off = make("p", { class: "none" }, "The query cache is off.");
  const node = make("div", {}, off, list.node, why.node);
  const show = (c) => {
    const on = c.cache.mode !== "off";
    off.hidden = on;
    list.node.hidden = why.node.hidden = !on;
    if (!on) return;
    list.show(cacheFacts(c));
    const reasons = (what, counts) => Object.entries(counts).map(([code, n]) => ({ what, code, n }));
    const rows = [...reasons("miss", c.total.cache.misses), ...reasons("bypass", c.total.cache.bypasses), ...reasons("flush", c.total.cache.flushes)];
    why.show(rows);
    why.node.hidden = rows.length === 0;
  };
  return { node, show };
}

function cacheFacts(c) {
  const t = c.total.cache;
  return [
    ["mode", c.cache.mode],
    ["hit ratio, last seconds", hitOf(c) === null ? "–" : percent(hitOf(c))],
    ["hit ratio, since the start", percent(t.hit_percent)],
    ["answers in memory", count(c.cache.entries)],
    ["memory", `${bytes(c.cache.bytes)} of ${bytes(c.cache.budget_bytes)}`],
    ["hits", count(t.hits)],
    ["joined", count(t.joined)],
    ["stale", count(t.stale)],
    ["kept", count(t.kept)],
    ["overtaken", count(t.dropped)],
    ["evicted", count(t.evictions)],
    ["audited, wrong", `${count(t.audits)}, ${count(t.mismatches)}`],
    ["in doubt", count(c.cache.doubts)],
    ["schema", c.cache.schema],
    ["schema fault", c.cache.schema_fault || null, true],
  ];
}
