// This file holds the package's documentation.

// Package invariant says whether a build checks what must always hold.
//
// Checks that cost too much for production stand behind [Enabled]: they run
// under the race detector, hence in every test, and are compiled out
// elsewhere. A violated invariant is a bug in Fluxor or in its caller and
// panics with a sentence.
package invariant
