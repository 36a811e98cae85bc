// This file reads and writes DSNs.

package netdriver

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

var schemes = []string{"tcp://", "fluxor+tcp://"}

// ParseDSN reads tcp://user:token@host:7654,host2:7654/database?option=value, or
// the same after fluxor+tcp://. User, token, database and values are
// percent-encoded. It opens no file and dials nothing. An error names the option or the
// byte at fault, counted from 0, and never shows the token; retrying does not help. It
// may be called concurrently.
func ParseDSN(dsn string) (Config, error) {
	rest, ok := "", false
	for _, scheme := range schemes {
		if rest, ok = strings.CutPrefix(dsn, scheme); ok {
			break
		}
	}
	if !ok {
		return Config{}, errors.New("fluxor: byte 0 of the DSN: want tcp:// or fluxor+tcp://")
	}
	p := parser{at: len(dsn) - len(rest)}
	if i := strings.IndexFunc(rest, unicode.IsControl); i >= 0 { // the end of a file's line, most often
		p.wrong(i, "a line's end or another control character; where it belongs there it is percent-encoded")
	}
	place, query, _ := strings.Cut(rest, "?")
	if i := strings.IndexByte(place, '#'); i >= 0 {
		p.wrong(i, "a # must be written %23")
	}
	if i := strings.IndexByte(query, '@'); i >= 0 { // then the ? was a part of the token
		p.wrong(len(place)+1+i, "behind a question mark @ must be written %40, and a ? in the token %3F")
	}
	p.place(place)
	p.at += len(place) + 1
	p.query(query)
	if p.err != nil {
		return Config{}, p.err
	}
	whole := p.cfg.clone()
	return p.cfg, whole.validate()
}

// parser collects a configuration and the first thing that is wrong.
type parser struct {
	cfg Config
	at  int // where in the DSN the part that is read begins
	err error
}

// wrong notes what is wrong at a byte, in the words of a format without operands.
func (p *parser) wrong(i int, what string) {
	if p.err == nil {
		p.err = fmt.Errorf("fluxor: byte %d of the DSN: %s", p.at+i, what)
	}
}

// place reads user:token@hosts/database.
func (p *parser) place(text string) {
	authority, database, _ := strings.Cut(text, "/")
	if i := strings.IndexByte(database, '@'); i >= 0 { // then the / was a part of the token
		p.wrong(len(authority)+1+i, "behind a slash @ must be written %40, and a / in the token %2F")
	}
	p.cfg.Database = p.unescape(len(authority)+1, database)
	begin := 0
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		user, token, _ := strings.Cut(authority[:i], ":")
		p.cfg.User = p.unescape(0, user)
		p.cfg.Token = p.unescape(len(user)+1, token)
		begin = i + 1
	}
	for host := range strings.SplitSeq(authority[begin:], ",") {
		p.host(begin, host)
		begin += len(host) + 1
	}
}

// hostForm is a name or an address with or without a port; an address of IPv6 may have
// a zone, whose percent sign is escaped.
var hostForm = regexp.MustCompile(`^(?:[0-9A-Za-z._-]+|\[[0-9A-Fa-f:.]+(?:%25[0-9A-Za-z._-]+)?\])(?::[0-9]{1,5})?$`)

func (p *parser) host(at int, host string) {
	if !hostForm.MatchString(host) {
		p.wrong(at, "want host, host:port or [address]:port; a / in the token is written %2F")
		return
	}
	p.cfg.Hosts = append(p.cfg.Hosts, strings.Replace(host, "%25", "%", 1))
}

// unescape decodes percent signs; at is where text begins.
func (p *parser) unescape(at int, text string) string {
	plain, err := url.PathUnescape(text)
	if err != nil {
		p.wrong(at+badEscape(text), "a % without two hexadecimal digits; a % itself is written %25")
	}
	return plain
}

// badEscape is where the first percent sign stands that escapes nothing.
func badEscape(text string) int {
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			continue
		}
		if _, err := url.PathUnescape(text[i:min(i+3, len(text))]); err != nil {
			return i
		}
	}
	return 0
}

// query reads option=value&option=value.
func (p *parser) query(text string) {
	at, seen := 0, map[string]bool{}
	for pair := range strings.SplitSeq(text, "&") {
		if pair != "" {
			p.option(at, pair, seen)
		}
		at += len(pair) + 1
	}
}

func (p *parser) option(at int, pair string, seen map[string]bool) {
	key, value, _ := strings.Cut(pair, "=")
	o, err := optionNamed(key)
	if err == nil && seen[key] {
		err = fmt.Errorf("fluxor: option %s stands twice", key)
	}
	if err == nil {
		seen[key] = true
		err = o.read(&p.cfg, p.unescape(at+len(key)+1, value))
	}
	if p.err == nil {
		p.err = err
	}
}

// String is the DSN with *** in the token's place.
func (c Config) String() string {
	if c.Token != "" {
		c.Token = "hidden"
	}
	return strings.Replace(c.format(), ":hidden@", ":***@", 1)
}

// format writes the DSN; ParseDSN gives back what a DSN can say.
func (c *Config) format() string {
	var b strings.Builder
	b.WriteString(schemes[0])
	if c.User != "" || c.Token != "" {
		b.WriteString(escape(c.User))
		if c.Token != "" {
			b.WriteString(":" + escape(c.Token))
		}
		b.WriteByte('@')
	}
	b.WriteString(strings.ReplaceAll(strings.Join(c.Hosts, ","), "%", "%25") + "/" + escape(c.Database))
	separator := "?"
	for _, o := range options {
		if value := o.get(c); value != "" {
			b.WriteString(separator + o.key + "=" + escape(value))
			separator = "&"
		}
	}
	return b.String()
}

// escape encodes all but letters, digits and - _ . ~ of a part of a DSN.
func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }
