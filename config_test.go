// This file tests the table of options, the presets and the checks, and keeps docs/CONFIG.md in step with them.

package fluxor

import (
	"bytes"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dsn"
)

var update = flag.Bool("update", false, "write docs/CONFIG.md anew")

// codeOnly are the fields that have no spelling outside code.
var codeOnly = []string{"DSN", "OnLeak", "OnStateChange", "Logger", "Middleware", "InnerMiddleware"}

func TestEachFieldHasKeyEnvironmentNameDefaultDocAndRow(t *testing.T) {
	page, err := os.ReadFile("docs/CONFIG.md")
	if err != nil {
		t.Fatal(err)
	}
	fields := slices.DeleteFunc(reflect.VisibleFields(reflect.TypeFor[RuntimeConfig]()), func(f reflect.StructField) bool { return !f.IsExported() })
	if got, want := len(options), len(fields)-len(codeOnly); got != want {
		t.Errorf("got %d options for %d fields", got, want)
	}
	keys := make(map[string]bool)
	for _, f := range fields {
		if slices.Contains(codeOnly, f.Name) {
			continue
		}
		i := slices.IndexFunc(options, func(o option) bool { return o.field == f.Name })
		if i < 0 {
			t.Errorf("%s has no row in options", f.Name)
			continue
		}
		o := options[i]
		if !strings.HasPrefix(o.env, "DB_") || o.key() != "fluxor_"+strings.ToLower(o.env[3:]) || keys[o.key()] {
			t.Errorf("%s: bad or double names %s, %s", f.Name, o.env, o.key())
		}
		keys[o.key()] = true
		if !strings.HasSuffix(o.doc, ".") {
			t.Errorf("%s: its sentence is missing or has no end: %q", f.Name, o.doc)
		}
		for _, preset := range []string{presetTransparent, presetLegacy} {
			if defaultText(o, preset) == "" {
				t.Errorf("%s has no default in preset %s", f.Name, preset)
			}
		}
		if !strings.Contains(string(page), "| `"+f.Name+"` |") {
			t.Errorf("%s has no row in docs/CONFIG.md", f.Name)
		}
	}
}

