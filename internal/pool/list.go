// This file is the list in which connections and waiters stand.

package pool

// list is a doubly linked list through nodes that are part of its elements, so
// that neither adding nor removing allocates or searches. Its zero value is
// empty.
type list[E any] struct {
	head, tail *node[E]
	n          int
}

// node is an element's place in one list at a time.
type node[E any] struct {
	of         *E // the element; set once
	prev, next *node[E]
}

// first is the first element; nil if there is none.
func (l *list[E]) first() *E { return l.head.element() }

// last is the last element; nil if there is none.
func (l *list[E]) last() *E { return l.tail.element() }

// after is the element that follows d's; nil if there is none.
func (d *node[E]) after() *E { return d.next.element() }

// before is the element that precedes d's; nil if there is none.
func (d *node[E]) before() *E { return d.prev.element() }

func (d *node[E]) element() *E {
	if d == nil {
		return nil
	}
	return d.of
}

func (l *list[E]) pushFront(d *node[E]) {
	d.prev, d.next = nil, l.head
	if l.head == nil {
		l.tail = d
	} else {
		l.head.prev = d
	}
	l.head = d
	l.n++
}

func (l *list[E]) pushBack(d *node[E]) {
	d.prev, d.next = l.tail, nil
	if l.tail == nil {
		l.head = d
	} else {
		l.tail.next = d
	}
	l.tail = d
	l.n++
}

// insert adds d before at.
func (l *list[E]) insert(d, at *node[E]) {
	if at.prev == nil {
		l.pushFront(d)
		return
	}
	d.prev, d.next = at.prev, at
	at.prev.next, at.prev = d, d
	l.n++
}

func (l *list[E]) remove(d *node[E]) {
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
