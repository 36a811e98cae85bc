// This file tests the options of the policies: what follows from them, what contradicts, and how booleans, percentages and rules are written.

package fluxor

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/dsn"
)

func grammarFor(b backend.Backend, native string) dsn.Grammar {
	return dsn.Grammar{Form: dsn.FormOf(b, native), Driver: b.DriverName}
}

func TestLimitsFollowFromWhatIsWritten(t *testing.T) {
	for name, row := range map[string]struct {
		cfg          RuntimeConfig
		burst, queue int64
	}{
		"nothing is limited":            {RuntimeConfig{}, 0, 0},
		"a tenth of a second":           {RuntimeConfig{MaxRequestsPerSecond: 500}, 50, 5000},
		"at least one":                  {RuntimeConfig{MaxRequestsPerSecond: 5}, 1, 50},
		"a written burst":               {RuntimeConfig{MaxRequestsPerSecond: 500, RateLimitBurst: 7}, 7, 5000},
		"no burst is one":               {RuntimeConfig{MaxRequestsPerSecond: 500, RateLimitBurst: -1}, 1, 5000},
		"ten times the concurrency":     {RuntimeConfig{MaxConcurrentConnections: 12}, 0, 120},
		"a written queue":               {RuntimeConfig{MaxConcurrentConnections: 12, BackpressureQueue: 3}, 0, 3},
		"nobody may wait":               {RuntimeConfig{MaxConcurrentConnections: 12, BackpressureQueue: -1}, 0, 0},
		"legacy":                        {RuntimeConfig{Preset: "legacy"}, 100, 1000},
		"legacy with another rate":      {RuntimeConfig{Preset: "legacy", MaxRequestsPerSecond: 50}, 5, 1000},
		"legacy without any limit":      {RuntimeConfig{Preset: "legacy", MaxRequestsPerSecond: -1, MaxConcurrentConnections: -1}, 0, 0},
		"a queue for the rate alone":    {RuntimeConfig{MaxRequestsPerSecond: 10, BackpressureQueue: 4}, 1, 4},
		"a burst of a preset that is 0": {RuntimeConfig{Preset: "legacy", RateLimitBurst: -1}, 1, 1000},
	} {
		set, err := resolve(row.cfg)
		if err != nil {
			t.Fatal(err)
		}
		if set.RateLimitBurst != row.burst || set.BackpressureQueue != row.queue {
			t.Errorf("%s: burst %d, queue %d, want %d, %d", name, set.RateLimitBurst, set.BackpressureQueue, row.burst, row.queue)
		}
	}
}

func TestLeakDetectionIsTurnedOffByItsThresholdOrByAWrittenFalse(t *testing.T) {
	for name, row := range map[string]struct {
		cfg  RuntimeConfig
		want string
	}{
		"by default":                {RuntimeConfig{DSN: ":memory:"}, "true 10m0s"},
		"a threshold":               {RuntimeConfig{DSN: ":memory:?fluxor_leak_detection_threshold=5m"}, "true 5m0s"},
		"no threshold":              {RuntimeConfig{DSN: ":memory:?fluxor_leak_detection_threshold=0"}, "false 0s"},
		"false":                     {RuntimeConfig{DSN: ":memory:?fluxor_enable_leak_detection=false"}, "false 0s"},
		"true":                      {RuntimeConfig{DSN: ":memory:?fluxor_enable_leak_detection=true"}, "true 10m0s"},
		"false with a threshold":    {RuntimeConfig{DSN: ":memory:?fluxor_enable_leak_detection=false&fluxor_leak_detection_threshold=5m"}, "false 0s"},
		"code over the DSN":         {RuntimeConfig{DSN: ":memory:?fluxor_enable_leak_detection=false", EnableLeakDetection: true}, "true 10m0s"},
		"a literal's false":         {RuntimeConfig{DSN: ":memory:", EnableLeakDetection: false}, "true 10m0s"},
		"a literal's own threshold": {RuntimeConfig{DSN: ":memory:", LeakDetectionThreshold: -1}, "false 0s"},
	} {
		target, err := parseConfig(row.cfg, likeAll)
		if err != nil {
			t.Fatal(err)
		}
		set, err := resolve(target.config)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(set.EnableLeakDetection, " ", set.LeakDetectionThreshold); got != row.want {
			t.Errorf("%s: got %s, want %s", name, got, row.want)
		}
	}
}

