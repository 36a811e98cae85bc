// This file tests DSNs: what they mean, what is refused, and that no token is shown.

package netdriver

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestADSNSaysWhatItSays(t *testing.T) {
	got, err := ParseDSN("fluxor+tcp://a%40pp:to%2Fk%3Aen+@h1:7000,h2,[::1]:7001/erp%2Fx?tls=verify-ca&ca=%2Fca.pem&server_name=gw&codec=json" +
		"&connect_timeout=3s&network_timeout=1m&window=65536&app=my%20app&tz=Europe%2FBerlin&pool=session&labels=team:a,env:b:c")
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		User: "a@pp", Token: "to/k:en+", Hosts: []string{"h1:7000", "h2", "[::1]:7001"}, Database: "erp/x", TLS: TLSVerifyCA, CA: "/ca.pem",
		ServerName: "gw", Codec: "json", ConnectTimeout: 3 * time.Second, NetworkTimeout: time.Minute, Window: 65536, App: "my app",
		TZ: "Europe/Berlin", Pool: "session", Labels: map[string]string{"team": "a", "env": "b:c"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got.format(), want.format())
	}
}

func TestAnAddressMayHaveAZone(t *testing.T) {
	const dsn = "tcp://app@[fe80::1%25eth0]:7000,[fe80::2%25eth0]/erp"
	got, err := ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"[fe80::1%eth0]:7000", "[fe80::2%eth0]"}; !slices.Equal(got.Hosts, want) || got.String() != dsn {
		t.Errorf("got %q of %s, want %q", got.Hosts, got, want)
	}
	secure, err := got.tlsFor(withPort(got.Hosts[1]))
	if err != nil || secure.ServerName != "fe80::2" {
		t.Errorf("the certificate is to be for %q, %v", secure.ServerName, err)
	}
}

func TestThePageOfTheGatewayHasEveryOptionOfADSNAndWhatItMayBe(t *testing.T) {
	page, err := os.ReadFile("../docs/GATEWAY.md")
	if err != nil {
		t.Fatal(err)
	}
	_, clients, _ := strings.Cut(string(page), "\n## Clients\n")
	for _, o := range options {
		_, row, _ := strings.Cut(clients, "\n| `"+o.key+"` |")
		row, _, _ = strings.Cut(row, "\n")
		if row == "" {
			t.Errorf("docs/GATEWAY.md has no row for the option %s", o.key)
		}
		for _, value := range o.allowed {
			if !strings.Contains(row, "`"+value+"`") {
				t.Errorf("docs/GATEWAY.md does not say that %s may be %s", o.key, value)
			}
		}
	}
}

func TestWhatIsWrongWithADSNIsNamedAndTheTokenIsNot(t *testing.T) {
	for _, row := range []struct{ dsn, want string }{
		{"postgres://u:secret@h", "byte 0"},
		{"tcp://", "byte 6"},
		{"tcp://u:secret@", "byte 15"},
		{"tcp://u:sec%zzret@h/db", "byte 11"},
		{"tcp://u:secret@h:port/db", "byte 15"},
		{"tcp://u:secret@h1,h 2/db", "byte 18"},
		{"tcp://u:secret@[fe80::1%eth0]/db", "byte 15"},
		{"tcp://u:secret@h/db\n", "byte 19"},
		{"tcp://u:secret\n@h/db", "byte 14"},
		{"tcp://u:sec/ret@h/db", "byte 15"},
		{"tcp://u:12/sec@h/db", "byte 14"},
		{"tcp://u:sec#ret@h/db", "byte 11"},
		{"tcp://u:sec?ret@h/db", "byte 15"},
		{"tcp://u:secret@h/d%b", "byte 18"},
		{"tcp://u:secret@h/db?app=%", "byte 24"},
		{"tcp://u:secret@h/db?tsl=require", "unknown option tsl"},
		{"tcp://u:secret@h/db?secret1=x", "unknown option ***"},
		{"tcp://u:secret@h/db?fluxor_max_open_conns=9", "unknown option fluxor_max_open_conns: Fluxor's options are the gateway's"},
		{"tcp://u:secret@h/db?labels=" + manyLabels(64) + ",more:x", "option labels: want name:value,name:value with at most 64 different names"},
		{"tcp://u:secret@h/db?tls=secret", "option tls: want one of disable, require"},
		{"tcp://u:secret@h/db?app=", "option app: is empty"},
		{"tcp://u:secret@h/db?app=a&app=b", "option app stands twice"},
		{"tcp://u:secret@h/db?connect_timeout=5", "option connect_timeout: want a duration"},
		{"tcp://u:secret@h/db?network_timeout=-1s", "option network_timeout: want a duration"},
		{"tcp://u:secret@h/db?window=12", "option window: want bytes from 4096"},
		{"tcp://u:secret@h/db?labels=a", "option labels: want name:value"},
		{"tcp://u:secret@h/db?cert=x", "options cert and key go together"},
		{"tcp://u:secret@h/db?tls=disable&ca=x", "tls=disable contradicts"},
		{"tcp://u:secret@h/db?tls=require&ca=x", "tls=require looks at no certificate"},
		{"tcp://u:secret@h/db?tls=require&auth=token", "auth=token does not go with tls=require"},
		{"tcp://u:secret@h/db?tls=disable&auth=token", "auth=token does not go with tls=disable"},
		{"tcp://u:secret@h/db?auth=mtls", "auth=mtls needs"},
		{"tcp://u@h/db?auth=scram", "auth=scram needs a token"},
	} {
		_, err := ParseDSN(row.dsn)
		if err == nil || !strings.HasPrefix(err.Error(), "fluxor: ") || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "sec") {
			t.Errorf("%s: got %v, want %q", row.dsn, err, row.want)
		}
	}
}

