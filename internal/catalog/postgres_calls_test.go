// This file tests what is known of PostgreSQL's routines where a call does more than its body shows.

package catalog

import "testing"

func TestAPostgresRoutineIsPureOnlyIfItsDefaultsAre(t *testing.T) {
	w := postgres(t)
	w.does("create function at(t timestamptz default clock_timestamp()) returns timestamptz immutable language sql as 'select t'",
		"create function twice(i int default 1) returns int immutable language sql as 'select i * 2'",
		"create function four(i int default twice()) returns int immutable language sql as 'select i * 2'")
	c := w.load()
	for name, want := range map[string]bool{"at": false, "twice": true, "four": true} {
		if r, known := c.Routine(name); !known || r.Pure != want {
			t.Errorf("%s: %+v, %v, want pure %v", name, r, known, want)
		}
	}
}

func TestAPostgresRoutineWithTheNameOfABuiltInOneMayBeThatOne(t *testing.T) {
	w := postgres(t)
	w.does("create function lo_unlink(i text) returns int immutable language sql as 'select 1'",
		"create function upper(i int) returns int immutable language sql as 'select 1'")
	c := w.load()
	if r, _ := c.Routine("lo_unlink"); r.Pure || !r.All {
		t.Errorf("lo_unlink: %+v", r)
	}
	if r, _ := c.Routine("upper"); !r.Pure {
		t.Errorf("upper: %+v", r)
	}
}
