// This file holds names and what follows from them, and walks from one to the next.

package catalog

import (
	"slices"
	"strings"
)

// what a node is.
const (
	isRelation = 1 << iota
	isRoutine
)

// node is a relation, a routine, or a type that calls one.
type node struct {
	name string
	is   uint8
	// lasting is true where a rollback does not undo a write.
	lasting bool
	// unkept is why an answer that depends on it must not be kept.
	unkept string
	// boundless is why a write of it, or a call, may change anything.
	boundless string
	// reads is what is read with it, writes what may be written with it.
	reads, writes []int32
}

// graph is the nodes by their names. Routines have names of their own.
type graph struct {
	nodes     []node
	relations map[string]int32
	routines  map[string]int32
	columns   map[string]struct{}
}

func newGraph() graph {
	return graph{relations: map[string]int32{}, routines: map[string]int32{}, columns: map[string]struct{}{}}
}

// named is the node that stands for a name among relations, which it makes if
// need be.
func (g *graph) named(name string) int32 { return g.in(g.relations, name) }

// relation is the node of a relation.
func (g *graph) relation(name string) *node {
	n := &g.nodes[g.named(name)]
	n.is |= isRelation
	return n
}

// routine is the node of a routine.
func (g *graph) routine(name string) int32 {
	i := g.in(g.routines, name)
	g.nodes[i].is |= isRoutine
	return i
}

// anyRoutine is the name of a routine of which nothing is known. No other has it.
const anyRoutine = "\x00"

// unknownRoutine is the node of one.
func (g *graph) unknownRoutine() int32 {
	i := g.routine(anyRoutine)
	g.nodes[i].unkeep("opaque-function")
	g.nodes[i].unbind("unknown-routine")
	return i
}

func (g *graph) in(index map[string]int32, name string) int32 {
	i, known := index[name]
	if !known {
		i = int32(len(g.nodes)) //nolint:gosec // a loader takes no more than mostRows
		g.nodes = append(g.nodes, node{name: name})
		index[name] = i
	}
	return i
}

// column notes a column's name.
func (g *graph) column(name string) { g.columns[name] = struct{}{} }

// readsToo says that who reads node a reads b as well, writesToo the same of
// writing.
func (g *graph) readsToo(a, b int32)  { g.nodes[a].reads = append(g.nodes[a].reads, b) }
func (g *graph) writesToo(a, b int32) { g.nodes[a].writes = append(g.nodes[a].writes, b) }

// unkeep says that no answer that depends on the node may be kept; the first
// reason stays.
func (n *node) unkeep(why string) {
	if n.unkept == "" {
		n.unkept = why
	}
}

// unbind says that a write of the node may change anything.
func (n *node) unbind(why string) {
	if n.boundless == "" {
		n.boundless = why
	}
}

// seal brings every list into order, each entry once.
func (g *graph) seal() {
	for i := range g.nodes {
		n := &g.nodes[i]
		n.reads, n.writes = tidy(n.reads), tidy(n.writes)
	}
}

func tidy(list []int32) []int32 {
	slices.Sort(list)
	return slices.Clip(slices.Compact(list))
}

// mode is how a walk comes to a node.
type mode uint8

const (
	asRead mode = iota
	asWrite
)

// step is a node and how a walk came to it.
type step struct {
	node int32
	how  mode
}

// walk returns all that happens with a read or a write of nodes, in the order
// in which it is found. A routine that is read is called, so that what it may
// write is written; whoever writes reads what stands in its way.
func (g *graph) walk(start []int32, how mode) []step {
	seen := make(map[step]bool, 2*len(start))
	var list []step
	visit := func(node int32, how mode) {
		if s := (step{node, how}); !seen[s] {
			seen[s] = true
			list = append(list, s)
		}
	}
	for _, i := range start {
		visit(i, how)
	}
	for i := 0; i < len(list); i++ {
		s := list[i]
		n := &g.nodes[s.node]
		if s.how == asRead && n.is&isRoutine != 0 {
			visit(s.node, asWrite)
		}
		for _, next := range n.reads {
			visit(next, asRead)
		}
		if s.how == asWrite {
			for _, next := range n.writes {
				visit(next, asWrite)
			}
		}
	}
	return list
}

// find returns the nodes of names, and those of the names of which nothing is
// known.
func (g *graph) find(names []string) (nodes []int32, unknown []string) {
	var seen map[string]bool // a text may hold thousands of them
	for _, name := range names {
		i, known := g.relations[name]
		switch {
		case known:
			nodes = append(nodes, i)
		case !g.isColumn(name) && !seen[name]:
			if seen == nil {
				seen = map[string]bool{}
			}
			seen[name] = true
			unknown = append(unknown, name)
		}
	}
	return nodes, unknown
}

func (g *graph) isColumn(name string) bool {
	_, known := g.columns[name]
	return known
}

// readTags adds the names of the relations that are read.
func (g *graph) readTags(seen []step, tags []string) []string {
	for _, s := range seen {
		if n := &g.nodes[s.node]; s.how == asRead && n.is&isRelation != 0 {
			tags = append(tags, n.name)
		}
	}
	return tags
}

// written adds the names of the relations that are written, unless it may be
// any.
func (g *graph) written(seen []step, tags []string) (_ []string, all bool, why string) {
	for _, s := range seen {
		n := &g.nodes[s.node]
		switch {
		case s.how == asRead:
		case n.boundless != "":
			return nil, true, n.boundless
		case n.is&isRelation != 0:
			tags = append(tags, n.name)
		}
	}
	return tags, false, ""
}

// odd are the names with a character that ends a word.
func odd(names map[string]int32) (list []string) {
	for name := range names {
		if strings.ContainsFunc(name, notInWord) || name == "" {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}
