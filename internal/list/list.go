// This file is the list in which connections and waiters stand.

// Package list is a doubly linked list through nodes that are part of its
// elements, so that neither adding nor removing allocates or searches.
package list

// List is a list of elements. Its zero value is empty. It is not safe for use by
// several goroutines: who owns it holds a lock.
type List[E any] struct {
	head, tail *Node[E]
	n          int
}

// Node is an element's place in one list at a time.
type Node[E any] struct {
	Of         *E // the element; set before the first use
	prev, next *Node[E]
}

// First is the first element; nil if there is none.
func (l *List[E]) First() *E { return l.head.element() }

// Last is the last element; nil if there is none.
func (l *List[E]) Last() *E { return l.tail.element() }

// After is the element that follows d's; nil if there is none.
func (d *Node[E]) After() *E { return d.next.element() }

// Before is the element that precedes d's; nil if there is none.
func (d *Node[E]) Before() *E { return d.prev.element() }

func (d *Node[E]) element() *E {
	if d == nil {
		return nil
	}
	return d.Of
}

// Len is the number of elements.
func (l *List[E]) Len() int { return l.n }

// PushFront adds d before the first.
func (l *List[E]) PushFront(d *Node[E]) {
	d.prev, d.next = nil, l.head
	if l.head == nil {
		l.tail = d
	} else {
		l.head.prev = d
	}
	l.head = d
	l.n++
}

// PushBack adds d after the last.
func (l *List[E]) PushBack(d *Node[E]) {
	d.prev, d.next = l.tail, nil
	if l.tail == nil {
		l.head = d
	} else {
		l.tail.next = d
	}
	l.tail = d
	l.n++
}

// Insert adds d before at.
func (l *List[E]) Insert(d, at *Node[E]) {
	if at.prev == nil {
		l.PushFront(d)
		return
	}
	d.prev, d.next = at.prev, at
	at.prev.next, at.prev = d, d
	l.n++
}

// Remove takes d out, wherever in l it stands.
func (l *List[E]) Remove(d *Node[E]) {
	if d.prev == nil {
		l.head = d.next
	} else {
		d.prev.next = d.next
	}
	if d.next == nil {
		l.tail = d.prev
	} else {
		d.next.prev = d.prev
	}
	d.prev, d.next = nil, nil
	l.n--
}

// Loosen has d forget its neighbours, so that it can join another list. It is
// for a list that was given up as a whole; After and Before come first.
func (d *Node[E]) Loosen() { d.prev, d.next = nil, nil }
