// This file reads JSON without rounding and writes numbers for people.

// A JSON text's strings, so that what looks like a number in them is left alone, and its numbers.
const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

// parse reads JSON as JSON.parse does, but makes a BigInt of each whole number that a Number cannot hold exactly.
export function parse(text) {
  const marked = text.replace(tokens, (token) =>
    /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token)) ? `{"":"${token}"}` : token);
  return JSON.parse(marked, (_, value) =>
    /^-?\d+$/.test(value?.[""]) && Object.keys(value).length === 1 ? BigInt(value[""]) : value);
}

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

// count writes a whole number, a BigInt too, with all its digits.
export const count = (n) => grouped.format(n);

// difference is a - b, exact also where they are beyond what a Number holds.
export const difference = (a, b) => Number(BigInt(a) - BigInt(b));

const whole = (text) => text.replace(/\.0$/, "");

// seconds writes a duration with two digits or three and a unit, as fluxor top does.
export function seconds(value) {
  const n = Number(value);
  if (n === 0) return "0 s";
  if (n < 999.5e-6) return `${(n * 1e6).toFixed(0)} µs`;
  if (n < 9.95e-3) return `${whole((n * 1e3).toFixed(1))} ms`;
  if (n < 999.5e-3) return `${(n * 1e3).toFixed(0)} ms`;
  if (n < 9.95) return `${whole(n.toFixed(1))} s`;
  if (n < 59.5) return `${n.toFixed(0)} s`;
  return long(Math.round(n));
}

function long(n) {
  const [h, m, s] = [Math.floor(n / 3600), Math.floor(n / 60) % 60, n % 60];
  return h > 0 ? `${h}h${m}m${s}s` : `${m}m${s}s`;
}

// rate writes a number per second.
export const rate = (n) => (n < 9.95 ? whole(n.toFixed(1)) : count(Math.round(n)));

// percent writes a share of 100.
export const percent = (n) => `${whole(Number(n).toFixed(n > 99.9 && n < 100 ? 2 : 1))} %`;

// bytes writes an amount of memory.
export function bytes(value) {
  let n = Number(value);
  for (const unit of ["B", "KiB", "MiB", "GiB"]) {
    if (n < 1024) return `${unit === "B" ? n : whole(n.toFixed(1))} ${unit}`;
    n /= 1024;
  }
  return `${whole(n.toFixed(1))} TiB`;
}

// clock writes the time of day of a moment.
export const clock = (moment) => new Date(moment).toLocaleTimeString("en-GB");
