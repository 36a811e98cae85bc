// This file turns the checks off in ordinary builds.

//go:build !race

package invariant

// Enabled is true in builds with the race detector.
const Enabled = false
