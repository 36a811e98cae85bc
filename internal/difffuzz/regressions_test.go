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

// all are all databases.
var all = []string{"pq", "pgx", "mysql", "sqlite"}

var regressions = []regression{
	{
		name: "what Raw writes in a transaction that a text began is seen after its commit", on: all,
		steps: []step{
			{on: pool, do: exec, text: "create table t1 (id integer primary key, n int)"},
			{on: pool, do: settle},
			{on: "b", do: exec, text: "begin"},
			{on: "b", do: raw, text: "insert into t1 values (1, 2)"},
			{on: pool, do: settle},
			{on: pool, do: read, text: "select * from t1"},
			{on: "b", do: exec, text: "commit"},
			{on: pool, do: settle},
			{on: pool, do: read, text: "select * from t1"},
		},
	},
	{
		name: "what Raw writes in a transaction is seen after its commit", on: all,
		steps: []step{
			{on: pool, do: exec, text: "create table t1 (id integer primary key, n int)"},
			{on: pool, do: settle},
			{on: "b", do: read, text: "select * from t1"},
			{on: "b", do: begin},
			{on: "b", do: raw, text: "insert into t1 values (1, 2)"},
			{on: pool, do: settle},
			{on: pool, do: read, text: "select * from t1"},
			{on: "b", do: commit},
			{on: pool, do: settle},
			{on: pool, do: read, text: "select * from t1"},
		},
	},
	{
		name: "what Raw begins and writes is seen after its commit", on: all,
		steps: []step{
			{on: pool, do: exec, text: "create table t1 (id integer primary key, n int)"},
			{on: pool, do: settle},
			{on: "b", do: read, text: "select * from t1"},
			{on: "b", do: raw, text: "begin"},
			{on: "b", do: exec, text: "insert into t1 values (1, 2)"},
			{on: pool, do: settle},
			{on: pool, do: read, text: "select * from t1"},
			{on: "b", do: exec, text: "commit"},
			{on: pool, do: settle},
			{on: pool, do: read, text: "select * from t1"},
		},
	},
	{
		name: "a savepoint outside a transaction begins one in SQLite, and what is read in it is not kept", on: []string{"sqlite"},
		steps: []step{
			{on: pool, do: exec, text: "create table t1 (id integer primary key, n int)"},
			{on: pool, do: exec, text: "insert into t1 values (4, 1)"},
			{on: pool, do: settle},
			{on: pool, do: read, text: "select * from t1"},
			{on: "b", do: exec, text: "savepoint one"},
			{on: "b", do: exec, text: "update t1 set n = 8"},
			{on: "b", do: read, text: "select * from t1"},
			{on: pool, do: settle},
			{on: pool, do: read, text: "select * from t1"},
			{on: "b", do: exec, text: "release one"},
			{on: pool, do: settle},
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
