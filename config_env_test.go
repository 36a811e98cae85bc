// This file tests what the environment says: names, errors, and what wins over it.

package fluxor

import (
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestEveryOptionIsReadFromTheEnvironment(t *testing.T) {
	variables := map[string]string{}
	for _, o := range options {
		variables[o.env] = sample(o)
	}
	got, err := fromEnvironment(func(name string) (string, bool) { v, ok := variables[name]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	if want := everyOption(t); got.String() != want.String() {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestDefaultConfigIsLegacyUnlessTheEnvironmentSaysOtherwise(t *testing.T) {
	if c := DefaultConfig(); c.Preset != "legacy" {
		t.Errorf("got %v", c)
	}
	t.Setenv("DB_PRESET", "transparent")
	t.Setenv("DB_MAX_OPEN_CONNS", "7")
	t.Setenv("DB_QUERY_TIMEOUT", "0")
	t.Setenv("DB_MAX_RETRIES", "")
	t.Setenv("DB_DSN", "postgres://u:p@h/db")
	want := RuntimeConfig{Preset: "transparent", MaxOpenConns: 7, QueryTimeout: -1, DSN: "postgres://u:p@h/db"}
	if c := DefaultConfig(); c.String() != want.String() {
		t.Errorf("got %v, want %v", c, want)
	}
}

func TestAVariableThatCannotBeReadIsNamed(t *testing.T) {
	t.Setenv("DB_MAX_OPEN_CONNS", "many")
	t.Setenv("DB_LOG_QUERY_ARGS", "yes")
	t.Setenv("DB_DSN", "postgres://u:secret@h/db")
	want := "fluxor: environment variable DB_MAX_OPEN_CONNS=many: want a whole number such as 20; 0 means unlimited\n" +
		"fluxor: environment variable DB_LOG_QUERY_ARGS=yes: want true or false"
	c := DefaultConfig()
	if err := c.Validate(); err == nil || err.Error() != want {
		t.Errorf("Validate: got %v, want %s", err, want)
	}
	if _, err := NewConnector(*c); err == nil || err.Error() != want {
		t.Errorf("NewConnector: got %v, want %s", err, want)
	}
	c.DSN = ""
	if _, err := WrapConnector(dbtest.Memory{}, *c); err == nil || err.Error() != want {
		t.Errorf("WrapConnector: got %v, want %s", err, want)
	}
}

func TestAContradictionNamesTheVariable(t *testing.T) {
	t.Setenv("DB_MAX_IDLE_CONNS", "60")
	c := DefaultConfig()
	const want = "fluxor: option DB_MAX_IDLE_CONNS=60 cannot be more than fluxor_max_open_conns=50; change one of them"
	if err := c.Validate(); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	c.DSN = "postgres://h/db"
	if _, err := parseConfig(*c, likeAll); err == nil || err.Error() != want {
		t.Errorf("with a DSN: got %v, want %s", err, want)
	}
}

func TestCodeWinsOverTheDSNAndTheDSNOverTheEnvironment(t *testing.T) {
	t.Setenv("DB_MAX_OPEN_CONNS", "40")
	t.Setenv("DB_MAX_IDLE_CONNS", "4")
	t.Setenv("DB_ACQUIRE_TIMEOUT", "4s")
	t.Setenv("DB_LOG_QUERY_ARGS", "true")
	t.Setenv("DB_BACKPRESSURE_NEWEST_FIRST", "true")
	t.Setenv("DB_ENABLE_LEAK_DETECTION", "false")
	c := DefaultConfig()
	c.DSN = "postgres://h/db?fluxor_max_open_conns=30&fluxor_acquire_timeout=3s&fluxor_max_retries=6&fluxor_log_query_args=false"
	c.AcquireTimeout = 2 * time.Second
	target, err := parseConfig(*c, likeAll)
	if err != nil {
		t.Fatal(err)
	}
	set, err := resolve(target.config)
	if err != nil {
		t.Fatal(err)
	}
	if set.MaxOpenConns != 30 || set.MaxIdleConns != 4 || set.AcquireTimeout != 2*time.Second || set.MaxRetries != 6 {
		t.Errorf("got %v", RuntimeConfig(set))
	}
	if set.LogQueryArgs || !set.BackpressureNewestFirst || set.EnableLeakDetection {
		t.Errorf("booleans: got %v", RuntimeConfig(set))
	}
	if set.Preset != "legacy" || set.QueryTimeout != 30*time.Second {
		t.Errorf("preset: got %v", RuntimeConfig(set))
	}
}

func TestTheDSNMayChooseAnotherPresetThanTheEnvironment(t *testing.T) {
	c := DefaultConfig()
	c.DSN = "postgres://h/db?fluxor_preset=transparent"
	target, err := parseConfig(*c, likeAll)
	if err != nil {
		t.Fatal(err)
	}
	if set, err := resolve(target.config); err != nil || set.Preset != "transparent" || set.MaxOpenConns != 0 {
		t.Errorf("got %v, %v", RuntimeConfig(set), err)
	}
}

func TestTheEnvironmentChoosesTheBackend(t *testing.T) {
	t.Setenv("DB_DRIVER", "pgx")
	t.Setenv("DB_DSN", "postgres://u:secret@h/db")
	u, err := Understand(*DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	if u.Driver != "pgx" || u.Rule != "the environment variable DB_DRIVER chooses pgx" {
		t.Errorf("got %s: %s", u.Driver, u.Rule)
	}
	for _, o := range u.Options {
		if o.Field == "Driver" && o.Source != SourceEnvironment {
			t.Errorf("got %+v", o)
		}
	}
	t.Setenv("DB_DRIVER", "")
	t.Setenv("DB_TYPE", "mysql")
	_, err = parseConfig(*DefaultConfig(), likeAll)
	if err == nil || !strings.Contains(err.Error(), "fluxor_type=mysql does not go with this DSN") || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

func TestAFieldThatCodePutBackMeansThePreset(t *testing.T) {
	t.Setenv("DB_MAX_OPEN_CONNS", "40")
	c := DefaultConfig()
	c.DSN, c.MaxOpenConns = "postgres://h/db", 0
	target, err := parseConfig(*c, likeAll)
	if err != nil {
		t.Fatal(err)
	}
	if set, err := resolve(target.config); err != nil || set.MaxOpenConns != 50 {
		t.Errorf("got %v, %v", RuntimeConfig(set), err)
	}
}
