// This file holds the table of the options that a DSN has after its question mark.

package netdriver

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// option is one key of a DSN: how it is read into the configuration, and how it
// is written again; "" where it has its default.
type option struct {
	key string
	set func(c *Config, value string) error
	get func(c *Config) string
	// allowed are the only values, if there are some.
	allowed []string
}

// options are in the order in which they are written.
var options = []option{
	text("tls", func(c *Config) *string { return (*string)(&c.TLS) },
		string(TLSDisable), string(TLSRequire), string(TLSVerifyCA), string(TLSVerifyFull)),
	text("ca", func(c *Config) *string { return &c.CA }),
	text("cert", func(c *Config) *string { return &c.Cert }),
	text("key", func(c *Config) *string { return &c.Key }),
	text("server_name", func(c *Config) *string { return &c.ServerName }),
	text("auth", func(c *Config) *string { return &c.Auth }, AuthSCRAM, AuthToken, AuthMTLS),
	text("codec", func(c *Config) *string { return &c.Codec }, "auto", "json", "binary"),
	duration("connect_timeout", func(c *Config) *time.Duration { return &c.ConnectTimeout }),
	duration("network_timeout", func(c *Config) *time.Duration { return &c.NetworkTimeout }),
	{key: "window", set: setWindow, get: getWindow},
	text("app", func(c *Config) *string { return &c.App }),
	text("tz", func(c *Config) *string { return &c.TZ }),
	text("pool", func(c *Config) *string { return &c.Pool }, "session"),
	{key: "labels", set: setLabels, get: getLabels},
}

// ofFluxor are the keys of Fluxor's options, which are none of the driver's.
var ofFluxor = regexp.MustCompile(`^fluxor_[a-z_]{1,40}$`)

// optionNamed is the option of a key.
func optionNamed(key string) (option, error) {
	i := slices.IndexFunc(options, func(o option) bool { return o.key == key })
	if i >= 0 {
		return options[i], nil
	}
	if ofFluxor.MatchString(key) {
		return option{}, fmt.Errorf("fluxor: unknown option %s: Fluxor's options are the gateway's, where they stand at its database, or this program's under the driver name fluxor", key)
	}
	keys := make([]string, len(options))
	for i, o := range options {
		keys[i] = o.key
	}
	return option{}, fmt.Errorf("fluxor: unknown option %s; there are %s", shown(key), strings.Join(keys, ", "))
}

// shown is a key of a user's as an error may show it: a misplaced question mark
// can make a key of a part of the token.
func shown(key string) string {
	plain := strings.IndexFunc(key, func(r rune) bool { return (r < 'a' || r > 'z') && r != '_' }) < 0
	if plain && len(key) <= 20 {
		return key
	}
	return "***"
}

// check says what is wrong with the option's value, also where code set it.
func (o option) check(c *Config) error {
	value := o.get(c)
	if value == "" {
		return nil
	}
	return o.read(new(Config), value)
}

// read sets the option. Its error does not quote the value.
func (o option) read(c *Config, value string) error {
	if len(o.allowed) > 0 && !slices.Contains(o.allowed, value) {
		return fmt.Errorf("fluxor: option %s: want one of %s", o.key, strings.Join(o.allowed, ", "))
	}
	if err := o.set(c, value); err != nil {
		return fmt.Errorf("fluxor: option %s: %w", o.key, err)
	}
	return nil
}

func text(key string, field func(*Config) *string, allowed ...string) option {
	return option{
		key:     key,
		allowed: allowed,
		get:     func(c *Config) string { return *field(c) },
		set: func(c *Config, value string) error {
			if value == "" {
				return errors.New("is empty")
			}
			*field(c) = value
			return nil
		},
	}
}

func duration(key string, field func(*Config) *time.Duration) option {
	return option{
		key: key,
		get: func(c *Config) string {
			if *field(c) == 0 {
				return ""
			}
			return field(c).String()
		},
		set: func(c *Config, value string) error {
			d, err := time.ParseDuration(value)
			if err != nil || d <= 0 {
				return errors.New("want a duration above 0, such as 5s")
			}
			*field(c) = d
			return nil
		},
	}
}

func setWindow(c *Config, value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < leastWindow || n > mostWindow {
		return fmt.Errorf("want bytes from %d to %d", leastWindow, mostWindow)
	}
	c.Window = n
	return nil
}

func getWindow(c *Config) string {
	if c.Window == 0 {
		return ""
	}
	return strconv.Itoa(c.Window)
}

// The most labels, as gateways take them.
const mostLabels = 64

func setLabels(c *Config, value string) error {
	labels := map[string]string{}
	for part := range strings.SplitSeq(value, ",") {
		name, label, ok := strings.Cut(part, ":")
		if _, twice := labels[name]; !ok || name == "" || twice || len(labels) == mostLabels {
			return fmt.Errorf("want name:value,name:value with at most %d different names", mostLabels)
		}
		labels[name] = label
	}
	c.Labels = labels
	return nil
}

func getLabels(c *Config) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(c.Labels)) {
		parts = append(parts, name+":"+c.Labels[name])
	}
	return strings.Join(parts, ",")
}
