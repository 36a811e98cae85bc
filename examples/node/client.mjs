// A client of a Fluxor gateway in line mode: one JSON object per line and direction. docs/PROTOCOL.md has the messages.
import { readFileSync } from 'node:fs';
import net from 'node:net';
import readline from 'node:readline';
import tls from 'node:tls';

/** What the gateway or the database said: kind, the database's code, and whether a statement took effect. */
export class GatewayError extends Error {
  constructor({ message, kind, code, applied }) { Object.assign(super(message), { kind, code, applied }); }
}

const bytes = (text) => Buffer.from(text, 'base64');
const whole = (v) => (typeof v === 'string' ? BigInt(v) : v); // beyond 2^53 it comes as text
const read = { i: whole, u: whole, f: Number, g: Number, b: bytes, s64: bytes }; // d stays a text: no digit is lost

/** Turns what JSON has no word for into an object whose one key is its kind. */
const argument = (v) => (v instanceof Uint8Array ? { b: Buffer.from(v).toString('base64') }
  : typeof v === 'bigint' ? { i: `${v}` } : typeof v === 'number' && !Number.isFinite(v) ? { f: `${v}` } : v);

/** Turns a cell into JavaScript's type: its column's kind says which, or the one key of an object. */
function cell(value, kind) {
  if (value !== null && typeof value === 'object') [[kind, value]] = Object.entries(value);
  return value === null || !read[kind] ? value : read[kind](value);
}

/** One session: one request at a time, in order; each waits for the one before. */
export class Gateway {
  last = 0; leaving = false; before = Promise.resolve();
  constructor() { Object.assign(this, this.statements({})); }
  static async connect({ host, port, user, token, db, ca }) {
    const g = new Gateway();
    const secret = ca || !['localhost', '127.0.0.1', '::1'].includes(host); // the token goes to others over TLS alone
    g.socket = secret ? tls.connect({ host, port, ca: ca && readFileSync(ca) }) : net.connect({ host, port });
    g.lines = readline.createInterface({ input: g.socket.on('error', (err) => { g.broken = err; }) })[Symbol.asyncIterator]();
    g.send({ type: 'hello', id: 0, versions: [1, 1], client: 'example-node/1', user, db, token });
    g.welcome = await g.read();
    return g;
  }

  send(message) { this.socket.write(`${JSON.stringify(message)}\n`); }
  async read() {
    const { value, done } = await this.lines.next();
    if (done) throw this.broken ?? new Error('the gateway closed the connection; whether the last request took effect is unknown');
    const message = JSON.parse(value);
    if (![0, this.last].includes(message.id ?? 0)) throw new Error('the gateway answers another request');
    if (message.type === 'error') throw new GatewayError(message);
    this.leaving ||= message.type === 'goaway'; // finish, then connect anew
    return message;
  }

  /** Resolves to all rows of a query, or to [] and the end of anything else. */
  request(type, members = {}) { return (this.before = this.before.catch(() => {}).then(() => this.ask(type, members))); }
  async ask(type, members) {
    this.send({ type, id: ++this.last, ...members });
    for (let cols = [], rows = []; ;) {
      const m = await this.read();
      if (m.type === 'head') cols = m.cols;
      if (m.type === 'rows') rows.push(...m.r.map((row) => row.map((v, i) => cell(v, cols[i]?.k))));
      if (m.type === 'end' && !m.more) return { rows, end: m };
    }
  }

  /** The functions query and exec, whose requests have these members too. */
  statements(members) {
    return {
      query: async (sql, ...args) => (await this.request('query', { sql, args: args.map(argument), ...members })).rows,
      exec: async (sql, ...args) => Number((await this.request('exec', { sql, args: args.map(argument), ...members })).end.affected ?? 0),
    };
  }

  /** Commits, or rolls back where work throws. What work is given says tx, so that none of it runs outside. */
  async transaction(work) {
    await this.request('begin');
    try { await work(this.statements({ tx: true })); } catch (err) { await this.request('rollback'); throw err; }
    await this.request('commit');
  }

  close() { this.socket.end(); }
}
