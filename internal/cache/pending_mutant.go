//go:build fluxor_mutant_pending

// This file leaves out the half of the protocol that counts writers at work, for the test that has to notice.

package cache

const uncounted = writers
