// This file shows pool, limits and circuit breaker, and asks before it does what the program offers.

import { badge, keep, make, say } from "./dom.js";
import { count, seconds } from "./numbers.js";
import { facts } from "./table.js";

// poolView returns { node, show(connector) }.
export function poolView() {
  const meter = make("div", { class: "meter", "aria-hidden": "true" }, make("i", { class: "used" }), make("i", { class: "idle" }));
  const list = facts();
  const node = make("div", {}, meter, list.node);
  const show = (c) => {
    const p = c.pool;
    const whole = Math.max(p.max_open, p.open, 1);
    meter.children[0].style.width = `${(100 * p.used) / whole}%`;
    meter.children[1].style.width = `${(100 * p.idle) / whole}%`;
    list.show([...poolFacts(p), ...c.limits.flatMap(limitFacts)]);
  };
  return { node, show };
}

function poolFacts(p) {
  return [
    ["used", p.max_open > 0 ? `${count(p.used)} of ${count(p.max_open)}` : count(p.used)],
    ["waiting", count(p.waiting)], ["idle", count(p.idle)], ["dialing", count(p.dialing)], ["most used", count(p.max_used)],
    ["waited since the start", `${count(p.waits)} for ${seconds(p.wait_seconds)}`],
    ["gave up", count(p.timeouts)], ["dials", count(p.dials)], ["failed dials", count(p.dial_errors)],
    ["lost in use", count(p.discarded)], ["found broken", count(p.invalid)],
  ];
}

function limitFacts(l) {
  const mode = l.timeout_seconds > 0 ? `${l.mode} ${seconds(l.timeout_seconds)}` : l.mode;
  const now = l.in_use > 0 ? `${count(l.in_use)} of ${count(l.limit)}` : `at most ${count(l.limit)}`;
  return [
    [l.name, `${now}, ${count(l.queued)} queued`],
    [`refused, mode ${mode}`, `${count(l.refused)} of ${count(BigInt(l.refused) + BigInt(l.admitted))}`],
  ];
}

// breakerView returns { node, show(connector) }.
export function breakerView() {
  const state = make("p", { class: "state" });
  const list = facts();
  const buttons = make("div", { class: "tools" });
  const said = make("p", { role: "status" });
  const node = make("div", {}, state, list.node, buttons, said);
  const show = (c) => {
    const b = c.breaker;
    badge(state, b.state);
    list.show([
      ["set by hand", b.override || null],
      ["for", b.down_seconds > 0 ? seconds(b.down_seconds) : null],
      ["next probe in", b.next_probe_seconds === null ? null : seconds(b.next_probe_seconds)],
      ["failures in a row", count(b.failures)], ["opened", count(b.opened)], ["refused calls", count(b.refused)],
      ["last change", b.why ? `${b.why}, ${seconds(b.seconds)} ago` : null, true],
      ["last error", b.last_error || null, true],
      ["database asked", c.health.time ? `${new Date(c.health.time).toLocaleTimeString("en-GB")}: ${c.health.message}` : null, true],
    ]);
    keep(buttons, c.actions, (a) => `${c.name} ${a.name}`, (a) => make("button", { type: "button", click: () => ask(c.name, a, said) }, a.title), () => {});
  };
  return { node, show };
}

const dialog = document.getElementById("confirm");
let agreed = null; // what is done on a yes

document.getElementById("confirm-no").addEventListener("click", () => dialog.close());
document.getElementById("confirm-yes").addEventListener("click", () => {
  dialog.close();
  agreed?.();
});

// ask does an action when it is confirmed, and says how that went.
function ask(connector, action, said) {
  say(document.getElementById("confirm-title"), `${action.title}?`);
  say(document.getElementById("confirm-text"), `Connector ${connector}. ${action.warning}`);
  say(document.getElementById("confirm-yes"), action.title);
  agreed = async () => say(said, await order(connector, action));
  dialog.showModal();
}

async function order(connector, action) {
  try {
    const answer = await fetch("api/action", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ connector, action: action.name }),
    });
    const body = await answer.json();
    return answer.ok ? `Done: ${body.done}.` : `Not done: ${body.error}.`;
  } catch {
    return "It is not known whether that was done: there was no answer.";
  }
}
