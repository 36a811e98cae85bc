// This file tests the users as the gateway looks them up.

package gateway

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestAnEmptyTokenIsNobodysWhateverIsKept(t *testing.T) {
	t.Parallel()
	d := newDirectory([]User{{Name: "open", Role: RoleAdmin, Tokens: []Token{HashToken("")}}})
	if d.token("open", "", time.Now()) != nil || d.bearer("", time.Now()) != nil {
		t.Error("an empty token is somebody's")
	}
}

// unasked is a database that nobody asks anything.
type unasked struct{ Database }

func TestATokenThatUsersShareIsTheLeastMightyOnesAndIsWarnedOf(t *testing.T) {
	t.Parallel()
	shared := []Token{HashToken("shared")}
	users := []User{
		{Name: "boss", Role: RoleAdmin, Tokens: shared},
		{Name: "b", Role: RoleMonitor, Tokens: shared},
		{Name: "gone", Disabled: true, Tokens: shared},
		{Name: "a", Role: RoleMonitor, Tokens: append(shared, HashToken("own"))},
	}
	for range 20 { // maps have another order each time
		d := newDirectory(users)
		if u := d.bearer("shared", time.Now()); u == nil || u.Name != "a" {
			t.Fatalf("it is the token of %v, want a's", u)
		}
		if u := d.bearer("own", time.Now()); u == nil || u.Name != "a" {
			t.Fatalf("a's own token is that of %v", u)
		}
	}
	log := &bytes.Buffer{}
	c := Config{
		Databases: map[string]Database{"db": unasked{}}, Users: users, Logger: slog.New(slog.NewTextHandler(log, nil)),
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetUsers(users[:1]); err != nil {
		t.Fatal(err)
	}
	if err := s.SetServed(Served{Databases: c.Databases, Users: users[:2]}, nil); err != nil {
		t.Fatal(err)
	}
	said := log.String()
	if strings.Count(said, "share a token") != 2 || !strings.Contains(said, `users="boss, b, gone, a"`) || !strings.Contains(said, `users="boss, b"`) {
		t.Errorf("the log has:\n%s", said)
	}
}

func TestATokenOfManyUsersIsHashedOnce(t *testing.T) {
	users, long := make([]User, 100), strings.Repeat("x", 1<<16)
	for i := range users {
		users[i] = User{Name: strings.Repeat("u", i+1), Tokens: []Token{HashToken("own")}}
	}
	d := newDirectory(users)
	if n := testing.AllocsPerRun(10, func() { d.bearer(long, time.Now()) }); n > 2 { // each hash copies it
		t.Errorf("it is copied %v times", n)
	}
}

func TestAnUnknownUserHasTheRoundsAndTheSaltOfSome(t *testing.T) {
	t.Parallel()
	kept := func(rounds, salt int) *SCRAM {
		return &SCRAM{rounds, make([]byte, salt), make([]byte, 32), make([]byte, 32)}
	}
	d := newDirectory([]User{{Name: "a", SCRAM: kept(4096, 16)}, {Name: "b", SCRAM: kept(10_000, 70)}, {Name: "c", SCRAM: kept(4096, 16)}})
	like := map[salted]int{}
	for i := range 300 {
		s := d.scram("nobody" + string(rune('a'+i%26)) + string(rune('a'+i/26)))
		like[salted{s.Iterations, len(s.Salt)}]++
	}
	if len(like) != 2 || like[salted{4096, 16}] < 100 || like[salted{10_000, 70}] < 50 {
		t.Errorf("unknown users have %v", like)
	}
}
