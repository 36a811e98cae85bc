// This file reads and writes options: how the value of each field is spelt outside code.

package fluxor

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fluxor-db/fluxor/internal/cacherules"
	"github.com/fluxor-db/fluxor/internal/dsn"
)

// option is one field of RuntimeConfig that can be written outside code.
type option struct {
	field   string   // the Go field; its type says how a value is written
	env     string   // the environment variable; the DSN's key follows from it
	allowed []string // the only values, where they are words
	off     string   // what a written 0 means
	unset   string   // what an unset option means that has no value in the presets
	doc     string   // one sentence for docs/CONFIG.md
	most    int64    // the largest number; 0 for any
	size    bool     // it is a number of bytes
	format  string   // what a text of its own grammar looks like
	check   func(string) error
}

// key returns the option's name in a DSN.
func (o option) key() string {
	return dsn.Prefix + strings.ToLower(strings.TrimPrefix(o.env, "DB_"))
}

// of returns the option's field of c.
func (o option) of(c *RuntimeConfig) reflect.Value {
	return reflect.ValueOf(c).Elem().FieldByName(o.field)
}

// optionOf returns the option of a field.
func optionOf(field string) option {
	return options[slices.IndexFunc(options, func(o option) bool { return o.field == field })]
}

// isDuration reports whether the option is a time, not a count.
func (o option) isDuration() bool {
	return o.of(new(RuntimeConfig)).Type() == reflect.TypeFor[time.Duration]()
}

// isBool reports whether the option is either true or false.
func (o option) isBool() bool { return o.of(new(RuntimeConfig)).Kind() == reflect.Bool }

// clear takes the option's value out of c.
func (o option) clear(c *RuntimeConfig) {
	o.of(c).SetZero()
	c.denied = maps.Clone(c.denied)
	delete(c.denied, o.field)
}

// form says what the option's values look like, for errors and the page.
func (o option) form() string {
	switch {
	case o.allowed != nil:
		return "one of " + strings.Join(o.allowed, ", ")
	case o.format != "":
		return o.format
	case o.isBool():
		return "true or false"
	case o.off == "":
		return "a text that is not empty"
	case o.isDuration():
		return "a duration such as 30s, 500ms or 10m; 0 means " + o.off
	case o.size:
		return "a number of bytes such as 64MiB, 512KiB or 1048576; 0 means " + o.off
	case o.most != 0:
		return fmt.Sprintf("a whole number up to %d; 0 means %s", o.most, o.off)
	}
	return "a whole number such as 20; 0 means " + o.off
}

// written reports whether somebody gave the option a value in c.
func (o option) written(c *RuntimeConfig) bool { return !o.of(c).IsZero() || c.denied[o.field] }

// same reports whether the option has one value in a and in b.
func (o option) same(a, b *RuntimeConfig) bool {
	return o.of(a).Equal(o.of(b)) && a.denied[o.field] == b.denied[o.field]
}

// deny writes false into c, which a bool by itself cannot say.
func (o option) deny(c *RuntimeConfig) {
	c.denied = with(c.denied, o.field)
	o.of(c).SetZero()
}

// set writes a value as it stands in a DSN into c. A written 0 means off or
// unlimited, which c has as -1.
func (o option) set(c *RuntimeConfig, value string) error {
	field := o.of(c)
	switch field.Kind() {
	case reflect.String:
		if err := o.checkText(value); err != nil {
			return err
		}
		field.SetString(value)
		return nil
	case reflect.Bool:
		return o.setBool(c, value)
	}
	n, err := o.number(value)
	if err != nil || n < 0 || o.most != 0 && n > o.most {
		return o.bad(value)
	}
	if n == 0 {
		n = -1
	}
	field.SetInt(n)
	return nil
}

// setBool writes true or false into c.
func (o option) setBool(c *RuntimeConfig, value string) error {
	switch value {
	case "true":
		o.of(c).SetBool(true)
	case "false":
		o.deny(c)
	default:
		return o.bad(value)
	}
	return nil
}

// number reads a duration or a count.
func (o option) number(value string) (int64, error) {
	if o.isDuration() {
		d, err := time.ParseDuration(value)
		return int64(d), err
	}
	if o.size {
		return bytesOf(value)
	}
	return strconv.ParseInt(value, 10, 32)
}

// checkField refuses a value of c that the option does not allow.
func (o option) checkField(c *RuntimeConfig) error {
	v := o.of(c)
	switch {
	case v.IsZero():
		return nil
	case v.Kind() == reflect.String:
		return o.checkText(v.String())
	case v.CanInt() && o.most != 0 && v.Int() > o.most:
		return o.bad(fmt.Sprint(v.Int()))
	}
	return nil
}

// checkText refuses a text that the option does not allow.
func (o option) checkText(value string) error {
	if err := o.fault(o.key(), value); err != nil {
		return fmt.Errorf("fluxor: option %w", err)
	}
	return nil
}

