// This file holds each message with the text of its body, and runs it through the codecs that it has.

package wire_test

import (
	"database/sql/driver"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// body is what all messages have.
type body interface {
	wire.Body
	Decode([]byte, wire.Codec) error
}

// written is a message with its JSON, and its binary form if it has one.
type written struct {
	m            body
	json, binary string
}

var messages = []written{
	{m: &wire.Hello{Versions: [2]int64{1, 1}}, json: `{"versions":[1,1]}`},
	{m: &wire.Hello{
		Versions: [2]int64{1, 3}, Codecs: []string{"bin1", "json"}, Client: "fluxor-go/1.0", User: "app", DB: "erp",
		Auth: []string{wire.AuthSCRAM, wire.AuthToken}, Mech: wire.AuthSCRAM, Data: wire.Proof("n,,n=app"), Token: "t0ken",
		Session: wire.Session{TZ: "Europe/Berlin", App: "billing", Pool: "session", Labels: map[string]string{"pod": "b", "a": "c"}}, Window: 262144,
	}, json: `{"versions":[1,3],"codecs":["bin1","json"],"client":"fluxor-go/1.0","user":"app","db":"erp",` +
		`"auth":["scram-sha-256","token"],"mech":"scram-sha-256","data":"biwsbj1hcHA=","token":"t0ken",` +
		`"session":{"tz":"Europe/Berlin","app":"billing","pool":"session","labels":{"a":"c","pod":"b"}},"window":262144}`},
	{m: &wire.Challenge{Mech: wire.AuthSCRAM, Data: wire.Proof("r=1")}, json: `{"mech":"scram-sha-256","data":"cj0x"}`},
	{m: &wire.Response{Data: wire.Proof("c=biws")}, json: `{"data":"Yz1iaXdz"}`},
	{m: &wire.Response{Token: "t"}, json: `{"token":"t"}`},
	{m: &wire.Welcome{
		Version: 1, Codec: "bin1", Dialect: "oracle", Server: "fluxor/1.0", Session: "s1", MaxFrame: 262144, MaxMessage: 67108864,
		IdleMS: 600000, Features: []string{"cancel", "credit"}, ReadOnly: true, Data: wire.Proof("v=1"),
	}, json: `{"version":1,"codec":"bin1","dialect":"oracle","server":"fluxor/1.0","session":"s1","max_frame":262144,` +
		`"max_message":67108864,"idle_ms":600000,"features":["cancel","credit"],"read_only":true,"data":"dj0x"}`},

	{m: &wire.Statement{SQL: ""}, json: `{"sql":""}`, binary: "01 00 00"},
	{m: &wire.Statement{SID: 7, Args: []driver.NamedValue{}}, json: `{"sid":7}`, binary: "02 07 00"},
	{
		m: &wire.Statement{
			SQL: "select $1", SID: 300, Args: []driver.NamedValue{{Ordinal: 1, Value: int64(5)}, {Ordinal: 2, Name: "n", Value: nil}},
			TimeoutMS: 3000, MaxRows: 10, MaxStaleMS: 500, Tx: true,
		}, json: `{"sql":"select $1","sid":300,"args":[5,{"name":"n","v":null}],"timeout_ms":3000,"max_rows":10,"cache":{"max_stale_ms":500},"tx":true}`,
		binary: "3f 09" + ascii("select $1") + "ac02 b817 0a f403 02 00 030a 016e 00",
	},
	{m: &wire.Statement{SQL: "select '\xff'"}, json: `{"sql64":"c2VsZWN0ICf/Jw=="}`, binary: "01 0a" + ascii("select '\xff'") + "00"},
	{m: &wire.Prepare{SID: 1, SQL: "select 1", TimeoutMS: 20}, json: `{"sid":1,"sql":"select 1","timeout_ms":20}`, binary: "01 14 08" + ascii("select 1")},
	{m: &wire.Prepare{SID: math.MaxUint32, SQL: "\xff"}, json: `{"sid":4294967295,"sql64":"/w=="}`, binary: "ffffffff0f 00 01 ff"},
	{m: &wire.Prepared{Inputs: -1}, json: `{"inputs":-1,"cols":[]}`, binary: "01 00 00 00 00"},
	{
		m:    &wire.Prepared{Inputs: 2, Columns: []wire.Column{{Name: "a", Kind: wire.KindInt}}, Hash: "h", Tx: wire.TxIdle, Pin: "prepare"},
		json: `{"inputs":2,"cols":[{"n":"a","k":"i"}],"hash":"h","tx":"I","pin":"prepare"}`, binary: "04 49 07" + ascii("prepare") + "0168 01 69 00 0161 00 00",
	},
	{m: &wire.CloseStmt{SID: 9}, json: `{"sid":9}`},
	{m: &wire.Begin{}, json: `{}`},
	{m: &wire.Begin{Isolation: 6, ReadOnly: true, TimeoutMS: 1}, json: `{"iso":"serializable","ro":true,"timeout_ms":1}`},
	{m: &wire.Begin{Isolation: 4}, json: `{"iso":"repeatable read"}`},
	{m: &wire.Begin{Isolation: 42}, json: `{"iso":"42"}`},
	{m: &wire.Begin{Isolation: -1}, json: `{"iso":"-1"}`},
	{m: &wire.Empty{}, json: `{}`},
	{m: &wire.Credit{N: 131072}, json: `{"n":131072}`},
	{m: &wire.Ping{DB: true, TimeoutMS: 5}, json: `{"db":true,"timeout_ms":5}`},
	{m: &wire.Admin{Op: "kill", Args: map[string]string{"session": "s1"}}, json: `{"op":"kill","args":{"session":"s1"}}`},
	{m: &wire.AdminAnswer{Data: []byte(`[1,{"a":null}]`)}, json: `{"data":[1,{"a":null}]}`},

	{m: &wire.Head{Columns: []wire.Column{}}, json: `{"cols":[],"set":0}`, binary: "00 00 00 00"},
	{
		m: &wire.Head{Columns: []wire.Column{
			{Name: "ID", DB: "NUMBER", Kind: wire.KindDecimal, Go: "string", Nullable: true, HasNullable: true, Precision: 10, HasDecimal: true},
			{Name: "T\"", DB: "VARCHAR2", Kind: wire.KindString, HasNullable: true, Length: 4000, HasLength: true},
			{Name: "", Length: math.MaxInt64, HasLength: true, Precision: 38, Scale: -127, HasDecimal: true},
		}, Set: 1, Hash: "h1"},
		json: `{"cols":[{"n":"ID","db":"NUMBER","k":"d","go":"string","null":true,"p":10,"s":0},` +
			`{"n":"T\"","db":"VARCHAR2","k":"s","null":false,"len":4000},{"n":"","len":9223372036854775807,"p":38,"s":-127}],"set":1,"hash":"h1"}`,
		binary: "01 026831 00 03" + "64 0b 024944 06" + ascii("NUMBER") + "06" + ascii("string") + "14 00" +
			"73 05 025422 08" + ascii("VARCHAR2") + "00 c03e" + "00 0c 00 00 00 feffffffffffffffff01 4c fd01",
	},
	{m: &wire.Head{Columns: []wire.Column{}, Same: "h1"}, json: `{"set":0,"same":"h1"}`, binary: "00 00 026831"},

	{m: &wire.End{Out: []driver.NamedValue{}}, json: `{"more":false}`, binary: "00 00 00 00 00 00 0000000000000000 00"},
	{
		m: &wire.End{
			Affected: wire.Count{Known: true, N: 3}, LastID: wire.Count{Known: true, N: math.MaxInt64},
			Out: []driver.NamedValue{{Ordinal: 2, Value: "a"}, {Name: "total", Value: wire.Decimal("1.10")}, {Name: "01", Value: wire.List{Values: []any{int64(1)}}}},
			Tx:  wire.TxOpen, Cache: "hit", MS: 1.25, Pin: "set",
		}, json: `{"more":false,"affected":3,"last_id":"9223372036854775807","out":{"2":"a","total":{"d":"1.10"},"01":{"list":[1]}},` +
			`"tx":"T","cache":"hit","ms":1.25,"pin":"set"}`,
		binary: "06 54 06 feffffffffffffffff01 03" + ascii("hit") + "03" + ascii("set") + "000000000000f43f 03" +
			"02 00 070161" + "00 05" + ascii("total") + "0a04" + ascii("1.10") + "00 02" + ascii("01") + "0e 00 01 0302",
	},
	{
		m: &wire.End{
			More: true, Affected: wire.Count{Err: "no"}, LastID: wire.Count{Err: "not supported"}, Tx: wire.TxFailed,
		}, json: `{"more":true,"no_affected":"no","no_last_id":"not supported","tx":"E"}`,
		binary: "01 45 02" + ascii("no") + "0d" + ascii("not supported") + "00 00 0000000000000000 00",
	},
	{
		m: &wire.End{Affected: wire.Count{Known: true, N: 1 << 53}, Tx: wire.TxIdle}, json: `{"more":false,"affected":"9007199254740992","tx":"I"}`,
		binary: "02 49 8080808080808020 00 00 00 0000000000000000 00",
	},

	{
		m:    &wire.Error{Kind: wire.ErrorTimeout, Applied: wire.AppliedUnknown, Conn: wire.ConnLost},
		json: `{"kind":"timeout","message":"","applied":"unknown","conn":"lost"}`,
	},
	{m: &wire.Error{
		Kind: wire.ErrorDB, Dialect: "postgres", Code: "23505", SQLState: "23505", Native: map[string]string{"severity": "ERROR", "constraint": "pk"},
		Message: "duplicate key", Retryable: true, Applied: wire.AppliedNo, Conn: wire.ConnOK, RetryAfterMS: 10, Tx: wire.TxFailed, Pin: "tx",
	}, json: `{"kind":"db","dialect":"postgres","code":"23505","sqlstate":"23505","native":{"constraint":"pk","severity":"ERROR"},` +
		`"message":"duplicate key","retryable":true,"applied":"no","retry_after_ms":10,"tx":"E","conn":"ok","pin":"tx"}`},
	{m: &wire.Goaway{Reason: "drain", AfterMS: 5000}, json: `{"reason":"drain","after_ms":5000}`},
	{m: &wire.Notice{Code: "queued", Message: "waiting"}, json: `{"code":"queued","message":"waiting"}`},
}

// fresh is a new message of the type of m.
func fresh(m body) body { return reflect.New(reflect.TypeOf(m).Elem()).Interface().(body) }

// shown are a message's fields, without what it keeps for itself.
func shown(m body) string {
	v := reflect.ValueOf(m).Elem()
	var b strings.Builder
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() {
			fmt.Fprintf(&b, "%s: %#v\n", f.Name, v.Field(i).Interface())
		}
	}
	return b.String()
}

