//go:build !fluxor_mutant_pending

// This file keeps the half of the protocol that counts writers at work.

package cache

// uncounted are the bits of a word's count that nobody looks at: none. A build
// with the tag fluxor_mutant_pending, which is made by a test alone, looks at
// none of the count, and internal/registers has to notice.
const uncounted = 0
