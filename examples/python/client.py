"""A client of a Fluxor gateway in line mode: one JSON object per line and direction. docs/PROTOCOL.md has the messages."""
import base64, contextlib, decimal, json, socket, ssl


class GatewayError(Exception):
    """What the gateway or the database said: kind, the database's code, and whether a statement took effect."""

    def __init__(self, error):
        super().__init__(error["message"])
        self.kind, self.code, self.applied = error["kind"], error.get("code"), error.get("applied")


READ = {"i": int, "u": int, "f": float, "g": float, "d": decimal.Decimal, "b": base64.b64decode, "s64": base64.b64decode}


def argument(value):
    """Turns what JSON has no word for into an object whose one key is its kind."""
    return {"d": str(value)} if isinstance(value, decimal.Decimal) else {"b": base64.b64encode(value).decode()}


def cell(value, kind):
    """Turns a cell into Python's type: its column's kind says which, or the one key of an object."""
    if isinstance(value, dict):
        kind, value = next(iter(value.items()))
    return value if value is None else READ.get(kind, lambda v: v)(value)


class Gateway:
    """One session: one request at a time, in order."""

    def __init__(self, host, port, user, token, db, ca=None):
        sock = socket.create_connection((host, port), timeout=30)  # for each read as well: raise it for slow statements
        if ca or host not in ("localhost", "127.0.0.1", "::1"):  # the token goes to others over TLS alone
            sock = ssl.create_default_context(cafile=ca).wrap_socket(sock, server_hostname=host)
        self.lines, self.last, self.leaving = sock.makefile("rwb"), 0, False
        self.send(type="hello", id=0, versions=[1, 1], client="example-python/1", user=user, db=db, token=token)
        self.welcome = self.read()

    def send(self, **message):
        self.lines.write(json.dumps(message, default=argument, allow_nan=False).encode() + b"\n")
        self.lines.flush()

    def read(self):
        if not (line := self.lines.readline()):
            raise ConnectionError("the gateway closed the connection; whether the last request took effect is unknown")
        message = json.loads(line, parse_float=decimal.Decimal)
        if message.get("id", 0) not in (0, self.last):
            raise ConnectionError("the gateway answers another request")
        if message["type"] == "error":
            raise GatewayError(message)
        self.leaving = self.leaving or message["type"] == "goaway"  # finish, then connect anew
        return message

    def request(self, type, **members):
        """Returns all rows of a query, or [] of anything else, and the end of the answer."""
        self.last, rows, kinds = self.last + 1, [], []
        self.send(type=type, id=self.last, **members)
        while (message := self.read())["type"] != "end" or message.get("more"):
            if message["type"] == "head":
                kinds = [column.get("k") for column in message["cols"]]
            rows += [[cell(value, kind) for value, kind in zip(row, kinds)] for row in message.get("r", [])]
        return rows, message

    def query(self, sql, *args, **members):
        return self.request("query", sql=sql, args=args, **members)[0]

    def exec(self, sql, *args, **members):
        return int(self.request("exec", sql=sql, args=args, **members)[1].get("affected", 0))

    @contextlib.contextmanager
    def transaction(self):
        """Commits, or rolls back upon an exception. Statements in it say tx=True, so that none runs outside."""
        self.request("begin")
        try:
            yield
        except BaseException:
            self.request("rollback")
            raise
        self.request("commit")
