// This file tests that two questions have one key only if they are the same.

package cache

import (
	"database/sql"
	"database/sql/driver"
	"math"
	"testing"
	"time"
)

type status string

type uuid [16]byte

func keyOf(t *testing.T, text uint64, scope string, args ...driver.NamedValue) string {
	t.Helper()
	key, ok := AppendKey(nil, text, scope, args)
	if !ok {
		t.Fatalf("no key for %v", args)
	}
	return string(key)
}

func arg(v any) driver.NamedValue { return driver.NamedValue{Ordinal: 1, Value: v} }

func TestDifferentQuestionsHaveDifferentKeys(t *testing.T) {
	one, text := 1, "1"
	moment := time.Unix(1, 5)
	values := []any{
		nil, int64(1), 1, int32(1), uint8(1), true, false, float64(1), float32(1), "1", []byte("1"), []byte(nil),
		[]byte{},
		"",
		status("1"),
		uuid{1},
		&one, &text, (*int)(nil), (*string)(nil), math.NaN(), 0.0, math.Copysign(0, -1),
		moment.UTC(), moment.In(time.FixedZone("A", 3600)), moment.In(time.FixedZone("B", 3600)), time.Unix(1, 6).UTC(),
		sql.NullString{},
		sql.NullString{Valid: true},
		sql.NullString{String: "1", Valid: true},
		sql.NullInt64{},
		sql.NullInt64{Int64: 1, Valid: true},
	}
	seen := map[string]any{}
	for _, v := range values {
		key := keyOf(t, 1, "", arg(v))
		if other, is := seen[key]; is {
			t.Errorf("%T %v and %T %v have one key", v, v, other, other)
		}
		seen[key] = v
	}
}

func TestAKeyIsOfAllOfTheQuestion(t *testing.T) {
	a, b := arg("a"), arg("b")
	named := driver.NamedValue{Name: "x", Ordinal: 1, Value: "a"}
	keys := map[string]int{}
	for i, key := range []string{
		keyOf(t, 1, ""), keyOf(t, 2, ""), keyOf(t, 1, "s"), keyOf(t, 1, "", a), keyOf(t, 1, "", b), keyOf(t, 1, "", a, b),
		keyOf(t, 1, "", b, a), keyOf(t, 1, "", named), keyOf(t, 1, "s", a), keyOf(t, 1, "", arg("ab")), keyOf(t, 1, "", arg("")),
		keyOf(t, 1, "", arg("a"), arg("")), keyOf(t, 1, "", arg(nil)), keyOf(t, 1, "", arg(nil), arg(nil)),
	} {
		if other, is := keys[key]; is {
			t.Errorf("questions %d and %d have one key", other, i)
		}
		keys[key] = i
	}
	if again := keyOf(t, 1, "", a, b); keys[again] != 5 {
		t.Error("one question has two keys")
	}
}

func TestWhatCannotBeToldByItsBytesHasNoKey(t *testing.T) {
	type pair struct{ A, B string }
	for _, v := range []any{sql.Out{}, pair{}, []string{"a"}, map[string]int{}, make(chan int), new(*int), [2]int{}} {
		if _, ok := AppendKey(nil, 1, "", []driver.NamedValue{arg(v)}); ok {
			t.Errorf("%T has a key", v)
		}
	}
}

func TestAKeyOfTheUsualTypesCostsNoAllocation(t *testing.T) {
	args := []driver.NamedValue{arg(int64(1)), arg("text"), arg(true), arg(1.5), arg([]byte("b")), arg(nil)}
	buffer := make([]byte, 0, 256)
	if n := testing.AllocsPerRun(100, func() { buffer, _ = AppendKey(buffer[:0], 1, "", args) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// moment is a plain kind that says something else each time.
type moment int64

var said int64

func (moment) Value() (driver.Value, error) { said++; return said, nil }

// wish is a plain kind that says what it is made of.
type wish string

func (w wish) Value() (driver.Value, error) { return string(w), nil }

func TestAnArgumentThatSaysAnotherValueHasAnotherKey(t *testing.T) {
	key := func(v any) string { return keyOf(t, 1, "", arg(v)) }
	if first, second := key(moment(1)), key(moment(1)); first == second {
		t.Error("what an argument says is not in its key")
	}
	one, none := wish("a"), (*wish)(nil)
	if key(one) != key(wish("a")) || key(one) == key(wish("b")) || key(one) == key("a") {
		t.Error("the key is not that of the value with its type")
	}
	if key(&one) == key(none) || key(none) != key((*wish)(nil)) {
		t.Error("a pointer has not the key of what it leads to")
	}
}

// counted says a value that no driver takes, and counts how often.
type counted int

func (c *counted) Value() (driver.Value, error) { *c++; return int64(*c), nil }

func TestWhatCanBePartOfAKeyIsToldByItsTypeAlone(t *testing.T) {
	var n counted
	one, text := 1, "one"
	pointer, anything := &one, any(1)
	for _, v := range []any{
		nil, 1, int8(1), uint64(1), float32(1), 1.5, true, "one", []byte("one"), time.Now(),
		[4]byte{1},
		[4]int{1},
		[]string{"one"},
		&one, &text, &pointer, &anything, (*int)(nil),
		sql.NullString{String: "one", Valid: true},
		&sql.NullInt64{},
		sql.Null[int]{},
		struct{ n int }{1},
		map[string]int{},
		func() {}, make(chan int), uintptr(1), complex(1, 1),
		sql.Out{Dest: &one},
		&n,
	} {
		_, keyed := appendValue(nil, v)
		if got := Plain(v); got != keyed {
			t.Errorf("%T: plain %t, part of a key %t", v, got, keyed)
		}
	}
	n = 0
	if !Plain(&n) || n != 0 {
		t.Errorf("it was asked for its value %d times", n)
	}
}

// asked says something else each time, also where it is a nil pointer.
type asked struct{}

var askedNil int

func (a *asked) Value() (driver.Value, error) {
	if a == nil {
		askedNil++
		return int64(askedNil), nil
	}
	return nil, nil
}

func TestANilPointerIsWhatItSaysWhereItsTypeSaysItOfPointers(t *testing.T) {
	key := func(v any) string { return keyOf(t, 1, "", arg(v)) }
	if first, second := key((*asked)(nil)), key((*asked)(nil)); first == second {
		t.Error("database/sql asks it for its value; the key takes it for NULL")
	}
	if first, second := key((*moment)(nil)), key((*moment)(nil)); first != second {
		t.Error("database/sql takes it for NULL; the key does not")
	}
}
