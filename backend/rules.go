// This file reads the rules by which an operator overrides what is known of errors.

package backend

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Rules say of some errors what holds in place of the built-in classes. The
// codes are spelt as [Codes] spells them. Rules never change after [ParseRules].
type Rules struct {
	// Evict are the codes of errors that cost the connection they came over.
	Evict []string
	// Retry are those after which a statement that is proven to change nothing
	// may be sent again.
	Retry []string
	// Ignore are those that say nothing of the database's health.
	Ignore []string
}

// code is a number, a SQLSTATE or an ORA- code.
var code = regexp.MustCompile(`^(?:ORA-[0-9]{1,5}|[0-9]{1,5}|[0-9A-Z]{5})$`)

// ParseRules reads "evict=ORA-00600,57P01;retry=1020;ignore=P0001". Blanks
// around the parts do not count; no code may stand in two rules.
func ParseRules(text string) (Rules, error) {
	var r Rules
	seen := map[string]bool{}
	for part := range strings.SplitSeq(text, ";") {
		name, list, _ := strings.Cut(part, "=")
		codes := r.list(strings.TrimSpace(name))
		if codes == nil {
			return Rules{}, errors.New("has a rule other than evict, retry and ignore, or one without =")
		}
		for item := range strings.SplitSeq(list, ",") {
			c := strings.ToUpper(strings.TrimSpace(item))
			if !code.MatchString(c) {
				return Rules{}, errors.New("has an item that is no number, no SQLSTATE of five letters and digits, and no ORA- code such as ORA-00600")
			}
			c = normal(c)
			if seen[c] {
				return Rules{}, errors.New("names one code twice")
			}
			seen[c] = true
			*codes = append(*codes, c)
		}
	}
	return r, nil
}

// list is the rule of a name; nil where there is none.
func (r *Rules) list(name string) *[]string {
	switch name {
	case "evict":
		return &r.Evict
	case "retry":
		return &r.Retry
	case "ignore":
		return &r.Ignore
	}
	return nil
}

// normal writes ORA-600 as ORA-00600, as Oracle does.
func normal(c string) string {
	if number, ok := strings.CutPrefix(c, "ORA-"); ok {
		return fmt.Sprintf("ORA-%05s", number)
	}
	return c
}

// Names reports whether one of the codes stands in a rule's list.
func Names(list, codes []string) bool {
	return slices.ContainsFunc(codes, func(c string) bool { return slices.Contains(list, c) })
}

// String writes the rules as ParseRules reads them.
func (r Rules) String() string {
	var parts []string
	for _, name := range []string{"evict", "retry", "ignore"} {
		if codes := *r.list(name); len(codes) > 0 {
			parts = append(parts, name+"="+strings.Join(codes, ","))
		}
	}
	return strings.Join(parts, ";")
}
