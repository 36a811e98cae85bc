// This file holds bodies that decoders must refuse, and where.

package wire_test

import (
	"database/sql/driver"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// refusedJSON are bodies of JSON that are not allowed, each with the place and the reason.
var refusedJSON = []struct {
	m      body
	json   string
	offset int64
	reason string
}{
	{new(wire.Statement), ``, 0, "expected {"},
	{new(wire.Statement), `null`, 0, "expected {"},
	{new(wire.Statement), `{`, 1, "expected a string"},
	{new(wire.Statement), `{"sql":"x"`, 10, "expected ,"},
	{new(wire.Statement), `{"sql":"x",}`, 11, "expected a string"},
	{new(wire.Statement), `{"sql" "x"}`, 7, "expected :"},
	{new(wire.Statement), `{sql:"x"}`, 1, "expected a string"},
	{new(wire.Statement), `{'sql':"x"}`, 1, "expected a string"},
	{new(wire.Statement), `{"sql":"x"}}`, 11, "after the end"},
	{new(wire.Statement), `{"sql":"x"} {}`, 12, "after the end"},
	{new(wire.Statement), `{"sql":"x"}` + "\x00", 11, "after the end"},
	{new(wire.Statement), "\ufeff" + `{"sql":"x"}`, 0, "expected {"},
	{new(wire.Statement), `{"sql":"x","sql":"y"}`, 17, "twice"},
	{new(wire.Statement), `{"sql":"x","s\u0071l":"y"}`, 22, "twice"},
	{new(wire.Statement), `{"sql":"x","sql64":"eQ=="}`, 19, "twice"},
	{new(wire.Statement), `{"args":[]}`, 11, "sql or sid"},
	{new(wire.Statement), `{"SQL":"x"}`, 11, "sql or sid"},
	{new(wire.Statement), `{"sql":null}`, 7, "expected a string"},
	{new(wire.Statement), `{"sql":1}`, 7, "expected a string"},
	{new(wire.Statement), `{"sql":"x","tx":1}`, 16, "expected false"},
	{new(wire.Statement), `{"sql":"x","tx":trux}`, 16, "expected true"},
	{new(wire.Statement), `{"sid":0}`, 7, "out of range"},
	{new(wire.Statement), `{"sid":4294967296}`, 7, "out of range"},
	{new(wire.Statement), `{"sid":1.0}`, 7, "integer"},
	{new(wire.Statement), `{"sid":01}`, 7, "expected a number"},
	{new(wire.Statement), `{"sid":+1}`, 7, "expected a number"},
	{new(wire.Statement), `{"sid":1,"timeout_ms":-1}`, 22, "out of range"},
	{new(wire.Statement), `{"sid":1,"timeout_ms":9223372036854775808}`, 22, "integer"},
	{new(wire.Statement), `{"sid":1,"max_rows":"5"}`, 20, "expected a number"},
	{new(wire.Statement), `{"sid":1,"cache":5}`, 17, "expected {"},
	{new(wire.Statement), `{"sid":1,"cache":{"max_stale_ms":1,"max_stale_ms":1}}`, 50, "twice"},
	{new(wire.Statement), `{"sid":1,"x":` + strings.Repeat("[", 70), 77, "too deep"},
	{new(wire.Statement), `{"sid":1,"x":nul}`, 13, "expected null"},
	{new(wire.Statement), `{"sid":1,"x":}`, 13, "expected a number"},
	{new(wire.Statement), `{"sid":1,"x":[1,]}`, 16, "expected a number"},
	{new(wire.Statement), `{"sid":1,"x":[1 2]}`, 16, "expected ]"},

	{new(wire.Statement), `{"sql":"x`, 9, "does not end"},
	{new(wire.Statement), `{"sql":"x\"`, 11, "does not end"},
	{new(wire.Statement), "{\"sql\":\"12345678\n\"}", 16, "control character"},
	{new(wire.Statement), "{\"sql\":\"\\n\n\"}", 10, "control character"},
	{new(wire.Statement), "{\"sql\":\"a\xff\"}", 9, "UTF-8"},
	{new(wire.Statement), "{\"sql\":\"\\n\xc0\x80\"}", 10, "UTF-8"},
	{new(wire.Statement), "{\"sql\":\"\xed\xa0\x80\"}", 8, "UTF-8"},
	{new(wire.Statement), `{"sql":"\x41"}`, 8, "escape"},
	{new(wire.Statement), `{"sql":"\u12"}`, 8, "escape"},
	{new(wire.Statement), `{"sql":"\u12g4"}`, 8, "escape"},
	{new(wire.Statement), `{"sql":"\ud83d"}`, 8, "surrogate"},
	{new(wire.Statement), `{"sql":"\ude00"}`, 8, "surrogate"},
	{new(wire.Statement), `{"sql":"\ud83d\u0041"}`, 8, "surrogate"},
	{new(wire.Statement), `{"sql":"\ud83dx"}`, 8, "surrogate"},
	{new(wire.Statement), `{"sql64":"QQ"}`, 9, "wrong length"},
	{new(wire.Statement), `{"sql64":"QQ= "}`, 9, "wrong base64"},
	{new(wire.Statement), `{"sql64":"QR=="}`, 9, "wrong base64"},
	{new(wire.Statement), `{"sql64":"Q\n=="}`, 9, "base64"},
	{new(wire.Statement), `{"sql64":"QUJD\n\n\n\n"}`, 9, "base64"},

	{new(wire.Statement), `{"sid":1,"args":{}}`, 16, "expected ["},
	{new(wire.Statement), `{"sid":1,"args":[[]]}`, 17, "its kind"},
	{new(wire.Statement), `{"sid":1,"args":[9223372036854775808]}`, 17, "out of range"},
	{new(wire.Statement), `{"sid":1,"args":[-0]}`, 17, "out of range"},
	{new(wire.Statement), `{"sid":1,"args":[1e999]}`, 17, "out of range"},
	{new(wire.Statement), `{"sid":1,"args":[1.]}`, 19, "digit"},
	{new(wire.Statement), `{"sid":1,"args":[1e]}`, 19, "digit"},
	{new(wire.Statement), `{"sid":1,"args":[.5]}`, 17, "its kind"},
	{new(wire.Statement), `{"sid":1,"args":[NaN]}`, 17, "its kind"},
	{new(wire.Statement), `{"sid":1,"args":[{}]}`, 17, "go together"},
	{new(wire.Statement), `{"sid":1,"args":[{"z":1}]}`, 17, "unknown tag"},
	{new(wire.Statement), `{"sid":1,"args":[{"\u0000":1}]}`, 17, "unknown tag"},
	{new(wire.Statement), `{"sid":1,"args":[{"ii":1}]}`, 17, "unknown tag"},
	{new(wire.Statement), `{"sid":1,"args":[{"i":1,"u":1}]}`, 28, "twice"},
	{new(wire.Statement), `{"sid":1,"args":[{"i":1,"v":1}]}`, 17, "go together"},
	{new(wire.Statement), `{"sid":1,"args":[{"i":null}]}`, 22, "its kind"},
	{new(wire.Statement), `{"sid":1,"args":[{"i":{"i":1}}]}`, 22, "its kind"},
	{new(wire.Statement), `{"sid":1,"args":[{"i":"1.5"}]}`, 22, "another kind"},
	{new(wire.Statement), `{"sid":1,"args":[{"i":"01"}]}`, 22, "another kind"},
	{new(wire.Statement), `{"sid":1,"args":[{"i":" 1"}]}`, 22, "another kind"},
	{new(wire.Statement), `{"sid":1,"args":[{"i":"9223372036854775808"}]}`, 22, "out of range"},
	{new(wire.Statement), `{"sid":1,"args":[{"i":"-9223372036854775809"}]}`, 22, "out of range"},
	{new(wire.Statement), `{"sid":1,"args":[{"u":-1}]}`, 22, "out of range"},
	{new(wire.Statement), `{"sid":1,"args":[{"u":"18446744073709551616"}]}`, 22, "out of range"},
	{new(wire.Statement), `{"sid":1,"args":[{"u":"99999999999999999999"}]}`, 22, "out of range"},
	{new(wire.Statement), `{"sid":1,"args":[{"g":1e39}]}`, 22, "out of range"},
	{new(wire.Statement), `{"sid":1,"args":[{"f":"nan"}]}`, 22, "expected NaN"},
	{new(wire.Statement), `{"sid":1,"args":[{"o":1}]}`, 22, "another kind"},
	{new(wire.Statement), `{"sid":1,"args":[{"d":1.5}]}`, 22, "another kind"},
	{new(wire.Statement), `{"sid":1,"args":[{"d":"1 5"}]}`, 22, "no number"},
	{new(wire.Statement), `{"sid":1,"args":[{"c":-1}]}`, 22, "out of range"},
	{new(wire.Statement), `{"sid":1,"args":[{"b":"AA=A"}]}`, 22, "base64"},
	{new(wire.Statement), `{"sid":1,"args":[{"uuid":"00112233-4455-6677-8899-aabbccddeef"}]}`, 25, "UUID"},
	{new(wire.Statement), `{"sid":1,"args":[{"uuid":"00112233-4455-6677-8899_aabbccddeeff"}]}`, 25, "UUID"},
	{new(wire.Statement), `{"sid":1,"args":[{"uuid":"0011223--4455-6677-8899-aabbccddeeff"}]}`, 25, "UUID"},
	{new(wire.Statement), `{"sid":1,"args":[{"name":"a"}]}`, 17, "go together"},
	{new(wire.Statement), `{"sid":1,"args":[{"v":1}]}`, 17, "go together"},
	{new(wire.Statement), `{"sid":1,"args":[{"name":"a","v":{"name":"b","v":1}}]}`, 33, "unknown tag"},
	{new(wire.Statement), `{"sid":1,"args":[{"out":"a","in":{"out":"b"}}]}`, 33, "unknown tag"},
	{new(wire.Statement), `{"sid":1,"args":[{"in":1}]}`, 17, "go together"},
	{new(wire.Statement), `{"sid":1,"args":[{"list":[[1]]}]}`, 26, "its kind"},
	{new(wire.Statement), `{"sid":1,"args":[{"list":[{"list":[]}]}]}`, 26, "unknown tag"},
	{new(wire.Statement), `{"sid":1,"args":[{"of":"int64"}]}`, 17, "go together"},
	{new(wire.Statement), `{"sid":1,"named":{"a":1,"a":2}}`, 28, "twice"},
	{new(wire.Statement), `{"sid":1,"named":{"":1}}`, 21, "without a name"},
	{new(wire.Statement), `{"sid":1,"named":{"a":{"name":"b","v":1}}}`, 22, "unknown tag"},
	{new(wire.Statement), `{"sid":1,"named":[1]}`, 17, "expected {"},

	{new(wire.Prepare), `{"sql":"x"}`, 11, "sql and sid"},
	{new(wire.Prepare), `{"sid":1}`, 9, "sql and sid"},
	{new(wire.Prepared), `{"inputs":-2}`, 12, "count of arguments"},
	{new(wire.Prepared), `{"inputs":65536}`, 15, "count of arguments"},
	{new(wire.Head), `{"set":0}`, 9, "columns or a name"},
	{new(wire.Head), `{"cols":[],"same":"h"}`, 22, "columns or a name"},
	{new(wire.Head), `{"cols":[{}]}`, 9, "without a name"},
	{new(wire.Head), `{"cols":[{"n":null}]}`, 9, "without a name"},
	{new(wire.Head), `{"cols":[{"n":"a","p":1}]}`, 9, "half of precision"},
	{new(wire.Head), `{"cols":[{"n":"a","p":1,"s":null}]}`, 9, "half of precision"},
	{new(wire.Head), `{"cols":[{"n":"a","k":"y"}]}`, 25, "unknown kind"},
	{new(wire.Head), `{"cols":[{"n":"a","k":""}]}`, 24, "unknown kind"},
	{new(wire.Head), `{"cols":[{"n":"a","n":"b"}]}`, 22, "twice"},
	{new(wire.Head), `{"cols":[],"set":-1}`, 17, "out of range"},
	{new(wire.End), `{"affected":1,"no_affected":"x"}`, 32, "told and is not"},
	{new(wire.End), `{"last_id":1.5}`, 11, "another kind"},
	{new(wire.End), `{"tx":"X"}`, 9, "state of a transaction"},
	{new(wire.End), `{"tx":"II"}`, 10, "state of a transaction"},
	{new(wire.End), `{"ms":-1}`, 6, "below 0"},
	{new(wire.End), `{"out":{"a":1,"a":2}}`, 19, "twice"},
	{new(wire.End), `{"out":{"0":1}}`, 13, "without a name"},
	{new(wire.End), `{"out":{"a":{"out":"int64"}}}`, 12, "unknown tag"},
	{new(wire.Error), `{"message":"","applied":"no","conn":"ok"}`, 41, "without kind"},
	{new(wire.Error), `{"kind":"db","applied":"no","conn":"ok"}`, 40, "without message"},
	{new(wire.Error), `{"kind":"db","message":"","conn":"ok"}`, 38, "without applied"},
	{new(wire.Error), `{"kind":"db","message":"","applied":"no"}`, 41, "without conn"},
	{new(wire.Error), `{"kind":"DB","message":"","applied":"no","conn":"ok"}`, 8, "none of those"},
	{new(wire.Error), `{"kind":"db","message":"","applied":"maybe","conn":"ok"}`, 36, "none of those"},
	{new(wire.Error), `{"kind":"db","message":"","applied":"no","conn":"gone"}`, 48, "none of those"},
	{new(wire.Error), `{"kind":"db","native":{"a":"1","a":"2"},"message":"","applied":"no","conn":"ok"}`, 35, "twice"},
	{new(wire.Error), `{"kind":"db","native":{"a":1},"message":"","applied":"no","conn":"ok"}`, 27, "expected a string"},
	{new(wire.Hello), `{"versions":[1]}`, 12, "range"},
	{new(wire.Hello), `{"versions":[0,1]}`, 12, "range"},
	{new(wire.Hello), `{"versions":[2,1]}`, 12, "range"},
	{new(wire.Hello), `{"versions":[1,1,1]}`, 12, "range"},
	{new(wire.Hello), `{"auth":"token"}`, 8, "expected ["},
	{new(wire.Hello), `{"session":{"pool":"statement"}}`, 19, "none of those"},
	{new(wire.Hello), `{"codecs":[` + strings.Repeat(`"",`, 256) + `""]}`, 779, "too many"},
	{new(wire.Challenge), `{}`, 2, "without mech"},
	{new(wire.Welcome), `{"version":1,"codec":"json"}`, 28, "without dialect"},
	{new(wire.Welcome), `{"version":1,"codec":"json","dialect":"x","max_frame":8191}`, 0, "a size of frames"},
	{new(wire.Welcome), `{"version":1,"codec":"json","dialect":"x","max_message":2147483648}`, 0, "a size of frames"},
	{new(wire.CloseStmt), `{}`, 2, "without sid"},
	{new(wire.Credit), `{"n":-1}`, 5, "out of range"},
	{new(wire.Begin), `{"iso":"highest"}`, 7, "isolation"},
	{new(wire.Begin), `{"iso":"4294967296"}`, 7, "isolation"},
	{new(wire.Admin), `{"args":{}}`, 11, "without op"},
	{new(wire.AdminAnswer), `{"data":}`, 8, "expected a number"},
	{new(wire.Empty), `[]`, 0, "expected {"},
}

func TestJSONThatTheProtocolDoesNotAllowIsRefusedWithItsPlace(t *testing.T) {
	for _, row := range refusedJSON {
		err := row.m.Decode([]byte(row.json), wire.JSON)
		if err == nil {
			t.Errorf("%T: %s was read", row.m, row.json)
			continue
		}
		refusedOf(t, row.json, err, row.offset, row.reason)
	}
}

// refusedOf is refused for one row of a table.
func refusedOf(t *testing.T, name string, err error, offset int64, reason string) {
	t.Helper()
	wrong, ok := err.(*wire.ProtocolError)
	if !ok || wrong.Offset != offset || !strings.Contains(wrong.Reason, reason) {
		t.Errorf("%.60s: got %v, want %s at byte %d", name, err, reason, offset)
	}
}

func TestBinaryThatTheProtocolDoesNotAllowIsRefusedWithItsPlace(t *testing.T) {
	for _, row := range []struct {
		m      body
		hex    string
		offset int64
		reason string
	}{
		{new(wire.Statement), "", 0, "too short"},
		{new(wire.Statement), "01", 1, "expected a number"},
		{new(wire.Statement), "01 05 61", 2, "longer than the body"},
		{new(wire.Statement), "01 ffffffffffffffffff01 61", 11, "longer than the body"},
		{new(wire.Statement), "01 ffffffffffffffffff02 61", 1, "expected a number"},
		{new(wire.Statement), "01 8100 61 00", 1, "expected a number"}, // 1, but not in the fewest bytes
		{new(wire.Statement), "01 0161 00 00", 4, "after the end"},
		{new(wire.Statement), "00 00", 0, "sql or sid"},
		{new(wire.Statement), "41 0161 00", 0, "unknown members"},
		{new(wire.Statement), "02 00 00", 0, "number 0"},
		{new(wire.Statement), "02 8080808010 00", 1, "out of range"},
		{new(wire.Statement), "05 0161 ffffffffffffffffff01 00", 3, "out of range"},
		{new(wire.Statement), "01 0161 808004", 3, "out of range"}, // 65536 arguments
		{new(wire.Statement), "01 0161 01 00", 5, "too short"},
		{new(wire.Statement), "01 0161 01 00 0f", 5, "unknown tag"},
		{new(wire.Statement), "01 0161 01 00 05 0000", 6, "too short"},
		{new(wire.Statement), "01 0161 01 00 06 00000000000000", 6, "too short"},
		{new(wire.Statement), "01 0161 01 00 0a 0120", 5, "no number"},
		{new(wire.Statement), "01 0161 01 00 0b 03 00 00 00 00 00", 6, "wrong zone"},
		{new(wire.Statement), "01 0161 01 00 0b 00 00 8094ebdc03", 8, "out of range"},
		{new(wire.Statement), "01 0161 01 00 0b 01 00 00 808080802000", 6, "wrong zone"},
		{new(wire.Statement), "01 0161 01 00 0c ffffffffffffffffff01", 6, "out of range"},
		{new(wire.Statement), "01 0161 01 00 0d 00 02", 7, "out of range"},
		{new(wire.Statement), "01 0161 01 00 0d 00 01 0d 00 00", 8, "can be none"},
		{new(wire.Statement), "01 0161 01 00 0e 00 03 00", 7, "out of range"},
		{new(wire.Statement), "01 0161 01 00 0e 00 01 0e 00 00", 8, "unknown tag"},
		{new(wire.Prepare), "00 00 0161", 0, "number 0"},
		{new(wire.Prepared), "03 00 00 00 00", 1, "count of arguments"},
		{new(wire.Prepared), "00 58 00 00 00", 2, "state of a transaction"},
		{new(wire.Head), "00 00 00 01", 4, "too short"},
		{new(wire.Head), "00 00 00 808004", 3, "out of range"},
		{new(wire.Head), "00 00 00 01 79 00 00 00 00", 4, "unknown sort"},
		{new(wire.Head), "00 00 00 01 69 10 00 00 00", 4, "unknown sort"},
		{new(wire.Head), "00 00 00 01 69 02 00 00 00", 4, "unknown sort"},
		{new(wire.Head), "00 00 0168 00", 4, "after the end"},
		{new(wire.End), "08 00 00 00 00 00 0000000000000000 00", 0, "unknown members"},
		{new(wire.End), "00 00 00 00 00 00 000000000000f0bf 00", 0, "below 0"},
		{new(wire.End), "00 00 00 00 00 00 000000000000f87f 00", 0, "without a number"},
		{new(wire.End), "00 00 00 00 00 00 0000000000000000 02 01 00 00 01 00 00", 21, "twice"},
		{new(wire.End), "00 00 00 00 00 00 0000000000000000 01 00 00 00", 18, "without a name"},
		{new(wire.End), "00 00 00 00 00 00 0000000000000000 01 00 0135 00", 19, "without a name"},
		{new(wire.End), "00 00 00 00 00 00 0000000000000000 01 01 00 0d 00 00", 17, "can be none"},
	} {
		err := row.m.Decode(unhex(t, row.hex), wire.Binary)
		if err == nil {
			t.Errorf("%T: %s was read", row.m, row.hex)
			continue
		}
		refusedOf(t, row.hex, err, row.offset, row.reason)
	}
}

func TestAUUIDIsReadAsItsText(t *testing.T) {
	var s wire.Statement
	if err := s.Decode([]byte(`{"sid":1,"args":[{"uuid":"00112233-4455-6677-8899-AABBccddeeff"}]}`), wire.JSON); err != nil {
		t.Fatal(err)
	}
	if got, want := s.Args[0].Value, "00112233-4455-6677-8899-aabbccddeeff"; got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestWhatCannotGoOverTheWireIsNamed(t *testing.T) {
	for _, row := range []struct {
		v      any
		reason string
	}{
		{int32(1), "a int32 cannot go over the wire"},
		{struct{}{}, "a struct {} cannot"},
		{wire.Decimal("1\x00"), "is no number"},
		{wire.Decimal("\"1\""), "is no number"},
		{wire.Cursor(-1), "no result set -1"},
		{wire.List{Values: []any{1.5, wire.Out{}}}, "element 1: fluxor: a wire.Out cannot"},
		{wire.List{Values: []any{wire.List{}}}, "element 0: fluxor: a wire.List cannot"},
		{wire.Out{InOut: true, In: wire.Out{}}, "a wire.Out cannot"},
		{wire.Out{InOut: true, In: uint8(1)}, "a uint8 cannot"},
	} {
		if err := wire.CheckArg(row.v); err == nil || !strings.Contains(err.Error(), row.reason) {
			t.Errorf("%#v: got %v, want %s", row.v, err, row.reason)
		}
	}
	for _, g := range goldens {
		if err := wire.CheckArg(g.value); err != nil {
			t.Errorf("%s: %v", g.name, err)
		}
	}
	for _, g := range goldenArgs {
		if err := wire.CheckArg(g.value.Value); err != nil {
			t.Errorf("%s: %v", g.name, err)
		}
	}
}

func TestSendingWhatCheckArgRefusesPanics(t *testing.T) {
	for _, c := range []wire.Codec{wire.JSON, wire.Binary} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", c)
				}
			}()
			m := wire.Statement{Args: []driver.NamedValue{{Value: int32(1)}}}
			m.Append(nil, c)
		}()
	}
}
