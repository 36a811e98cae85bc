// Moves money between two accounts through a gateway, in an empty database of SQLite's that it knows as erp, as its user app:
// FLUXOR_GATEWAY=localhost:7654 FLUXOR_TOKEN=... node main.mjs     and over TLS FLUXOR_CA=root.pem
import { Gateway, GatewayError } from './client.mjs';

const [, host, port] = process.env.FLUXOR_GATEWAY.match(/^(.*):(\d+)$/);
const gateway = await Gateway.connect({ host, port, user: 'app', token: process.env.FLUXOR_TOKEN, db: 'erp', ca: process.env.FLUXOR_CA });
console.log('dialect:', gateway.welcome.dialect);

await gateway.exec('create table account (id integer primary key, owner text, cents integer)');
console.log('inserted:', await gateway.exec("insert into account values (?, ?, ?), (2, 'Bob', 9007199254740993)", 1, 'Größe', 500));

await gateway.transaction(async ({ exec }) => {
  await exec('update account set cents = cents - ? where id = ?', 120, 1);
  await exec('update account set cents = cents + ? where id = ?', 120, 2);
});
try {
  await gateway.transaction(async ({ exec }) => {
    await exec('update account set cents = 0');
    await exec("insert into account values (1, 'twice', 0)");
  });
} catch (err) {
  if (!(err instanceof GatewayError)) throw err;
  console.log('refused:', err.kind, 'applied:', err.applied);
}

for (const row of await gateway.query('select id, owner, cents from account order by id')) console.log('row:', row.join(' '));
gateway.close();
