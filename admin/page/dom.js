// This file makes and keeps elements: all text goes in as text, and what is unchanged is not touched.

// make returns an element. Attributes that are functions are listeners; children are elements and texts.
export function make(tag, attributes = {}, ...children) {
  const svg = ["svg", "path", "line", "g"].includes(tag);
  const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// say sets a text where it is another.
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// set gives an attribute a value where it has another; null takes it away.
export function set(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

// keep makes parent's children those of items: an element lives on as long as its key, so that focus, selection and
// what is unfolded stay. create makes one, fill writes an item into it.
export function keep(parent, items, keyOf, create, fill) {
  const old = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let node = old.get(key);
    if (node === undefined) {
      node = create(item);
      node.dataset.key = key;
    }
    old.delete(key);
    fill(node, item);
    if (node === place) place = node.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of old.values()) node.remove();
}

// folded fills a cell with a text that is folded where it is long.
export function folded(node, text, most = 160) {
  if (node.dataset.text === text) return;
  node.dataset.text = text;
  if (text.length <= most) {
    node.replaceChildren(text);
    return;
  }
  node.replaceChildren(make("details", { class: "long" },
    make("summary", {}, make("span", { class: "short" }, `${text.slice(0, most)}…`), make("span", { class: "full" }, text))));
}

// The shapes of states and severities: each has a word and a sign besides its colour.
const shapes = {
  healthy: "●", closed: "●", saturated: "▲", "half-open": "▲", failing: "■", down: "■", open: "■",
  error: "■", warn: "▲", info: "●",
};

// badge writes a state's sign and word.
export function badge(node, state) {
  if (node.dataset.state === state) return;
  node.dataset.state = state;
  node.replaceChildren(make("span", { class: "shape", "aria-hidden": "true" }, shapes[state] ?? "○"), state);
}
