//go:build fluxor_mutant_versions

// This file leaves out the half of the protocol that compares versions, for the test that has to notice.

package cache

const unversioned = ^uint64(writers)
