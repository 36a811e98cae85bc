// This file draws lines over time as SVG, each plot with the same in words.

import { make, say, set } from "./dom.js";
import { seconds } from "./numbers.js";

const width = 320;
const height = 72;
const gap = 12000; // milliseconds without a sample that break a line: one of the program's own, every 5 s, may be missing

// plot returns { node, show(samples, from, to) }. Each line has a name and of(sample), which may be null; write makes a
// text of a value.
export function plot({ title, lines, write }) {
  const paths = lines.map((_, i) => make("path", { class: `line line-${i}` }));
  const grid = [0.5, height / 2, height - 0.5].map((y) => make("line", { class: "grid", x1: 0, x2: width, y1: y, y2: y }));
  const svg = make("svg", { role: "img", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none" }, ...grid, ...paths);
  const top = make("span", { class: "top" });
  const begin = make("span", {});
  const keys = lines.map((line, i) => key(line, i));
  const node = make("figure", { class: "plot" },
    make("figcaption", {}, title),
    make("ul", { class: "keys" }, ...keys.map((k) => k.node)),
    make("div", { class: "area" }, top, svg),
    make("p", { class: "axis", "aria-hidden": "true" }, begin, make("span", {}, "now")));
  const show = (samples, from, to) => {
    const most = nice(Math.max(0, ...samples.flatMap((s) => lines.map((line) => line.of(s) ?? 0))));
    const span = seconds((to - from) / 1000);
    say(top, write(most));
    say(begin, `${span} ago`);
    lines.forEach((line, i) => {
      const points = samples.map((s) => [s.at, line.of(s)]).filter(([, y]) => y !== null);
      set(paths[i], "d", pathOf(points, from, to, most));
      say(keys[i].value, points.length ? write(points.at(-1)[1]) : "–");
    });
    set(svg, "aria-label", `${title}, last ${span}. ${lines.map((line) => inWords(line, samples, write)).join(" ")}`);
  };
  return { node, show };
}

// key is a line's sample, name and latest value.
function key(line, i) {
  const value = make("b", {}, "–");
  const sample = make("svg", { viewBox: "0 0 18 6", "aria-hidden": "true", class: "sample" }, make("path", { class: `line line-${i}`, d: "M0 3H18" }));
  return { value, node: make("li", {}, sample, make("span", {}, `${line.name} `), value) };
}

// inWords is a line for those who do not see it.
function inWords(line, samples, write) {
  const values = samples.map(line.of).filter((y) => y !== null);
  if (values.length === 0) return `${line.name}: no value.`;
  return `${line.name}: now ${write(values.at(-1))}, least ${write(Math.min(...values))}, most ${write(Math.max(...values))}.`;
}

// nice is the next 1, 2 or 5 with noughts.
export function nice(most) {
  if (most <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= most * 0.999) ?? 10 * power;
}

// pathOf goes through the points, and begins anew after a gap.
function pathOf(points, from, to, most) {
  let path = "";
  let before = -Infinity;
  for (const [at, y] of points) {
    const px = ((at - from) / (to - from)) * width;
    const py = height - 1 - (Math.min(y, most) / most) * (height - 2);
    const point = `${px.toFixed(1)} ${py.toFixed(1)}`;
    path += at - before > gap ? `M${point}h0` : `L${point}`; // a point alone is seen as a dot
    before = at;
  }
  return path;
}
