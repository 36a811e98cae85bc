// This file tests that a file can say everything that a gateway can be told.

package config_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/fluxor-db/fluxor/netdriver/gateway"
)

// whole sets everything, and nothing to its default.
const whole = `listen: [127.0.0.1:0]
allow_plaintext: true
databases:
  erp:
    dsn: ":memory:"
    bounds: {sessions: 1, in_flight: 2, queue: 3s, rows: 4, bytes: 5KiB}
users:
  - name: app
    databases: [erp]
    tokens: [{sha256: ` + hash + `, expires: 2031-01-31T00:00:00Z}]
    scram: %q
    certificates: [app.example]
    role: monitor
    sessions: 6
    bounds: {in_flight: 7, queue: 8s, rows: 9, bytes: 10KiB}
    read_only: true
    read_only_by_grants: true
    disabled: true
    expires: 2031-12-31T00:00:00Z
tls: {certificate: %q, key: %q, client_ca: %q}
limits:
  sessions: 11
  sessions_per_user: 12
  sessions_per_address: 13
  waiting: 14
  waiting_per_address: 15
  failed_logins: any
  memory: 17MiB
  frame: 18KiB
  message: 19KiB
  window: 200KiB
  statements: 21
  texts: 22MiB
timeouts: {login: 22s, idle: 23s, idle_in_tx: 24s, stream_idle: 25s, write: 26s}
audit: {file: audit.jsonl, required: true}
`

// elsewhere are the fields that no key is for, and why.
var elsewhere = map[string]string{
	"Config.Databases":     "the program opens them by File.Databases",
	"Config.TLS":           "LoadCertificates makes it by File.TLS",
	"Config.Audit":         "the program opens File.Audit",
	"Config.Operations":    "the program's own",
	"Config.Name":          "the program's own",
	"Config.Logger":        "the program makes it by File.Log",
	"User.Bounds.Sessions": "User.Sessions says it",
}

func TestAFileCanSayEverythingThatAGatewayCanBeTold(t *testing.T) {
	root, certificate, key, err := authority(t).Files(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	secret, err := gateway.NewSCRAM("a password")
	if err != nil {
		t.Fatal(err)
	}
	f := parsed(t, fmt.Sprintf(whole, secret.Secret(), certificate, key, root))
	if f.TLS.Certificate == "" || f.TLS.Key == "" || f.TLS.ClientCA == "" || f.Audit.File == "" || len(f.Databases) == 0 {
		t.Errorf("got %+v", f)
	}
	c, defaults := f.Gateway(), gateway.Config{}.Filled()
	left := map[string]bool{}
	for name := range elsewhere {
		left[name] = true
	}
	for name, pair := range map[string][2]any{
		"Config": {c, gateway.Config{}}, "Bounds": {c.Bounds["erp"], gateway.Bounds{}}, "Limits": {c.Limits, defaults.Limits},
		"Timeouts": {c.Timeouts, defaults.Timeouts}, "User": {c.Users[0], gateway.User{}},
		"User.Bounds": {c.Users[0].Bounds, gateway.Bounds{}}, "Token": {c.Users[0].Tokens[0], gateway.Token{}},
	} {
		told, untold := reflect.ValueOf(pair[0]), reflect.ValueOf(pair[1])
		for i := range told.NumField() {
			field := name + "." + told.Type().Field(i).Name
			set := !reflect.DeepEqual(told.Field(i).Interface(), untold.Field(i).Interface())
			if _, exempt := elsewhere[field]; exempt == set {
				t.Errorf("%s: the file sets it: %v; either a key is missing in keys.go or here, or it stands elsewhere", field, set)
			}
			delete(left, field)
		}
	}
	for name := range left {
		t.Errorf("%s stands elsewhere and does not exist", name)
	}
}

func TestBoundsAreNotWhatADatabaseIsKnownBy(t *testing.T) {
	bound := parsed(t, smallest).Databases["erp"]
	bound.Bounds.Rows = 1
	if !bound.Same(parsed(t, smallest).Databases["erp"]) {
		t.Error("a changed bound would close the database's connections")
	}
}
