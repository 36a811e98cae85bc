// This file remembers a few numbers of each document, for the plots.

import { difference, parse } from "./numbers.js";

const most = 15 * 60 * 4; // 15 minutes at four documents a second

const lists = new Map(); // of each connector by name
let before = null; // the document before

// remember keeps the numbers of a document.
export function remember(doc) {
  const at = Date.parse(doc.time);
  for (const c of doc.connectors) {
    const list = lists.get(c.name) ?? [];
    lists.set(c.name, list);
    list.push({ at, ...flow(c, at), ...latency(c.recent.queries), ...load(c.pool), hit: hitOf(c) });
    if (list.length > most) list.shift();
  }
  before = doc;
}

// recall asks for what the program itself has kept, and puts it where there are no samples of this page.
export async function recall() {
  let rows = [];
  try {
    const answer = await fetch("history.json", { signal: AbortSignal.timeout(5000) });
    if (answer.ok) rows = parse(await answer.text()).rows;
  } catch { /* then plots begin now */ }
  for (const [name, kept] of Map.groupBy(rows, (row) => row.connector)) {
    const own = lists.get(name) ?? [];
    const missing = kept.map(sampleOf).filter((s) => !own.some((o) => Math.abs(o.at - s.at) < s.lasted));
    lists.set(name, [...own, ...missing].sort((a, b) => a.at - b.at).slice(-most));
  }
}

// sampleOf is what a row of the history says, as remember keeps it.
function sampleOf(row) {
  return {
    at: Date.parse(row.time), lasted: row.seconds * 1000, done: row.per_second, failed: row.failed_per_second,
    p50: row.p50_seconds, p95: row.p95_seconds, p99: row.p99_seconds,
    used: row.used, waiting: row.waiting, bound: row.max_open || null, hit: row.hit_percent,
  };
}

// samples are those of a connector, the oldest first.
export const samples = (name) => lists.get(name) ?? [];

// flow is per second since the document before; where there is none, or the program began anew, of the last seconds.
function flow(c, at) {
  const old = before?.connectors.find((other) => other.name === c.name);
  const passed = before ? (at - Date.parse(before.time)) / 1000 : 0;
  const now = c.total.queries;
  if (old && passed > 0.1 && passed < 60 && difference(now.count, old.total.queries.count) >= 0) {
    const per = (name) => difference(now[name], old.total.queries[name]) / passed;
    return { done: per("count"), failed: per("failed") };
  }
  const recent = c.recent.queries;
  return { done: Number(recent.per_second), failed: c.recent.seconds > 0 ? Number(recent.failed) / c.recent.seconds : 0 };
}

function latency(q) {
  if (Number(q.count) === 0) return { p50: null, p95: null, p99: null };
  return { p50: q.p50_seconds, p95: q.p95_seconds, p99: q.p99_seconds };
}

const load = (p) => ({ used: p.used, waiting: p.waiting, bound: p.max_open || null });

// hitOf is the share of recent queries that the cache answered, in percent; null where it was not asked.
export function hitOf(c) {
  const n = c.recent.cache;
  const asked = [n.hits, n.joined, n.stale, n.would_hit, ...Object.values(n.misses)].some((x) => Number(x) > 0);
  return c.cache.mode === "off" || !asked ? null : n.hit_percent;
}
