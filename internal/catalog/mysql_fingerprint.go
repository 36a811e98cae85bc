// This file makes the fingerprint of a MySQL or MariaDB server's definitions.

package catalog

import (
	"fmt"
	"strings"
)

// mysqlFingerprint is a sum of all definitions, the settings that refuse a
// database, and the user's privileges: what he may not see is not there.
func mysqlFingerprint(l *loader) (string, error) {
	rows, err := l.rows(2, mysqlSums)
	switch {
	case err != nil:
		return "", err
	case len(rows) != 1:
		return "", fmt.Errorf("catalog: %d rows, not one", len(rows))
	}
	text := rows[0][0]
	if rows[0][1] != "0" {
		made, err := l.mysqlMade()
		if err != nil {
			return "", err
		}
		text += made
	}
	settings, err := l.mysqlSettings()
	if err != nil {
		return "", err
	}
	for _, row := range settings {
		text += "\n" + strings.Join(row, " ")
	}
	grants, err := l.rows(1, "show grants")
	for _, row := range grants {
		text += "\n" + row[0]
	}
	return text, err
}

// mysqlMade is the texts of the tables that are made of others: of what, no
// other place shows.
func (l *loader) mysqlMade() (text string, err error) {
	rows, err := l.rows(2, mysqlMade)
	if err != nil {
		return "", err
	}
	for _, row := range rows[:min(len(rows), mostMerges)] {
		text += "\n" + l.mysqlMadeOf(merge{row[0], row[1]})
	}
	return text, nil
}
