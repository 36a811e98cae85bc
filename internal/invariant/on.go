// This file turns the checks on in builds with the race detector.

//go:build race

package invariant

// Enabled is true in builds with the race detector.
const Enabled = true
