// This file counts refusals by the policy that refused.

package metrics

import (
	"maps"
	"sync/atomic"
)

const (
	// mostPolicies bounds the policies told apart; the rest count as one, so
	// that an error made elsewhere cannot grow the map.
	mostPolicies = 32
	// otherPolicies is the name of the rest.
	otherPolicies = "other"
)

// refusals counts by policy. The map is copied when a policy is new.
type refusals struct {
	byPolicy atomic.Pointer[map[string]*atomic.Int64]
}

func (r *refusals) add(policy string) {
	for {
		known := r.byPolicy.Load()
		if known != nil {
			if n := (*known)[policy]; n != nil {
				n.Add(1)
				return
			}
			if len(*known) >= mostPolicies && policy != otherPolicies {
				policy = otherPolicies
				continue
			}
		}
		r.learn(known, policy)
	}
}

// learn puts a policy into the map, unless the map changed meanwhile.
func (r *refusals) learn(known *map[string]*atomic.Int64, policy string) {
	next := map[string]*atomic.Int64{}
	if known != nil {
		next = maps.Clone(*known)
	}
	next[policy] = new(atomic.Int64)
	r.byPolicy.CompareAndSwap(known, &next)
}

func (r *refusals) read() map[string]int64 {
	counts := map[string]int64{}
	if known := r.byPolicy.Load(); known != nil {
		for policy, n := range *known {
			counts[policy] = n.Load()
		}
	}
	return counts
}
