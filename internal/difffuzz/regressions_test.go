// This file is what the run found, cut down, each with the sentence that it breaks.

package difffuzz

import (
	"slices"
	"testing"
)

// regression is a program that once got a wrong answer.
type regression struct {
	name  string
	on    []string // the databases
	steps []step
}

var regressions = []regression{
	{
		name: "a savepoint outside a transaction begins one in SQLite, and what is read in it is not kept", on: []string{"sqlite"},
		steps: []step{
			{on: pool, do: exec, text: "create table t1 (id integer primary key, n int)"},
			{on: pool, do: exec, text: "insert into t1 values (4, 1)"},
			{on: pool, do: read, text: "select * from t1"},
			{on: "b", do: exec, text: "savepoint one"},
			{on: "b", do: exec, text: "update t1 set n = 8"},
			{on: "b", do: read, text: "select * from t1"},
			{on: pool, do: read, text: "select * from t1"},
			{on: "b", do: exec, text: "release one"},
			{on: pool, do: read, text: "select * from t1"},
		},
	},
}

func TestWhatWasFoundOnceIsNotFoundAgain(t *testing.T) {
	for _, r := range regressions {
		t.Run(r.name, func(t *testing.T) {
			for _, d := range databases {
				if !slices.Contains(r.on, d.name) {
					continue
				}
				w := newWorld(d, d.start(t, d.name+"_found"), "")
				at, found, err := w.play(r.steps)
				if err != nil {
					t.Fatal(err)
				}
				if found != "" {
					t.Errorf("%s, %s\n%s", d.name, r.steps[at], found)
				}
			}
		})
	}
}