// manyLabels are n of them.
func manyLabels(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("l%d:x", i)
	}
	return strings.Join(all, ",")
}

func TestADSNMayHaveAsManyLabelsAsAGatewayTakes(t *testing.T) {
	c, err := ParseDSN("tcp://u@h/db?labels=" + manyLabels(64))
	if err != nil || len(c.Labels) != 64 {
		t.Errorf("got %d labels, %v", len(c.Labels), err)
	}
	c.Labels["more"] = "x"
	if _, err := NewConnector(c); err == nil || !strings.Contains(err.Error(), "option labels") {
		t.Errorf("65 labels: got %v", err)
	}
}

func TestNoWayToPrintAConfigurationShowsTheToken(t *testing.T) {
	c, err := ParseDSN("tcp://app:hunter2@h/erp?app=x")
	if err != nil {
		t.Fatal(err)
	}
	connector, err := NewConnector(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		for _, v := range []any{c, &c, connector} {
			if text := fmt.Sprintf(format, v); strings.Contains(text, "hunter2") {
				t.Errorf("%s of a %T: %s", format, v, text)
			}
		}
	}
	if got, want := c.String(), "tcp://app:***@h/erp?app=x"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTLSIsOnUnlessTheHostIsThisMachine(t *testing.T) {
	for dsn, want := range map[string]TLSMode{
		"tcp://127.0.0.1/db":                  TLSDisable,
		"tcp://[::1]:1/db":                    TLSDisable,
		"tcp://localhost/db":                  TLSDisable,
		"tcp://localhost/db?tls=require":      TLSRequire,
		"tcp://localhost/db?ca=x":             TLSVerifyFull,
		"tcp://10.0.0.1/db":                   TLSVerifyFull,
		"tcp://localhost.example.org/db":      TLSVerifyFull,
		"tcp://gateway:7654/db?tls=disable":   TLSDisable,
		"tcp://gateway:7654/db?tls=verify-ca": TLSVerifyCA,
	} {
		c, err := ParseDSN(dsn)
		if err != nil {
			t.Errorf("%s: %v", dsn, err)
			continue
		}
		if got := c.modeFor(withPort(c.Hosts[0])); got != want {
			t.Errorf("%s: got %q, want %q", dsn, got, want)
		}
	}
}

func FuzzParseDSN(f *testing.F) {
	f.Add("tcp://u:p@h1:1,[::1]/db?tls=require&labels=a:b")
	f.Add("fluxor+tcp://%25:%@h/?app=%20+")
	f.Add("tcp://u:a?b@h/db")
	f.Fuzz(func(t *testing.T, dsn string) {
		c, err := ParseDSN(dsn)
		if err != nil {
			return
		}
		again, err := ParseDSN(c.format())
		if err != nil {
			t.Fatalf("%q became %q: %v", dsn, c.format(), err)
		}
		if !reflect.DeepEqual(c, again) {
			t.Fatalf("%q became %q", c.format(), again.format())
		}
	})
}