func TestEachMessageIsWrittenAsTheProtocolSays(t *testing.T) {
	for _, w := range messages {
		if got := string(w.m.Append(nil, wire.JSON)); got != w.json {
			t.Errorf("%T: got %s, want %s", w.m, got, w.json)
		}
		if w.binary == "" {
			continue
		}
		if got, want := w.m.Append([]byte("x"), wire.Binary), append([]byte("x"), unhex(t, w.binary)...); string(got) != string(want) {
			t.Errorf("%T: got %x, want %x", w.m, got, want)
		}
	}
}

func TestEachMessageComesBackAndReplacesWhatWasThere(t *testing.T) {
	for _, w := range messages {
		for _, c := range []wire.Codec{wire.JSON, wire.Binary} {
			if c == wire.Binary && w.binary == "" {
				continue
			}
			back := fresh(w.m)
			for _, other := range messages { // what is there already
				if reflect.TypeOf(other.m) == reflect.TypeOf(w.m) {
					if err := back.Decode(other.m.Append(nil, wire.JSON), wire.JSON); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := back.Decode(w.m.Append(nil, c), c); err != nil {
				t.Errorf("%T: %v", w.m, err)
			}
			if got, want := back.Append(nil, wire.JSON), w.json; string(got) != want {
				t.Errorf("%T in %s: got %s, want %s", w.m, c, got, want)
			}
			empty := strings.NewReplacer("(nil)", "{}")
			if got, want := empty.Replace(shown(back)), empty.Replace(shown(w.m)); got != want {
				t.Errorf("%T in %s: got %s, want %s", w.m, c, got, want)
			}
		}
	}
}

func TestMessagesAreReadHoweverTheirJSONIsLaidOut(t *testing.T) {
	var s wire.Statement
	err := s.Decode([]byte(" {\t\"cache\":{\"later\":1,\"max_stale_ms\":5},\"unknown\" : {\"a\":[1,{}],\"b\":-0.5e+1} , \"\\u0073ql\":\"x\\u00e9\\ud83d\\ude00\\/\\b\\f\",\r\n\"args\" : [ 1 , {\"v\":2,\"name\":\"a\"} ] } "), wire.JSON)
	if err != nil {
		t.Fatal(err)
	}
	if s.MaxStaleMS != 5 || s.SQL != "xé😀/\b\f" || len(s.Args) != 2 || s.Args[1].Name != "a" {
		t.Errorf("got %+v", s)
	}
}

func TestNamedArgumentsFollowTheOthersInTheirOrder(t *testing.T) {
	var s wire.Statement
	err := s.Decode([]byte(`{"named":{"b":1,"a":{"out":"int64"},"c":{"list":[1]}},"sql":"x","args":["p"]}`), wire.JSON)
	if err != nil {
		t.Fatal(err)
	}
	want := []driver.NamedValue{
		{Ordinal: 1, Value: "p"},
		{Ordinal: 2, Name: "b", Value: int64(1)},
		{Ordinal: 3, Name: "a", Value: wire.Out{Type: "int64"}},
		{Ordinal: 4, Name: "c", Value: wire.List{Values: []any{int64(1)}}},
	}
	if !reflect.DeepEqual(s.Args, want) {
		t.Errorf("got %+v", s.Args)
	}
}

func TestTextsOfAGatewayThatAreNotUTF8AreMended(t *testing.T) {
	m := wire.Error{Kind: wire.ErrorDB, Applied: wire.AppliedNo, Conn: wire.ConnOK, Message: "schl\xe9cht", Native: map[string]string{"\xff": "\xfe"}}
	var back wire.Error
	if err := back.Decode(m.Append(nil, wire.JSON), wire.JSON); err != nil {
		t.Fatal(err)
	}
	if back.Message != "schl\uFFFDcht" || back.Native["\uFFFD"] != "\uFFFD" {
		t.Errorf("got %+v", back)
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	m := wire.Hello{User: "app", Token: "canary", Data: wire.Proof("canary")}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("hello", "json", m)
	slog.New(slog.NewTextHandler(&log, nil)).Info("hello", "text", m, "token", m.Token, "data", m.Data)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		log.WriteString(fmt.Sprintf(verb, m) + fmt.Sprintf(verb, m.Token) + fmt.Sprintf(verb, m.Data))
	}
	for _, canary := range []string{"canary", ascii("canary"), "Y2FuYXJ5", "99 97 110"} {
		if strings.Contains(log.String(), canary) {
			t.Errorf("%s is shown: %s", canary, log.String())
		}
	}
	if !strings.Contains(log.String(), "***") || !strings.Contains(log.String(), "app") {
		t.Errorf("got %s", log.String())
	}
}

func TestAnAnswerToAnAdminIsOneLineWhateverItsData(t *testing.T) {
	b := wire.Buffer{Line: true}
	b.Add(wire.TypeAnswer, 1, &wire.AdminAnswer{Data: []byte("{\n \"a\": [\n1\n]\n}")}, wire.JSON)
	if want := `{"type":"answer","id":1,"data":{"a":[1]}}` + "\n"; string(b.Bytes()) != want {
		t.Errorf("got %q", b.Bytes())
	}
}

func TestAnAnswerOfWhatIsNoJSONPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it was written")
		}
	}()
	(&wire.AdminAnswer{Data: []byte("{")}).Append(nil, wire.JSON)
}

func TestCodecsHaveTheNamesOfTheLogin(t *testing.T) {
	if wire.JSON.String() != "json" || wire.Binary.String() != "bin1" {
		t.Errorf("got %s and %s", wire.JSON, wire.Binary)
	}
}

func TestAnErrorSaysItsKindAndMessage(t *testing.T) {
	e := wire.Error{Kind: wire.ErrorDenied, Message: "no such database"}
	if got, want := e.Error(), "fluxor: denied: no such database"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
