//go:build !fluxor_mutant_versions

// This file keeps the half of the protocol that compares versions.

package cache

// unversioned are the bits of a word's version that nobody compares: none. A
// build with the tag fluxor_mutant_versions, which is made by a test alone,
// compares none of the version, and internal/registers has to notice.
const unversioned = 0