// fault says what is wrong with a text under the name it was written with.
func (o option) fault(name, value string) error {
	if strings.TrimSpace(value) == "" || o.allowed != nil && !slices.Contains(o.allowed, value) {
		return o.refused(name, value)
	}
	if o.check != nil {
		if err := o.check(value); err != nil {
			return fmt.Errorf("%s=%s %w", name, dsn.ShowValue(value), err)
		}
	}
	return nil
}

func (o option) bad(value string) error {
	return fmt.Errorf("fluxor: option %w", o.refused(o.key(), value))
}

// refused says what is wanted in place of value.
func (o option) refused(name, value string) error {
	near := ""
	if word := nearest(strings.ToLower(value), o.allowed); word != "" {
		near = "; did you mean " + word + "?"
	}
	return fmt.Errorf("%s=%s: want %s%s", name, dsn.ShowValue(value), o.form(), near)
}

// notFluxor refuses to wrap Fluxor itself.
func notFluxor(driver string) error {
	if driver == "fluxor" || strings.HasSuffix(driver, "-fluxor") {
		return errors.New("names Fluxor itself; name the driver to be wrapped")
	}
	return nil
}

// checkCacheRules refuses rules that are not understood.
func checkCacheRules(text string) error {
	_, err := cacherules.Parse(text)
	return err
}

// get returns the option's value in c as it is written in a DSN; "" is unset.
func (o option) get(c *RuntimeConfig) string {
	v := o.of(c)
	switch {
	case !o.written(c):
		return ""
	case v.Kind() == reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case v.Kind() == reflect.String:
		return v.String()
	case v.Int() < 0:
		return "0"
	case o.size:
		return sizeOf(v.Int())
	}
	return fmt.Sprint(v.Interface())
}

// units are those of sizes, the largest first.
var units = []struct {
	name  string
	bytes int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}

// bytesOf reads a size.
func bytesOf(value string) (int64, error) {
	factor := int64(1)
	for _, u := range units {
		if number, is := strings.CutSuffix(value, u.name); is {
			value, factor = number, u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err == nil && n > math.MaxInt64/factor {
		err = strconv.ErrRange
	}
	return n * factor, err
}

// sizeOf writes a size in the largest unit that it is a multiple of.
func sizeOf(n int64) string {
	for _, u := range units {
		if n >= u.bytes && n%u.bytes == 0 {
			return fmt.Sprint(n/u.bytes, u.name)
		}
	}
	return fmt.Sprint(n)
}

// configOf reads the options of a DSN.
func configOf(written []dsn.Option) (RuntimeConfig, error) {
	var c RuntimeConfig
	seen := make(map[string]string)
	for _, w := range written {
		i := slices.IndexFunc(options, func(o option) bool { return o.key() == w.Key })
		if i < 0 {
			return RuntimeConfig{}, unknownOption(w)
		}
		if before, ok := seen[w.Key]; ok && before != w.Value {
			return RuntimeConfig{}, fmt.Errorf("fluxor: option %s is written twice, as %s and as %s; remove one",
				w.Key, dsn.ShowValue(before), dsn.ShowValue(w.Value))
		}
		seen[w.Key] = w.Value
		if err := options[i].set(&c, w.Value); err != nil {
			return RuntimeConfig{}, err
		}
	}
	return c, nil
}

// SetOption writes an option by the name that docs/CONFIG.md has for it, without
// fluxor_, such as "max_open_conns", with a value as it stands in a DSN: for
// programs that read options from files of their own. The error names the option
// and what its values look like.
func (c *RuntimeConfig) SetOption(name, value string) error {
	i := slices.IndexFunc(options, func(o option) bool { return o.key() == dsn.Prefix+name })
	if i < 0 {
		return unknownOption(dsn.Option{Key: dsn.Prefix + name, Value: value})
	}
	return options[i].set(c, value)
}

func unknownOption(w dsn.Option) error {
	keys, names := make([]string, len(options)), make([]string, len(options))
	for i, o := range options {
		keys[i] = o.key()
		names[i] = strings.TrimPrefix(keys[i], dsn.Prefix)
	}
	text := "fluxor: unknown option " + dsn.ShowOption(w)
	if near := nearest(strings.ToLower(w.Key)[len(dsn.Prefix):], names); near != "" {
		text += "; did you mean " + dsn.Prefix + near + "?"
	}
	return errors.New(text + " (there are " + strings.Join(keys, ", ") + ")")
}

// nearest returns the word that is close enough to name to be what was meant,
// or "".
func nearest(name string, words []string) string {
	if len(name) > 64 {
		return ""
	}
	best, least := "", len(name)/3+1
	for _, w := range words {
		if d := distance(name, w); d < least {
			best, least = w, d
		}
	}
	return best
}

// distance counts the bytes to insert, delete or replace to get from a to b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
