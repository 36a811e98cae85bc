// This file compares the list with container/list, step by step.

package list

import (
	stdlist "container/list"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// element stands in one list of ours and in one of the library's.
type element struct {
	node Node[element]
	std  *stdlist.Element
}

func TestListAgreesWithTheLibrarys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ours List[element]
		theirs := stdlist.New()
		var in []*element
		pick := func() int { return rapid.IntRange(0, len(in)-1).Draw(t, "which") }
		add := func() *element {
			e := &element{}
			e.node.Of = e
			in = append(in, e)
			return e
		}
		t.Repeat(map[string]func(*rapid.T){
			"front": func(*rapid.T) { e := add(); ours.PushFront(&e.node); e.std = theirs.PushFront(e) },
			"back":  func(*rapid.T) { e := add(); ours.PushBack(&e.node); e.std = theirs.PushBack(e) },
			"insert": func(*rapid.T) {
				if len(in) == 0 {
					return
				}
				at := in[pick()]
				e := add()
				ours.Insert(&e.node, &at.node)
				e.std = theirs.InsertBefore(e, at.std)
			},
			"remove": func(*rapid.T) {
				if len(in) == 0 {
					return
				}
				i := pick()
				ours.Remove(&in[i].node)
				theirs.Remove(in[i].std)
				in = append(in[:i], in[i+1:]...)
			},
			"": func(t *rapid.T) { agree(t, &ours, theirs) },
		})
	})
}

// agree walks both lists in both directions.
func agree(t *rapid.T, ours *List[element], theirs *stdlist.List) {
	if ours.Len() != theirs.Len() {
		t.Fatalf("length %d, want %d", ours.Len(), theirs.Len())
	}
	e := ours.First()
	for s := theirs.Front(); s != nil; s = s.Next() {
		if e != s.Value {
			t.Fatal("another order forwards")
		}
		e = e.node.After()
	}
	b := ours.Last()
	for s := theirs.Back(); s != nil; s = s.Prev() {
		if b != s.Value {
			t.Fatal("another order backwards")
		}
		b = b.node.Before()
	}
	if e != nil || b != nil {
		t.Fatal("the list goes on beyond its end")
	}
}
