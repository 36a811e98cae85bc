// This file is fault 1: a statement takes effect and its reply is lost.

package faults

import (
	"database/sql"
	"fmt"
	"strings"

	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

// hits is how many replies each side loses; the root package's writeonce_test.go
// loses a thousand.
const hits = 10

// outcomes are what callers heard.
type outcomes struct {
	fine, unknown, failed int
	said                  string // the first other error
}

func (o *outcomes) hears(err error) {
	switch {
	case err == nil:
		o.fine++
	case isIndeterminate(err):
		o.unknown++
	default:
		o.failed++
		if o.said == "" {
			o.said = brief(err)
		}
	}
}

// brief is the beginning of an error's text.
func brief(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	if i := strings.Index(text, "ORA-"); i >= 0 && len(text) >= i+9 {
		return text[i : i+9]
	}
	return text[:min(len(text), 60)]
}

// told are the outcomes of the bare driver in words.
func (o *outcomes) told() string {
	if o.failed == 0 {
		return fmt.Sprintf("%d told it went well", o.fine)
	}
	return fmt.Sprintf("%d told it went well, %d told %q", o.fine, o.failed, o.said)
}

func losesRepliesByFIN(p *play) { losesReplies(p, faultproxy.FIN) }
func losesRepliesByRST(p *play) { losesReplies(p, faultproxy.RST) }

func losesReplies(p *play, end faultproxy.End) {
	for _, s := range sides {
		direct := p.table(s)
		db := p.at[s].open(p, "fluxor_cb_max_failures=0") // every single call fails here
		var heard outcomes
		for i := range hits {
			p.at[s].loseReply(p, end, "insert into w")
			_, err := db.ExecContext(p.Context(), fmt.Sprintf("insert into w values (%d)", i))
			heard.hears(err)
		}
		all, distinct := p.rows(direct)
		if s == bare {
			p.bare("%d of %d written twice, %s", all-distinct, hits, heard.told())
			continue
		}
		p.fluxor(all == hits && distinct == hits && heard.unknown == hits,
			"%d twice, %d of %d indeterminate", all-distinct, heard.unknown, hits)
	}
}

func losesCommits(p *play) {
	for _, s := range sides {
		direct := p.table(s)
		db := p.at[s].open(p, "fluxor_cb_max_failures=0")
		var heard outcomes
		for i := range hits {
			heard.hears(losesCommit(p, p.at[s], db, i))
		}
		all, _ := p.rows(direct)
		if s == bare {
			p.bare("%d of %d committed, %s", all, hits, heard.told())
			continue
		}
		p.fluxor(all == hits && heard.unknown == hits, "%d committed, %d of %d indeterminate", all, heard.unknown, hits)
	}
}

// losesCommit returns what the caller of a commit hears whose reply is lost.
func losesCommit(p *play, at place, db *sql.DB, i int) error {
	tx, err := db.BeginTx(p.Context(), nil)
	if err != nil {
		p.Fatal(err)
	}
	if _, err := tx.ExecContext(p.Context(), fmt.Sprintf("insert into w values (%d)", i)); err != nil {
		p.Fatal(err)
	}
	at.loseReply(p, faultproxy.FIN, "commit")
	return tx.Commit()
}
