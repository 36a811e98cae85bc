// This file writes rules in their normal form.

package cacherules

import "strings"

// String writes the rules in the form that [Parse] reads, one spelling for all
// that mean the same; "" for none.
func (r *Rules) String() string {
	texts := make([]string, len(r.list))
	for i := range r.list {
		texts[i] = r.list[i].String()
	}
	return strings.Join(texts, "; ")
}

// String writes the rule as it stands among others.
func (r Rule) String() string {
	var words []string
	list := func(key string, names []string) {
		if names != nil {
			words = append(words, key+"="+quoted(strings.Join(names, ",")))
		}
	}
	flag := func(key string, said bool) {
		if said {
			words = append(words, key)
		}
	}
	list("table", r.Tables)
	if r.Statement != "" {
		words = append(words, "statement="+inQuotes(r.Statement))
	}
	list("routine", r.Routines)
	flag("off", r.Off)
	flag("pure", r.Pure)
	list("reads", r.Reads)
	list("writes", r.Writes)
	flag("neutral", r.Neutral)
	terms := r.Terms.String()
	flag(terms, terms != "")
	return strings.Join(words, " ")
}

// quoted puts a value in quotes where it needs them.
func quoted(value string) string {
	if strings.ContainsAny(value, " ;\"'") {
		return inQuotes(value)
	}
	return value
}

func inQuotes(value string) string { return `"` + strings.ReplaceAll(value, `"`, `""`) + `"` }
