// This file tests that a file is read, that all that is wrong with it is named, and that no secret is shown.

package config_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	_ "github.com/fluxor-db/fluxor/drivers/sqlite"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/gateway/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

// smallest is the smallest file that is valid.
const smallest = `listen: [127.0.0.1:0]
databases:
  erp: {dsn: ":memory:"}
users:
  - name: app
    tokens: [{sha256: ` + hash + `}]
`

func environment(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

func parse(t *testing.T, text string) (*config.File, error) {
	t.Helper()
	return config.Parse("gateway.yaml", []byte(text), environment(nil))
}

func parsed(t *testing.T, text string) *config.File {
	t.Helper()
	f, err := parse(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// example is the documented example on this machine: its files are in a directory
// of the test's.
func example(t *testing.T) *config.File {
	t.Helper()
	text, err := os.ReadFile("../../../deploy/gateway.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	authority, err := dbtest.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	root, certificate, key, err := authority.Files(dir)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := gateway.NewSCRAM("a password")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"billing.dsn": "billing.db\n", "reports.scram": secret.Secret() + "\n", "ops.hash": hash} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	here := strings.NewReplacer("/etc/fluxor/tls.crt", certificate, "/etc/fluxor/tls.key", key, "/etc/fluxor/clients.pem", root, "/etc/fluxor", dir)
	f, err := config.Parse("gateway.yaml", []byte(here.Replace(string(text))),
		environment(map[string]string{"ERP_DSN": "erp.db", "ORDERS_TOKEN_HASH": hash}))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestTheDocumentedExampleIsValidAndHasEveryKey(t *testing.T) {
	f := example(t)
	page, err := os.ReadFile("../../../docs/GATEWAY.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range config.Keys() {
		name := path[strings.LastIndexByte(path, '.')+1:]
		text, _ := os.ReadFile("../../../deploy/gateway.yaml")
		if !regexp.MustCompile(`\b` + name + `:`).Match(text) {
			t.Errorf("deploy/gateway.yaml has no %s", path)
		}
		if !strings.Contains(string(page), "`"+path+"`") {
			t.Errorf("docs/GATEWAY.md has no `%s`", path)
		}
	}
	users := f.Gateway().Users
	if len(users) != 4 || len(users[0].Tokens) != 2 || users[1].SCRAM == nil || users[3].Role != gateway.RoleAdmin {
		t.Errorf("got %+v", users)
	}
	c, err := f.Databases["erp"].Runtime(nil)
	if err != nil || c.MaxOpenConns != 40 || c.AcquireTimeout != 5*time.Second || c.DSN != "erp.db" {
		t.Errorf("got %v, %v", c, err)
	}
	if f.Drain != (config.Drain{Delay: 5 * time.Second, Timeout: 30 * time.Second}) {
		t.Errorf("got %v", f.Drain)
	}
	defaults := gateway.Config{}.Filled()
	if f.Limits != defaults.Limits || f.Timeouts != defaults.Timeouts {
		t.Errorf("the example's bounds are %+v %+v, the defaults %+v %+v", f.Limits, f.Timeouts, defaults.Limits, defaults.Timeouts)
	}
}

func TestAllThatIsWrongIsNamedAtOnceWithItsPlace(t *testing.T) {
	_, err := parse(t, `listen: 0.0.0.0:7654
tls:
  certificate: /none
allow_plaintext: "yes"
databases:
  erp:
    dsn: env:NONE
    options: {max_open_con: 3, query_timeout: soon, preset: [a]}
  empty:
  billing: {options: {preset: legacy}}
users:
  - name: app
    databases: [erp, old]
    tokens:
      - sha256: abc
        expires: tomorrow
    rolle: admin
  - name: app
    role: root
    sessions: -1
limits:
  memory: lots
  frame: 1KiB
timeouts: {idle: 5}
admin: {listen: "0.0.0.0:1", tls: true}
`)
	want := []string{
		`gateway.yaml:1:9: listen: want a list, not a text`,
		`gateway.yaml:2:1: tls: certificate and key belong together`,
		`gateway.yaml:4:18: allow_plaintext: want true or false, not a text`,
		`gateway.yaml:7:10: databases.erp.dsn: the environment variable NONE is not set`,
		`gateway.yaml:8:15: databases.erp.options.max_open_con: unknown option fluxor_max_open_con=3; did you mean fluxor_max_open_conns?`,
		`gateway.yaml:8:32: databases.erp.options.query_timeout: option fluxor_query_timeout=soon: want a duration`,
		`gateway.yaml:8:61: databases.erp.options.preset: want a value, not a list`,
		`gateway.yaml:9:9: databases.empty: want keys with values, not nothing`,
		`gateway.yaml:10:3: databases.billing: dsn is missing`,
		`gateway.yaml:13:22: users[0].databases[1]: there is no database old`,
		`gateway.yaml:15:9: users[0].tokens[0].sha256: want 64 hexadecimal digits`,
		`gateway.yaml:16:18: users[0].tokens[0].expires: want a time`,
		`gateway.yaml:17:5: users[0].rolle: there is no such key`,
		`gateway.yaml:18:5: users[1].name: the name is taken`,
		`gateway.yaml:19:11: users[1].role: want one of monitor, operator, admin`,
		`gateway.yaml:20:15: users[1].sessions: want a whole number from 0 on`,
		`gateway.yaml:22:11: limits.memory: want a number of bytes`,
		`gateway.yaml:23:3: limits.frame: 8KiB is the least`,
		`gateway.yaml:24:18: timeouts.idle: want a duration`,
	}
	got := strings.Split(err.Error(), "\n")
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(want):
			t.Errorf("besides: %s", got[i])
		case i >= len(got):
			t.Errorf("missing: %s", want[i])
		case !strings.HasPrefix(got[i], want[i]):
			t.Errorf("got  %s\nwant %s", got[i], want[i])
		}
	}
}

// ofNothing is what is kept of an empty password.
const ofNothing = "SCRAM-SHA-256$4096:YSBzYWx0IG9mIGFub3RoZXI=$7bEHmeIY59IOfrSjq2p/DD0XdB/CZ0WaZvFf9D2FXTM=:lCPZsyqAnSz2+avFL5F1bz7zpRbLMKBsnv/ZJ0uixi0="

func TestContradictionsAreRefused(t *testing.T) {
	for name, one := range map[string]struct{ text, want string }{
		"a window too small":                        {smallest + "limits: {window: 63KiB}\n", "limits.window: 64KiB is the least"},
		"a frame too large":                         {smallest + "limits: {frame: 2GiB}\n", "7:10: limits.frame: less than 2GiB is possible"},
		"a message too large":                       {smallest + "limits: {message: 3GiB}\n", "7:10: limits.message: less than 2GiB is possible"},
		"a size too large":                          {smallest + "limits: {memory: 2000GiB}\n", "7:18: limits.memory: want a number of bytes"},
		"a time without its unit":                   {smallest + "drain: {delay: 5}\n", "7:16: drain.delay: want a duration"},
		"a token that is empty":                     {strings.Replace(smallest, hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 1), "6:15: users[0].tokens[0].sha256: this is the hash of an empty token"},
		"memory for nobody":                         {smallest + "limits: {memory: 512KiB}\n", "7:10: limits.memory: 1MiB is the least"},
		"no listener":                               {strings.Replace(smallest, "[127.0.0.1:0]", "[]", 1), "listen: an address is missing"},
		"an address without a port":                 {strings.Replace(smallest, "127.0.0.1:0", "localhost", 1), "1:10: listen[0]: want host:port"},
		"plaintext for others":                      {strings.Replace(smallest, "127.0.0.1:0", "0.0.0.0:0", 1), "1:10: listen[0]: other machines reach this address"},
		"no database":                               {strings.Replace(smallest, `  erp: {dsn: ":memory:"}`, "  {}", 1), "databases: a database is missing"},
		"a DSN of nobody's":                         {strings.Replace(smallest, ":memory:", "nonsense", 1), "3:9: databases.erp.dsn:"},
		"no login":                                  {smallest + "  - name: other\n", "7:5: users[1]: there is no way to log in"},
		"a login of no password":                    {smallest + "  - {name: other, scram: hunter2}\n", "7:19: users[1].scram: want SCRAM-SHA-256$"},
		"a login of an empty password":              {smallest + "  - {name: other, scram: '" + ofNothing + "'}\n", "7:19: users[1].scram: this is of an empty password"},
		"certificates unasked":                      {smallest + "  - {name: other, certificates: [a]}\n", "users[1].certificates: clients are asked for a certificate where tls.client_ca is set"},
		"client_ca without TLS":                     {smallest + "tls: {client_ca: a.pem}\n", "tls.client_ca: clients show certificates over TLS alone"},
		"files that are not there":                  {smallest + "tls: {certificate: /none.crt, key: /none.key}\n", "7:1: tls: open /none.crt"},
		"admin for others":                          {smallest + "admin: {listen: \"[::]:1\"}\n", "7:9: admin.listen: other machines reach this address"},
		"admin over TLS without it":                 {smallest + "admin: {tls: true}\n", "admin.tls: tls.certificate is missing"},
		"admin among clients":                       {smallest + "admin: {listen: 127.0.0.1:0}\n", "admin.listen: clients are served at this address"},
		"grants of who may write":                   {smallest + "    read_only_by_grants: true\n", "7:5: users[0].read_only_by_grants: it goes with read_only: true"},
		"guesses without a number":                  {smallest + "limits: {failed_logins: -1}\n", "7:25: limits.failed_logins: want a whole number from 0 on"},
		"a key twice":                               {smallest + "listen: [127.0.0.1:1]\n", "7:1: listen: the key stands there twice"},
		"a key without a value":                     {smallest + "drain:\n", "the key has no value"},
		"two documents":                             {smallest + "---\na: b\n", "a second document"},
		"no YAML":                                   {"listen: [\n", "gateway.yaml:1"},
		"nothing":                                   {"# nothing\n", "gateway.yaml: the file is empty"},
		"a list":                                    {"- a\n", "want keys with values, not a list"},
		"an alias":                                  {smallest + "log: &a {level: info}\n", "want keys with values, not an anchor"},
		"an audit log that is required and is none": {smallest + "audit: {required: true}\n", "audit.required: audit.file is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parse(t, one.text); err == nil || !strings.Contains(err.Error(), one.want) {
				t.Errorf("got %v, want %q", err, one.want)
			}
		})
	}
}

func TestATimeOf0NeedsNoUnitAndASizeMayHaveAnyNumberOfDigits(t *testing.T) {
	f := parsed(t, smallest+"drain: {delay: 0}\nlimits: {memory: 4294967296}\n")
	if f.Drain.Delay != 0 || f.Limits.Memory != 4<<30 {
		t.Errorf("got %s, %d", f.Drain.Delay, f.Limits.Memory)
	}
}

func TestWhatIsWrongWithACertificateNamesItsFiles(t *testing.T) {
	_, certificate, _, err := authority(t).Files(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	_, _, key, err := authority(t).Files(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	_, err = parse(t, smallest+"tls: {certificate: '"+certificate+"', key: '"+key+"'}\n")
	if want := "7:1: tls: " + certificate + " and " + key + ": "; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestWhatIsShownIsReadTheSameAndHidesSecrets(t *testing.T) {
	f := parsed(t, smallest)
	again := parsed(t, strings.Replace(f.Shown().String(), `"***"`, hash, 1))
	if changes := config.Diff(f.Shown(), again.Shown()); len(changes) != 0 {
		t.Errorf("got %v of\n%s", changes, f.Shown())
	}
	const canary = "s3cr3t-canary"
	f = parsed(t, strings.Replace(smallest, ":memory:", "file:a.db?_auth_pass="+canary, 1))
	secret, err := gateway.NewSCRAM(canary)
	if err != nil {
		t.Fatal(err)
	}
	more := parsed(t, smallest+"  - {name: other, scram: '"+secret.Secret()+"'}\n")
	for _, f := range []*config.File{f, more} {
		asJSON, err := json.Marshal(f.Shown())
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{f.Shown().String(), string(asJSON)} {
			for _, secret := range []string{canary, hash, secret.Secret()} {
				if strings.Contains(text, secret) {
					t.Errorf("%s is shown in\n%s", secret, text)
				}
			}
		}
	}
}

func TestADiffTellsWhatNeedsARestartAndNotesChangedSecrets(t *testing.T) {
	other := strings.NewReplacer(hash, strings.Repeat("0a", 32), "127.0.0.1:0", "127.0.0.1:1", "  - name: app", "  - role: monitor\n    name: app").Replace(smallest)
	changes := config.Diff(parsed(t, smallest).Shown(), parsed(t, other+"timeouts: {idle: 5m}\n").Shown())
	var paths []string
	for _, c := range changes {
		path := regexp.MustCompile(`tokens\.[0-9a-f]{8}`).ReplaceAllString(c.Path, "tokens.x")
		if c.Restart {
			path += " restart"
		}
		paths = append(paths, path)
	}
	want := []string{"listen restart", "timeouts.idle restart", "users.app.role", "users.app.tokens.x.sha256", "users.app.tokens.x.sha256"}
	if !slices.Equal(paths, want) {
		t.Errorf("got %q", paths)
	}
}
