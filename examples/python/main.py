"""Moves money between two accounts through a gateway, in an empty database of SQLite's that it knows as erp, as its user app:

FLUXOR_GATEWAY=localhost:7654 FLUXOR_TOKEN=... python3 main.py     and over TLS FLUXOR_CA=root.pem
"""
import os

from client import Gateway, GatewayError

host, port = os.environ["FLUXOR_GATEWAY"].rsplit(":", 1)
gateway = Gateway(host, int(port), "app", os.environ["FLUXOR_TOKEN"], "erp", ca=os.environ.get("FLUXOR_CA"))
print("dialect:", gateway.welcome["dialect"])

gateway.exec("create table account (id integer primary key, owner text, cents integer)")
print("inserted:", gateway.exec("insert into account values (?, ?, ?), (2, 'Bob', 9007199254740993)", 1, "Größe", 500))

with gateway.transaction():
    gateway.exec("update account set cents = cents - ? where id = ?", 120, 1, tx=True)
    gateway.exec("update account set cents = cents + ? where id = ?", 120, 2, tx=True)
try:
    with gateway.transaction():
        gateway.exec("update account set cents = 0", tx=True)
        gateway.exec("insert into account values (1, 'twice', 0)", tx=True)
except GatewayError as error:
    print("refused:", error.kind, "applied:", error.applied)

for row in gateway.query("select id, owner, cents from account order by id"):
    print("row:", *row)