func TestPoliciesThatCannotWorkAreRefused(t *testing.T) {
	for name, row := range map[string]struct {
		cfg  RuntimeConfig
		want string
	}{
		"percentage":    {RuntimeConfig{CircuitBreakerErrorRate: 101}, "fluxor: option fluxor_cb_error_rate=101: want a whole number up to 100; 0 means off"},
		"slow rate":     {RuntimeConfig{CircuitBreakerSlowRate: 50}, "fluxor: option fluxor_cb_slow_rate=50 needs a time and does not go with fluxor_cb_slow_call=0; change one of them"},
		"mode":          {RuntimeConfig{BackpressureMode: "rejekt"}, "fluxor: option fluxor_backpressure_mode=rejekt: want one of block, timeout, reject; did you mean reject?"},
		"mode timeout":  {RuntimeConfig{BackpressureMode: "timeout", BackpressureTimeout: -1}, "fluxor: option fluxor_backpressure_mode=timeout needs a time and does not go with fluxor_backpressure_timeout=0; change one of them"},
		"metrics":       {RuntimeConfig{Metrics: "some"}, "fluxor: option fluxor_metrics=some: want one of on, off"},
		"preset's mode": {RuntimeConfig{Preset: "legacy", BackpressureTimeout: -1}, "fluxor: option fluxor_backpressure_mode=timeout needs a time and does not go with fluxor_backpressure_timeout=0; change one of them"},
		"burst":         {RuntimeConfig{RateLimitBurst: 5}, "fluxor: option fluxor_rate_limit_burst=5 needs a limit and does not go with fluxor_max_requests_per_sec=0; change one of them"},
		"queue":         {RuntimeConfig{BackpressureQueue: 5}, "fluxor: option fluxor_backpressure_queue=5 needs a limit and does not go with fluxor_max_concurrent_connections=0; change one of them"},
		"newest first":  {RuntimeConfig{MaxRequestsPerSecond: 9, BackpressureNewestFirst: true}, "fluxor: option fluxor_backpressure_newest_first=true needs a limit and does not go with fluxor_max_concurrent_connections=0; change one of them"},
		"stack":         {RuntimeConfig{LeakStack: "on"}, "fluxor: option fluxor_leak_stack=on: want one of auto, always, off"},
		"unknown rule":  {RuntimeConfig{ErrorRules: "drop=1020"}, "fluxor: option fluxor_error_rules=*** has a rule other than evict, retry and ignore, or one without ="},
		"unknown item":  {RuntimeConfig{ErrorRules: "evict=ORA-600x"}, "fluxor: option fluxor_error_rules=*** has an item that is no number, no SQLSTATE of five letters and digits, and no ORA- code such as ORA-00600"},
		"item in two":   {RuntimeConfig{ErrorRules: "evict=ORA-600;ignore=ORA-00600"}, "fluxor: option fluxor_error_rules=*** names one code twice"},
		"blank in text": {RuntimeConfig{ErrorRules: " "}, "fluxor: option fluxor_error_rules=***: want rules such as evict=ORA-00600,57P01;retry=1020;ignore=P0001"},
	} {
		if err := row.cfg.Validate(); err == nil || err.Error() != row.want {
			t.Errorf("%s: got %v, want %s", name, err, row.want)
		}
	}
}

// everyOption is a configuration in which each option is written.
func everyOption(t *testing.T) RuntimeConfig {
	t.Helper()
	var c RuntimeConfig
	for _, o := range options {
		if err := o.set(&c, sample(o)); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// sample is a value of an option.
func sample(o option) string {
	switch {
	case o.field == "Driver":
		return "postgres"
	case o.field == "DatabaseType":
		return "postgres"
	case o.allowed != nil:
		return o.allowed[len(o.allowed)-1]
	case o.field == "ErrorRules":
		return "evict=ORA-00600,57P01;retry=1020;ignore=P0001"
	case o.field == "CacheRules":
		return `table=orders,items_* ttl=10s rows=5; statement="^select .* from rates" off`
	case o.isBool():
		return "false"
	case o.off == "":
		return "select 1"
	case o.isDuration():
		return "7s"
	}
	return "9"
}

func TestEveryOptionComesBackFromTheDSNItIsWrittenInto(t *testing.T) {
	cfg := everyOption(t)
	for _, native := range []string{"postgres://u:p@h/db?sslmode=disable", "host=h user=u"} {
		b := likeAll[slices.IndexFunc(likeAll, func(b backend.Backend) bool { return b.Name == "postgres" })]
		text, err := formatDSN(native, grammarFor(b, native), cfg)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseDSN(text, b.Name, likeAll)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got.native != native || got.config.String() != cfg.String() {
			t.Errorf("%s became %s with\n%v, want\n%v", text, got.native, got.config, cfg)
		}
		if !strings.Contains(got.config.String(), "LogQueryArgs: false") {
			t.Errorf("a written false is lost in %s", text)
		}
	}
}

func TestTheRulesAreReadAsTheyAreWritten(t *testing.T) {
	set, err := resolve(RuntimeConfig{ErrorRules: "evict = ora-600, 57p01 ; retry=1020"})
	if err != nil {
		t.Fatal(err)
	}
	rules, err := backend.ParseRules(set.ErrorRules)
	if err != nil {
		t.Fatal(err)
	}
	if got := rules.String(); got != "evict=ORA-00600,57P01;retry=1020" {
		t.Errorf("got %s", got)
	}
}
