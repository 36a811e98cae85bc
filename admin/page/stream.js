// This file follows the program: by a stream of documents, by single ones where there is no stream, and says when there are none.

import { parse } from "./numbers.js";

const silence = 10000; // milliseconds after which a stream counts as dead
const pauses = [1000, 2000, 4000, 8000, 15000]; // between tries that fail

// follow calls heard(document) for each document, and lost(since, why) while there is none. It returns
// { stop(), go() }.
export function follow({ heard, lost }) {
  let source = null;
  let timer = 0;
  let tries = 0;
  let since = Date.now(); // when the last document came
  let turn = 0; // which try it is: what an earlier one still says counts no more
  const take = (text) => {
    tries = 0;
    since = Date.now();
    heard(parse(text));
  };
  const trouble = async () => {
    stop();
    const mine = turn;
    const { text, why } = await single();
    if (turn !== mine) return;
    timer = setTimeout(go, pauses[Math.min(tries++, pauses.length - 1)]);
    if (why) lost(since, why);
    else take(text);
  };
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(trouble, silence);
  };
  function go() {
    stop();
    source = new EventSource("api/events?interval=1s");
    source.onmessage = (event) => {
      watch();
      take(event.data);
    };
    source.onerror = trouble;
    watch();
  }
  function stop() {
    turn++;
    clearTimeout(timer);
    source?.close();
    source = null;
  }
  go();
  return { stop, go };
}

// single asks for one document, or says why there is none.
async function single() {
  try {
    const answer = await fetch("api/state", { signal: AbortSignal.timeout(5000) });
    if (answer.ok) return { text: await answer.text() };
    if (answer.status === 401 || answer.status === 403) return { why: "The program wants a login: load the page anew." };
    return { why: `The program answers ${answer.status}.` };
  } catch {
    return { why: "The program does not answer." };
  }
}
