// This file tests how often passwords are hashed to see whether they are empty.

package gateway

import (
	"encoding/binary"
	"testing"
)

// unlike are secrets of users, read anew as of a file.
func unlike(t *testing.T, n, rounds int) []User {
	t.Helper()
	users := make([]User, n)
	for i := range users {
		kept := &SCRAM{rounds, []byte("a salt"), binary.BigEndian.AppendUint64(make([]byte, 24), uint64(i)), make([]byte, 32)}
		s, err := ParseSCRAM(kept.Secret())
		if err != nil {
			t.Fatal(err)
		}
		users[i] = User{Name: "user " + string(rune('a'+i)), SCRAM: s}
	}
	return users
}

// countLooks has passwords looked at by nobody before, and counts how often one is hashed.
// The test is not parallel.
func countLooks(t *testing.T) *int {
	t.Helper()
	n, before := new(int), looked
	looked = &looks{hash: func(*SCRAM) bool { *n++; return false }, seen: map[[32]byte]bool{}}
	t.Cleanup(func() { looked = before })
	return n
}

func TestAnEmptyPasswordIsLookedForOncePerSecret(t *testing.T) {
	c, n := Config{Databases: map[string]Database{"erp": struct{ Database }{}}, Users: unlike(t, 20, 4096)}, countLooks(t)
	s, err := New(c)
	if err != nil || *n != 20 {
		t.Fatalf("at the start %d are hashed: %v", *n, err)
	}
	if err := s.SetUsers(unlike(t, 20, 4096)); err != nil || *n != 20 {
		t.Errorf("with the same users %d more are hashed: %v", *n-20, err)
	}
	if err := s.SetServed(Served{Databases: c.Databases, Users: unlike(t, 21, 4096)}, nil); err != nil || *n != 21 {
		t.Errorf("with one more %d more are hashed: %v", *n-20, err)
	}
}

func TestToLookForEmptyPasswordsIsBounded(t *testing.T) {
	n, users := countLooks(t), append(unlike(t, 1, 100_001), unlike(t, 60, 100_000)...)
	for range 2 { // who was not looked at is not either the next time
		Empties(passwords(users))
	}
	if *n != 50 {
		t.Errorf("%d are hashed of 60", *n)
	}
}