func TestConfigPageIsCurrent(t *testing.T) {
	want := configPage()
	if *update {
		if err := os.WriteFile("docs/CONFIG.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("docs/CONFIG.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/CONFIG.md is out of date; run go test . -run TestConfigPageIsCurrent -update")
	}
}

func TestPresetsGiveEachFieldItsValue(t *testing.T) {
	transparent, err := resolve(RuntimeConfig{})
	if err != nil {
		t.Fatal(err)
	}
	want := settings{
		Preset: "transparent", MaxIdleConns: 10, CloseTimeout: 5 * time.Second, ValidationTimeout: 5 * time.Second,
		ValidationIdle: time.Second, WarmupTimeout: 30 * time.Second, ConnectionTimeout: 30 * time.Second, Logger: slog.Default(),
		EnableLeakDetection: true, LeakDetectionThreshold: 10 * time.Minute, LeakStack: "auto", Metrics: "on",
		CircuitBreakerMaxFailures: 5, CircuitBreakerFailureTime: 2 * time.Second, CircuitBreakerResetTimeout: time.Minute,
		CircuitBreakerHalfOpenTimeout: 10 * time.Second, CircuitBreakerWindow: 10 * time.Second,
		BackpressureMode: "block", BackpressureTimeout: 30 * time.Second,
		SlowQueryThreshold: time.Second, MaxRetries: 3, RetryBackoff: 100 * time.Millisecond, RetryBudget: 10,
		Cache: "off", CacheTTL: 30 * time.Second, CacheEmptyTTL: 5 * time.Second, CacheSize: 64 << 20, CacheMaxRows: 1000,
		CacheMaxBytes: 1 << 20, CacheDoubt: 30 * time.Second, CacheCatalog: 10 * time.Second,
	}
	if !reflect.DeepEqual(transparent, want) {
		t.Errorf("transparent: got %v, want %v", RuntimeConfig(transparent), RuntimeConfig(want))
	}
	legacy, err := resolve(RuntimeConfig{Preset: "legacy", DSN: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	want.Preset, want.MaxOpenConns = "legacy", 50
	want.ConnMaxLifetime, want.ConnMaxIdleTime = 30*time.Minute, 10*time.Minute
	want.AcquireTimeout, want.NetworkTimeout = 30*time.Second, time.Minute
	want.StmtCacheSize, want.CircuitBreakerFailureTime, want.QueryTimeout = 200, 0, 30*time.Second
	want.MaxRequestsPerSecond, want.RateLimitBurst = 1000, 100
	want.MaxConcurrentConnections, want.BackpressureQueue, want.BackpressureMode = 100, 1000, "timeout"
	if !reflect.DeepEqual(legacy, want) {
		t.Errorf("legacy: got %v, want %v", RuntimeConfig(legacy), RuntimeConfig(want))
	}
}

func TestWrittenFieldsWinOverThePreset(t *testing.T) {
	set, err := resolve(RuntimeConfig{Preset: "legacy", MaxOpenConns: 4, AcquireTimeout: -1, WarmupConnections: 2})
	if err != nil {
		t.Fatal(err)
	}
	if set.MaxOpenConns != 4 || set.MaxIdleConns != 4 || set.AcquireTimeout != 0 || set.WarmupConnections != 2 {
		t.Errorf("got %v", RuntimeConfig(set))
	}
	if set, err = resolve(RuntimeConfig{MaxIdleConns: -1}); err != nil || set.MaxIdleConns != 0 {
		t.Errorf("got %v, %v", RuntimeConfig(set), err)
	}
}

func TestValidateNamesWhatIsWrong(t *testing.T) {
	for name, row := range map[string]struct {
		cfg  RuntimeConfig
		want string
	}{
		"preset":         {RuntimeConfig{Preset: "legaci"}, "fluxor: option fluxor_preset=legaci: want one of transparent, legacy; did you mean legacy?"},
		"type":           {RuntimeConfig{DatabaseType: "db2"}, "fluxor: option fluxor_type=db2: want one of oracle, postgres, mysql, sqlite"},
		"blank query":    {RuntimeConfig{ValidationQuery: " "}, "fluxor: option fluxor_validation_query=***: want a text that is not empty"},
		"idle over open": {RuntimeConfig{MaxOpenConns: 5, MaxIdleConns: 6}, "fluxor: option fluxor_max_idle_conns=6 cannot be more than fluxor_max_open_conns=5; change one of them"},
		"idle over legacy": {
			RuntimeConfig{Preset: "legacy", MaxIdleConns: 60},
			"fluxor: option fluxor_max_idle_conns=60 cannot be more than fluxor_max_open_conns=50; change one of them",
		},
		"warm over open": {RuntimeConfig{MaxOpenConns: 5, WarmupConnections: 6}, "fluxor: option fluxor_warmup_connections=6 cannot be more than fluxor_max_open_conns=5; change one of them"},
		"warm over legacy": {
			RuntimeConfig{Preset: "legacy", WarmupConnections: 51},
			"fluxor: option fluxor_warmup_connections=51 cannot be more than fluxor_max_open_conns=50; change one of them",
		},
		"driver and type": {RuntimeConfig{Driver: "godror", DatabaseType: "mysql"}, "fluxor: option fluxor_type=mysql does not go with fluxor_driver=godror; change one of them"},
		"own driver":      {RuntimeConfig{Driver: "pgx-fluxor"}, "fluxor: option fluxor_driver=pgx-fluxor names Fluxor itself; name the driver to be wrapped"},
	} {
		if err := row.cfg.Validate(); err == nil || err.Error() != row.want {
			t.Errorf("%s: got %v, want %s", name, err, row.want)
		}
	}
	good := RuntimeConfig{MaxOpenConns: 5, WarmupConnections: 5, MaxIdleConns: -1, Driver: "pgx", DatabaseType: "postgres"}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
}

func TestOptionsAreReadOrRefused(t *testing.T) {
	for text, want := range map[string]string{
		"max_open_conns=0":               "fluxor.RuntimeConfig{MaxOpenConns: unlimited}",
		"conn_max_lifetime=1h":           "fluxor.RuntimeConfig{ConnMaxLifetime: 1h0m0s}",
		"acquire_timeout=0":              "fluxor.RuntimeConfig{AcquireTimeout: off}",
		"type=postgres":                  "fluxor.RuntimeConfig{DatabaseType: postgres}",
		"max_open_conns=many":            "fluxor: option fluxor_max_open_conns=many: want a whole number such as 20; 0 means unlimited",
		"max_open_conns=-1":              "fluxor: option fluxor_max_open_conns=-1: want a whole number such as 20; 0 means unlimited",
		"max_open_conns=99999999999":     "fluxor: option fluxor_max_open_conns=99999999999: want a whole number such as 20; 0 means unlimited",
		"close_timeout=30":               "fluxor: option fluxor_close_timeout=30: want a duration such as 30s, 500ms or 10m; 0 means off",
		"close_timeout=":                 "fluxor: option fluxor_close_timeout=: want a duration such as 30s, 500ms or 10m; 0 means off",
		"preset=x password=secret":       "fluxor: option fluxor_preset=***: want one of transparent, legacy",
		"max_open_con=3":                 "fluxor: unknown option fluxor_max_open_con=3; did you mean fluxor_max_open_conns? (there are ",
		"cache=hint":                     "fluxor.RuntimeConfig{Cache: hint}",
		"cache=on":                       "fluxor: option fluxor_cache=on: want one of off, observe, hint, rules, all",
		"cache_size=32MiB":               "fluxor.RuntimeConfig{CacheSize: 32MiB}",
		"cache_size=1000":                "fluxor.RuntimeConfig{CacheSize: 1000}",
		"cache_size=32MB":                "fluxor: option fluxor_cache_size=32MB: want a number of bytes such as 64MiB, 512KiB or 1048576; 0 means the default",
		"cache_size=9999999999GiB":       "fluxor: option fluxor_cache_size=9999999999GiB: want a number of bytes such as 64MiB, 512KiB or 1048576; 0 means the default",
		"cache_audit=101":                "fluxor: option fluxor_cache_audit=101: want a whole number up to 100; 0 means off",
		"logger=x":                       "fluxor: unknown option fluxor_logger=x (there are ",
		"presett=legacy":                 "fluxor: unknown option fluxor_presett=legacy; did you mean fluxor_preset? (there are ",
		"type=mysql&fluxor_type=oracle":  "fluxor: option fluxor_type is written twice, as mysql and as oracle; remove one",
		"type=oracle&fluxor_type=oracle": "fluxor.RuntimeConfig{DatabaseType: oracle}",
	} {
		var written []dsn.Option
		for pair := range strings.SplitSeq(text, "&fluxor_") {
			key, value, _ := strings.Cut(pair, "=")
			written = append(written, dsn.Option{Key: "fluxor_" + key, Value: value})
		}
		c, err := configOf(written)
		got := c.String()
		if err != nil {
			got = err.Error()
		}
		if got != want && !(strings.HasSuffix(want, "(there are ") && strings.HasPrefix(got, want)) {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestNothingPrintedShowsThePassword(t *testing.T) {
	cfg := RuntimeConfig{DSN: "postgres://u:secret@h/db", MaxOpenConns: 3}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("open", "config", cfg, "pointer", &cfg)
	for _, shown := range []string{log.String(), fmt.Sprint(cfg), fmt.Sprintf("%+v %#v %v %s", cfg, cfg, &cfg, cfg)} {
		if strings.Contains(shown, "secret") || !strings.Contains(shown, "postgres://u:***@h/db") {
			t.Errorf("got %s", shown)
		}
	}
}
