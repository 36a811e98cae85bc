// This file names the first words of statements.

package sqltext

import "strings"

// verbOf returns a statement's first word in capitals and what it opens.
func verbOf(d Dialect, written string) (string, opening) {
	name, ok := verbs[written]
	if !ok {
		name = lower(written)
	}
	opens, ok := openings[name]
	if !ok {
		opens = openingsOf[d][name]
	}
	if _, ok := verbs[written]; ok {
		return written, opens
	}
	return strings.ToUpper(written), opens
}

// verbs are the usual ones in lower case, by their capitals, to spare them the
// conversion.
var verbs = func() map[string]string {
	known := map[string]string{}
	for _, verb := range strings.Fields("SELECT WITH VALUES INSERT UPDATE DELETE MERGE SET COMMIT ROLLBACK SAVEPOINT BEGIN SHOW EXPLAIN CREATE ALTER DROP") {
		known[verb] = strings.ToLower(verb)
	}
	return known
}()
